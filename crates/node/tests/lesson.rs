//! Nodes in a lesson with the real relay, all in this process, over each of the three links.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod support;

use support::*;
use tongke_node::{NodeError, NodeSettings};
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::{Grant, GrantKey, Role, TrackKind};
use tongke_relay::Relay;

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
