//! The demo, as a person runs it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::process::Command;
use support::process::{Running, run, tongke};
use support::scratch::Scratch;
use support::{eventually, s};
use tongke_protocol::facts::{DemoReport, DistributionMs};

fn demo(scratch: &Scratch, more: &[&str]) -> Command {
    let mut command = tongke();
    command.args(["demo", "--report"]).arg(scratch.file("report.json")).args(more);
    command
}

#[test]
fn a_demo_is_a_lesson_of_three_schools_and_writes_its_report() {
    let scratch = Scratch::new("demo");
    let output = demo(&scratch, &["--seconds", "8"]).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    println!("{out}");
    assert!(output.status.success(), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("The lesson took place"), "{out}");

    let json = std::fs::read_to_string(scratch.file("report.json")).unwrap();
    let report: DemoReport = serde_json::from_str(&json).unwrap();
    assert!(report.ok && (8.0..12.0).contains(&report.seconds), "{json}");
    let directions: BTreeSet<(&str, &str)> =
        report.paths.iter().map(|path| (path.from.as_str(), path.to.as_str())).collect();
    assert_eq!(directions.len(), 6, "{directions:?}");
    let links: BTreeSet<&str> = report.paths.iter().map(|path| path.transport.as_str()).collect();
    assert_eq!(links, BTreeSet::from(["quic", "webrtc-udp"]));
    for path in &report.paths {
        let measured =
            |ms: Option<DistributionMs>| ms.is_some_and(|ms| ms.n > 0 && ms.p50 > 0.0 && ms.p95 >= ms.p50);
        assert!(path.video.frames_decoded > Some(60), "{path:?}");
        assert!(
            measured(path.video.capture_to_render_ms) && measured(path.audio.mouth_to_ear_ms),
            "{path:?}"
        );
        assert!(path.audio.packets_lost.is_some() && path.audio.concealed_ratio.is_some(), "{path:?}");
        assert!(path.av_skew_ms.is_some(), "{path:?}");
    }
    assert!(report.relay.packets_forwarded > Some(1_000), "{:?}", report.relay);
    assert!(report.relay.cpu_us_per_forwarded_packet.is_some() && report.relay.rss_bytes.is_some());
    is_credited(&report, &out);
}

/// The lesson is held, for all three schools, with the people that were counted; the text says the same.
fn is_credited(report: &DemoReport, out: &str) {
    let registry = report.registry.as_ref().unwrap();
    assert_eq!(registry.lesson_status, "held");
    assert_eq!(registry.lesson, report.lesson);
    let schools = ["teacher-school", "hill-school", "island-school"];
    assert_eq!(registry.credited_to, schools);
    let people: Vec<_> = registry.attendance.iter().map(|it| (it.pupils, it.teachers)).collect();
    assert_eq!(people, [41, 8, 6].map(|pupils| (Some(pupils), Some(1))));
    for school in &registry.attendance {
        assert!(school.present_s >= 7.0, "{school:?}");
    }
    let evidence = &registry.evidence;
    assert!(evidence.policy == "demo 1" && evidence.policy_note.contains("20 minutes"), "{evidence:?}");
    assert!(evidence.facts > 5 && evidence.seen_by_relay > 0 && evidence.seen_by_rooms > 0, "{evidence:?}");
    assert!(out.contains(&format!("registry: the lesson {} is held", registry.lesson)), "{out}");
}

#[test]
fn a_demo_whose_camera_is_missing_fails_and_names_it() {
    let scratch = Scratch::new("demo-camera");
    let output = demo(&scratch, &["--sender-input", "no-such-lesson.mp4"]).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("no-such-lesson.mp4"), "{said}");
    let report = std::fs::read_to_string(scratch.file("report.json")).unwrap();
    assert!(!serde_json::from_str::<DemoReport>(&report).unwrap().ok);
}

#[test]
fn a_demo_that_is_killed_leaves_no_process_behind() {
    let scratch = Scratch::new("demo-killed");
    let mut demo = Running::start(demo(&scratch, &[]), &scratch.file("demo.log"));
    let children = eventually("registry, relay and three nodes run", s(20), || {
        assert!(demo.ended().is_none(), "{}", demo.log());
        Some(children_of(demo.pid())).filter(|children| children.len() == 5)
    });
    demo.kill();
    eventually("all of them are gone", s(5), || children.iter().all(|pid| !is_running(*pid)).then_some(()));
}

#[test]
fn a_demo_of_no_length_is_refused() {
    let said = run(["demo", "--seconds", "0"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.starts_with("error: a demo takes 1 to"), "{}", said.err);
}

/// State and parent of a process.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent)).collect()
}
