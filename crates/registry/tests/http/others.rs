//! Calendars, pupils' names, webhooks.

use crate::databases::{Engine, Folder, on_both};
use crate::world::{FIRST, World, at, held, later, token};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::hmac;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tongke_registry::access::Scope;
use tongke_registry::store::PupilKey;

on_both! {
    async fn calendars_read_the_timetable_with_the_token_in_the_address(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let read = token("calendar", &[Scope::Read]);
        let answer =
            world.ask(Method::GET, &format!("/api/v1/timetable.ics?school=oak&token={read}"), "", None).await;
        assert_eq!(
            (answer.status, &answer.headers[header::CONTENT_TYPE]),
            (StatusCode::OK, &"text/calendar; charset=utf-8".parse().unwrap())
        );
        let text = String::from_utf8(answer.bytes).unwrap();
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 4);
        assert!(text.contains("X-WR-CALNAME:橡树小学") && text.contains("UID:s1-20190902@"), "{text}");
        let region = world.get("/timetable.ics?region=wenzhou").await;
        assert_eq!(String::from_utf8(region.bytes).unwrap().matches("BEGIN:VEVENT").count(), 4);
        world.get("/timetable.ics").await.is(422, "whose");
        world.get("/timetable.ics?school=nowhere").await.is(404, "school_unknown");
        world.ask(Method::GET, "/api/v1/timetable.ics?school=oak", "", None).await.is(401, "access_missing");
        world.get("/timetable?from=2019-09-02&until=2019-09-01").await.is(422, "days_unfit");
        world.get("/timetable?from=0001-01-01&until=0001-01-02").await.is(422, "days_unfit");
        world.get("/timetable?from=2019-01-01&until=2020-01-02").await.is(422, "too_many_days");
        assert_eq!(
            world.get("/timetable?school=lake").await.ok()["sessions"].as_array().unwrap().len(),
            1,
            "a week from today on"
        );
    }

    async fn names_of_pupils_are_kept_only_with_a_key_and_for_whoever_may_enter(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.get("/schools/oak/pupils").await.is(503, "no_key");
        let folder = Folder::new("http-pupils");
        let key = PupilKey::load_or_make(&folder.0.join("pupils.key")).unwrap();
        let world = World::with(engine, |service| service.with_pupils(key)).await;
        world.fill().await;
        let class = |names: Value| world.put("/schools/oak/pupils", json!({"class": "3-2", "names": names}));
        let first = class(json!(["王小明", "李小红", "=1+1"])).await.ok();
        let second = class(json!(["李小红", "王小明", "张三"])).await.ok();
        assert_eq!(
            (&second["items"][0]["id"], &second["items"][1]["id"]),
            (&first["items"][1]["id"], &first["items"][0]["id"])
        );
        let kept = world.get("/schools/oak/pupils?class=3-2").await.ok();
        assert_eq!(kept["items"].as_array().unwrap().len(), 3);
        assert_eq!(world.get("/schools/oak/pupils?class=3-1").await.ok()["items"], json!([]));
        assert_eq!(world.get("/schools/lake/pupils").await.ok()["items"], json!([]));
        world
            .ask(Method::GET, "/api/v1/schools/oak/pupils", &token("page", &[Scope::Read]), None)
            .await
            .is(403, "access_scope");
        let id = kept["items"][0]["id"].as_str().unwrap();
        world.delete(&format!("/schools/lake/pupils/{id}")).await.is(404, "pupil_unknown");
        assert_eq!(world.delete(&format!("/schools/oak/pupils/{id}")).await.status, 204);
        world.delete(&format!("/schools/oak/pupils/{id}")).await.is(404, "pupil_unknown");
        assert_eq!(world.delete("/schools/oak/pupils").await.status, 204);
        assert_eq!(world.get("/schools/oak/pupils").await.ok()["items"], json!([]));
        class(json!([""])).await.is(422, "name_unfit");
        class(json!(["a\u{0}"])).await.is(422, "name_unfit");
        class(json!(vec!["x"; 201])).await.is(422, "too_many_names");
        world.put("/schools/oak/pupils", json!({"class": "", "names": []})).await.is(422, "class_unfit");
        world.put("/schools/nowhere/pupils", json!({"class": "3", "names": []})).await.is(404, "school_unknown");
        world.get("/schools/nowhere/pupils").await.is(404, "school_unknown");
        let audit = world.get("/audit").await.ok().to_string();
        assert!(audit.contains("pupils_erased") && !audit.contains("张三"), "{audit}");
    }
}

/// Someone who is told, and answers what a test wants.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    messages: Vec<(HeaderMap, String)>,
    /// What is answered next; then, that all is well.
    answers: Vec<StatusCode>,
}

async fn hear(State(told): State<Told>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut told = told.0.lock().unwrap();
    told.messages.push((headers, String::from_utf8(body.to_vec()).unwrap()));
    if told.answers.is_empty() { StatusCode::NO_CONTENT } else { told.answers.remove(0) }
}

impl Told {
    async fn listen(&self) -> String {
        let routes = Router::new().route("/hook", post(hear)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        url
    }

    fn heard(&self) -> Vec<(HeaderMap, String)> {
        self.0.lock().unwrap().messages.clone()
    }

    async fn wait_for(&self, count: usize) {
        let waiting = async {
            while self.heard().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it is told");
    }
}

on_both! {
    async fn whoever_wants_to_know_is_told_signed_and_again_until_it_is_taken(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.settle().await;
        let told = Told::default();
        told.0.lock().unwrap().answers = vec![StatusCode::SERVICE_UNAVAILABLE];
        let url = told.listen().await;
        let made = world.put("/webhooks/county", json!({"url": url})).await.created();
        let secret = made["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap().to_owned();
        assert_eq!(world.put("/webhooks/county", json!({"url": url})).await.ok()["secret"], json!(null));
        world
            .put("/webhooks/county", json!({"url": "https://elsewhere.example/"}))
            .await
            .is(409, "webhook_known");

        let relay = world.enrol("relay", "relay-1", None).await;
        let start = at(2, 8, 20);
        world.set(later(start, 60));
        let facts: Vec<String> = held(FIRST, start, 40).iter().map(|fact| relay.sign(fact)).collect();
        world.bring(&facts).await;
        let work = tokio::spawn(world.service.clone().work());
        told.wait_for(1).await;
        // The first attempt was in vain; its wait is over, and something else comes.
        world.set(later(start, 61));
        world.enter("d1", json!({"dispute": {"lesson": FIRST, "why": "nobody was there"}})).await.created();
        told.wait_for(3).await;
        work.abort();

        let heard = told.heard();
        let id = |at: usize| heard[at].0["webhook-id"].to_str().unwrap().to_owned();
        assert_eq!(id(0), id(1), "the same message keeps its id");
        assert_ne!(id(1), id(2));
        let bodies: Vec<Value> = heard.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
        assert_eq!(bodies[1]["data"], json!({"lesson": FIRST, "before": "planned", "status": "held"}));
        assert_eq!(bodies[2]["data"]["status"], "disputed");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64.decode(secret).unwrap());
        for (headers, body) in &heard {
            let part = |name: &str| headers[name].to_str().unwrap();
            let signed = format!("{}.{}.{body}", part("webhook-id"), part("webhook-timestamp"));
            let signature = BASE64.decode(part("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
            hmac::verify(&key, signed.as_bytes(), &signature).expect("it is signed with the secret");
            assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        }
        let listed = world.get("/webhooks").await.ok();
        assert_eq!((&listed["items"][0]["url"], &listed["items"][0]["secret"]), (&json!(url), &json!(null)));
        assert_eq!(world.delete("/webhooks/county").await.status, 204);
        world.delete("/webhooks/county").await.is(404, "webhook_unknown");
        assert_eq!(world.get("/webhooks").await.ok()["items"], json!([]));
    }

    async fn an_address_that_is_gone_is_told_no_more_and_redirects_are_not_followed(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let (told, gone) = (Told::default(), Told::default());
        told.0.lock().unwrap().answers = vec![StatusCode::PERMANENT_REDIRECT];
        gone.0.lock().unwrap().answers = vec![StatusCode::GONE];
        for (id, url) in [("one", told.listen().await), ("two", gone.listen().await)] {
            world.put(&format!("/webhooks/{id}"), json!({"url": url})).await.created();
        }
        world.set(at(2, 8, 30));
        let work = tokio::spawn(world.service.clone().work());
        told.wait_for(1).await;
        gone.wait_for(1).await;
        let ended = async {
            while world.get("/webhooks").await.ok()["items"].as_array().unwrap().len() > 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
        work.abort();
        assert_eq!(world.get("/webhooks").await.ok()["items"][0]["id"], "one");
        let body: Value = serde_json::from_str(&told.heard()[0].1).unwrap();
        assert_eq!(body["data"], json!({"lesson": FIRST, "before": null, "status": "live"}));
    }

    async fn only_addresses_that_can_be_told_are_taken(engine) {
        let world = World::on(engine).await;
        let long = format!("https://county.example/{}", "x".repeat(1000));
        for url in [
            "",
            "county.example",
            "ftp://county.example/",
            "file:///etc/passwd",
            "https://",
            "https://a:b@county.example/",
            "javascript:alert(1)",
            &long,
        ] {
            world.put("/webhooks/w", json!({"url": url})).await.is(422, "url_unfit");
        }
        for url in ["http://10.0.0.7:8080/hook", "https://county.example/钩子?a=b"] {
            world.put(&format!("/webhooks/w{}", url.len()), json!({"url": url})).await.created();
        }
        world.put("/webhooks/a%20b", json!({"url": "https://county.example/"})).await.is(400, "address_unfit");
        let enter = token("clerk", &[Scope::Enter]);
        world
            .ask(Method::PUT, "/api/v1/webhooks/x", &enter, Some(json!({"url": "https://x.example"})))
            .await
            .is(403, "access_scope");
    }
}
