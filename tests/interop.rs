//! A WebRTC client that is not ours (aiortc, Python) publishes to and receives from the relay.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::node::{Node, received};
use support::process::Running;
use support::relay::{LESSON, Relay};
use support::scratch::Scratch;
use support::{eventually, s};
use tongke_protocol::{Role, TrackKind};

/// One of the scripts in tests/interop, at work.
struct Client(Running);

impl Client {
    fn start(scratch: &Scratch, script: &str, name: &str, args: &[&str]) -> Client {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python: PathBuf = top.join("target/venv/bin/python");
        assert!(python.exists(), "{} is missing: 'make test' makes it", python.display());
        let mut command = Command::new(python);
        command.arg(top.join("tests/interop").join(script)).args(args);
        Client(Running::start(command, &scratch.file(&format!("{name}.log"))))
    }

    fn publish(scratch: &Scratch, relay: &Relay, name: &str, role: Role, codec: &str) -> Client {
        let url = format!("{}/whip/{LESSON}", relay.url());
        Client::start(scratch, "publish.py", name, &[&url, &relay.token(name, role), codec])
    }

    fn receive(scratch: &Scratch, relay: &Relay, name: &str, role: Role, slots: [&str; 2]) -> Client {
        let url = format!("{}/whep/{LESSON}", relay.url());
        Client::start(scratch, "receive.py", name, &[&url, &relay.token(name, role), slots[0], slots[1]])
    }

    /// The last line that it said about `event`.
    fn last(&self, event: &str) -> Option<Value> {
        let log = self.0.log();
        let lines = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find(|value| value["event"] == event)
    }

    fn eventually<T>(&mut self, what: &str, mut condition: impl FnMut(&Client) -> Option<T>) -> T {
        eventually(what, s(20), || {
            let ended = self.0.ended();
            assert!(ended.is_none(), "the client ended:\n{}", self.0.log());
            condition(self)
        })
    }

    fn end(mut self) {
        assert_eq!(self.0.terminate(), Some(0), "{}", self.0.log());
        let deleted = self.last("deleted").unwrap_or_else(|| panic!("no DELETE:\n{}", self.0.log()));
        assert_eq!(deleted["status"], 200, "{}", self.0.log());
    }
}

/// The slots with a picture or a sound in them: (size, frames).
fn shown(client: &Client, kind: &str) -> Vec<(Value, u64)> {
    let Some(last) = client.last("received") else { return vec![] };
    let slots = last["slots"].as_array().cloned().unwrap_or_default();
    let of_kind = slots.into_iter().filter(|slot| slot["kind"] == kind);
    of_kind.map(|slot| (slot["size"].clone(), slot["frames"].as_u64().unwrap_or(0))).collect()
}

#[test]
fn what_aiortc_publishes_our_nodes_see_and_hear() {
    let scratch = Scratch::new("aiortc-publishes");
    let relay = Relay::start(&scratch);
    let publisher = Client::publish(&scratch, &relay, "aiortc", Role::Supporting, "h264");
    let mut over_quic = Node::start(&scratch, &relay, "hill", Role::Receiving, &["--link", "quic"]);
    let mut over_webrtc = Node::start(&scratch, &relay, "island", Role::Receiving, &["--link", "webrtc-udp"]);
    for node in [&mut over_quic, &mut over_webrtc] {
        node.sees_and_hears("aiortc", s(20));
        let facts = node.end();
        assert_eq!(received(&facts, "aiortc", TrackKind::Camera).unwrap().resolution, Some((320, 240)));
    }
    let answered = publisher.last("answered").unwrap();
    assert_eq!(answered["status"], 201);
    assert!(answered["etag"].is_string(), "{answered}");
    publisher.end();
    eventually("the publisher has left", s(5), || relay.participants().filter(Vec::is_empty));
}

#[test]
fn what_our_nodes_send_aiortc_sees_and_hears() {
    let scratch = Scratch::new("aiortc-receives");
    let relay = Relay::start(&scratch);
    // The viewer is there first: a late joiner is sent the last pictures of three tracks at once, which
    // can overflow its socket, and with several slots aiortc does not recognize what is sent again.
    let mut viewer = Client::receive(&scratch, &relay, "viewer", Role::Observer, ["4", "2"]);
    viewer.eventually("the viewer is connected", |client| {
        client.last("connection").filter(|connection| connection["state"] == "connected")
    });
    let screen = ["--link", "quic", "--screen", "slides"];
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &screen);
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &["--link", "webrtc-udp"]);
    viewer.eventually("camera, screen, the other class and both sounds are there", |client| {
        let pictures = shown(client, "video").iter().filter(|(_, frames)| *frames > 30).count();
        let sounds = shown(client, "audio").iter().filter(|(_, frames)| *frames > 30).count();
        (pictures == 3 && sounds == 2).then_some(())
    });
    println!("aiortc over WHEP: {}", viewer.last("received").unwrap());
    viewer.end();
    let there = relay.participants().unwrap();
    assert!(there.iter().all(|one| one.id.as_str() != "viewer"), "an observer is invisible: {there:?}");
    teacher.end();
    hill.end();
}

#[test]
fn a_third_party_late_joiner_sees_the_supporting_school_soon() {
    let scratch = Scratch::new("aiortc-late");
    let relay = Relay::start(&scratch);
    let screen = ["--link", "quic", "--screen", "slides"];
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &screen);
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &["--link", "quic"]);
    hill.sees_and_hears("teacher", s(20));
    let mut viewer = Client::receive(&scratch, &relay, "viewer", Role::Observer, ["1", "1"]);
    let first = viewer.eventually("a picture and sound are there", |client| {
        let is_heard = shown(client, "audio").iter().any(|(_, frames)| *frames > 0);
        client.last("received")?["first_picture_ms"].as_u64().filter(|_| is_heard)
    });
    println!("late joiner with aiortc: first picture {first} ms after its offer");
    assert!(first < 2_000, "{first} ms");
    viewer.end();
    teacher.end();
    hill.end();
}

#[test]
fn vp8_is_passed_through_between_third_party_clients() {
    let scratch = Scratch::new("aiortc-vp8");
    let relay = Relay::start(&scratch);
    let publisher = Client::publish(&scratch, &relay, "publisher", Role::Supporting, "vp8");
    let mut viewer = Client::receive(&scratch, &relay, "viewer", Role::Receiving, ["1", "1"]);
    viewer.eventually("picture and sound are there", |client| {
        let moves = |kind| shown(client, kind).iter().any(|(_, frames)| *frames > 30);
        (moves("video") && moves("audio")).then_some(())
    });
    assert_eq!(shown(&viewer, "video")[0].0, serde_json::json!([320, 240]));
    viewer.end();
    publisher.end();
}
