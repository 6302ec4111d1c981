//! How soon somebody who comes late sees a picture.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use support::node::Node;
use support::relay::Relay;
use support::scratch::Scratch;
use support::{eventually, s};
use tongke_protocol::{Role, TrackKind};

#[test]
fn a_late_joiner_sees_a_picture_soon() {
    let scratch = Scratch::new("late");
    let relay = Relay::start(&scratch);
    let full = ["--link", "quic", "--width", "1280", "--height", "720", "--fps", "30"];
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &full);
    eventually("the teacher is in", s(15), || {
        relay.participants().filter(|there| there.iter().any(|one| one.tracks.len() >= 2))
    });
    // Well into a group of pictures: without a stored or requested keyframe nothing would be seen.
    eventually("the lesson runs", s(20), || {
        let facts = teacher.facts()?;
        (support::node::sent(&facts, TrackKind::Camera)?.frames > 60).then_some(())
    });
    for link in ["quic", "webrtc-udp", "webrtc-tcp"] {
        let mut late = Node::start(&scratch, &relay, link, Role::Receiving, &["--link", link]);
        late.sees_and_hears("teacher", s(20));
        let facts = late.end();
        assert_eq!(facts.transport, link);
        let first = facts.first_picture_ms.expect("measured");
        println!("late joiner over {link}: first picture {first:.0} ms after asking the relay");
        assert!(first < 2_000.0, "{link}: {first} ms");
    }
    teacher.end();
}
