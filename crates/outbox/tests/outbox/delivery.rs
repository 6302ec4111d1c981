//! What reaches the registry, when, and what becomes of the rest.

use crate::support::*;
use axum::http::StatusCode;
use std::fs;
use tongke_outbox::{Delivery, Limits, OpenError, Outbox, Worth};

fn outbox(folder: &Folder) -> Outbox {
    Outbox::open(&folder.path().join("outbox"), Limits::default()).unwrap()
}

async fn put(outbox: &Outbox, worth: Worth, fact: &str) {
    let (outbox, fact) = (outbox.clone(), fact.to_owned());
    tokio::task::spawn_blocking(move || outbox.put(worth, fact.as_bytes()).unwrap()).await.unwrap();
}

/// Waits until delivery has failed more than `failures` times.
pub async fn fails(delivery: &Delivery, failures: u64) -> String {
    let failed = async {
        loop {
            let status = delivery.status();
            if status.failures > failures {
                return status.trouble.unwrap_or_default();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, failed).await.expect("delivery never failed")
}

#[tokio::test]
async fn facts_reach_the_registry_once_whatever_happens_on_the_way() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.set(Mood::Moody);
    let outbox = outbox(&folder);
    let delivery = outbox.deliver(registry.machine(folder.path(), "node-7"), QUICK);
    for number in 0..300 {
        let worth = if number % 3 == 0 { Worth::Detail } else { Worth::Attendance };
        put(&outbox, worth, &fact(number)).await;
    }
    assert!(delivery.finish(PATIENCE).await);
    let truth = registry.truth();
    assert_eq!(truth.facts.len(), 300);
    assert!((0..300).all(|number| truth.facts[&format!("n-{number}")] == fact(number)));
    assert_eq!(truth.conflicts, 0);
    assert_eq!(delivery.status().refused, 0);
}

#[tokio::test]
async fn a_registry_that_is_away_for_a_whole_lesson_gets_everything_afterwards() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.set(Mood::Away);
    let outbox = outbox(&folder);
    let delivery = outbox.deliver(registry.machine(folder.path(), "node-7"), QUICK);
    // A fact a minute, and the quality at the end: none of them waits for the registry.
    for minute in 0..45 {
        put(&outbox, Worth::Attendance, &fact(minute)).await;
    }
    put(&outbox, Worth::Detail, &fact(45)).await;
    fails(&delivery, 3).await;
    assert!(registry.truth().facts.is_empty());
    assert!(delivery.status().waiting_bytes > 0);
    registry.set(Mood::Well);
    assert!(delivery.finish(PATIENCE).await);
    assert_eq!(registry.truth().facts.len(), 46);
    let status = delivery.status();
    assert_eq!((status.trouble, status.waiting_bytes), (None, 0));
}

#[tokio::test]
async fn what_says_try_later_is_tried_later() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    let outbox = outbox(&folder);
    let delivery = outbox.deliver(registry.machine(folder.path(), "node-7"), QUICK);
    for (number, status) in [401, 403, 404, 429, 500, 503].into_iter().enumerate() {
        registry.set(Mood::Says(StatusCode::from_u16(status).unwrap()));
        let failures = delivery.status().failures;
        put(&outbox, Worth::Attendance, &fact(number as u64)).await;
        let why = fails(&delivery, failures).await;
        assert!(why.contains(&status.to_string()) && why.contains("not now"), "{why}");
        registry.set(Mood::Well);
        assert!(delivery.finish(PATIENCE).await);
    }
    assert_eq!(registry.truth().facts.len(), 6);
}

#[tokio::test]
async fn what_the_registry_never_takes_is_kept_aside_and_holds_nothing_up() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    let outbox = outbox(&folder);
    put(&outbox, Worth::Attendance, r#"{"id":"no","refuse":true}"#).await;
    put(&outbox, Worth::Attendance, "not a fact").await;
    put(&outbox, Worth::Attendance, &fact(1)).await;
    put(&outbox, Worth::Attendance, r#"{"id":"n-1","other":"words"}"#).await;
    put(&outbox, Worth::Attendance, &fact(2)).await;
    let delivery = outbox.deliver(registry.machine(folder.path(), "node-7"), QUICK);
    assert!(delivery.finish(PATIENCE).await);
    assert_eq!(registry.truth().facts.len(), 2);
    let kept = fs::read_to_string(folder.path().join("outbox/refused.jsonl")).unwrap();
    let mut lines: Vec<&str> = kept.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 3, "{kept}");
    assert_eq!(
        lines[0],
        r#"{"status":"conflict","code":"","message":"","fact":{"id":"n-1","other":"words"}}"#
    );
    assert!(lines[1].starts_with(r#"{"status":"refused","code":"unreadable""#), "{}", lines[1]);
    assert!(lines[1].ends_with(r#""text":"not a fact"}"#), "{}", lines[1]);
    assert!(lines[2].ends_with(r#""code":"wrong_lesson","message":"no","fact":{"id":"no","refuse":true}}"#));
}

#[tokio::test]
async fn a_registry_that_takes_little_at_a_time_gets_little_at_a_time() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.set(Mood::TakesAtMost(7));
    let outbox = outbox(&folder);
    for number in 0..50 {
        put(&outbox, Worth::Attendance, &fact(number)).await;
    }
    let delivery = outbox.deliver(registry.machine(folder.path(), "node-7"), QUICK);
    assert!(delivery.finish(PATIENCE).await);
    assert_eq!(registry.truth().facts.len(), 50);
    registry.set(Mood::TakesAtMost(0));
    put(&outbox, Worth::Attendance, &fact(50)).await;
    assert!(delivery.finish(PATIENCE).await);
    let kept = fs::read_to_string(folder.path().join("outbox/refused.jsonl")).unwrap();
    assert!(kept.contains("http_413") && kept.contains(&fact(50)), "{kept}");
}

#[tokio::test]
async fn an_outbox_belongs_to_one_program() {
    let folder = Folder::new();
    let first = outbox(&folder);
    let taken = Outbox::open(&folder.path().join("outbox"), Limits::default());
    let Err(error @ OpenError::Taken(_)) = taken else { panic!("taken twice") };
    assert!(error.to_string().contains("end it, or name another folder"));
    drop(first);
    outbox(&folder);
}
