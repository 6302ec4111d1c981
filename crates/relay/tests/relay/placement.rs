//! Lessons on several workers.

use crate::support::*;
use reqwest::{Method, StatusCode};
use tongke_protocol::{Grant, Role};
use tongke_relay::{Relay, RelayConfig};

const PLACED: &str = "tongke_worker_lessons";

fn two_workers() -> Relay {
    Relay::start(&RelayConfig { workers: 2, ..config() }).unwrap()
}

async fn placed(http: &Http) -> Vec<f64> {
    let mut counts = Vec::new();
    for worker in 0..2 {
        counts.push(http.metric(&format!("{PLACED}{{worker=\"{worker}\"}}")).await);
    }
    counts
}

#[tokio::test]
async fn lessons_that_begin_together_spread_evenly() {
    let relay = two_workers();
    for n in 0..20 {
        let lesson = format!("lesson-{n}");
        let http = Http::new(&relay, token(&lesson, "school-1", Role::Supporting));
        let answer = http.offer(&format!("/whip/{lesson}"), &offer("sendonly")).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    assert_eq!(placed(&Http::new(&relay, String::new())).await, [10.0, 10.0]);
}

#[tokio::test]
async fn a_lesson_begins_by_nobody_whose_grant_is_not_good() {
    let relay = two_workers();
    let over = Grant { expires_unix_s: unix_s() - 60, ..grant("math", "school-1", Role::Supporting) };
    let other = token("art", "school-1", Role::Supporting);
    for token in [String::new(), "x.y.z".to_owned(), key().sign(&over), other] {
        let http = Http::new(&relay, token);
        for (method, path) in [
            (Method::GET, "/lessons/math/links"),
            (Method::GET, "/lessons/math/events"),
            (Method::POST, "/whip/math"),
            (Method::DELETE, "/whip/math/none"),
        ] {
            let status = http.request(method, path).send().await.unwrap().status();
            assert!(status.is_client_error(), "{path}: {status}");
        }
        assert_eq!(placed(&http).await, [0.0, 0.0]);
    }
}
