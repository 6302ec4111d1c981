//! What an inspector and those whom it inspects tell each other, over every way there is.

use crate::spread::{CAMERA, join};
use crate::support::*;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tongke_protocol::Role;
use tongke_protocol::control::Refusal;
use tongke_protocol::event::LessonEvent;
use tongke_relay::{Relay, RelayConfig};

fn at(relay: &Relay, participant: &str, role: Role) -> Http {
    Http::new(relay, token("math", participant, role))
}

async fn send(http: &Http, to: &str, body: &str) -> Result<(), (StatusCode, Refusal)> {
    send_json(http, &json!({"to": to, "body": body})).await
}

async fn send_json(http: &Http, json: &Value) -> Result<(), (StatusCode, Refusal)> {
    let request = http.request(Method::POST, "/lessons/math/dispatches").json(json);
    let response = request.send().await.unwrap();
    if response.status() == StatusCode::NO_CONTENT { Ok(()) } else { Err(refusal(response).await) }
}

/// A dispatch in `events`, as (sender, body).
async fn next(events: &mut EventStream) -> (String, String) {
    let event = events.until(|event| matches!(event, LessonEvent::Dispatch { .. })).await;
    of(event)
}

async fn next_at(node: &mut Node) -> (String, String) {
    of(node.event(|event| matches!(event, LessonEvent::Dispatch { .. })).await)
}

fn of(event: LessonEvent) -> (String, String) {
    let LessonEvent::Dispatch { from, body } = event else { panic!("{event:?}") };
    (from.to_string(), body)
}

fn said(from: &str, body: &str) -> (String, String) {
    (from.to_owned(), body.to_owned())
}

#[tokio::test]
async fn an_inspector_asks_over_http_and_is_answered_by_a_quic_session_and_by_an_event_stream() {
    let relay = relay();
    let inspector = at(&relay, "inspector", Role::Inspector);
    let mut inspecting = EventStream::open(&inspector, "math").await;
    let (mut teacher, _) = join(&relay, "teacher", Role::Supporting, vec![CAMERA]).await;
    let class = at(&relay, "class", Role::Receiving);
    let mut class_events = EventStream::open(&class, "math").await;
    inspecting.until(|event| matches!(event, LessonEvent::Joined { .. })).await;

    send(&inspector, "teacher", "how is it?").await.unwrap();
    assert_eq!(next_at(&mut teacher).await, said("inspector", "how is it?"));
    send(&inspector, "class", "and there?").await.unwrap();
    assert_eq!(next(&mut class_events).await, said("inspector", "and there?"));

    send(&at(&relay, "teacher", Role::Supporting), "inspector", "well").await.unwrap();
    assert_eq!(next(&mut inspecting).await, said("teacher", "well"));
    let longest = "{\"a\":12345678}".repeat(48 * 1024 / 14);
    send(&class, "inspector", &longest).await.unwrap();
    assert_eq!(next(&mut inspecting).await, said("class", &longest));
    send(&inspector, "teacher", &longest).await.unwrap();
    assert_eq!(next_at(&mut teacher).await, said("inspector", &longest));
}

#[tokio::test]
async fn an_inspector_at_a_branch_asks_the_teacher_and_an_observer_beside_it_and_is_answered() {
    let relay = Relay::start(&RelayConfig { workers: 2, spread_after: 1, ..config() }).unwrap();
    let (mut teacher, home) = join(&relay, "teacher", Role::Supporting, vec![CAMERA]).await;
    let (mut near, near_port) = join(&relay, "observer-0", Role::Observer, vec![]).await;
    let (mut far, far_port) = join(&relay, "observer-1", Role::Observer, vec![]).await;
    assert!(near_port == home && far_port != home, "{home} {near_port} {far_port}");
    let inspector = at(&relay, "inspector", Role::Inspector);
    let mut inspecting = EventStream::open(&inspector, "math").await;
    assert_ne!(crate::spread::port_for(&relay, &inspector.token).await, home, "it sits at the branch");
    for (name, node) in [("teacher", &mut teacher), ("observer-0", &mut near), ("observer-1", &mut far)] {
        send(&inspector, name, "how is it?").await.unwrap();
        assert_eq!(next_at(node).await, said("inspector", "how is it?"));
        let role = if name == "teacher" { Role::Supporting } else { Role::Observer };
        send(&at(&relay, name, role), "inspector", "well").await.unwrap();
        assert_eq!(next(&mut inspecting).await, said(name, "well"));
    }
    let (status, refused) =
        send(&at(&relay, "observer-0", Role::Observer), "observer-1", "?").await.unwrap_err();
    assert_eq!((status, refused.code.as_str()), (StatusCode::FORBIDDEN, "role_may_not"));
}

#[tokio::test]
async fn whoever_may_not_send_or_sends_what_nobody_can_take_is_told_why() {
    let relay = relay();
    let [inspector, teacher, class] = [
        at(&relay, "inspector", Role::Inspector),
        at(&relay, "teacher", Role::Supporting),
        at(&relay, "class", Role::Receiving),
    ];
    let mut inspecting = EventStream::open(&inspector, "math").await;
    let _teaching = EventStream::open(&teacher, "math").await;
    let refused = async |http: &Http, json: Value| {
        let (status, refusal) = send_json(http, &json).await.unwrap_err();
        assert!(!refusal.message.is_empty());
        (status.as_u16(), refusal.code)
    };
    let expect = |status: u16, code: &str| (status, code.to_owned());
    let ask = |to: &str| json!({"to": to, "body": "?"});
    assert_eq!(refused(&class, ask("inspector")).await, expect(409, "not_in_lesson"));
    assert_eq!(refused(&inspector, ask("class")).await, expect(404, "addressee_away"));
    let _listening = EventStream::open(&class, "math").await;
    assert_eq!(refused(&teacher, ask("class")).await, expect(403, "role_may_not"));
    let long = |len: usize| json!({"to": "class", "body": "x".repeat(len)});
    assert_eq!(refused(&inspector, long(48 * 1024 + 1)).await, expect(413, "dispatch_too_long"));
    assert_eq!(refused(&inspector, long(1024 * 1024)).await, expect(413, "body_unreadable"));
    assert_eq!(refused(&inspector, ask("no such name")).await, expect(422, "body_unreadable"));
    assert_eq!(refused(&inspector, json!({"to": "class"})).await, expect(422, "body_unreadable"));
    assert_eq!(refused(&inspector, json!({"to": "class", "body": 7})).await, expect(422, "body_unreadable"));
    let no_text = inspector.request(Method::POST, "/lessons/math/dispatches");
    let no_text = no_text
        .header("content-type", "application/json")
        .body(b"{\"to\":\"class\",\"body\":\"\xff\"}".to_vec());
    let (status, refusal) = refusal(no_text.send().await.unwrap()).await;
    assert_eq!((status.as_u16(), refusal.code), expect(400, "body_unreadable"));
    let other = Http::new(&relay, token("art", "inspector", Role::Inspector));
    assert_eq!(refused(&other, ask("class")).await, expect(403, "grant_other_lesson"));
    // Whatever was refused, what is right still passes.
    send(&class, "inspector", "here").await.unwrap();
    assert_eq!(next(&mut inspecting).await, said("class", "here"));
}

#[tokio::test]
async fn a_flood_of_dispatches_is_cut_to_its_rate_and_the_addressee_hears_the_others() {
    let relay = relay();
    let inspector = at(&relay, "inspector", Role::Inspector);
    let mut inspecting = EventStream::open(&inspector, "math").await;
    let [loud, quiet] = [at(&relay, "teacher", Role::Supporting), at(&relay, "class", Role::Receiving)];
    let _events = [EventStream::open(&loud, "math").await, EventStream::open(&quiet, "math").await];
    let mut passed = 0;
    let refused = loop {
        match send(&loud, "inspector", "look!").await {
            Ok(()) => passed += 1,
            Err((status, refused)) => break (status.as_u16(), refused.code),
        }
        assert!(passed < 1_000, "a flood is cut");
    };
    assert_eq!(refused, (429, "dispatch_too_often".to_owned()));
    assert!(passed >= 16, "{passed}");
    send(&quiet, "inspector", "a word").await.unwrap();
    for _ in 0..passed {
        assert_eq!(next(&mut inspecting).await, said("teacher", "look!"));
    }
    assert_eq!(next(&mut inspecting).await, said("class", "a word"));
}
