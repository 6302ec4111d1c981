//! A machine asks to be let into a lesson.

use crate::support::*;
use axum::http::StatusCode;
use serde_json::json;
use tongke_outbox::{AskError, Granted};
use tongke_protocol::{LessonId, WallTime};

const NOW: WallTime = WallTime(1_795_590_000_000_000);

fn lesson() -> LessonId {
    "7.2019-11-25".parse().unwrap()
}

#[tokio::test]
async fn a_machine_asks_in_its_own_name_and_gets_its_grant() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    let machine = registry.machine(folder.path(), "node-7");
    let answer =
        json!({"token": "a.b.c", "lesson": "7.2019-11-25", "relay": "https://relay:8443", "more": 1});
    registry.truth().door = Some((StatusCode::CREATED, answer));
    let granted = machine.ask_grant(&lesson(), Some("2"), NOW).await.unwrap();
    assert_eq!(granted, Granted { token: "a.b.c".into(), relay: Some("https://relay:8443".into()) });
    let asked = json!({"lesson": "7.2019-11-25", "at_us": 1_795_590_000_000_000_u64, "room": "2"});
    assert_eq!(registry.truth().asked, [asked]);
    assert!(machine.is_beside(&registry.url) && !machine.is_beside("https://relay:8443"));
}

#[tokio::test]
async fn why_there_is_no_grant_is_said_in_the_registrys_words() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    let machine = registry.machine(folder.path(), "node-7");
    let early =
        json!({"code": "too_early", "message": "the lesson begins at 08:40", "hint": "come at 08:10"});
    registry.truth().door = Some((StatusCode::CONFLICT, early));
    let error = machine.ask_grant(&lesson(), None, NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "the registry refuses: the lesson begins at 08:40");
    let AskError::Refused { code, hint, .. } = error else { panic!("{error:?}") };
    assert_eq!((code.as_str(), hint.as_str()), ("too_early", "come at 08:10"));

    registry.truth().door =
        Some((StatusCode::SERVICE_UNAVAILABLE, json!({"code": "busy", "message": "later"})));
    let error = machine.ask_grant(&lesson(), None, NOW).await.unwrap_err();
    assert!(matches!(&error, AskError::Unreachable { why, .. } if why.contains("later")), "{error}");
    registry.truth().door = Some((StatusCode::NOT_FOUND, json!("<html>")));
    let error = machine.ask_grant(&lesson(), None, NOW).await.unwrap_err();
    assert!(matches!(error, AskError::NotARegistry { .. }), "{error}");
    registry.set(Mood::Away);
    let error = machine.ask_grant(&lesson(), None, NOW).await.unwrap_err();
    assert!(error.to_string().contains(&registry.url), "{error}");
}
