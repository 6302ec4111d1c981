//! A worker that ends by itself: its lessons come back, and the others do not notice.

use crate::support::*;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tongke_protocol::conduct::{LessonState, Pass};
use tongke_protocol::control::{ClientMessage, Codec, Links, PublishTrack, RelayMessage};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Role, TrackKind};
use tongke_relay::{Relay, RelayConfig, RelayError};

const CAMERA: PublishTrack = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 0x77 };
const CAMERA_FLOW: u8 = 1;

fn with_workers(workers: u16, data: Option<&Data>) -> Relay {
    let data = data.map(|data| data.path().to_owned());
    Relay::start(&RelayConfig { workers, data, ..config() }).unwrap()
}

fn school(relay: &Relay, lesson: &str, participant: &str, role: Role) -> Http {
    Http::new(relay, token(lesson, participant, role))
}

/// The worker that a lesson lives on.
async fn worker_of(relay: &Relay, http: &Http, lesson: &str) -> usize {
    let links: Links = http.get(&format!("/lessons/{lesson}/links")).await;
    relay.quic_addrs().iter().position(|address| Some(address.port()) == links.quic_port).unwrap()
}

/// Joins over QUIC, where the lesson lives.
async fn join(relay: &Relay, lesson: &str, participant: &str, role: Role, tracks: Vec<PublishTrack>) -> Node {
    let worker = worker_of(relay, &school(relay, lesson, participant, role), lesson).await;
    let mut node = Node::connect_to(relay.quic_addrs()[worker]).await;
    node.say(&ClientMessage::Hello(hello(token(lesson, participant, role), lesson, tracks, 1, 1))).await;
    node.event(|event| matches!(event, LessonEvent::Snapshot { .. })).await;
    node
}

async fn act(http: &Http, lesson: &str, action: Value) {
    let path = format!("/lessons/{lesson}/actions");
    let response = http.request(Method::POST, &path).json(&action).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT, "{action}");
}

async fn state(http: &Http, lesson: &str) -> LessonState {
    http.get::<Pass>(&format!("/lessons/{lesson}/self")).await.state
}

/// Reads an event stream to its end.
async fn end_of(events: &mut EventStream) {
    while events.next().await.is_some() {}
}

/// Ends a worker under a lesson with a floor and a lock, and comes back to it.
async fn survives(relay: &Relay, keeps: bool) -> usize {
    let teacher = school(relay, "math", "school-1", Role::Supporting);
    let _nodes = [
        join(relay, "math", "school-1", Role::Supporting, vec![]).await,
        join(relay, "math", "school-2", Role::Receiving, vec![]).await,
    ];
    act(&teacher, "math", json!({"action": "floor", "to": "school-2"})).await;
    act(&teacher, "math", json!({"action": "lock", "locked": true})).await;
    let before = state(&teacher, "math").await;
    let worker = worker_of(relay, &teacher, "math").await;
    let mut events = EventStream::open(&teacher, "math").await;
    relay.break_worker(worker).await;
    end_of(&mut events).await;

    // What a page does then.
    let mut events = EventStream::open(&teacher, "math").await;
    let snapshot = events.next().await;
    assert!(matches!(snapshot, Some(LessonEvent::Snapshot { .. })), "{snapshot:?}");
    let answer = teacher.offer("/whip/math", &offer("sendonly")).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let expected = if keeps { before } else { LessonState::default() };
    assert_eq!(state(&teacher, "math").await, expected);
    let stranger = school(relay, "math", "school-3", Role::Receiving);
    let answer = stranger.offer("/whep/math", &offer("recvonly")).await;
    assert_eq!(answer.status(), if keeps { StatusCode::LOCKED } else { StatusCode::CREATED });
    let class = school(relay, "math", "school-2", Role::Receiving);
    let answer = class.offer("/whep/math", &offer("recvonly")).await;
    assert_eq!(answer.status(), StatusCode::CREATED, "who was there is let in again");
    teacher.metric_reaches("tongke_worker_restarts_total", 1.0).await;
    let back = worker_of(relay, &teacher, "math").await;
    assert!(relay.quic_addrs().len() == 1 || back != worker, "it goes to a worker that lives");
    worker
}

#[tokio::test]
async fn a_lesson_comes_back_as_it_was_on_another_worker() {
    let data = Data::new();
    let relay = with_workers(2, Some(&data));
    survives(&relay, true).await;
}

#[tokio::test]
async fn the_only_worker_is_replaced_and_its_lessons_with_it() {
    let data = Data::new();
    let relay = with_workers(1, Some(&data));
    survives(&relay, true).await;
}

#[tokio::test]
async fn whoever_comes_over_quic_to_the_replacement_finds_the_lesson_as_it_was() {
    let data = Data::new();
    let relay = with_workers(1, Some(&data));
    let teacher = school(&relay, "math", "school-1", Role::Supporting);
    let _node = join(&relay, "math", "school-1", Role::Supporting, vec![]).await;
    act(&teacher, "math", json!({"action": "lock", "locked": true})).await;
    let mut events = EventStream::open(&teacher, "math").await;
    relay.break_worker(0).await;
    end_of(&mut events).await;
    // Its sockets outlive a worker: the hello waits there for whoever comes after it.
    let mut stranger = Node::connect(&relay).await;
    let coming = hello(token("math", "school-3", Role::Receiving), "math", vec![], 1, 1);
    stranger.say(&ClientMessage::Hello(coming)).await;
    match stranger.hear().await {
        Some(RelayMessage::Refused(refusal)) => assert_eq!(refusal.code, "lesson_locked"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_record_a_lesson_begins_anew() {
    let relay = with_workers(2, None);
    survives(&relay, false).await;
}

#[tokio::test]
async fn a_lesson_on_another_worker_loses_nothing() {
    let relay = with_workers(2, None);
    let sender = join(&relay, "art", "school-1", Role::Supporting, vec![CAMERA]).await;
    let receiver = join(&relay, "art", "school-2", Role::Receiving, vec![]).await;
    let other = join(&relay, "math", "school-3", Role::Supporting, vec![]).await;
    let teacher = school(&relay, "art", "school-1", Role::Supporting);
    let breaking = worker_of(&relay, &school(&relay, "math", "school-3", Role::Supporting), "math").await;
    assert_ne!(breaking, worker_of(&relay, &teacher, "art").await);
    let mut numbers = Vec::new();
    for number in 0..300_u16 {
        if number == 100 {
            relay.break_worker(breaking).await;
        }
        let packet = rtp(CAMERA.ssrc, number, 3_000 * u32::from(number), true, &keyframe());
        sender.send_rtp(CAMERA_FLOW, &packet);
        let (_, received) = receiver.next_media().await;
        numbers.push(u16::from_be_bytes([received[2], received[3]]));
    }
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    // The replacement knows nothing of its predecessor's connections, and says so at once.
    // It may have heard so already, by an acknowledgement that was due.
    let _ = other.connection.send_datagram(vec![0; 200].into());
    let reason = within("the reset", other.connection.closed()).await;
    assert!(matches!(reason, quinn::ConnectionError::Reset), "{reason:?}");
}

#[tokio::test]
async fn new_lessons_begin_on_a_worker_that_was_replaced() {
    let relay = with_workers(2, None);
    let worker = survives(&relay, false).await;
    let mut seen = [0; 2];
    for n in 0..6 {
        let lesson = format!("lesson-{n}");
        let node = join(&relay, &lesson, "school-1", Role::Supporting, vec![]).await;
        let port = node.connection.remote_address().port();
        seen[relay.quic_addrs().iter().position(|address| address.port() == port).unwrap()] += 1;
    }
    assert!(seen[worker] >= 3, "{seen:?}");
}

#[tokio::test]
async fn a_relay_whose_workers_end_again_and_again_gives_up() {
    let mut relay = with_workers(2, None);
    let http = Http::new(&relay, String::new());
    for n in 0..5 {
        relay.break_worker(n % 2).await;
        if n < 4 {
            http.metric_reaches("tongke_worker_restarts_total", (n + 1) as f64).await;
        }
    }
    let error = within("the end", relay.failed()).await;
    assert!(matches!(error, RelayError::WorkerEnded(0)), "{error}");
}
