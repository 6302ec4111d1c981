//! A relay and nodes in this process.
#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tongke_node::{Controls, NodeConfig, NodeError, NodeSettings};
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::{Grant, GrantKey, Role, TrackKind};
use tongke_relay::{Relay, RelayConfig};

/// Generous: the tests of a workspace share two processors.
pub const PATIENCE: Duration = Duration::from_secs(90);

pub fn key() -> GrantKey {
    GrantKey::new(&[7; 32]).unwrap()
}

pub fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

pub fn relay_config(http: SocketAddr, rtc: SocketAddr, quic: SocketAddr) -> RelayConfig {
    RelayConfig {
        http,
        rtc,
        quic,
        reflector: None,
        key: key(),
        tls: None,
        advertise: Vec::new(),
        workers: 1,
        spread_after: 0,
        reflector_second: None,
        load_mbps: 120,
        pin_workers: true,
        data: None,
    }
}

pub fn start_relay() -> Relay {
    Relay::start(&relay_config(loopback(), loopback(), loopback())).unwrap()
}

pub fn token(participant: &str, role: Role) -> String {
    token_in("math", participant, participant.to_uppercase(), role)
}

pub fn token_in(lesson: &str, participant: &str, name: String, role: Role) -> String {
    key().sign(&Grant {
        lesson: lesson.parse().unwrap(),
        participant: participant.parse().unwrap(),
        name,
        role,
        expires_unix_s: 4_000_000_000,
    })
}

pub fn settings(relay: SocketAddr, participant: &str, role: Role, link: &str) -> NodeSettings {
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
pub struct Node {
    pub facts: watch::Receiver<Option<NodeFacts>>,
    pub hand: mpsc::Sender<bool>,
    pub stop: oneshot::Sender<()>,
    pub running: JoinHandle<Result<NodeFacts, NodeError>>,
}

pub fn start(settings: NodeSettings) -> Node {
    start_with(NodeConfig::try_from(settings).unwrap())
}

pub fn start_with(config: NodeConfig) -> Node {
    let (facts_tx, facts) = watch::channel(None);
    let (hand, hands) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel::<()>();
    let controls = Controls { hand: Some(hands), facts: Some(facts_tx), ..Controls::default() };
    let running = tokio::spawn(async move {
        tongke_node::run_controlled(config, controls, async move { drop(stopped.await) }).await
    });
    Node { facts, hand, stop, running }
}

impl Node {
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&NodeFacts) -> bool) -> NodeFacts {
        let last = self.facts.clone();
        let seen = self.facts.wait_for(|facts| facts.as_ref().is_some_and(&wanted));
        match tokio::time::timeout(PATIENCE, seen).await {
            Ok(facts) => facts.unwrap().clone().unwrap(),
            Err(_) => panic!("never: {what}; last: {:#?}", last.borrow().as_ref()),
        }
    }

    pub async fn end(self) -> NodeFacts {
        let _ = self.stop.send(());
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap()
    }
}

/// Whether a node has shown and heard this one, and knows how long that took.
pub fn receives(facts: &NodeFacts, from: &str, frames: u64) -> bool {
    [TrackKind::Camera, TrackKind::Microphone].into_iter().all(|kind| {
        facts.received.iter().any(|track| {
            track.from.as_str() == from
                && track.track == kind
                && track.frames_decoded >= frames
                && track.capture_to_render_ms.is_some()
        })
    })
}
