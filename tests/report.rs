//! What machines report to the registry, with the real binary: a machine is enrolled, killed, and what it knew is
//! delivered all the same.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

#[path = "../crates/outbox/tests/outbox/support.rs"]
#[allow(dead_code, reason = "made for the outbox's own tests")]
mod registry;
mod support;

use registry::{CODE, Mood, Registry};
use std::path::{Path, PathBuf};
use support::node::Node;
use support::process::{Said, run};
use support::relay::Relay;
use support::scratch::Scratch;
use support::{eventually, s};
use tokio::runtime::Runtime;
use tongke_protocol::Role;
use tongke_protocol::record::{FactKind, LessonFact};

/// A registry, and what it runs on.
struct County {
    registry: Registry,
    _runtime: Runtime,
}

impl County {
    fn new() -> County {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        County { registry: runtime.block_on(Registry::start()), _runtime: runtime }
    }

    fn facts(&self) -> Vec<LessonFact> {
        self.registry.truth().facts.values().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    fn enrol(&self, data: &Path, code: &str) -> Said {
        run(["enrol", "--registry", &self.registry.url, "--code", code, "--data", data.to_str().unwrap()])
    }
}

fn deliver(data: &Path, wait: &str) -> Said {
    run(["deliver", "--data", data.to_str().unwrap(), "--wait", wait])
}

/// Whether a room's folder has facts on disk.
fn has_facts(data: &Path) -> bool {
    let files = std::fs::read_dir(data.join("outbox")).into_iter().flatten();
    files.map(|file| file.unwrap()).any(|file| {
        file.file_name().to_string_lossy().starts_with("attendance-") && file.metadata().unwrap().len() > 0
    })
}

fn enrolled(county: &County, scratch: &Scratch, name: &str) -> PathBuf {
    let data = scratch.file(name);
    county.registry.machine(&data, name);
    data
}

#[test]
fn a_machine_is_enrolled_with_its_code_and_only_once() {
    let (county, scratch) = (County::new(), Scratch::new("enrol"));
    let data = scratch.file("room");
    let wrong = county.enrol(&data, "000-000");
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.err.contains("there is no such code") && wrong.err.contains("hint: "), "{}", wrong.err);
    let before = deliver(&data, "1s");
    assert_eq!(before.code, Some(2), "{before:?}");
    assert!(before.err.contains("is not enrolled") && before.err.contains("tongke enrol"), "{}", before.err);
    let done = county.enrol(&data, CODE);
    assert_eq!(
        (done.code, done.out.starts_with("enrolled as node-7 at http://")),
        (Some(0), true),
        "{done:?}"
    );
    let again = county.enrol(&data, CODE);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("is enrolled already, as node-7"), "{}", again.err);
    let nothing = deliver(&data, "1s");
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), "nothing waited\n"), "{nothing:?}");
}

#[test]
fn what_a_room_knew_when_it_was_killed_is_delivered() {
    let (county, scratch) = (County::new(), Scratch::new("report-kill"));
    county.registry.set(Mood::Away);
    let relay = Relay::start(&scratch);
    let data = enrolled(&county, &scratch, "hill");
    let flags = ["--link", "quic", "--data", data.to_str().unwrap()];
    let mut teacher = Node::start(&scratch, &relay, "oak", Role::Supporting, &["--link", "quic"]);
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &flags);
    hill.sees_and_hears("oak", s(20));
    eventually("the first stretch is on disk", s(20), || has_facts(&data).then_some(()));
    let running = deliver(&data, "1s");
    assert_eq!(running.code, Some(2), "{running:?}");
    assert!(running.err.contains("another program writes to"), "{}", running.err);
    hill.kill();
    let away = deliver(&data, "1s");
    assert_eq!(away.code, Some(3), "{away:?}");
    assert!(away.err.contains("still wait") && away.err.contains("nothing is lost"), "{}", away.err);

    county.registry.set(Mood::Well);
    // The next start delivers it too.
    hill.restart();
    let flow = eventually("the stretch is at the registry", s(20), || county.facts().pop());
    let FactKind::Flow { participant, seq: 0, got, .. } = flow.what else { panic!("{flow:?}") };
    assert_eq!((participant.as_str(), got[0].participant.as_str()), ("hill", "oak"));
    assert!(got[0].audio_ms > 0 && got[0].video_ms > 0, "{got:?}");
    hill.kill();
    let rest = deliver(&data, "20s");
    assert_eq!(rest.code, Some(0), "{rest:?}");
    teacher.end();
}

#[test]
fn a_lesson_goes_on_when_the_disk_takes_no_facts() {
    let (county, scratch) = (County::new(), Scratch::new("report-full"));
    let relay = Relay::start(&scratch);
    let data = enrolled(&county, &scratch, "hill");
    let outbox = data.join("outbox");
    let flags = ["--link", "quic", "--data", data.to_str().unwrap(), "--seconds", "7"];
    let mut hill = Node::start(&scratch, &relay, "hill", Role::Receiving, &flags);
    eventually("the outbox is open", s(20), || outbox.join("lock").exists().then_some(()));
    std::fs::remove_dir_all(&outbox).unwrap();
    std::fs::write(&outbox, "in the way").unwrap();
    assert_eq!(hill.process().wait(), Some(0), "{}", hill.log());
    assert!(hill.log().contains("cannot be written; it goes on without"), "{}", hill.log());
}

#[test]
fn the_journal_of_a_relay_that_runs_no_more_is_delivered() {
    let (county, scratch) = (County::new(), Scratch::new("report-journal"));
    let data = enrolled(&county, &scratch, "relay");
    let day = data.join("facts/2026-11-24");
    std::fs::create_dir_all(&day).unwrap();
    let line = |number: u32| {
        format!(r#"{{"id":"r-{number}","lesson":"math","at_us":{number},"fact":"locked","locked":true}}"#)
    };
    std::fs::write(day.join("math.jsonl"), format!("{}\n{}\n", line(1), line(2))).unwrap();
    let held = std::fs::File::create(data.join("facts/lock")).unwrap();
    held.lock().unwrap();
    let running = deliver(&data, "1s");
    assert_eq!(running.code, Some(2), "{running:?}");
    assert!(running.err.contains("a relay runs with"), "{}", running.err);
    drop(held);
    let done = deliver(&data, "20s");
    assert_eq!((done.code, done.out.as_str()), (Some(0), "2 facts delivered\n"), "{done:?}");
    assert_eq!(county.facts().len(), 2);
    assert_eq!(deliver(&data, "20s").out, "nothing waited\n");
}
