//! The journal's thread: what came together is written and synced together.

use super::{Shared, file_of, files};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::oneshot;
use tongke_protocol::record::LessonFact;

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

/// Writes what comes, until nobody is left who could send any.
pub(super) struct Writer {
    directory: PathBuf,
    batches: Receiver<Batch>,
    /// Bounded by [`MAX_WAITING`].
    waiting: VecDeque<LessonFact>,
    status: Shared,
}

impl Writer {
    pub(super) fn new(directory: PathBuf, batches: Receiver<Batch>, status: Shared) -> Self {
        Self { directory, batches, waiting: VecDeque::new(), status }
    }

    pub(super) fn run(mut self) {
        loop {
            let first = if self.waiting.is_empty() {
                self.batches.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.batches.recv_timeout(RETRY_PERIOD)
            };
            match first {
                Ok(first) => {
                    let more = self.batches.try_iter().take(TOGETHER);
                    let batches = std::iter::once(first).chain(more).collect();
                    self.write(batches);
                }
                Err(RecvTimeoutError::Timeout) => self.write(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
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
                Ok(()) => self.status.change(|status| status.written += facts.len() as u64),
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
