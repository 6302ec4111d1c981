//! Nodes in a lesson with the real relay, all in this process, over each of the three links.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tongke_node::{Controls, NodeConfig, NodeError, NodeSettings};
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::{Grant, GrantKey, Role, TrackKind};
use tongke_relay::{Relay, RelayConfig};

/// Generous: the tests of a workspace share two processors.
const PATIENCE: Duration = Duration::from_secs(90);

fn key() -> GrantKey {
    GrantKey::new(&[7; 32]).unwrap()
}

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn relay_config(http: SocketAddr, rtc: SocketAddr, quic: SocketAddr) -> RelayConfig {
    RelayConfig { http, rtc, quic, key: key(), tls: None, advertise: Vec::new(), workers: 1, data: None }
}

fn start_relay() -> Relay {
    Relay::start(&relay_config(loopback(), loopback(), loopback())).unwrap()
}

fn token(participant: &str, role: Role) -> String {
    key().sign(&Grant {
        lesson: "math".parse().unwrap(),
        participant: participant.parse().unwrap(),
        name: participant.to_uppercase(),
        role,
        expires_unix_s: 4_000_000_000,
    })
}

fn settings(relay: SocketAddr, participant: &str, role: Role, link: &str) -> NodeSettings {
    let text = |text: &str| Some(text.to_owned());
    NodeSettings {
        relay: Some(format!("http://{relay}")),
        token: Some(token(participant, role)),
        link: text(link),
        camera: text("test"),
        microphone: text("test"),
        width: Some(480),
        height: Some(360),
        fps: Some(15),
        video_bitrate_kbps: Some(400),
        video_out: text("none"),
        sound_out: text("none"),
        status: Some(false),
        ..NodeSettings::default()
    }
}

/// A node in a task of its own.
struct Node {
    facts: watch::Receiver<Option<NodeFacts>>,
    hand: mpsc::Sender<bool>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<NodeFacts, NodeError>>,
}

fn start(settings: NodeSettings) -> Node {
    let config = NodeConfig::try_from(settings).unwrap();
    let (facts_tx, facts) = watch::channel(None);
    let (hand, hands) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel::<()>();
    let controls = Controls { hand: Some(hands), facts: Some(facts_tx) };
    let running = tokio::spawn(async move {
        tongke_node::run_controlled(config, controls, async move { drop(stopped.await) }).await
    });
    Node { facts, hand, stop, running }
}

impl Node {
    async fn until(&mut self, what: &str, wanted: impl Fn(&NodeFacts) -> bool) -> NodeFacts {
        let last = self.facts.clone();
        let seen = self.facts.wait_for(|facts| facts.as_ref().is_some_and(&wanted));
        match tokio::time::timeout(PATIENCE, seen).await {
            Ok(facts) => facts.unwrap().clone().unwrap(),
            Err(_) => panic!("never: {what}; last: {:#?}", last.borrow().as_ref()),
        }
    }

    async fn end(self) -> NodeFacts {
        let _ = self.stop.send(());
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap()
    }
}

/// Whether a node has shown and heard this one, and knows how long that took.
fn receives(facts: &NodeFacts, from: &str, frames: u64) -> bool {
    [TrackKind::Camera, TrackKind::Microphone].into_iter().all(|kind| {
        facts.received.iter().any(|track| {
            track.from.as_str() == from
                && track.track == kind
                && track.frames_decoded >= frames
                && track.capture_to_render_ms.is_some()
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schools_on_three_kinds_of_link_see_and_hear_each_other() {
    let relay = start_relay();
    let http = relay.http_addr();
    let mut teacher = start(settings(http, "teacher", Role::Supporting, "quic"));
    let mut village = start(settings(http, "village", Role::Receiving, "webrtc-udp"));
    let mut island = start(settings(http, "island", Role::Receiving, "webrtc-tcp"));
    let mut observer = start(settings(http, "observer", Role::Observer, "auto"));
    let all = |others: &'static [&'static str]| {
        move |facts: &NodeFacts| others.iter().all(|from| receives(facts, from, 20))
    };
    teacher.until("both schools at the teacher's", all(&["village", "island"])).await;
    village.until("teacher and island in the village", all(&["teacher", "island"])).await;
    island.until("teacher and village on the island", all(&["teacher", "village"])).await;
    let watched = all(&["teacher", "village", "island"]);
    let seen = observer.until("everybody at the observer's", watched).await;
    assert_eq!((seen.transport.as_str(), seen.sent.len()), ("quic", 0), "auto takes QUIC first");

    for (node, transport) in [(teacher, "quic"), (village, "webrtc-udp"), (island, "webrtc-tcp")] {
        let facts = node.end().await;
        assert_eq!(facts.transport, transport);
        assert_eq!((facts.sent.len(), facts.received.len(), facts.reconnects), (2, 4, 0), "{facts:#?}");
        assert!(facts.first_picture_ms.is_some() && facts.av_skew.len() == 2);
        for track in &facts.received {
            let stages: Vec<&str> = track.stages.iter().map(|stage| stage.stage.as_str()).collect();
            assert_eq!(stages, ["arrival", "buffer", "decode", "render"]);
            if track.track == TrackKind::Camera {
                assert!(track.markers_read > 0, "{track:#?}");
                assert_eq!(track.resolution, Some((480, 360)));
            }
        }
        assert!(!facts.notes.iter().any(|note| note.contains("contradict")), "{:?}", facts.notes);
    }
    observer.end().await;
    relay.shutdown("the test is over").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_the_relay_all_are_back_by_themselves() {
    let relay = start_relay();
    let (http, rtc, quic) = (relay.http_addr(), relay.rtc_addrs()[0], relay.quic_addrs()[0]);
    let mut teacher = start(settings(http, "teacher", Role::Supporting, "quic"));
    let mut village = start(settings(http, "village", Role::Receiving, "webrtc-udp"));
    teacher.until("the village at the teacher's", |facts| receives(facts, "village", 10)).await;
    let before = village.until("the teacher in the village", |facts| receives(facts, "teacher", 10)).await;
    let shown = before.received.iter().map(|track| track.frames_decoded).max().unwrap();

    relay.shutdown("a new version").await;
    let relay = Relay::start(&relay_config(http, rtc, quic)).unwrap();
    for (node, other) in [(&mut teacher, "village"), (&mut village, "teacher")] {
        let back = |facts: &NodeFacts| facts.reconnects == 1 && receives(facts, other, shown + 60);
        node.until("the other one after the restart", back).await;
    }
    let facts = village.end().await;
    assert_eq!(facts.received.len(), 2, "one entry for each track of a school that came back");
    teacher.end().await;
    relay.shutdown("the test is over").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_without_camera_or_microphone_still_receives() {
    let relay = start_relay();
    let http = relay.http_addr();
    let none = Some("none".to_owned());
    let silent = NodeSettings {
        camera: none.clone(),
        microphone: none,
        ..settings(http, "village", Role::Receiving, "webrtc-udp")
    };
    let teacher = start(settings(http, "teacher", Role::Supporting, "quic"));
    let mut village = start(silent);
    village.hand.send(true).await.unwrap();
    village.until("the teacher in the village", |facts| receives(facts, "teacher", 5)).await;
    assert!(village.end().await.sent.is_empty());
    teacher.end().await;
}

/// What a node says when it cannot take part.
async fn complaint(settings: NodeSettings) -> NodeError {
    let node = start(settings);
    tokio::time::timeout(PATIENCE, node.running).await.unwrap().unwrap().unwrap_err()
}

#[tokio::test]
async fn a_grant_of_another_relay_is_refused_with_the_relays_words() {
    let relay = start_relay();
    let foreign =
        GrantKey::new(&[8; 32]).unwrap().sign(&Grant::read_unchecked(&token("a", Role::Receiving)).unwrap());
    let settings =
        NodeSettings { token: Some(foreign), ..settings(relay.http_addr(), "a", Role::Receiving, "auto") };
    let error = complaint(settings).await;
    assert!(matches!(&error, NodeError::Refused(refusal) if refusal.code == "grant_signature"), "{error}");
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_said_so_for_each_link() {
    // Bound and dropped: nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings =
        NodeSettings { connect_timeout_s: Some(0), ..settings(nobody, "a", Role::Receiving, "auto") };
    let text = complaint(settings).await.to_string();
    for word in [&format!("http://{nobody}"), "quic, webrtc-udp, webrtc-tcp", "refused", "check"] {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
}

#[tokio::test]
async fn a_missing_camera_is_named_with_what_was_found_and_what_to_do() {
    let relay = start_relay();
    let settings = NodeSettings {
        camera: Some("/dev/video97".into()),
        ..settings(relay.http_addr(), "a", Role::Receiving, "auto")
    };
    let text = complaint(settings).await.to_string();
    for word in ["/dev/video97", "not found", "--camera none"] {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
}
