//! A room's machine that tells, minute by minute, of lessons that were: with the outbox of a node, in a process of
//! its own that can be killed.

use super::chance::Chance;
use super::county::{County, LESSONS, lesson};
use super::dying;
use super::support::scratch::Scratch;
use super::support::{eventually, s};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tongke_outbox::{Delivery, Limits, Machine, Outbox, Pace, Worth};

/// Minutes of each lesson that are told of.
const MINUTES: usize = 25;
/// Facts of a lesson: the minutes of both rooms, and how many people each had.
pub const FACTS: usize = 2 * (MINUTES + 1);
/// Each room has two machines: one for the even lessons and one for the odd ones.
const ALL: u64 = (LESSONS / 2 * (MINUTES + 1)) as u64;
/// The longest time between a sign of life and the kill.
const LIFE: Duration = Duration::from_millis(3);
const QUICK: Pace = Pace { first: Duration::from_millis(1), longest: Duration::from_millis(50) };

/// A machine: its folder, and how many facts it has kept.
pub struct Reporter {
    folder: PathBuf,
    kept: u64,
}

impl Reporter {
    /// The four machines, enrolled.
    pub fn all(county: &County, scratch: &Scratch) -> Vec<Reporter> {
        let rooms = ["lake", "oak"].into_iter().flat_map(|school| [(school, 0), (school, 1)]);
        let enrol = |(school, half): (&str, usize)| {
            let name = format!("{school}-{half}");
            let folder = scratch.file(&name);
            county.enrol(&name, "node", Some(school), &folder);
            Reporter { folder, kept: 0 }
        };
        rooms.map(enrol).collect()
    }

    /// Lives and is killed again and again.
    pub fn under_fire(mut self, kills: u32) -> Reporter {
        let seed =
            self.folder.to_str().unwrap().bytes().fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte));
        let mut chance = Chance::new(seed);
        for _ in 0..kills {
            let (lines, pause) = (chance.below(6), chance.pause(LIFE));
            self.kept = dying::live_and_die("reporter::child", &self.folder, self.kept, lines, pause);
        }
        self
    }

    /// Tells what is left, and waits until the registry has everything.
    pub fn tell_the_rest(self) {
        let runtime = runtime();
        let (outbox, machine) = open(&self.folder);
        for number in self.kept..ALL {
            outbox.put(Worth::Attendance, words(&self.folder, number).as_bytes()).unwrap();
        }
        let delivery = runtime.block_on(async { outbox.deliver(machine, QUICK) });
        wait(&delivery);
        assert_eq!((outbox.waiting_bytes(), delivery.status().refused), (0, 0));
    }

    /// Tells everything, to a registry that will refuse to keep more at some moment.
    pub fn tell_until_refused(self) -> Waiting {
        let runtime = runtime();
        let (outbox, machine) = open(&self.folder);
        for number in 0..ALL {
            outbox.put(Worth::Attendance, words(&self.folder, number).as_bytes()).unwrap();
        }
        let delivery = runtime.block_on(async { outbox.deliver(machine, QUICK) });
        eventually("the registry has no room", s(60), || {
            delivery.status().trouble.filter(|trouble| trouble.contains("it answered 50")).map(drop)
        });
        assert!(outbox.waiting_bytes() > 0, "everything was taken: the disk was not full");
        Waiting { delivery, _runtime: runtime }
    }
}

/// A machine whose facts wait.
pub struct Waiting {
    delivery: Delivery,
    _runtime: tokio::runtime::Runtime,
}

impl Waiting {
    pub fn finish(self) {
        wait(&self.delivery);
        assert_eq!(self.delivery.status().refused, 0);
    }
}

fn wait(delivery: &Delivery) {
    eventually("the registry has everything", s(120), || {
        (delivery.status().waiting_bytes == 0).then_some(())
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn open(folder: &Path) -> (Outbox, Machine) {
    let outbox = Outbox::open(&folder.join("outbox"), Limits::default()).unwrap();
    (outbox, Machine::load(folder).unwrap().unwrap())
}

/// A machine's fact of this number, always in the same words.
fn words(folder: &Path, number: u64) -> String {
    let machine = folder.file_name().unwrap().to_str().unwrap();
    let (school, half) = machine.split_once('-').unwrap();
    let other = if school == "lake" { "oak" } else { "lake" };
    let (of, minute) = (number as usize / (MINUTES + 1), number as usize % (MINUTES + 1));
    let (id, start_us) = lesson(of * 2 + half.parse::<usize>().unwrap());
    let at_us = start_us + minute as u64 * 60_000_000;
    let mut fact = if minute < MINUTES {
        let got = json!([{"participant": other, "audio_ms": 60_000, "video_ms": 60_000}]);
        json!({"fact": "flow", "participant": school, "seq": minute, "from_us": at_us,
            "until_us": at_us + 60_000_000, "sent_audio_ms": 60_000, "sent_video_ms": 60_000, "got": got})
    } else {
        json!({"fact": "head_count", "participant": school, "count": {"present": 30}})
    };
    fact["id"] = format!("{machine}-{number}").into();
    fact["lesson"] = id.into();
    fact["at_us"] = at_us.into();
    fact.to_string()
}

/// The process that is killed.
#[test]
fn child() {
    let Some((folder, first)) = dying::told() else { return };
    let runtime = runtime();
    let (outbox, machine) = open(&folder);
    let _delivering = runtime.block_on(async { outbox.deliver(machine, QUICK) });
    let put = |number| outbox.put(Worth::Attendance, words(&folder, number).as_bytes()).unwrap();
    dying::keep(first..ALL, put);
}
