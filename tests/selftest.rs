//! `tongke selftest` with a real relay.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use serde_json::Value;
use support::process::{Running, Said, said, tongke};
use support::relay::{LESSON, Relay, now_s};
use support::scratch::Scratch;
use support::{eventually, s};
use tongke_protocol::Role;

fn selftest(scratch: &Scratch, url: &str, token: &str, more: &[&str]) -> Said {
    let token = scratch.write("token", token);
    // Whatever else runs on the machine that tests is no business of theirs.
    let mut command = tongke();
    command.env("XDG_RUNTIME_DIR", scratch.path());
    let mut flags = vec!["selftest", "--relay", url, "--token-file", token.to_str().unwrap()];
    let unless_given = [
        ("--language", "en"),
        ("--seconds", "1"),
        ("--camera", "none"),
        ("--microphone", "none"),
        ("--loudspeaker", "none"),
        ("--most-mbps", "0"),
    ];
    for (flag, value) in unless_given {
        if !more.contains(&flag) {
            flags.extend([flag, value]);
        }
    }
    said(command.args(flags.iter().chain(more)))
}

/// What was found of a quantity, each way.
fn found<'a>(facts: &'a Value, quantity: &str) -> Vec<&'a Value> {
    let all = facts["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["quantity"] == quantity).map(|finding| &finding["outcome"]).collect()
}

#[test]
fn a_good_line_is_measured_both_ways_and_what_was_not_tested_is_named() {
    let scratch = Scratch::new("selftest");
    let relay = Relay::start(&scratch);
    let token = relay.token("hill", Role::Receiving);
    let said = selftest(&scratch, &relay.url(), &token, &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let facts: Value = serde_json::from_str(&said.out).unwrap();
    for (quantity, word) in [("network.tcp", "reachable"), ("network.udp", "reachable")] {
        assert_eq!(found(&facts, quantity)[0]["found"], word, "{quantity}");
    }
    let both = |quantity: &str| {
        let all = found(&facts, quantity);
        assert_eq!(all.len(), 2, "{quantity}, there and back");
        all
    };
    assert!(both("network.loss").iter().all(|it| it["measured"]["n"].as_u64() > Some(20)), "{facts}");
    assert!(both("network.pdv").iter().all(|it| it["measured"]["p999"].is_f64()));
    assert!(both("network.mtu").iter().all(|it| it["measured"]["value"] == 1500.0));
    assert!(both("network.dscp").iter().all(|it| it["found"] == "kept"));
    assert_eq!(
        found(&facts, "network.nat_mapping")[0]["found"],
        "none",
        "the relay sees the machine's own address"
    );
    assert_eq!(found(&facts, "network.nat_filtering")[0]["missing"]["cause"], "no_second_address");
    let clock = &facts["time"]["clocks"][0];
    assert!(
        clock["offset_ms"].as_f64().unwrap().abs() <= clock["bound_ms"].as_f64().unwrap() + 0.01,
        "{clock}"
    );
    let skipped = facts["steps"].as_array().unwrap().iter().filter(|step| step["not_run"] == "not_asked");
    assert_eq!(
        skipped.count(),
        3,
        "the line is not loaded, and no room takes part: capacity, loaded line, echo"
    );
    // Up the line and down again, on one clock: no way, and no bound of clocks.
    for (quantity, least) in [("delay.glass_to_glass", 59), ("delay.mouth_to_ear", 59)] {
        let delay = &found(&facts, quantity)[0]["measured"];
        assert!(delay["n"].as_u64() > Some(least) && delay["median"].as_f64() > Some(0.0), "{delay}");
        assert!(delay["clock_bound_ms"].is_null());
        assert_eq!(delay["reference"][0]["code"], "there_and_back_on_one_clock", "{delay}");
    }
    assert!(found(&facts, "marker.decode_share")[0]["measured"]["value"].as_f64() > Some(0.95));
    assert!(found(&facts, "speech.mos_fb")[0]["measured"]["value"].as_f64() > Some(3.0));
    assert!(found(&facts, "echo.telr").is_empty(), "no room took part");
    assert!(relay.participants().unwrap().is_empty(), "a test is no presence");

    let words = selftest(&scratch, &relay.url(), &token, &[]).out;
    assert!(words.contains("UDP to the relay") && words.contains("reachable"), "{words}");
    assert!(words.contains("the relay's address is plain HTTP"), "{words}");
    // Capacity was not asked for, and on a busy machine the call may fail besides: no pass either way.
    assert!(
        ["Undecided", "Fail"].iter().any(|verdict| words.contains(&format!("Overall: {verdict}"))),
        "{words}"
    );
}

#[test]
fn a_relay_that_is_not_there_is_a_finding_with_a_remedy() {
    let scratch = Scratch::new("selftest-none");
    let relay = Relay::start(&scratch);
    let (url, token) = (relay.url(), relay.token("hill", Role::Receiving));
    drop(relay);
    let said = selftest(&scratch, &url, &token, &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("TCP to the relay") && said.out.contains("blocked"), "{}", said.out);
    assert!(said.out.contains("Check the relay's address and that the relay runs"), "{}", said.out);
    assert!(said.out.contains("Overall: Undecided"), "{}", said.out);
}

#[test]
fn whoever_has_no_right_grant_is_told_why() {
    let scratch = Scratch::new("selftest-refused");
    let relay = Relay::start(&scratch);
    let old = relay.token_until("hill", Role::Receiving, now_s() - 60);
    let said = selftest(&scratch, &relay.url(), &old, &[]);
    assert_ne!(said.code, Some(0));
    assert!(said.err.contains("expired"), "{}", said.err);
    let said = selftest(&scratch, "http://no-such-relay.invalid", &relay.token("hill", Role::Receiving), &[]);
    assert!(said.err.contains("no-such-relay.invalid") && said.err.contains("no address"), "{}", said.err);
    let said =
        selftest(&scratch, &relay.url(), &relay.token("hill", Role::Receiving), &["--lesson", "other"]);
    assert!(said.code != Some(0) && said.err.contains(LESSON), "{}", said.err);
}

/// Why a quantity is missing.
fn cause(facts: &Value, quantity: &str) -> String {
    found(facts, quantity)[0]["missing"]["cause"].as_str().unwrap_or("it is there").to_owned()
}

/// A Y4M file of five pictures of one luma, 10 a second; moving ones differ.
fn film(scratch: &Scratch, name: &str, luma: u8, moves: bool) -> String {
    let mut film = b"YUV4MPEG2 W64 H48 F10:1 Ip A1:1 C420jpeg\n".to_vec();
    for number in 0..5 {
        film.extend(b"FRAME\n");
        film.extend(vec![luma + u8::from(moves) * number * 4; 64 * 48]);
        film.extend(vec![128; 64 * 48 / 2]);
    }
    let path = scratch.path().join(name);
    std::fs::write(&path, film).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A WAV file of two seconds of silence.
fn silence(scratch: &Scratch) -> String {
    let samples = 2 * 48_000_u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + samples * 2).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        wav.extend(half.to_le_bytes());
    }
    wav.extend(48_000_u32.to_le_bytes());
    wav.extend(96_000_u32.to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend((samples * 2).to_le_bytes());
    wav.extend(vec![0; samples as usize * 2]);
    let path = scratch.path().join("muted.wav");
    std::fs::write(&path, wav).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn devices_that_work_are_measured_and_the_room_between_them() {
    let scratch = Scratch::new("selftest-devices");
    let relay = Relay::start(&scratch);
    let film = film(&scratch, "moving.y4m", 100, true);
    let room = "room:delay_ms=80,loss_db=20,noise_dbfs=-60";
    let devices = ["--json", "--camera", &film, "--microphone", room, "--loudspeaker", room];
    let said = selftest(&scratch, &relay.url(), &relay.token("hill", Role::Receiving), &devices);
    let facts: Value = serde_json::from_str(&said.out).expect(&said.err);
    let value = |quantity: &str| {
        let measured = &found(&facts, quantity)[0]["measured"];
        measured["value"].as_f64().unwrap_or_else(|| panic!("{quantity}: {facts}"))
    };
    assert!((value("device.camera_fps") - 10.0).abs() < 1.5, "{}", value("device.camera_fps"));
    assert!(found(&facts, "device.camera_mode")[0]["found"].as_str().unwrap().starts_with("64x48 @ "));
    assert!((value("device.loudspeaker_path") - 20.0).abs() < 1.5, "{}", value("device.loudspeaker_path"));
    assert!((value("device.microphone_noise") + 60.0).abs() < 2.0, "{}", value("device.microphone_noise"));
    assert_eq!(cause(&facts, "device.microphone_level"), "microphone_silent", "nobody spoke");
    assert!(value("machine.encoder_headroom") > 0.0 && value("machine.cpu") > 0.0);
}

#[test]
fn a_black_camera_and_a_muted_microphone_are_named_and_never_pass() {
    let scratch = Scratch::new("selftest-black");
    let relay = Relay::start(&scratch);
    let token = relay.token("hill", Role::Receiving);
    let (black, muted) = (film(&scratch, "black.y4m", 16, false), silence(&scratch));
    let devices = ["--json", "--camera", &black, "--microphone", &muted];
    let said = selftest(&scratch, &relay.url(), &token, &devices);
    let facts: Value = serde_json::from_str(&said.out).expect(&said.err);
    for quantity in ["device.camera_fps", "device.camera_brightness"] {
        assert_eq!(cause(&facts, quantity), "camera_black", "{quantity}");
    }
    for quantity in ["device.microphone_level", "device.microphone_noise", "device.microphone_clipping"] {
        assert_eq!(cause(&facts, quantity), "microphone_muted", "{quantity}");
    }
    let facts = tongke_inspection::Facts::parse(said.out.as_bytes()).unwrap();
    let judgement = tongke_inspection::judge(&facts, &tongke_inspection::Criteria::shipped());
    // The call of a busy machine may fail besides, and that wins.
    let grade = judgement.overall.verdict.counts_as();
    assert!(
        grade.is_none_or(|grade| grade == tongke_inspection::judge::Grade::Fail),
        "no grade, let alone a pass: {grade:?}"
    );
    let named: Vec<_> = judgement.overall.missing.iter().map(|at| judgement.lines[*at].quantity).collect();
    assert!(named.contains(&tongke_inspection::Quantity::CameraFps), "{named:?}");
    assert!(named.contains(&tongke_inspection::Quantity::MicrophoneNoise), "{named:?}");
}

#[test]
fn a_frozen_camera_and_a_microphone_that_is_not_there_are_told_with_what_to_do() {
    let scratch = Scratch::new("selftest-frozen");
    let relay = Relay::start(&scratch);
    let token = relay.token("hill", Role::Receiving);
    let still = film(&scratch, "still.y4m", 100, false);
    let devices = ["--camera", &still, "--microphone", "no-such-microphone", "--language", "zh-CN"];
    let said = selftest(&scratch, &relay.url(), &token, &devices).out;
    for words in ["摄像头画面静止", "检查镜头盖", "没有这个设备", "no-such-microphone"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // The call of a busy machine may fail besides, and that wins.
    let is_no_pass = ["总评：无法判定", "总评：不合格"].into_iter().any(|words| said.contains(words));
    assert!(is_no_pass, "{said}");
}

#[test]
fn a_test_that_is_stopped_says_what_was_found_until_then() {
    let scratch = Scratch::new("selftest-stopped");
    let relay = Relay::start(&scratch);
    let token = scratch.write("token", &relay.token("hill", Role::Receiving));
    let out = scratch.path().join("facts.json");
    let mut command = tongke();
    command.env("XDG_RUNTIME_DIR", scratch.path());
    command.args(["selftest", "--relay", &relay.url(), "--token-file", token.to_str().unwrap()]);
    command.args([
        "--camera",
        "none",
        "--microphone",
        "room:delay_ms=10,loss_db=20",
        "--loudspeaker",
        "none",
    ]);
    command.args(["--seconds", "60", "--out", out.to_str().unwrap()]);
    let mut running = Running::start(command, &scratch.path().join("stopped.log"));
    let pid = format!(" {} ", running.pid());
    let holds = || std::fs::read_to_string("/proc/locks").unwrap().contains(&pid).then_some(());
    eventually("it says that it runs", s(20), holds);
    let refused = selftest(&scratch, &relay.url(), &relay.token("hill", Role::Receiving), &[]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(refused.err.contains("another self-test is running on this machine"), "{}", refused.err);
    assert_eq!(running.terminate(), Some(0), "{}", running.log());
    let facts: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(cause(&facts, "network.mtu"), "ended_early");
    let idle_line = facts["steps"].as_array().unwrap().iter().find(|step| step["step"] == "idle_line");
    assert_eq!(idle_line.unwrap()["not_run"], "ended_early", "{facts}");
}

#[test]
fn earlier_tests_are_kept_and_told() {
    let scratch = Scratch::new("selftest-history");
    let relay = Relay::start(&scratch);
    let token = relay.token("hill", Role::Receiving);
    let data = scratch.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let kept = ["--data", data.to_str().unwrap()];
    let first = selftest(&scratch, &relay.url(), &token, &kept);
    assert!(first.out.contains("Trend") && first.out.contains("a trend needs 3"), "{}", first.out);
    assert_eq!(std::fs::read_dir(data.join("selftests")).unwrap().count(), 1);
    let mut command = tongke();
    let history = said(command.args(["selftest", "--history", "--language", "en"]).args(kept));
    assert_eq!(
        history.out.lines().filter(|line| line.contains("selftest-hill-")).count(),
        1,
        "{}",
        history.out
    );
}
#[test]
fn what_the_line_carries_is_measured_within_the_announced_volume_and_not_beside_a_lesson() {
    let scratch = Scratch::new("selftest-load");
    let relay = Relay::start(&scratch);
    let token = relay.token("hill", Role::Receiving);
    let said = selftest(&scratch, &relay.url(), &token, &["--most-mbps", "4", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("up to 10 MB"), "{}", said.err);
    let facts: Value = serde_json::from_str(&said.out).unwrap();
    for way in found(&facts, "capacity.rate") {
        let bps = way["measured"]["value"].as_f64().unwrap();
        assert!((3e6..4.4e6).contains(&bps) && way["measured"]["one_sided"] == "at_least", "{way}");
    }
    assert!(found(&facts, "capacity.ratio").iter().all(|way| way["measured"]["value"].is_f64()));
    let used = found(&facts, "capacity.data_used")[0]["measured"]["value"].as_f64().unwrap();
    assert!((5e6..10e6).contains(&used), "{used}");
    let rises = found(&facts, "network.rtt_rise_under_load");
    assert_eq!(rises.len(), 2);
    assert!(rises.iter().all(|way| way["measured"]["n"].as_u64() >= Some(150)), "{rises:?}");

    // As another test would.
    let lent = relay.post(&format!("/lessons/{LESSON}/load"), &token, r#"{"for":"packets"}"#);
    assert_eq!(lent.map(|(status, _)| status), Some(200), "the test before gave the line back");
    let said = selftest(&scratch, &relay.url(), &token, &["--most-mbps", "4", "--json"]);
    let facts: Value = serde_json::from_str(&said.out).unwrap();
    for quantity in ["capacity.rate", "capacity.data_used", "network.rtt_rise_under_load"] {
        assert_eq!(found(&facts, quantity)[0]["missing"]["cause"], "line_busy", "{quantity}");
    }
}
