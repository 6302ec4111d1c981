//! What a person is told when something is wrong.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::net::TcpListener;
use support::node::Node;
use support::process::run;
use support::relay::{LESSON, Relay, now_s};
use support::scratch::Scratch;
use support::{eventually, http, s};
use tongke_protocol::{Role, TrackKind};

/// Starts a node with flags that cannot work; what it says when it ends.
fn refused(name: &str, role: Role, more: &[&str]) -> String {
    let scratch = Scratch::new(name);
    let relay = Relay::start(&scratch);
    let mut node = Node::start(&scratch, &relay, "school", role, more);
    let code = node.process().wait();
    assert!(code.is_some_and(|code| code != 0), "exit code {code:?}:\n{}", node.log());
    node.log()
}

#[test]
fn a_missing_camera_is_named_and_the_message_tells_what_was_found() {
    let said = refused("camera", Role::Supporting, &["--camera", "/dev/video97"]);
    assert!(said.contains("/dev/video97") && said.contains("found"), "{said}");
}

#[test]
fn a_missing_microphone_is_named_and_the_message_tells_what_was_found() {
    let said = refused("microphone", Role::Supporting, &["--microphone", "Studio microphone 7"]);
    assert!(said.contains("Studio microphone 7") && said.contains("found"), "{said}");
}

#[test]
fn a_file_that_is_no_video_is_named() {
    let files = Scratch::new("files");
    let text = files.write("notes.mp4", "this is not a film\n");
    let said = refused("file", Role::Supporting, &["--camera", text.to_str().unwrap()]);
    assert!(said.contains("notes.mp4"), "{said}");
    let said = refused("extension", Role::Supporting, &["--camera", "lesson.avi"]);
    assert!(
        said.contains("lesson.avi") && said.contains("mp4"),
        "the message tells what can be read: {said}"
    );
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_chooses_another() {
    let scratch = Scratch::new("port");
    let secret = scratch.write("secret", &"s".repeat(40));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--http", "--rtc"] {
        let mut args = vec!["relay", "--secret-file", secret.to_str().unwrap()];
        for other in ["--http", "--rtc", "--quic"] {
            args.extend([other, if other == flag { address.as_str() } else { "127.0.0.1:0" }]);
        }
        let said = run(args);
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(said.err.contains(&address) && said.err.contains(flag), "{}", said.err);
    }
}

#[test]
fn a_misspelled_key_is_told_with_file_line_and_what_is_allowed() {
    let scratch = Scratch::new("key");
    for (command, key, allowed) in
        [("relay", "htpp", "http"), ("send", "camrea", "camera"), ("receive", "tokn", "token")]
    {
        let file = scratch.write("tongke.toml", &format!("# a comment\n{key} = \"x\"\n"));
        let said = run([command, "--config", file.to_str().unwrap()]);
        assert_eq!(said.code, Some(2));
        let place = format!("error: '{}', line 2: there is no key '{key}'", file.display());
        assert!(said.err.starts_with(&place), "{}", said.err);
        assert!(
            said.err.contains("allowed: ") && said.err.contains(&format!("did you mean '{allowed}'")),
            "{}",
            said.err
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let said = run(["relay", "--config", "/nonexistent/relay.toml"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.starts_with("error: cannot read the configuration file '/nonexistent/relay.toml'"),
        "{}",
        said.err
    );
}

#[test]
fn an_unreachable_relay_is_told_with_each_transport_tried() {
    let scratch = Scratch::new("unreachable");
    let mut relay = Relay::start(&scratch);
    relay.kill();
    let mut node = Node::start(&scratch, &relay, "school", Role::Supporting, &["--connect-timeout-s", "2"]);
    assert_eq!(node.process().wait(), Some(1), "{}", node.log());
    let said = node.log();
    let error = said.split("error: ").nth(1).unwrap_or_else(|| panic!("no error in: {said}"));
    for transport in ["quic", "webrtc-udp", "webrtc-tcp"] {
        assert!(error.contains(transport), "{error}");
    }
    assert!(error.contains(&relay.http.to_string()), "{error}");
}

#[test]
fn an_expired_grant_is_refused_with_its_reason_and_the_node_ends() {
    let scratch = Scratch::new("expired");
    let relay = Relay::start(&scratch);
    let token = relay.token_until("school", Role::Supporting, now_s() - 60);
    let token = scratch.write("expired.token", &token);
    let more = ["--token-file", token.to_str().unwrap()];
    let mut node = Node::start(&scratch, &relay, "school", Role::Supporting, &more);
    assert!(node.process().wait().is_some_and(|code| code != 0));
    assert!(node.log().contains("expired"), "{}", node.log());
}

#[test]
fn a_node_without_a_grant_is_told_how_to_get_one() {
    let said = run(["receive", "--relay", "http://127.0.0.1:1"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("token"), "{}", said.err);
}

#[test]
fn a_grant_of_another_role_is_told_which_command_is_meant() {
    let scratch = Scratch::new("role-send");
    let relay = Relay::start(&scratch);
    let token = relay.token("school", Role::Receiving);
    let said = run(["send", "--relay", &relay.url(), "--token", &token]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("tongke receive"), "{}", said.err);
}

#[test]
fn the_relay_answers_a_missing_expired_or_foreign_grant_with_status_and_reason() {
    let scratch = Scratch::new("grants");
    let relay = Relay::start(&scratch);
    let ask = |path: &str, token: Option<String>| {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("Content-Type", "application/sdp")];
        headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        let (status, body) = http::request(relay.http, "POST", path, &headers, "v=0\r\n").unwrap();
        let code = serde_json::from_str::<tongke_protocol::control::Refusal>(&body).unwrap().code;
        (status, code)
    };
    for path in [format!("/whip/{LESSON}"), format!("/whep/{LESSON}")] {
        assert_eq!(ask(&path, None), (401, "grant_missing".into()));
        let expired = relay.token_until("school", Role::Supporting, now_s() - 1);
        assert_eq!(ask(&path, Some(expired)), (401, "grant_expired".into()));
    }
    let (status, _) = ask("/whip/art", Some(relay.token("school", Role::Supporting)));
    assert_eq!(status, 403);
    let (status, _) = ask(&format!("/whip/{LESSON}"), Some(relay.token("guest", Role::Observer)));
    assert_eq!(status, 403);
}

#[test]
fn a_full_disk_is_told_and_the_lesson_goes_on() {
    let scratch = Scratch::new("full");
    let relay = Relay::start(&scratch);
    let folder = format!("{}/", scratch.file("pictures").display());
    std::fs::create_dir(&folder).unwrap();
    let out = ["--video-out", folder.as_str(), "--sound-out", folder.as_str()];
    // No file can grow beyond this: a write fails as it does on a full disk, and nobody's disk is filled.
    let mut hill = Node::start_limited(&scratch, &relay, "hill", Role::Receiving, &out, 200);
    let mut teacher = Node::start(&scratch, &relay, "teacher", Role::Supporting, &[]);
    hill.sees_and_hears("teacher", s(20));
    eventually("the node says that a file cannot be written", s(10), || {
        let log = hill.log();
        let told =
            |file: &str| log.lines().any(|line| line.contains(file) && line.contains("File too large"));
        (told("teacher-camera.y4m") && told("teacher-microphone.wav")).then_some(())
    });
    let shown = hill.shown("teacher", TrackKind::Camera);
    eventually("pictures are still shown", s(10), || {
        (hill.shown("teacher", TrackKind::Camera) > shown + 15).then_some(())
    });
    hill.end();
    teacher.end();
}
