//! A journal on a real disk: what is kept comes back, whatever happens to the files in between.

use super::*;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::atomic::{AtomicU32, Ordering};
use tongke_protocol::conduct::HeadCount;
use tongke_protocol::record::{FactKind, Presence};
use tongke_protocol::{LessonId, ParticipantId, Role};
use tongke_sfu::Attendance;

/// 2026-11-25, 07:00:00 UTC.
const MORNING: u64 = 1_795_590_000_000_000;
const MINUTE: u64 = 60_000_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tongke-journal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    /// Opens the journal at `now_us`, lets `use_it` write, and closes it.
    fn run<T>(&self, now_us: u64, use_it: impl FnOnce(&Journal) -> T) -> (Vec<Restored>, T) {
        let Opened { journal, thread, lessons, .. } = open(&self.0, WallTime(now_us), false).unwrap();
        let result = use_it(&journal);
        drop(journal);
        thread.join().unwrap();
        (lessons, result)
    }

    fn restored(&self, now_us: u64) -> Vec<Restored> {
        self.run(now_us, |_| ()).0
    }

    fn keep(&self, facts: Vec<LessonFact>) {
        self.run(MORNING, |journal| assert_eq!(wait(journal.keep(facts)), Ok(())));
    }

    fn file(&self, day: &str) -> PathBuf {
        self.0.join("facts").join(day).join("math.jsonl")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file("2026-11-25")).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn wait(keeping: Keeping) -> Result<(), NotKept> {
    keeping.0.blocking_recv().map_err(|_| NotKept)
}

fn math() -> LessonId {
    "math".parse().unwrap()
}

fn id(text: &str) -> ParticipantId {
    text.parse().unwrap()
}

fn fact(number: u64, at_us: u64, what: FactKind) -> LessonFact {
    LessonFact { id: format!("run-{number}"), lesson: math(), at_us, what }
}

fn came(name: &str) -> FactKind {
    FactKind::Came { participant: id(name), name: name.to_uppercase(), role: Role::Receiving }
}

fn went(name: &str) -> FactKind {
    FactKind::Went { participant: id(name), reason: "left".into() }
}

fn present(names: &[&str]) -> FactKind {
    let of = |name: &&str| Presence {
        participant: id(name),
        audio_packets: 1,
        video_packets: 2,
        audio_packets_out: Some(3),
        video_packets_out: Some(4),
    };
    FactKind::Present { participants: names.iter().map(of).collect() }
}

fn locked(locked: bool) -> FactKind {
    FactKind::Locked { locked }
}

#[test]
fn what_was_kept_is_how_the_lesson_stands_at_the_next_start() {
    let directory = Directory::new();
    let count = HeadCount { present: 41, expected: Some(42) };
    let steps = [
        came("a"),
        came("b"),
        FactKind::Muted { participant: id("b"), muted: true },
        FactKind::Muted { participant: id("a"), muted: true },
        FactKind::Muted { participant: id("b"), muted: true },
        FactKind::Floor { to: Some(id("b")) },
        FactKind::HeadCount { participant: id("b"), count: HeadCount { present: 1, expected: None } },
        FactKind::HeadCount { participant: id("b"), count },
        locked(true),
        FactKind::Ended { by: id("t") },
        FactKind::Reopened { by: id("t") },
        FactKind::Ended { by: id("t") },
        went("a"),
        went("b"),
    ];
    let numbered = (0..).zip(steps).map(|(n, what)| fact(n, MORNING + n * MINUTE, what));
    directory.keep(numbered.collect());
    let lessons = directory.restored(MORNING + DAY);
    let [Restored { lesson, state, people }] = &lessons[..] else { panic!("{lessons:?}") };
    assert_eq!(*lesson, math());
    assert!(state.ended && state.locked);
    assert_eq!((&state.floor, &state.muted), (&Some(id("b")), &vec![id("b"), id("a")]));
    assert_eq!((state.head_counts.len(), state.head_counts[0].count), (1, count));
    assert_eq!(state.head_counts[0].at_us, MORNING + 7 * MINUTE);
    let until = WallTime(MORNING + 13 * MINUTE);
    assert_eq!(people[1], Attendance { participant: id("b"), role: Role::Receiving, until });
    assert_eq!(directory.text().lines().count(), 14, "nothing was added: everybody had gone");
}

#[test]
fn whoever_was_there_at_a_power_cut_went_when_last_seen() {
    let directory = Directory::new();
    let steps = [came("a"), came("b"), present(&["a", "b"]), went("a"), present(&["b"]), locked(true)];
    let numbered = (0..).zip(steps).map(|(n, what)| fact(n, MORNING + n * MINUTE, what));
    directory.keep(numbered.collect());
    let until =
        |lessons: &[Restored]| lessons[0].people.iter().map(|known| known.until.0).collect::<Vec<_>>();
    let seen = [MORNING + 3 * MINUTE, MORNING + 4 * MINUTE];
    assert_eq!(until(&directory.restored(MORNING + 9 * MINUTE)), seen);
    let text = directory.text();
    let last: LessonFact = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let reason = "the relay stopped; last seen 2026-11-25T07:04:00Z".to_owned();
    let closed = FactKind::Went { participant: id("b"), reason };
    assert_eq!(last, LessonFact { id: "run-1-went".into(), ..fact(1, MORNING + 4 * MINUTE, closed) });
    assert_eq!(until(&directory.restored(MORNING + 9 * MINUTE)), seen);
    assert_eq!(directory.text(), text, "once is enough");
}

#[test]
fn a_lesson_over_midnight_lies_in_two_files_and_only_the_last_days_are_read() {
    let directory = Directory::new();
    let midnight = MORNING - MORNING % DAY;
    directory.keep(vec![fact(1, midnight - 1, came("a")), fact(2, midnight, went("a"))]);
    assert!(directory.file("2026-11-24").exists() && directory.file("2026-11-25").exists());
    let people = |now_us| directory.restored(now_us).first().map_or(0, |lesson| lesson.people.len());
    assert_eq!(people(midnight + 5 * DAY), 1);
    assert_eq!(people(midnight + 6 * DAY), 0, "the coming is older than what is read");
    assert_eq!(directory.restored(midnight + 7 * DAY), []);
}

#[test]
fn a_line_that_was_broken_off_is_cut_back_and_the_next_one_is_whole() {
    let directory = Directory::new();
    directory.keep(vec![fact(1, MORNING, came("a")), fact(2, MORNING + MINUTE, went("a"))]);
    let whole = directory.text();
    for cut in 1..whole.len() {
        fs::write(directory.file("2026-11-25"), &whole[..cut]).unwrap();
        directory.restored(MORNING);
        let lines = directory.text();
        assert!(
            lines.lines().all(|line| serde_json::from_str::<LessonFact>(line).is_ok()),
            "cut at {cut}: {lines}"
        );
    }
    fs::write(directory.file("2026-11-25"), &whole[..whole.len() - 1]).unwrap();
    directory.keep(vec![fact(3, MORNING, locked(true))]);
    assert_eq!(directory.text().lines().count(), 3, "only its end was missing: {}", directory.text());
}

#[test]
fn rubbish_in_a_file_loses_no_good_line() {
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..50 {
        let directory = Directory::new();
        directory.keep(vec![fact(0, MORNING, locked(false))]);
        let mut bytes = fs::read(directory.file("2026-11-25")).unwrap();
        for number in 1..20 {
            let rubbish: Vec<u8> = (0..random.random_range(0..200)).map(|_| random.random()).collect();
            bytes.extend(rubbish);
            bytes.push(b'\n');
            let what = came(&format!("p{number}"));
            bytes.extend(serde_json::to_vec(&fact(number, MORNING + number, what)).unwrap());
            bytes.push(b'\n');
        }
        bytes.extend((0..random.random_range(0..200)).map(|_| random.random::<u8>()));
        fs::write(directory.file("2026-11-25"), &bytes).unwrap();
        assert_eq!(directory.restored(MORNING)[0].people.len(), 19, "round {round}");
        directory.keep(vec![fact(99, MORNING + 99, locked(true))]);
        assert!(directory.restored(MORNING)[0].state.locked, "round {round}");
    }
}

#[test]
fn facts_of_another_lesson_and_files_that_are_none_are_passed_over() {
    let directory = Directory::new();
    let foreign = LessonFact { lesson: "art".parse().unwrap(), ..fact(1, MORNING, locked(true)) };
    directory.keep(vec![fact(2, MORNING, locked(false))]);
    let mut text = directory.text();
    text += &serde_json::to_string(&foreign).unwrap();
    fs::write(directory.file("2026-11-25"), text + "\n").unwrap();
    let facts = directory.0.join("facts");
    fs::write(facts.join("2026-11-25/no lesson.jsonl"), "x").unwrap();
    fs::write(facts.join("2026-11-25/math.txt"), "x").unwrap();
    fs::create_dir_all(facts.join("2026-11-25/art.jsonl")).unwrap();
    fs::create_dir_all(facts.join("2026-99-notes")).unwrap();
    let lessons = directory.restored(MORNING);
    assert!(lessons.iter().all(|lesson| !lesson.state.locked && lesson.people.is_empty()), "{lessons:?}");
}

#[test]
fn a_full_disk_is_told_and_what_waited_is_written_when_there_is_room() {
    let directory = Directory::new();
    directory.restored(MORNING);
    let full = directory.file("2026-11-25");
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    directory.run(MORNING, |journal| {
        assert_eq!(wait(journal.keep(vec![fact(1, MORNING, came("a"))])), Err(NotKept));
        let status = journal.status();
        assert_eq!((status.written, status.failures, status.lost), (0, 1, 0));
        assert!(status.trouble.unwrap().contains("No space left"));
        let other = LessonFact { lesson: "art".parse().unwrap(), ..fact(2, MORNING, locked(true)) };
        assert_eq!(wait(journal.keep(vec![other])), Ok(()), "other files are written");

        fs::remove_file(&full).unwrap();
        assert_eq!(wait(journal.keep(vec![fact(3, MORNING, went("a"))])), Ok(()));
        assert_eq!(journal.status().trouble, None);
        assert_eq!(journal.status().written, 3);
    });
    assert_eq!(directory.text().lines().count(), 2, "the one that waited comes first");
}

#[test]
fn a_directory_that_cannot_be_used_is_named_with_its_setting() {
    let error = |path: &Path| open(path, WallTime(MORNING), false).err().unwrap().to_string();
    let directory = Directory::new();
    fs::write(&directory.0, "").unwrap();
    let text = error(&directory.0);
    fs::remove_file(&directory.0).unwrap();
    assert!(text.starts_with("setting 'data'") && text.contains("cannot be made"), "{text}");

    let text = error(Path::new("/proc"));
    assert!(text.contains("/proc/facts cannot be made") && text.contains("may write"), "{text}");

    directory.run(MORNING, |_| {
        let text = error(&directory.0);
        assert!(text.contains("another relay writes to"), "{text}");
    });
    directory.restored(MORNING);
}

#[test]
fn facts_that_nobody_takes_are_refused_and_counted() {
    let (orders, receiver) = sync_channel(1);
    let journal = Journal { orders, status: Shared::default() };
    let first = journal.keep(vec![fact(1, MORNING, locked(true))]);
    assert_eq!(wait(journal.keep(vec![fact(2, MORNING, locked(true))])), Err(NotKept));
    assert!(journal.status().trouble.unwrap().contains("too slow"));
    drop(receiver);
    assert_eq!(wait(first), Err(NotKept));
    assert_eq!(wait(journal.keep(vec![fact(3, MORNING, locked(true))])), Err(NotKept));
    assert!(journal.status().trouble.unwrap().contains("has ended"));
    assert_eq!(journal.status().lost, 2);
}

#[test]
fn each_fact_is_on_disk_before_it_is_called_kept() {
    let directory = Directory::new();
    directory.run(MORNING, |journal| {
        let many = (0..500).map(|n| journal.keep(vec![fact(n, MORNING + n, locked(n % 2 == 0))]));
        for (before, keeping) in many.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(wait(keeping), Ok(()));
            assert!(directory.text().lines().count() > before);
        }
    });
    let facts = directory
        .text()
        .lines()
        .map(|line| serde_json::from_str::<LessonFact>(line).unwrap().id)
        .collect::<Vec<_>>();
    assert_eq!(facts, (0..500).map(|n| format!("run-{n}")).collect::<Vec<_>>(), "in order");
}
