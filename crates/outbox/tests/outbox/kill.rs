//! Machines that are killed at 1,000 random moments while they report, to a registry that fails at random.

use crate::dying;
use crate::support::*;
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tongke_outbox::{Follow, Limits, Machine, Outbox, Worth};

/// Kills in all, over so many machines at once.
const KILLS: u64 = 1_000;
const MACHINES: u64 = 4;
/// Longest time between a sign of life and the kill.
const LONGEST_US: u64 = 3_000;

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

/// The process that is killed: it reports until then, and says what is kept.
#[test]
fn child() {
    let Some((folder, first)) = dying::told() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _within = runtime.enter();
    let reporter = Reporter::open(&folder);
    let _delivering = reporter.deliver();
    let machine = folder.file_name().unwrap().to_str().unwrap()[5..].parse().unwrap();
    dying::keep(first.., |number| reporter.report(number, &words(machine, number)));
}

/// Kills a machine again and again; returns how many facts were kept at least.
fn killed_again_and_again(folder: &Path, machine: u64) -> u64 {
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
        dying::live_and_die("kill::child", folder, first, lines, wait)
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
        (machine, tokio::task::spawn_blocking(move || (killed_again_and_again(&folder, machine), folder)))
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
