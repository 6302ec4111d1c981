//! Who may load a line: nobody beside a lesson, and one test at a time.

use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tongke_probe::{Direction, LoadError, LoadLine, Opened, Stopped};
use tongke_protocol::Role;
use tongke_protocol::control::LineLease;
use tongke_relay::{Relay, RelayConfig};

fn school(relay: &Relay, lesson: &str, participant: &str) -> Http {
    Http::new(relay, token(lesson, participant, Role::Receiving))
}

async fn ask(http: &Http, lesson: &str, body: Value) -> reqwest::Response {
    http.request(Method::POST, &format!("/lessons/{lesson}/load")).json(&body).send().await.unwrap()
}

async fn lease(http: &Http, lesson: &str, body: Value) -> LineLease {
    let response = ask(http, lesson, body).await;
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn refused(http: &Http, lesson: &str, body: Value) -> (StatusCode, String) {
    let (status, refusal) = refusal(ask(http, lesson, body).await).await;
    assert!(!refusal.message.is_empty());
    (status, refusal.code)
}

/// A session of a participant in a lesson.
async fn joined(relay: &Relay, lesson: &str, participant: &str) -> Node {
    let token = token(lesson, participant, Role::Receiving);
    Node::join(relay, hello(token, lesson, vec![], 0, 0)).await.0
}

fn packets() -> Value {
    json!({ "for": "packets" })
}

const CONFLICT: StatusCode = StatusCode::CONFLICT;

#[tokio::test]
async fn a_line_is_one_test_s_at_a_time() {
    let relay = relay();
    let (hill, other) = (school(&relay, "math", "hill"), school(&relay, "art", "valley"));
    let first = lease(&hill, "math", packets()).await;
    let load = first.load.unwrap();
    assert_eq!(load.port, relay.reflector_addr().unwrap().port());
    assert_eq!((load.fastest_bps, first.lasts_s), (120_000_000, 120));
    for (http, lesson, body) in [(&hill, "math", packets()), (&other, "art", json!({ "for": "call" }))] {
        assert_eq!(refused(http, lesson, body).await, (CONFLICT, "line_busy".into()));
    }
    let shares = json!({ "for": "call", "shared_address": true });
    assert!(lease(&other, "art", shares).await.load.is_none());
    let path = format!("/lessons/math/load/{}", first.lease);
    let foreign = other.request(Method::DELETE, &path.replace("math", "art")).send().await.unwrap();
    assert_eq!(refusal(foreign).await.1.code, "lease_unknown");
    assert_eq!(hill.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert!(lease(&hill, "math", json!({ "for": "packets", "shared_address": true })).await.load.is_some());
}

#[tokio::test]
async fn no_line_is_loaded_beside_a_lesson_on_it() {
    let relay = relay();
    let teacher = joined(&relay, "math", "valley").await;
    let (same_address, itself) = (school(&relay, "test-1", "hill"), school(&relay, "test-1", "valley"));
    assert_eq!(refused(&same_address, "test-1", packets()).await, (CONFLICT, "lesson_live".into()));
    let shares = json!({ "for": "packets", "shared_address": true });
    assert_eq!(refused(&itself, "test-1", shares.clone()).await, (CONFLICT, "lesson_live".into()));
    assert!(lease(&same_address, "test-1", shares).await.load.is_some(), "another school's address too");
    drop(teacher);
}

#[tokio::test]
async fn a_test_lesson_is_no_lesson() {
    let relay = relay();
    let _near = joined(&relay, "test-7", "hill").await;
    assert!(lease(&school(&relay, "math", "hill"), "math", packets()).await.load.is_some());
}

#[tokio::test]
async fn a_lesson_that_begins_ends_the_test_of_its_line() {
    let relay = relay();
    let load = lease(&school(&relay, "test-1", "hill"), "test-1", packets()).await.load.unwrap();
    let key = URL_SAFE_NO_PAD.decode(load.key).unwrap().try_into().unwrap();
    let mut line = LoadLine::new(relay.reflector_addr().unwrap(), Opened { session: load.session, key });
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let loading = tokio::task::spawn_blocking(move || {
        line.hold(Direction::Out, 1e6, 12, &mut |_| {
            let _ = began.send(());
        })
    });
    begun.recv().await.expect("the load begins");
    let _teacher = joined(&relay, "math", "valley").await;
    let ended = within("the lesson has the line", loading).await.unwrap();
    assert!(matches!(ended, Err(LoadError::Stopped(Stopped::LessonLive))), "{ended:?}");
}

#[tokio::test]
async fn a_relay_without_load_says_so_and_what_makes_no_sense_is_refused() {
    let relay = Relay::start(&RelayConfig { load_mbps: 0, ..config() }).unwrap();
    let hill = school(&relay, "math", "hill");
    assert_eq!(refused(&hill, "math", packets()).await, (StatusCode::NOT_FOUND, "no_load".into()));
    assert!(lease(&hill, "math", json!({ "for": "call", "seconds": 300 })).await.lasts_s == 300);
    for body in [json!({}), json!({ "for": "fun" }), json!({ "for": "call", "more": 1 })] {
        assert_eq!(refused(&hill, "math", body).await.1, "body_unreadable");
    }
    let nobody = Http::new(&relay, String::new());
    assert_eq!(refused(&nobody, "math", packets()).await.0, StatusCode::UNAUTHORIZED);
}
