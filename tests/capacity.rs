//! `tongke relay --capacity-check`, short.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use serde_json::Value;
use std::net::UdpSocket;
use support::process::{Running, Said, run, tongke};
use support::scratch::Scratch;
use support::{eventually, http, s};
use tongke_load::{Link, Load, LoadConfig, Pace, Shape, Target};
use tongke_protocol::GrantKey;

const SECRET: &str = "0123456789abcdef0123456789abcdef\n";

/// A port of loopback that is free now.
fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn check(http: u16, rtc: u16, more: &[&str]) -> Said {
    let (http, rtc) = (format!("127.0.0.1:{http}"), format!("127.0.0.1:{rtc}"));
    let flags = ["relay", "--capacity-check", "--capacity-seconds", "5", "--http", &http, "--rtc", &rtc];
    run(flags.iter().chain(more))
}

/// A number of the report, by its path.
fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number {path} in {report:#}"))
}

#[test]
fn a_short_check_reports_what_the_machine_carries() {
    let said = check(free_port(), free_port(), &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("s left: measuring"), "{}", said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    for path in [
        "/machine/memory_bytes",
        "/machine/free_memory_bytes",
        "/measured/stream_bps",
        "/capacity/core_by_lessons/each",
        "/capacity/core_by_subscribers/each",
        "/capacity/memory_by_lessons/each",
        "/capacity/check/0",
        "/capacity/lessons_by_memory",
    ] {
        assert!(number(&report, path) > 0.0, "{path}");
    }
    let stages = |name: &str| report["measured"][name].as_array().unwrap().clone();
    let (lessons, subscribers) = (stages("lessons"), stages("demonstration"));
    assert_eq!((lessons.len(), subscribers.len()), (3, 2));
    for stage in lessons.iter().chain(&subscribers) {
        assert!(number(stage, "/core") > 0.0 && number(stage, "/cpu_us_per_packet") > 0.0, "{stage:#}");
    }
    let in_all = number(&report, "/capacity/lessons");
    assert!(in_all <= number(&report, "/capacity/lessons_by_memory"));
    assert!(in_all <= number(&report, "/capacity/lessons_by_processor"));
    assert!(report["capacity"]["first_limit"].is_string() && report["warnings"].is_array());
}

#[test]
fn it_refuses_beside_a_relay_with_lessons_and_beside_one_that_does_not_tell() {
    let scratch = Scratch::new("capacity");
    let secret = scratch.write("secret", SECRET);
    let (page, rtc) = (free_port(), free_port());
    let mut command = tongke();
    command.args(["relay", "--secret-file"]).arg(&secret);
    command.args(["--http", &format!("127.0.0.1:{page}"), "--rtc", &format!("127.0.0.1:{rtc}")]);
    command.args(["--quic", "127.0.0.1:0"]);
    let _relay = Running::start(command, &scratch.file("relay.log"));
    let key = GrantKey::from_secret_file(SECRET.as_bytes());
    let target = Target { url: format!("http://127.0.0.1:{page}"), key, pid: None };
    let config =
        LoadConfig { shape: Shape::Pairs { lessons: 1 }, link: Link::Webrtc, pace: Pace::Even, seed: 1 };
    let mut load = Load::start(target, config).unwrap();
    load.join_publishers().unwrap();
    let metrics = || http::get(([127, 0, 0, 1], page).into(), "/metrics").map(|(_, text)| text);
    eventually("the relay tells of its lesson", s(10), || {
        metrics().filter(|text| text.contains("\ntongke_lessons 1\n"))
    });

    let said = check(page, rtc, &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.contains("1 running lesson") && said.err.contains("disturb"), "{}", said.err);

    let said = check(free_port(), rtc, &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.contains("media port") && said.err.contains("--http"), "{}", said.err);
}

#[test]
fn a_length_that_makes_no_sense_is_refused() {
    let said = run(["relay", "--capacity-check", "--capacity-seconds", "1"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("5 to 600 seconds"), "{}", said.err);
}
