//! The record of lessons on disk: who was connected when, who led, who counted.
//!
//! `DIR/facts/2026-11-25/LESSON.jsonl` holds a lesson's facts of one day (UTC), a line of JSON each,
//! appended and synced by one thread. At its start a relay reads the last days back: a lesson that was
//! ended stays ended, whoever was in it may come back, and whoever was there when the relay stopped
//! went at the last moment of which there is a record. What is on disk is handed on to the registry, if this
//! relay is enrolled there: by `tongke_outbox`, which never holds up the writing.

mod day;
mod files;
mod restore;
mod writer;

pub(crate) use restore::Restored;

use crate::error::RelayError;
use day::Day;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use tongke_outbox::Follow;
use tongke_protocol::record::LessonFact;
use tongke_protocol::{LessonId, WallTime};
use writer::{Batch, Order, Recall, Writer};

/// Days that are read at the start, today included.
const DAYS_READ: u64 = 7;
/// Batches of facts that may wait for the disk. Full: further ones are lost and counted.
const QUEUE: usize = 1024;
/// Longest wait for a fact to be on disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// The journal as everybody writes to it. Its thread ends when the last of these is gone.
#[derive(Clone)]
pub(crate) struct Journal {
    orders: SyncSender<Order>,
    status: Shared,
}

/// How the journal does. Counters are since the start.
#[derive(Debug, Clone, Default)]
pub(crate) struct JournalStatus {
    /// Facts on disk.
    pub written: u64,
    /// Attempts to write that failed.
    pub failures: u64,
    /// Facts that could not be written and were given up.
    pub lost: u64,
    /// Why the last attempt failed; none: it did not.
    pub trouble: Option<String>,
}

/// Written by the thread and by whoever finds the queue full, a few times a second at most.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<JournalStatus>>);

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut JournalStatus) -> T) -> T {
        // Counters and a text: nobody leaves them half changed.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Facts that are on their way to the disk.
#[derive(Debug)]
pub(crate) struct Keeping(oneshot::Receiver<()>);

/// The facts are not on disk; why stands in [`JournalStatus::trouble`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotKept;

impl Keeping {
    /// Waits until the facts are on disk.
    pub(crate) async fn on_disk(self) -> Result<(), NotKept> {
        let kept = tokio::time::timeout(PATIENCE, self.0).await;
        kept.ok().and_then(Result::ok).ok_or(NotKept)
    }
}

impl Journal {
    /// Writes facts down, without waiting for it.
    pub(crate) fn keep(&self, facts: Vec<LessonFact>) -> Keeping {
        let (kept, keeping) = oneshot::channel();
        let count = facts.len() as u64;
        if let Err(refused) = self.orders.try_send(Order::Keep(Batch { facts, kept: Some(kept) })) {
            let why = match refused {
                TrySendError::Full(_) => "the disk is too slow, facts were lost",
                TrySendError::Disconnected(_) => "the journal has ended by itself",
            };
            self.status.change(|status| {
                status.lost += count;
                status.trouble = Some(why.to_owned());
            });
        }
        Keeping(keeping)
    }

    /// Reads back how lessons stand whose worker is gone, all facts that were handed over until now
    /// included. Whoever was there then went at the last moment of which there is a record, and that is
    /// written down. None: the journal has too much to do, or has ended.
    pub(crate) async fn recall(&self, lessons: Vec<LessonId>, now: WallTime) -> Option<Vec<Restored>> {
        let (reply, answer) = oneshot::channel();
        self.orders.try_send(Order::Recall(Recall { lessons, now, reply })).ok()?;
        answer.await.ok()
    }

    /// How the journal does.
    pub(crate) fn status(&self) -> JournalStatus {
        self.status.change(|status| status.clone())
    }
}

/// A journal that was opened.
pub(crate) struct Opened {
    pub journal: Journal,
    /// Ends after the last [`Journal`].
    pub thread: JoinHandle<()>,
    /// The lessons of the last days.
    pub lessons: Vec<Restored>,
    /// What of it waits for the registry, if it is to be handed on.
    pub follow: Option<Follow>,
}

/// Opens the journal below `directory`, reads what is in it and starts its thread. `is_handed_on`: the registry
/// is to know it too.
pub(crate) fn open(directory: &Path, now: WallTime, is_handed_on: bool) -> Result<Opened, RelayError> {
    let facts = directory.join("facts");
    let lock = prepare(&facts).map_err(|why| RelayError::Setting { key: "data", why })?;
    let since = day_before(now, DAYS_READ - 1).to_string();
    let unreadable = |error| RelayError::Setting { key: "data", why: cannot("be read", &facts, &error) };
    let (mut lessons, mut unfinished) = (Vec::new(), Vec::new());
    for (lesson, paths) in files::of_lessons(&facts, &since).map_err(unreadable)? {
        let (restored, closing) = restore::replay(lesson, files::read_all(&paths));
        lessons.push(restored);
        unfinished.extend(closing);
    }
    // Behind the reading, which cuts broken lines back, and before the first writing.
    let marks = directory.join("delivered");
    let follow = is_handed_on.then(|| Follow::open(&facts, &marks, &since)).transpose();
    let follow = follow
        .map_err(|error| RelayError::Setting { key: "data", why: cannot("be used", &marks, &error) })?;
    let (orders, receiver) = sync_channel(QUEUE);
    let status = Shared::default();
    let writer = Writer::new(facts, receiver, status.clone(), follow.clone());
    let thread = std::thread::Builder::new()
        .name("relay-journal".into())
        .spawn(move || {
            writer.run();
            drop(lock);
        })
        .map_err(|source| RelayError::System { what: "start the journal's thread", source })?;
    let journal = Journal { orders, status };
    tracing::info!(directory = %directory.display(), lessons = lessons.len(), "journal opened");
    if !unfinished.is_empty() {
        tracing::warn!(participants = unfinished.len(), "the relay did not end properly the last time");
        journal.keep(unfinished);
    }
    Ok(Opened { journal, thread, lessons, follow })
}

/// Makes the directory, if it is not there, and sees to it that this relay alone writes there.
fn prepare(facts: &Path) -> Result<File, String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(facts);
    made.map_err(|error| cannot("be made", facts, &error))?;
    let path = facts.join("lock");
    let unusable = |error: io::Error| cannot("be written", &path, &error);
    let lock = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let lock = lock.map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            Err(format!("another relay writes to {}; end it, or name another directory", facts.display()))
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("{} cannot {what} ({error}); name a directory that the relay may write to", path.display())
}

/// The file of a fact.
fn file_of(facts: &Path, fact: &LessonFact) -> PathBuf {
    file_on(facts, Day::of(WallTime(fact.at_us)), &fact.lesson)
}

/// The file of a lesson's facts of one day.
fn file_on(facts: &Path, day: Day, lesson: &LessonId) -> PathBuf {
    facts.join(day.to_string()).join(format!("{lesson}.{SUFFIX}"))
}

/// The files of a lesson on the days that are read, as far as there are any, oldest first.
fn files_of(facts: &Path, now: WallTime, lesson: &LessonId) -> Vec<PathBuf> {
    let days = (0..DAYS_READ).rev().map(|days| file_on(facts, day_before(now, days), lesson));
    days.filter(|path| path.is_file()).collect()
}

fn day_before(now: WallTime, days: u64) -> Day {
    let past = Duration::from_secs(days * 24 * 3600).as_micros() as i64;
    Day::of(now.offset_by_us(-past))
}

const SUFFIX: &str = "jsonl";

#[cfg(test)]
mod tests;
