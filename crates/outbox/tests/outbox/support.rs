//! A registry that keeps the truth about what reached it, and folders for machines.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tongke_outbox::{Machine, Pace};
use tongke_protocol::signed::{PublicKey, kid_of};

/// Retries at once, as far as a test can see.
pub const QUICK: Pace = Pace { first: Duration::from_millis(1), longest: Duration::from_millis(20) };
/// Longer than anything takes; only a test that fails waits for it.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The code that the registry takes.
pub const CODE: &str = "482-913";

/// A folder that is removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tongke-outbox-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How the registry behaves to the next requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    #[default]
    Well,
    /// Connections break off before anything is kept.
    Away,
    /// Anything may happen, by chance: see [`Truth::whim`].
    Moody,
    /// This status, and nothing is kept.
    Says(StatusCode),
    /// Takes so many facts at a time.
    TakesAtMost(usize),
}

/// What the registry knows.
#[derive(Default)]
pub struct Truth {
    pub mood: Mood,
    pub facts: HashMap<String, String>,
    pub machines: HashMap<String, PublicKey>,
    /// Facts that came when they were there already, and those of the same id that said something else.
    pub known: usize,
    pub conflicts: usize,
    pub requests: usize,
    /// Reports in the order in which they came, each once.
    pub reports: Vec<String>,
    /// What is answered to machines that ask for a grant, and what they asked.
    pub door: Option<(StatusCode, Value)>,
    pub asked: Vec<Value>,
    whims: u64,
}

impl Truth {
    /// What happens next in a registry that is moody: the same for each run of the test.
    fn whim(&mut self) -> u64 {
        // A seed that is committed; xorshift64.
        self.whims = if self.whims == 0 { 0x0be5_51b5_eed5_1ca1 } else { self.whims };
        self.whims ^= self.whims << 13;
        self.whims ^= self.whims >> 7;
        self.whims ^= self.whims << 17;
        self.whims % 10
    }

    fn keep(&mut self, jws: &str) -> Value {
        let refused = |code: &str| json!({"id": null, "status": "refused", "code": code, "message": "no"});
        let Some(key) = kid_of(jws).ok().and_then(|kid| self.machines.get(&kid)) else {
            return refused("unknown_machine");
        };
        let Ok(body) = key.verify(jws) else { return refused("wrong_key") };
        let body = String::from_utf8(body).unwrap();
        let fact: Value = serde_json::from_str(&body).unwrap();
        let id = fact["id"].as_str().unwrap().to_owned();
        if fact["refuse"] == true {
            return json!({"id": id, "status": "refused", "code": "wrong_lesson", "message": "no"});
        }
        let status = match self.facts.get(&id) {
            None => {
                self.facts.insert(id.clone(), body);
                "new"
            }
            Some(before) if *before == body => {
                self.known += 1;
                "known"
            }
            Some(_) => {
                self.conflicts += 1;
                "conflict"
            }
        };
        json!({"id": id, "status": status})
    }
}

/// A registry on a port of its own. Ends with the test's runtime.
pub struct Registry {
    pub url: String,
    truth: Arc<Mutex<Truth>>,
}

impl Registry {
    pub async fn start() -> Self {
        let truth = Arc::<Mutex<Truth>>::default();
        let routes = Router::new()
            .route("/api/v1/facts", post(facts))
            .route("/api/v1/reports", post(reports))
            .route("/api/v1/machines", post(machines))
            .route("/api/v1/grants", post(grants))
            .with_state(truth.clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, truth }
    }

    pub fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap()
    }

    pub fn set(&self, mood: Mood) {
        self.truth().mood = mood;
    }

    /// Enrols the machine of a folder.
    pub fn machine(&self, folder: &Path, node: &str) -> Machine {
        let machine = Machine::keep(folder, node, &self.url, None).unwrap();
        self.truth().machines.insert(node.to_owned(), tongke_outbox::public_key(folder).unwrap());
        machine
    }
}

fn break_off() -> ! {
    // The connection's task ends in mid-request, and with it the connection.
    std::panic::resume_unwind(Box::new("the registry is away"))
}

async fn facts(
    State(truth): State<Arc<Mutex<Truth>>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    assert_eq!(headers["content-type"], "application/json");
    let asked = asked["facts"].as_array().unwrap().clone();
    assert!((1..=1_000).contains(&asked.len()));
    let answer = {
        let mut truth = truth.lock().unwrap();
        truth.requests += 1;
        let whim = if truth.mood == Mood::Moody { truth.whim() } else { 9 };
        let few = match truth.mood {
            Mood::Away => Err(None),
            Mood::Says(status) => Err(Some(status)),
            Mood::TakesAtMost(most) if asked.len() > most => Err(Some(StatusCode::PAYLOAD_TOO_LARGE)),
            Mood::Well | Mood::Moody | Mood::TakesAtMost(_) => Ok(()),
        };
        let before = match whim {
            0 => Err(None),
            1 => Err(Some(StatusCode::SERVICE_UNAVAILABLE)),
            2 => Err(Some(StatusCode::TOO_MANY_REQUESTS)),
            _ => few,
        };
        before.and_then(|()| {
            // A registry that is killed may have kept a part; one whose answer is lost has kept all.
            let kept = if whim == 3 { asked.len() / 2 } else { asked.len() };
            let results: Vec<Value> =
                asked[..kept].iter().map(|jws| truth.keep(jws.as_str().unwrap())).collect();
            if whim <= 4 { Err(None) } else { Ok(results) }
        })
    };
    match answer {
        Ok(results) => Json(json!({"results": results})).into_response(),
        Err(Some(status)) => (status, [("retry-after", "0")], "not now").into_response(),
        Err(None) => break_off(),
    }
}

async fn reports(State(truth): State<Arc<Mutex<Truth>>>, headers: HeaderMap, report: String) -> Response {
    assert_eq!(headers["content-type"], "application/json");
    let mut truth = truth.lock().unwrap();
    truth.requests += 1;
    let whim = if truth.mood == Mood::Moody { truth.whim() } else { 9 };
    match (truth.mood, whim) {
        (Mood::Away, _) | (_, 0) => {
            drop(truth);
            break_off();
        }
        (Mood::Says(status), _) => return (status, "not now").into_response(),
        (_, 1) => return (StatusCode::SERVICE_UNAVAILABLE, "not now").into_response(),
        _ => {}
    }
    if report.contains("refuse") {
        let refusal = json!({"code": "wrong_key", "message": "no", "hint": "ask"});
        return (StatusCode::FORBIDDEN, Json(refusal)).into_response();
    }
    let known = truth.reports.contains(&report);
    if !known {
        truth.reports.push(report);
    }
    if whim <= 4 {
        drop(truth);
        break_off();
    }
    (if known { StatusCode::OK } else { StatusCode::CREATED }).into_response()
}

async fn grants(State(truth): State<Arc<Mutex<Truth>>>, Json(asked): Json<Value>) -> Response {
    let mut truth = truth.lock().unwrap();
    if truth.mood == Mood::Away {
        drop(truth);
        break_off();
    }
    let request = asked["request"].as_str().unwrap();
    let key = truth.machines[&kid_of(request).unwrap()];
    let request = serde_json::from_slice(&key.verify(request).unwrap()).unwrap();
    truth.asked.push(request);
    let (status, answer) = truth.door.clone().unwrap();
    (status, Json(answer)).into_response()
}

async fn machines(State(truth): State<Arc<Mutex<Truth>>>, Json(asked): Json<Value>) -> Response {
    let mut truth = truth.lock().unwrap();
    if truth.mood == Mood::Away {
        drop(truth);
        break_off();
    }
    if asked["code"] != CODE {
        let error =
            json!({"code": "no_such_code", "message": "there is no such code", "hint": "ask for another"});
        return (StatusCode::FORBIDDEN, Json(error)).into_response();
    }
    truth.machines.insert("node-7".into(), asked["public_key"].as_str().unwrap().parse().unwrap());
    Json(json!({"node": "node-7"})).into_response()
}

/// The fact with this number, always in the same words.
pub fn fact(number: u64) -> String {
    format!(r#"{{"id":"n-{number}","lesson":"math","at_us":{number},"fact":"locked","locked":true}}"#)
}
