//! An RTSP camera (GStreamer's server) as the supporting school's picture.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use support::node::{Node, received, sent};
use support::process::Running;
use support::relay::{Relay, free_address};
use support::scratch::Scratch;
use support::{eventually, s};
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::{Role, TrackKind};

fn camera(scratch: &Scratch) -> (Running, SocketAddr) {
    let address = free_address();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/rtsp/camera.py");
    // Debian's Python: it is the one that knows Debian's GStreamer.
    let mut command = Command::new("/usr/bin/python3");
    command.arg(script).arg(address.port().to_string());
    let mut camera = Running::start(command, &scratch.file("camera.log"));
    eventually("the camera listens", s(20), || {
        let failed = camera.ended().is_some();
        assert!(!failed, "no RTSP camera (its packages are installed by 'make test'):\n{}", camera.log());
        camera.log().contains("ready").then_some(())
    });
    (camera, address)
}

/// A short lesson with this stream as the camera: the facts of the sender and of a receiver.
fn lesson(name: &str, stream: &str) -> (NodeFacts, NodeFacts) {
    let scratch = Scratch::new(name);
    let (_camera, address) = camera(&scratch);
    let relay = Relay::start(&scratch);
    let url = format!("rtsp://{address}/{stream}");
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &["--camera", &url]);
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &["--camera", "none"]);
    hill.sees_and_hears("teacher", s(20));
    let shown = hill.shown("teacher", TrackKind::Camera);
    eventually("the picture moves on", s(20), || {
        (hill.shown("teacher", TrackKind::Camera) > shown + 50).then_some(())
    });
    (teacher.end(), hill.end())
}

#[test]
fn a_camera_that_sends_what_browsers_show_is_passed_on_without_encoding() {
    let (teacher, hill) = lesson("rtsp-baseline", "baseline");
    let camera = sent(&teacher, TrackKind::Camera).unwrap();
    assert!(camera.source.contains("passed through"), "{}", camera.source);
    let shown = received(&hill, "teacher", TrackKind::Camera).unwrap();
    assert_eq!(shown.resolution, Some((640, 360)), "the camera's own size, not the configured one");
    let cpu = teacher.cpu_seconds.expect("measured") / teacher.seconds * 100.0;
    println!("RTSP passed through: the sending node used {cpu:.1} % of a core, {shown:?}");
}

#[test]
fn a_camera_with_b_frames_is_encoded_again_and_the_node_says_so() {
    let (teacher, hill) = lesson("rtsp-bframes", "bframes");
    let camera = sent(&teacher, TrackKind::Camera).unwrap();
    assert!(
        camera.source.contains("B-frames") && !camera.source.contains("passed through"),
        "{}",
        camera.source
    );
    let shown = received(&hill, "teacher", TrackKind::Camera).unwrap();
    let cpu = teacher.cpu_seconds.expect("measured") / teacher.seconds * 100.0;
    println!("RTSP encoded again: the sending node used {cpu:.1} % of a core, {shown:?}");
}
