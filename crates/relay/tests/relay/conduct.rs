//! Conducting a lesson over HTTP: who am I, actions, and what others hear of them.

use crate::support::*;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tongke_protocol::conduct::{LessonState, Pass};
use tongke_protocol::control::{ClientMessage, RelayMessage};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Grant, Role};
use tongke_relay::Relay;

fn holder(relay: &Relay, participant: &str, role: Role) -> Http {
    Http::new(relay, token("math", participant, role))
}

async fn act(http: &Http, action: Value) -> Response {
    http.request(Method::POST, "/lessons/math/actions").json(&action).send().await.unwrap()
}

async fn act_well(http: &Http, action: Value) {
    assert_eq!(act(http, action).await.status(), StatusCode::NO_CONTENT);
}

async fn state(events: &mut EventStream) -> LessonState {
    match events.until(|event| matches!(event, LessonEvent::State { .. })).await {
        LessonEvent::State { state } => state,
        other => panic!("{other:?}"),
    }
}

/// A teacher and a class, both connected as nodes.
async fn two_schools(relay: &Relay) -> [Node; 2] {
    let join =
        |participant, role| Node::join(relay, hello(token("math", participant, role), "math", vec![], 1, 1));
    let (teacher, _) = join("school-1", Role::Supporting).await;
    let (class, _) = join("school-2", Role::Receiving).await;
    [teacher, class]
}

#[tokio::test]
async fn a_page_learns_who_it_is_and_whether_it_publishes_already() {
    let relay = relay();
    let http = holder(&relay, "school-2", Role::Receiving);
    let pass: Pass = http.get("/lessons/math/self").await;
    assert_eq!(
        (pass.participant.as_str(), pass.role, pass.is_publishing),
        ("school-2", Role::Receiving, false)
    );
    assert_eq!(pass.state, LessonState::default());
    assert_eq!(http.offer("/whip/math", &offer("sendonly")).await.status(), StatusCode::CREATED);
    let pass: Pass = http.get("/lessons/math/self").await;
    assert!(pass.is_publishing);
}

#[tokio::test]
async fn the_teacher_conducts_and_all_hear_of_it_at_once() {
    let relay = relay();
    let [mut teacher, mut class] = two_schools(&relay).await;
    let http = holder(&relay, "school-1", Role::Supporting);
    let mut events = EventStream::open(&holder(&relay, "o", Role::Observer), "math").await;
    let Some(LessonEvent::Snapshot { relay: run, state: before, .. }) = events.next().await else {
        panic!("a snapshot comes first")
    };
    assert!(run.len() == 16 && run.bytes().all(|byte| byte.is_ascii_hexdigit()), "{run}");
    assert_eq!(before, LessonState::default());
    act_well(&http, json!({"action": "floor", "to": "school-2"})).await;
    assert_eq!(state(&mut events).await.floor.unwrap().as_str(), "school-2");
    class.event(|event| matches!(event, LessonEvent::State { state } if state.floor.is_some())).await;
    let of =
        serde_json::from_value(json!({"action": "mute", "participant": "school-2", "muted": true})).unwrap();
    teacher.say(&ClientMessage::Act { of }).await;
    let muted = state(&mut events).await;
    assert!(muted.floor.is_none() && muted.muted.len() == 1);
    act_well(&http, json!({"action": "head_count", "present": 41, "expected": 42})).await;
    assert_eq!(state(&mut events).await.head_counts[0].count.present, 41);
    let pass: Pass = http.get("/lessons/math/self").await;
    assert_eq!(pass.state.muted.len(), 1);
}

#[tokio::test]
async fn an_action_that_cannot_be_is_refused_with_its_reason() {
    let relay = relay();
    let _schools = two_schools(&relay).await;
    let teacher = holder(&relay, "school-1", Role::Supporting);
    let class = holder(&relay, "school-2", Role::Receiving);
    let absent = holder(&relay, "school-3", Role::Receiving);
    let say = json!({"action": "say", "text": "好"});
    let cases = [
        (&class, json!({"action": "end"}), StatusCode::FORBIDDEN, "role_may_not"),
        (&absent, say.clone(), StatusCode::CONFLICT, "not_in_lesson"),
        (
            &teacher,
            json!({"action": "floor", "to": "school-3"}),
            StatusCode::NOT_FOUND,
            "participant_unknown",
        ),
        (&class, json!({"action": "say", "text": "  "}), StatusCode::UNPROCESSABLE_ENTITY, "message_invalid"),
        (&class, json!({"action": "dance"}), StatusCode::UNPROCESSABLE_ENTITY, "body_unreadable"),
        (&class, json!({"action": "hand"}), StatusCode::UNPROCESSABLE_ENTITY, "body_unreadable"),
    ];
    for (http, action, status, code) in cases {
        let (got, refusal) = refusal(act(http, action.clone()).await).await;
        assert_eq!((got, refusal.code.as_str()), (status, code), "{action}");
        assert!(refusal.message.len() > 10, "{}", refusal.message);
    }
    act_well(&teacher, json!({"action": "end"})).await;
    let (status, refusal) = refusal(act(&class, say).await).await;
    assert_eq!((status, refusal.code.as_str()), (StatusCode::GONE, "lesson_ended"));
    act_well(&class, json!({"action": "head_count", "present": 40})).await;
}

#[tokio::test]
async fn messages_reach_the_pages_of_classrooms_and_not_those_of_observers() {
    let relay = relay();
    let _schools = two_schools(&relay).await;
    let class = holder(&relay, "school-2", Role::Receiving);
    let teacher = holder(&relay, "school-1", Role::Supporting);
    let mut at_teacher = EventStream::open(&teacher, "math").await;
    let mut at_observer = EventStream::open(&holder(&relay, "o", Role::Observer), "math").await;
    act_well(&class, json!({"action": "say", "text": "请讲慢一点"})).await;
    act_well(&class, json!({"action": "hand", "raised": true})).await;
    let said = |event: &LessonEvent| matches!(event, LessonEvent::Message { .. });
    let LessonEvent::Message { message } = at_teacher.until(said).await else { unreachable!() };
    assert_eq!((message.from.as_str(), message.text.as_str()), ("school-2", "请讲慢一点"));
    let next = at_observer.until(|event| !matches!(event, LessonEvent::Snapshot { .. })).await;
    assert!(matches!(next, LessonEvent::Hand { .. }), "{next:?}");
    let mut again = EventStream::open(&teacher, "math").await;
    assert_eq!(again.until(said).await, LessonEvent::Message { message });
}

#[tokio::test]
async fn a_locked_lesson_is_closed_to_newcomers_on_every_way_in() {
    let relay = relay();
    let [_teacher, class] = two_schools(&relay).await;
    act_well(&holder(&relay, "school-1", Role::Supporting), json!({"action": "lock", "locked": true})).await;
    let stranger = holder(&relay, "school-3", Role::Receiving);
    for response in [
        stranger.request(Method::GET, "/lessons/math/self").send().await.unwrap(),
        stranger.offer("/whip/math", &offer("sendonly")).await,
        stranger.offer("/whep/math", &offer("recvonly")).await,
    ] {
        let (status, refusal) = refusal(response).await;
        assert_eq!((status, refusal.code.as_str()), (StatusCode::LOCKED, "lesson_locked"));
    }
    let mut node = Node::connect(&relay).await;
    node.say(&ClientMessage::Hello(hello(stranger.token.clone(), "math", vec![], 1, 1))).await;
    let Some(RelayMessage::Refused(refused)) = node.hear().await else { panic!("it must be refused") };
    assert_eq!(refused.code, "lesson_locked");
    class.connection.close(0u32.into(), b"lost");
    let known = holder(&relay, "school-2", Role::Receiving);
    assert_eq!(known.offer("/whep/math", &offer("recvonly")).await.status(), StatusCode::CREATED);
    let inspector = holder(&relay, "i", Role::Inspector);
    assert_eq!(inspector.offer("/whep/math", &offer("recvonly")).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn an_ended_lesson_says_so_and_its_event_streams_hear_of_the_reopening() {
    let relay = relay();
    let [_teacher, class] = two_schools(&relay).await;
    let http = holder(&relay, "school-1", Role::Supporting);
    let mut events = EventStream::open(&holder(&relay, "school-2", Role::Receiving), "math").await;
    act_well(&http, json!({"action": "end"})).await;
    events.until(|event| matches!(event, LessonEvent::Ending { reconnect: false, .. })).await;
    within("the close", class.connection.closed()).await;
    let (status, refusal) = refusal(http.offer("/whip/math", &offer("sendonly")).await).await;
    assert_eq!((status, refusal.code.as_str()), (StatusCode::GONE, "lesson_ended"));
    let pass: Pass = http.get("/lessons/math/self").await;
    assert!(pass.state.ended);
    act_well(&http, json!({"action": "reopen"})).await;
    assert!(!state(&mut events).await.ended);
    assert_eq!(http.offer("/whip/math", &offer("sendonly")).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_second_publishing_page_takes_over_and_the_first_is_told() {
    let relay = relay();
    let http = holder(&relay, "school-2", Role::Receiving);
    let first = http.offer("/whip/math", &offer("sendonly")).await;
    let path = header(&first, "location").to_owned();
    let mut events = EventStream::open(&http, "math").await;
    assert_eq!(http.offer("/whip/math", &offer("sendonly")).await.status(), StatusCode::CREATED);
    let ended = events.until(|event| matches!(event, LessonEvent::SessionEnded { .. })).await;
    let LessonEvent::SessionEnded { session, replaced: true, .. } = ended else { panic!("{ended:?}") };
    assert_eq!(path.rsplit('/').next(), Some(session.as_str()));
}

#[tokio::test]
async fn a_grant_that_ends_in_the_middle_of_a_lesson_throws_nobody_out() {
    let relay = relay();
    let [_teacher, class] = two_schools(&relay).await;
    let ended = |participant, role| {
        key().sign(&Grant { expires_unix_s: unix_s() - 60, ..grant("math", participant, role) })
    };
    let late = Http::new(&relay, ended("school-2", Role::Receiving));
    let mut events = EventStream::open(&late, "math").await;
    act_well(&late, json!({"action": "hand", "raised": true})).await;
    events.until(|event| matches!(event, LessonEvent::Hand { raised: true, .. })).await;
    let joined = late.offer("/whip/math", &offer("sendonly")).await;
    assert_eq!(joined.status(), StatusCode::CREATED);
    let (path, etag) = (header(&joined, "location").to_owned(), header(&joined, "etag").to_owned());
    assert_eq!(late.patch(&path, Some(&etag), &trickle()).await.status(), StatusCode::NO_CONTENT);
    class.connection.close(0u32.into(), b"lost");
    Node::join(&relay, hello(late.token.clone(), "math", vec![], 1, 1)).await;
    let strangers = [ended("school-3", Role::Receiving), ended("school-2", Role::Supporting)];
    for token in strangers {
        let (status, refusal) =
            refusal(Http::new(&relay, token).offer("/whip/math", &offer("sendonly")).await).await;
        assert_eq!((status, refusal.code.as_str()), (StatusCode::UNAUTHORIZED, "grant_expired"));
    }
    act_well(&holder(&relay, "school-1", Role::Supporting), json!({"action": "end"})).await;
    let (status, refusal) = refusal(late.offer("/whip/math", &offer("sendonly")).await).await;
    assert_eq!((status, refusal.code.as_str()), (StatusCode::UNAUTHORIZED, "grant_expired"));
}
