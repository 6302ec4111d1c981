//! The journal's thread: what came together is written and synced together.

use super::restore::{Restored, replay};
use super::{Shared, file_of, files, files_of};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::oneshot;
use tongke_outbox::Follow;
use tongke_protocol::record::LessonFact;
use tongke_protocol::{LessonId, WallTime};

/// Batches that are written together.
const TOGETHER: usize = 256;
/// Facts that wait for a disk that does not take them. Full: the oldest are lost and counted.
const MAX_WAITING: usize = 65_536;
/// Time between two attempts while nothing new comes.
const RETRY_PERIOD: Duration = Duration::from_secs(5);

/// Facts, and who is to be told that they are on disk. Dropping it unanswered says that they are not.
pub(super) struct Batch {
    pub facts: Vec<LessonFact>,
    pub kept: Option<oneshot::Sender<()>>,
}

/// Lessons to be read back, and who wants to know.
pub(super) struct Recall {
    pub lessons: Vec<LessonId>,
    pub now: WallTime,
    pub reply: oneshot::Sender<Vec<Restored>>,
}

/// What the thread is to do, in this order.
pub(super) enum Order {
    Keep(Batch),
    Recall(Recall),
}

/// Writes what comes, until nobody is left who could send any.
pub(super) struct Writer {
    directory: PathBuf,
    orders: Receiver<Order>,
    /// Bounded by [`MAX_WAITING`].
    waiting: VecDeque<LessonFact>,
    status: Shared,
    /// Who hands the facts on, if anybody does.
    follow: Option<Follow>,
}

impl Writer {
    pub(super) fn new(
        directory: PathBuf,
        orders: Receiver<Order>,
        status: Shared,
        follow: Option<Follow>,
    ) -> Self {
        Self { directory, orders, waiting: VecDeque::new(), status, follow }
    }

    pub(super) fn run(mut self) {
        loop {
            let first = if self.waiting.is_empty() {
                self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.orders.recv_timeout(RETRY_PERIOD)
            };
            match first {
                Ok(first) => {
                    let more = self.orders.try_iter().take(TOGETHER);
                    let orders = std::iter::once(first).chain(more).collect();
                    self.carry_out(orders);
                }
                Err(RecvTimeoutError::Timeout) => self.write(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
    }

    fn carry_out(&mut self, orders: Vec<Order>) {
        let mut batches = Vec::with_capacity(orders.len());
        for order in orders {
            match order {
                Order::Keep(batch) => batches.push(batch),
                Order::Recall(recall) => {
                    self.write(std::mem::take(&mut batches));
                    self.recall(recall);
                }
            }
        }
        if !batches.is_empty() {
            self.write(batches);
        }
    }

    fn recall(&mut self, Recall { lessons, now, reply }: Recall) {
        let mut unfinished = Vec::new();
        let read = |lesson: LessonId| {
            let mut facts = files::read_all(&files_of(&self.directory, now, &lesson));
            facts.extend(self.waiting.iter().filter(|fact| fact.lesson == lesson).cloned());
            let (restored, closing) = replay(lesson, facts);
            unfinished.extend(closing);
            restored
        };
        let restored = lessons.into_iter().map(read).collect();
        // Whoever asked may have gone.
        let _ = reply.send(restored);
        if !unfinished.is_empty() {
            self.write(vec![Batch { facts: unfinished, kept: None }]);
        }
    }

    /// Writes what waits and these batches, file by file, and tells whose facts are on disk.
    fn write(&mut self, batches: Vec<Batch>) {
        let mut files: BTreeMap<PathBuf, Vec<LessonFact>> = BTreeMap::new();
        for fact in self.waiting.drain(..) {
            files.entry(file_of(&self.directory, &fact)).or_default().push(fact);
        }
        let mut told = Vec::with_capacity(batches.len());
        for Batch { facts, kept } in batches {
            let mut of_batch = BTreeSet::new();
            for fact in facts {
                let path = file_of(&self.directory, &fact);
                files.entry(path.clone()).or_default().push(fact);
                of_batch.insert(path);
            }
            told.push((of_batch, kept));
        }
        let mut failed = BTreeSet::new();
        let mut trouble = None;
        for (path, facts) in files {
            match files::append(&path, &lines(&facts)) {
                Ok(len) => {
                    self.status.change(|status| status.written += facts.len() as u64);
                    if let Some(follow) = &self.follow {
                        follow.synced(&path, len);
                    }
                }
                Err(error) => {
                    trouble = Some(format!("{}: {error}", path.display()));
                    self.waiting.extend(facts);
                    failed.insert(path);
                }
            }
        }
        self.report(trouble);
        for (of_batch, kept) in told {
            if let Some(kept) = kept.filter(|_| of_batch.is_disjoint(&failed)) {
                // Whoever asked may have gone.
                let _ = kept.send(());
            }
        }
    }

    fn report(&mut self, trouble: Option<String>) {
        let excess = self.waiting.len().saturating_sub(MAX_WAITING);
        self.waiting.drain(..excess);
        let waiting = self.waiting.len();
        self.status.change(|status| {
            status.lost += excess as u64;
            status.failures += u64::from(trouble.is_some());
            match (&status.trouble, &trouble) {
                (None, Some(error)) => {
                    tracing::error!(error, waiting, "facts cannot be written; lessons go on without");
                }
                (Some(_), None) => tracing::info!("facts are written again, those that waited too"),
                _ => {}
            }
            status.trouble = trouble;
        });
    }

    /// The last attempt.
    fn end(mut self) {
        if !self.waiting.is_empty() {
            self.write(Vec::new());
        }
        if !self.waiting.is_empty() {
            tracing::error!(facts = self.waiting.len(), "facts are lost with the end of the relay");
        }
    }
}

fn lines(facts: &[LessonFact]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(facts.len() * 160);
    for fact in facts {
        // Facts are strings and numbers in structs, and a vector takes all that is written.
        serde_json::to_writer(&mut lines, fact).expect("a fact has a JSON form");
        lines.push(b'\n');
    }
    lines
}
