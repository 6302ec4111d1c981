//! What a relay wrote down reaches the registry it is enrolled at, and lessons do not notice.

use crate::support::*;
use registry::{Mood, Registry};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tongke_protocol::Role;
use tongke_protocol::event::LessonEvent;
use tongke_relay::{Relay, RelayConfig};

#[path = "../../../outbox/tests/outbox/support.rs"]
#[allow(dead_code, reason = "made for the outbox's own tests")]
mod registry;

fn start(data: &Data) -> Relay {
    Relay::start(&RelayConfig { data: Some(data.path().to_owned()), ..config() }).unwrap()
}

/// The registry's facts, by kind.
fn kinds(registry: &Registry) -> Vec<String> {
    let truth = registry.truth();
    let kind =
        |text: &String| serde_json::from_str::<Value>(text).unwrap()["fact"].as_str().unwrap().to_owned();
    let mut kinds: Vec<String> = truth.facts.values().map(kind).collect();
    kinds.sort();
    kinds
}

/// Somebody is in the lesson until the relay ends.
async fn hold_a_lesson(data: &Data) {
    let relay = start(data);
    let node = Node::connect(&relay).await;
    let mut node = node;
    let hello = hello(token("math", "school-1", Role::Supporting), "math", vec![], 1, 1);
    node.say(&tongke_protocol::control::ClientMessage::Hello(hello)).await;
    node.event(|event| matches!(event, LessonEvent::Snapshot { .. })).await;
    within("the end", relay.shutdown("the relay is being restarted")).await;
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[tokio::test]
async fn a_lesson_is_at_the_registry_when_the_relay_has_ended() {
    let (data, registry) = (Data::new(), Registry::start().await);
    registry.machine(data.path(), "relay-1");
    hold_a_lesson(&data).await;
    assert_eq!(kinds(&registry), ["came", "present", "went"]);
    let doubled = {
        let truth = registry.truth();
        truth.known + truth.conflicts
    };
    assert_eq!(doubled, 0, "each was sent once");
    let relay = start(&data);
    let http = Http::new(&relay, any_token());
    assert_eq!(http.metric("tongke_facts_waiting_bytes").await, 0.0);
}

#[tokio::test]
async fn a_registry_that_is_away_is_told_to_operators_and_gets_everything_later() {
    let (data, registry) = (Data::new(), Registry::start().await);
    registry.machine(data.path(), "relay-1");
    registry.set(Mood::Away);
    // A journal of yesterday, whose last line was broken off.
    let yesterday = data.path().join("facts/2026-11-24/math.jsonl");
    let line = r#"{"id":"old-1","lesson":"math","at_us":1795500000000000,"fact":"locked","locked":true}"#;
    write(&yesterday, &format!("{line}\n{{\"id\":\"old-2"));
    hold_a_lesson(&data).await;
    assert!(registry.truth().facts.is_empty());

    let relay = start(&data);
    let http = Http::new(&relay, any_token());
    http.metric_reaches("tongke_facts_delivery_failures_total", 1.0).await;
    assert!(http.metric("tongke_facts_waiting_bytes").await > 300.0);
    let ready = http.request(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    let text = ready.text().await.unwrap();
    assert!(text.contains("facts of lessons wait on disk for the registry"), "{text}");

    registry.set(Mood::Well);
    http.metric_reaches("tongke_facts_delivered_total", 4.0).await;
    assert_eq!(kinds(&registry), ["came", "locked", "present", "went"]);
    assert_eq!(registry.truth().facts["old-1"], line);
    http.metric_falls("tongke_facts_waiting_bytes", 0.0).await;
    let ready = http.request(Method::GET, "/readyz").send().await.unwrap().text().await.unwrap();
    assert_eq!(ready, "ok\n");
}

#[tokio::test]
async fn a_machine_file_that_is_none_is_named_at_the_start() {
    let data = Data::new();
    write(&data.path().join("machine.json"), "{");
    let config = RelayConfig { data: Some(data.path().to_owned()), ..config() };
    let text = Relay::start(&config).err().unwrap().to_string();
    assert!(text.starts_with("setting 'data': ") && text.contains("machine.json"), "{text}");
}

#[tokio::test]
async fn a_folder_that_is_not_enrolled_delivers_nothing_and_says_nothing_of_it() {
    let data = Data::new();
    let relay = start(&data);
    let text = Http::new(&relay, any_token()).request(Method::GET, "/metrics").send().await.unwrap();
    let text = text.text().await.unwrap();
    assert!(text.contains("tongke_facts_written") && !text.contains("tongke_facts_delivered"), "{text}");
    assert!(!data.path().join("delivered").exists());
}
