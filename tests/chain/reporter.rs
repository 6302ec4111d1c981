//! A room's machine that tells, minute by minute, of lessons that were: with the outbox of a node, in a process of
//! its own that can be killed.

use super::chance::Chance;
use super::county::{County, LESSONS, lesson};
use super::support::scratch::Scratch;
use super::support::{eventually, s};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tongke_outbox::{Delivery, Limits, Machine, Outbox, Pace, Worth};

/// Minutes of each lesson that are told of.
const MINUTES: usize = 25;
/// Facts of a lesson: the minutes of both rooms, and how many people each had.
pub const FACTS: usize = 2 * (MINUTES + 1);
/// Each room has two machines: one for the even lessons and one for the odd ones.
const ALL: usize = LESSONS / 2 * (MINUTES + 1);
/// The longest time between a sign of life and the kill.
const LIFE: Duration = Duration::from_millis(3);
const QUICK: Pace = Pace { first: Duration::from_millis(1), longest: Duration::from_millis(50) };
/// Tells the child where its data is, and which fact comes next.
const FOLDER: &str = "TONGKE_TEST_CHAIN_FOLDER";
const FIRST: &str = "TONGKE_TEST_CHAIN_FIRST";

/// A machine: its folder, and how many facts it has kept.
pub struct Reporter {
    folder: PathBuf,
    kept: usize,
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
            self.kept = live_and_die(&self.folder, self.kept, lines, pause);
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
fn words(folder: &Path, number: usize) -> String {
    let machine = folder.file_name().unwrap().to_str().unwrap();
    let (school, half) = machine.split_once('-').unwrap();
    let other = if school == "lake" { "oak" } else { "lake" };
    let (id, start_us) = lesson(number / (MINUTES + 1) * 2 + half.parse::<usize>().unwrap());
    let minute = number % (MINUTES + 1);
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

/// The process that is killed. In an ordinary run of the tests nobody tells it where, and it does nothing.
#[test]
fn child() {
    let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let (folder, runtime) = (PathBuf::from(folder), runtime());
    let (outbox, machine) = open(&folder);
    let _delivering = runtime.block_on(async { outbox.deliver(machine, QUICK) });
    let mut out = std::io::stdout();
    for number in first.parse::<usize>().unwrap()..ALL {
        outbox.put(Worth::Attendance, words(&folder, number).as_bytes()).unwrap();
        // The leading line end: the test harness may have begun a line.
        if writeln!(out, "\nkept {number}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Starts the child and kills it after so many signs of life and a little. Returns the next fact's number.
fn live_and_die(folder: &Path, first: usize, lines: u64, pause: Duration) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "reporter::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut next = first;
    let mut hear = |line: String| {
        let number = line.strip_prefix("kept ").and_then(|number| number.parse::<usize>().ok());
        number.inspect(|number| next = number + 1).is_some()
    };
    (0..lines).for_each(|_| while said.next().is_some_and(|line| !hear(line)) {});
    // The moment itself, which nothing may depend on.
    std::thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in said {
        hear(line);
    }
    next
}
