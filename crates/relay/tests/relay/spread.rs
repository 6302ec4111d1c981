//! A lesson with many observers on two workers.

use crate::media::Receiver;
use crate::support::*;
use reqwest::{Method, StatusCode};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tongke_protocol::conduct::LessonAction;
use tongke_protocol::control::{ClientMessage, Codec, Links, PublishTrack, RelayMessage, Welcome};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Role, TrackKind};
use tongke_relay::{Relay, RelayConfig};

pub const CAMERA: PublishTrack = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 0x77 };
const PICTURES: u32 = 100;

fn two_workers(spread_after: usize) -> Relay {
    Relay::start(&RelayConfig { workers: 2, spread_after, ..config() }).unwrap()
}

pub async fn port_for(relay: &Relay, token: &str) -> u16 {
    let links: Links = Http::new(relay, token.to_owned()).get("/lessons/math/links").await;
    links.quic_port.unwrap()
}

fn address_of(relay: &Relay, port: u16) -> SocketAddr {
    relay.quic_addrs().into_iter().find(|address| address.port() == port).unwrap()
}

/// Joins over QUIC at the port that the links name; the node and the port.
pub async fn join(relay: &Relay, name: &str, role: Role, publish: Vec<PublishTrack>) -> (Node, u16) {
    let token = token("math", name, role);
    let port = port_for(relay, &token).await;
    let mut node = Node::connect_to(address_of(relay, port)).await;
    let slots = u8::from(publish.is_empty());
    node.say(&ClientMessage::Hello(hello(token, "math", publish, slots, 0))).await;
    match node.hear().await {
        Some(RelayMessage::Welcome(Welcome { participant, .. })) => assert_eq!(participant.as_str(), name),
        other => panic!("{name} is not welcomed: {other:?}"),
    }
    (node, port)
}

/// A teacher and so many observers; how many of them are on which port.
async fn lesson(relay: &Relay, observers: usize) -> (Node, Vec<Node>, BTreeMap<u16, usize>) {
    let (teacher, home) = join(relay, "teacher", Role::Supporting, vec![CAMERA]).await;
    let mut ports = BTreeMap::from([(home, 0)]);
    let mut nodes = Vec::new();
    for number in 0..observers {
        let (node, port) = join(relay, &format!("observer-{number}"), Role::Observer, vec![]).await;
        *ports.entry(port).or_default() += 1;
        nodes.push(node);
    }
    (teacher, nodes, ports)
}

/// A keyframe with its number.
fn picture(number: u32) -> Vec<u8> {
    let mut payload = keyframe();
    let end = payload.len() - 4;
    payload[end..].copy_from_slice(&number.to_be_bytes());
    payload
}

pub fn send_picture(teacher: &Node, number: u32) {
    teacher.send_rtp(1, &rtp(CAMERA.ssrc, number as u16, 3000 * number, true, &picture(number)));
}

pub async fn next_picture(node: &Node) -> u32 {
    let (_, packet) = node.next_media().await;
    u32::from_be_bytes(packet[packet.len() - 4..].try_into().unwrap())
}

#[tokio::test]
async fn observers_beyond_what_one_worker_is_to_take_see_every_packet_on_the_other() {
    let relay = two_workers(3);
    let (teacher, observers, ports) = lesson(&relay, 8).await;
    assert_eq!(ports.values().sum::<usize>(), 8);
    assert_eq!(ports.len(), 2, "{ports:?}");
    assert!(ports.values().any(|count| *count == 3), "{ports:?}");
    for number in 0..PICTURES {
        send_picture(&teacher, number);
        if number == 0 {
            for observer in &observers {
                assert_eq!(next_picture(observer).await, 0);
            }
        }
    }
    for observer in &observers {
        for number in 1..PICTURES {
            assert_eq!(next_picture(observer).await, number);
        }
    }
    let http = Http::new(&relay, String::new());
    http.metric_reaches("tongke_packets_forwarded_total", f64::from(8 * PICTURES)).await;
    assert_eq!(http.metric("tongke_trunk_packets_total").await, f64::from(PICTURES), "once for five");
    assert_eq!(http.metric("tongke_lessons").await, 1.0);
    assert_eq!(http.metric("tongke_branches").await, 1.0);
    assert_eq!(http.metric("tongke_lesson_participants").await, 9.0);
    assert_eq!(http.metric("tongke_lesson_quic_legs").await, 9.0);
    assert_eq!(http.metric("tongke_lesson_tracks").await, 1.0);
}

#[tokio::test]
async fn an_observer_at_a_branch_is_told_what_those_at_home_are_and_let_go_with_them() {
    let relay = two_workers(1);
    let (mut teacher, mut observers, ports) = lesson(&relay, 3).await;
    assert_eq!(ports.values().copied().max(), Some(2));
    let there = Http::new(&relay, token("math", "observer-2", Role::Observer));
    let mut stream = EventStream::open(&there, "math").await;
    let greeting = stream.next().await.unwrap();
    let LessonEvent::Snapshot { participants, .. } = &greeting else { panic!("{greeting:?}") };
    assert_eq!(participants[0].id.as_str(), "teacher");
    teacher.say(&ClientMessage::Hand { raised: true }).await;
    let raised = |event: &LessonEvent| matches!(event, LessonEvent::Hand { raised: true, .. });
    stream.until(raised).await;
    for observer in &mut observers {
        observer.event(raised).await;
    }
    let teaching = Http::new(&relay, token("math", "teacher", Role::Supporting));
    let act = |action: LessonAction| {
        let json = serde_json::to_vec(&action).unwrap();
        let request = teaching.request(Method::POST, "/lessons/math/actions");
        request.header("content-type", "application/json").body(json).send()
    };
    assert_eq!(act(LessonAction::End).await.unwrap().status(), StatusCode::NO_CONTENT);
    stream.until(|event| matches!(event, LessonEvent::Ending { reconnect: false, .. })).await;
    for observer in &mut observers {
        observer.event(|event| matches!(event, LessonEvent::Ending { .. })).await;
        within("the close", observer.connection.closed()).await;
    }
    assert_eq!(act(LessonAction::Reopen).await.unwrap().status(), StatusCode::NO_CONTENT);
    stream.until(|event| matches!(event, LessonEvent::State { state } if !state.ended)).await;
}

#[tokio::test]
async fn a_browser_at_a_branch_sees_is_told_its_slots_and_leaves() {
    let relay = two_workers(1);
    let (teacher, _observers, ports) = lesson(&relay, 1).await;
    assert_eq!(ports.len(), 1);
    tokio::spawn(crate::media::film(teacher.connection.clone()));
    let http = Http::new(&relay, token("math", "watching", Role::Observer));
    let mut events = EventStream::open(&http, "math").await;
    let mut receiver = Receiver::join(&http, false).await;
    assert_eq!(receiver.packet().await, (true, keyframe()));
    let event = events.until(|event| matches!(event, LessonEvent::Slot { source: Some(_), .. })).await;
    let LessonEvent::Slot { session, source: Some(source), .. } = event else { panic!("{event:?}") };
    assert_eq!((&session, source.participant.as_str()), (&receiver.session, "teacher"));
    http.metric_reaches("tongke_branches", 1.0).await;
    http.metric_reaches("tongke_lesson_participants", 3.0).await;

    let slots = format!(r#"{{"session":"{session}","sizes":[{{"slot":0,"width":640,"height":360}}]}}"#);
    let request = http.request(Method::PUT, "/lessons/math/slots").header("content-type", "application/json");
    assert_eq!(request.body(slots).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let path = format!("/whep/math/{session}");
    let stranger = Http::new(&relay, token("math", "observer-0", Role::Observer));
    assert_ne!(stranger.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(http.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(http.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    receiver.connection.close().await.unwrap();
    drop(events);
    http.metric_falls("tongke_branches", 0.0).await;
    assert_eq!(http.metric("tongke_lesson_participants").await, 2.0);
}

#[tokio::test]
async fn an_observer_at_the_wrong_port_is_sent_to_the_right_one_and_a_locked_lesson_takes_nobody() {
    let relay = two_workers(1);
    let (_teacher, _observers, ports) = lesson(&relay, 2).await;
    let code = async |name: &str, address: SocketAddr| {
        let mut node = Node::connect_to(address).await;
        let token = token("math", name, Role::Observer);
        node.say(&ClientMessage::Hello(hello(token, "math", vec![], 1, 0))).await;
        match node.hear().await {
            Some(RelayMessage::Refused(refusal)) => refusal.code,
            other => panic!("{other:?}"),
        }
    };
    let third = port_for(&relay, &token("math", "third", Role::Observer)).await;
    assert_eq!(ports.len(), 2);
    for address in relay.quic_addrs().into_iter().filter(|address| address.port() != third) {
        assert_eq!(code("third", address).await, "lesson_elsewhere");
    }
    let teaching = Http::new(&relay, token("math", "teacher", Role::Supporting));
    let lock = serde_json::to_vec(&LessonAction::Lock { locked: true }).unwrap();
    let request = teaching.request(Method::POST, "/lessons/math/actions");
    let locked = request.header("content-type", "application/json").body(lock).send().await.unwrap();
    assert_eq!(locked.status(), StatusCode::NO_CONTENT);
    assert_eq!(code("third", address_of(&relay, third)).await, "lesson_locked");
    let late = Http::new(&relay, token("math", "late", Role::Observer));
    assert_eq!(late.offer("/whep/math", &offer("recvonly")).await.status(), StatusCode::LOCKED);
}

#[tokio::test]
async fn without_a_bound_everybody_stays_on_one_worker() {
    let relay = two_workers(0);
    let (_teacher, _observers, ports) = lesson(&relay, 4).await;
    assert_eq!(ports.len(), 1);
}
