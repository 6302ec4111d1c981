//! A registry with a clock that tests set, and what asks it.

use crate::databases::{Engine, Fresh};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tongke_pairing::calendar::moment;
use tongke_protocol::signed::MachineKey;
use tongke_protocol::{GrantKey, WallTime};
use tongke_registry::access::{Access, AccessKey, Scope};
use tongke_registry::{Service, router};
use tower::ServiceExt as _;

pub const MINUTE_US: u64 = 60_000_000;

/// The registry's secret, shared with the relay.
pub fn secret() -> GrantKey {
    GrantKey::new(&[7; 32]).unwrap()
}

/// A moment of September 2019, by the schools' clocks.
pub fn at(day: i8, hour: i8, minute: i8) -> WallTime {
    moment(jiff::civil::date(2019, 9, day).at(hour, minute, 0, 0))
}

/// A token.
pub fn token(sub: &str, may: &[Scope]) -> String {
    let access = Access { sub: sub.to_owned(), may: may.to_vec(), exp: at(30, 0, 0).0 / 1_000_000 };
    AccessKey::of(&secret()).sign(&access)
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.bytes);
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{} {why}: {text}", self.status))
    }

    /// The status and the body's code.
    #[track_caller]
    pub fn is(&self, status: u16, code: &str) {
        let json = self.json();
        assert_eq!((self.status.as_u16(), json["code"].as_str()), (status, Some(code)), "{json}");
        for part in ["message", "hint"] {
            assert!(json[part].as_str().is_some_and(|text| !text.is_empty()), "{json}");
        }
    }

    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    #[track_caller]
    pub fn created(&self) -> Value {
        assert_eq!(self.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }
}

/// A registry, at 8:00 on the first of September 2019 until a test says otherwise.
pub struct World {
    pub service: Arc<Service>,
    pub router: Router,
    now: Arc<AtomicU64>,
    _fresh: Fresh,
}

impl World {
    pub async fn on(engine: Engine) -> World {
        World::with(engine, |service| service).await
    }

    pub async fn with(engine: Engine, change: impl FnOnce(Service) -> Service) -> World {
        let (fresh, store) = Fresh::opened(engine).await;
        let now = Arc::new(AtomicU64::new(at(1, 8, 0).0));
        let clock = now.clone();
        let service = Service::new(store, secret())
            .with_clock(Arc::new(move || WallTime(clock.load(Ordering::Relaxed))))
            .with_relay("https://relay.example");
        let service = Arc::new(change(service));
        World { router: router(service.clone()), service, now, _fresh: fresh }
    }

    pub fn set(&self, now: WallTime) {
        self.now.store(now.0, Ordering::Relaxed);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, bytes };
        assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "each 500 is a bug: {answer:?}");
        answer
    }

    /// A request with a token; "" is none.
    pub async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            None => Body::empty(),
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
        };
        self.send(request.body(body).unwrap()).await
    }

    /// With a token that may do everything.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, &format!("/api/v1{path}"), &admin(), None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, &format!("/api/v1{path}"), &admin(), Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, &format!("/api/v1{path}"), &admin(), Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, &format!("/api/v1{path}"), &admin(), None).await
    }
}

pub fn admin() -> String {
    token("clerk", &[Scope::Admin])
}

/// A machine of its own key.
pub struct Node {
    pub id: String,
    pub key: MachineKey,
}

impl Node {
    pub fn new(id: &str) -> Node {
        Node { id: id.to_owned(), key: MachineKey::from_pkcs8(&MachineKey::generate().unwrap()).unwrap() }
    }

    pub fn sign(&self, words: &Value) -> String {
        self.key.sign(&self.id, words.to_string().as_bytes())
    }
}

impl World {
    /// Lets a machine in, and enrols it.
    pub async fn enrol(&self, kind: &str, id: &str, school: Option<&str>) -> Node {
        let node = Node::new(id);
        let allowed = json!({"machine": id, "kind": kind, "school": school, "name": format!("machine {id}")});
        let code = self.post("/enrolments", allowed).await.created()["code"].clone();
        let enrolment = json!({"code": code, "public_key": node.key.public(), "name": "box"});
        assert_eq!(self.open("/machines", enrolment).await.ok(), json!({"node": id}));
        node
    }

    /// A request without a token.
    pub async fn open(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, &format!("/api/v1{path}"), "", Some(body)).await
    }

    /// Brings facts; gives the results.
    pub async fn bring(&self, facts: &[String]) -> Vec<Value> {
        let answer = self.open("/facts", json!({"facts": facts})).await.ok();
        answer["results"].as_array().unwrap().clone()
    }

    /// Lake supports Oak; art each Monday of four weeks, from the second of September 2019 on.
    pub async fn fill(&self) {
        let entries: Vec<Value> =
            scene().into_iter().enumerate().map(|(n, says)| entry(&format!("e{n}"), says)).collect();
        let results = self.post("/entries", json!({"entries": entries})).await.ok();
        assert!(
            results["results"].as_array().unwrap().iter().all(|result| result["status"] == "new"),
            "{results}"
        );
    }

    /// Enters something under a new id.
    pub async fn enter(&self, id: &str, says: Value) -> Answer {
        self.put(&format!("/entries/{id}"), entry(id, says)).await
    }

    /// Works out what follows.
    pub async fn settle(&self) {
        self.service.store.settle(self.service.now()).await.unwrap();
    }
}

/// The codes of a refusal's problems.
pub fn problems(answer: &Answer) -> Vec<String> {
    answer.is(422, "refused");
    let json = answer.json();
    let codes = json["problems"].as_array().unwrap().iter().map(|problem| {
        assert!(["field", "message", "hint"].iter().all(|part| problem[part].is_string()), "{problem}");
        problem["code"].as_str().unwrap().to_owned()
    });
    codes.collect()
}

/// The codes of a kept entry's warnings.
pub fn warnings(answer: &Answer) -> Vec<String> {
    let json = answer.created();
    json["warnings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

pub fn entry(id: &str, says: Value) -> Value {
    json!({"id": id, "at_us": at(1, 7, 0), "author": "clerk", "says": says})
}

pub fn school(id: &str, name: &str) -> Value {
    json!({"school": {"id": id, "name": name, "stage": "primary", "county": "yongjia", "city": "wenzhou",
        "province": "zhejiang"}})
}

pub fn slot(id: &str, start: &str, end: &str) -> Value {
    json!({"slot": {"id": id, "pair": "p1", "form": "sync_class", "term": "2019-1",
        "when": {"weekly": {"weekday": 1}}, "start": start, "end": end, "subject": "art"}})
}

pub fn scene() -> Vec<Value> {
    vec![
        school("lake", "湖滨小学"),
        school("oak", "橡树小学"),
        json!({"pair": {"id": "p1", "supporting": "lake", "receiving": ["oak"], "since": "2019-09-01"}}),
        json!({"term": {"id": "2019-1", "name": "2019学年第一学期", "region": "yongjia", "first": "2019-09-02",
            "last": "2019-09-27"}}),
        slot("s1", "08:20:00", "09:00:00"),
    ]
}

/// The first lesson of `s1`.
pub const FIRST: &str = "s1-20190902";

pub fn later(moment: WallTime, minutes: u64) -> WallTime {
    WallTime(moment.0 + minutes * MINUTE_US)
}

/// What the relay says of a lesson from its begin on: both rooms there, sound and pictures both ways.
pub fn held(lesson: &str, start: WallTime, minutes: u64) -> Vec<Value> {
    let came = |who: &str, role: &str| json!({"fact": "came", "participant": who, "name": who, "role": role});
    let mut facts = vec![(0, came("lake", "supporting")), (0, came("oak", "receiving"))];
    for minute in 0..=minutes {
        let there = |who: &str| {
            json!({"participant": who, "audio_packets": minute * 3000, "video_packets": minute * 6000,
                "audio_packets_out": minute * 3000, "video_packets_out": minute * 6000})
        };
        facts.push((minute, json!({"fact": "present", "participants": [there("lake"), there("oak")]})));
    }
    let facts = facts.into_iter().enumerate().map(|(number, (minute, mut fact))| {
        fact["id"] = format!("{lesson}-{number}").into();
        fact["lesson"] = lesson.into();
        fact["at_us"] = later(start, minute).0.into();
        fact
    });
    facts.collect()
}

/// What a room says of itself.
pub fn flow(id: &str, lesson: &str, participant: &str, from: WallTime) -> Value {
    json!({"id": id, "lesson": lesson, "at_us": later(from, 1), "fact": "flow", "participant": participant,
        "seq": 0, "from_us": from, "until_us": later(from, 1), "sent_audio_ms": 60_000, "sent_video_ms": 60_000,
        "got": [{"participant": "lake", "audio_ms": 60_000, "video_ms": 60_000}]})
}
