//! What goes on when a part of the lesson dies.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::time::Instant;
use support::node::{Node, all_see_all};
use support::relay::Relay;
use support::scratch::Scratch;
use support::{eventually, s};
use tongke_protocol::{Role, TrackKind};

/// Pictures and sound frames shown, for every direction and track.
fn shown(nodes: &[&mut Node]) -> Vec<u64> {
    let mut shown = Vec::new();
    for to in nodes {
        for from in nodes.iter().filter(|from| from.name != to.name) {
            let tracks = [TrackKind::Camera, TrackKind::Microphone];
            shown.extend(tracks.map(|track| to.shown(&from.name, track)));
        }
    }
    shown
}

#[test]
fn after_a_relay_was_killed_and_restarted_everyone_is_back_by_itself() {
    let scratch = Scratch::new("relay-restart");
    let mut relay = Relay::start(&scratch);
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &["--link", "quic"]);
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &["--link", "quic"]);
    let mut island = Node::start(&scratch, &relay, "island", Role::Receiving, &["--link", "webrtc-udp"]);
    let mut nodes = [&mut teacher, &mut hill, &mut island];
    all_see_all(&mut nodes);

    relay.kill();
    eventually("every node has noticed", s(15), || {
        nodes.iter().all(|node| node.facts().is_some_and(|facts| facts.transport == "none")).then_some(())
    });
    let before = shown(&nodes);
    relay.restart();
    let listens = Instant::now();
    eventually("all publish again", s(10), || {
        let there = relay.participants()?;
        (there.iter().filter(|one| one.tracks.len() >= 2).count() == 3).then_some(())
    });
    println!("all publish again {:?} after the relay listens", listens.elapsed());
    eventually("all see and hear all", s(10), || {
        shown(&nodes).iter().zip(&before).all(|(now, then)| now > then).then_some(())
    });
    let back = listens.elapsed();
    println!("all see and hear all {back:?} after the relay listens, told once a second");
    assert!(back < s(4), "{back:?}");
    for node in &mut nodes {
        let facts = node.end();
        assert!(facts.reconnects >= 1, "{}: {facts:?}", node.name);
    }
}

#[test]
fn a_killed_node_frees_its_slot_and_comes_back_without_a_ghost() {
    let scratch = Scratch::new("node-restart");
    let relay = Relay::start(&scratch);
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &["--link", "quic"]);
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &["--link", "quic"]);
    let mut island = Node::start(&scratch, &relay, "island", Role::Receiving, &["--link", "webrtc-udp"]);
    all_see_all(&mut [&mut teacher, &mut hill, &mut island]);

    for victim in [&mut hill, &mut island] {
        victim.kill();
        teacher.sees_and_hears(if victim.name == "hill" { "island" } else { "hill" }, s(5));
        let killed = Instant::now();
        eventually("the killed node is gone", s(15), || {
            let there = relay.participants()?;
            there.iter().all(|one| one.id.as_str() != victim.name).then_some(())
        });
        println!("{} is out of the lesson {:?} after SIGKILL", victim.name, killed.elapsed());
        victim.restart();
        victim.sees_and_hears("teacher", s(20));
        teacher.sees_and_hears(&victim.name, s(5));
        let there = relay.participants().unwrap();
        let mut ids: Vec<&str> = there.iter().map(|one| one.id.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["hill", "island", "teacher"], "no ghost, nobody missing");
    }
}

#[test]
fn a_node_that_comes_back_before_its_old_session_is_missed_replaces_it() {
    let scratch = Scratch::new("node-replaced");
    let relay = Relay::start(&scratch);
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &["--link", "quic"]);
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &["--link", "webrtc-udp"]);
    all_see_all(&mut [&mut teacher, &mut hill]);
    hill.kill();
    hill.restart();
    all_see_all(&mut [&mut teacher, &mut hill]);
    let there = relay.participants().unwrap();
    assert_eq!(there.len(), 2, "{there:?}");
}

#[test]
fn a_relay_that_is_told_to_end_does_so_in_good_order() {
    let scratch = Scratch::new("relay-end");
    let mut relay = Relay::start(&scratch);
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &["--link", "quic"]);
    eventually("the teacher is in", s(15), || relay.participants().filter(|there| there.len() == 1));
    assert_eq!(relay.terminate(), Some(0));
    teacher.end();
}
