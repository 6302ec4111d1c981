//! Machines that are killed at 1,000 random moments while they report, to a registry that fails at random.

use crate::support::*;
use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tongke_outbox::{Follow, Limits, Machine, Outbox, Worth};

/// Kills in all, over so many machines at once.
const KILLS: u64 = 1_000;
const MACHINES: u64 = 4;
/// Longest time between a sign of life and the kill.
const LONGEST_US: u64 = 3_000;
/// Tells the child where its data is, and which fact comes next.
const FOLDER: &str = "TONGKE_TEST_OUTBOX_FOLDER";
const FIRST: &str = "TONGKE_TEST_OUTBOX_FIRST";

/// The facts of a machine: even ones are put into its outbox, odd ones stand in its journal.
struct Reporter {
    folder: PathBuf,
    outbox: Outbox,
    follow: Follow,
}

impl Reporter {
    fn open(folder: &Path) -> Self {
        let facts = folder.join("facts");
        fs::create_dir_all(&facts).unwrap();
        let outbox = Outbox::open(&folder.join("outbox"), Limits::default()).unwrap();
        let follow = Follow::open(&facts, &folder.join("delivered"), "2026-11-01").unwrap();
        Self { folder: folder.to_owned(), outbox, follow }
    }

    fn deliver(&self) -> [tongke_outbox::Delivery; 2] {
        let machine = || Machine::load(&self.folder).unwrap().unwrap();
        [self.outbox.deliver(machine(), QUICK), self.follow.deliver(machine(), QUICK)]
    }

    /// When this returns the fact is kept.
    fn report(&self, number: u64, fact: &str) {
        if number.is_multiple_of(2) {
            let worth = if number.is_multiple_of(10) { Worth::Detail } else { Worth::Attendance };
            return self.outbox.put(worth, fact.as_bytes()).unwrap();
        }
        // As the relay's journal does it: behind a line that was broken off a new one begins.
        let day = self.folder.join(format!("facts/2026-11-{:02}", 10 + number / 500 % 20));
        fs::create_dir_all(&day).unwrap();
        let path = day.join("math.jsonl");
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).unwrap();
        let mut last = [b'\n'];
        if file.metadata().unwrap().len() > 0 {
            file.seek(SeekFrom::End(-1)).unwrap();
            file.read_exact(&mut last).unwrap();
        }
        let begin = if last == *b"\n" { "" } else { "\n" };
        file.write_all(format!("{begin}{fact}\n").as_bytes()).unwrap();
        file.sync_data().unwrap();
        self.follow.synced(&path, file.metadata().unwrap().len());
    }
}

fn words(machine: u64, number: u64) -> String {
    let of_machine = 1_000_000_000 * (machine + 1) + number;
    fact(of_machine)
}

/// The process that is killed: it reports until then, and says what is kept. In an ordinary run of the
/// tests nobody tells it where, and it does nothing.
#[test]
fn child() {
    let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _within = runtime.enter();
    let reporter = Reporter::open(Path::new(&folder));
    let _delivering = reporter.deliver();
    let machine = Path::new(&folder).file_name().unwrap().to_str().unwrap()[5..].parse().unwrap();
    let mut out = std::io::stdout();
    for number in first.parse::<u64>().unwrap().. {
        reporter.report(number, &words(machine, number));
        // The leading line end: the test harness may have begun a line.
        if writeln!(out, "\nkept {number}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Starts the child and kills it after so many signs of life and a little. Returns the next fact's number.
fn run_and_kill(folder: &Path, first: u64, lines: u64, wait: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut next = first;
    let mut hear = |line: String| {
        let number = line.strip_prefix("kept ").and_then(|number| number.parse::<u64>().ok());
        number.inspect(|number| next = number + 1).is_some()
    };
    (0..lines).for_each(|_| while said.next().is_some_and(|line| !hear(line)) {});
    // The moment itself, which nothing may depend on.
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in said {
        hear(line);
    }
    next
}

/// Kills a machine again and again; returns how many facts were kept at least.
fn live_and_die(folder: &Path, machine: u64) -> u64 {
    // xorshift64 from a seed of its own.
    let mut state = 0x7061_6972_696e_6721_u64 ^ (machine << 32);
    let mut chance = |of: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % of
    };
    (0..KILLS / MACHINES).fold(0, |first, _| {
        let (lines, wait) = (chance(6), Duration::from_micros(chance(LONGEST_US)));
        run_and_kill(folder, first, lines, wait)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nothing_is_lost_and_nothing_counted_twice_by_machines_killed_at_random_moments() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.set(Mood::Moody);
    let machines = (0..MACHINES).map(|machine| {
        let name = format!("node-{machine}");
        let folder = folder.path().join(&name);
        registry.machine(&folder, &name);
        (machine, tokio::task::spawn_blocking(move || (live_and_die(&folder, machine), folder)))
    });
    let mut kept_in_all = 0;
    for (machine, living) in machines.collect::<Vec<_>>() {
        let (kept, folder) = living.await.unwrap();
        let reporter = Reporter::open(&folder);
        for delivery in reporter.deliver() {
            assert!(delivery.finish(PATIENCE).await);
        }
        let truth = registry.truth();
        let id = |number: u64| format!("n-{}", 1_000_000_000 * (machine + 1) + number);
        let lost: Vec<u64> = (0..kept).filter(|number| !truth.facts.contains_key(&id(*number))).collect();
        assert!(lost.is_empty(), "machine {machine} kept {kept} facts and lost {lost:?}");
        kept_in_all += kept;
    }
    let truth = registry.truth();
    // Of each machine one more may have been kept without a word.
    let most = kept_in_all + MACHINES;
    assert!((kept_in_all..=most).contains(&(truth.facts.len() as u64)), "{} facts", truth.facts.len());
    assert_eq!(truth.conflicts, 0);
    assert!(kept_in_all > KILLS, "only {kept_in_all} facts were kept: nothing was tried");
    assert!(truth.known > 0, "nothing was ever sent twice: the kills came at no interesting moment");
}
