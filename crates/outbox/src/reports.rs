//! Signed reports of inspections and self-tests on their way to the registry, a file each: `00000017.json`. They
//! are put there by any program of the machine, and brought by the one that holds the folder's lock.

use crate::backoff::Pace;
use crate::deliver::Delivery;
use crate::disk::replace;
use crate::errand::{Brought, Errand, Later, off_runtime};
use crate::machine::Machine;
use crate::outbox::OpenError;
use crate::post::{Answer, Post, Posted, Verdict};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Longest report, in bytes: the registry takes no longer one.
pub const MAX_REPORT_LEN: usize = 8 << 20;
/// Most reports that are kept, those that were refused included. Full: further ones are not taken, and nothing is
/// dropped.
pub const MOST_REPORTS: usize = 1_000;
/// How often the folder is looked at: other programs put reports there too.
const LOOK_PERIOD: Duration = Duration::from_secs(10);
/// Where reports lie that the registry does not take, each with the reason beside it.
const REFUSED: &str = "refused";

/// Why a report is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PutReportError {
    /// The folder is full.
    #[error(
        "'{path}' holds {MOST_REPORTS} reports that the registry has not taken, and takes no more; see why the \
         registry does not answer, or what stands in its folder '{REFUSED}'", path = .0.display()
    )]
    Full(PathBuf),
    /// The disk does not take it.
    #[error("the disk does not take the report ({0}); make room on it")]
    Disk(#[from] io::Error),
    /// Longer than any report may be.
    #[error("a report of {0} bytes is too long; at most {MAX_REPORT_LEN} are kept")]
    TooLong(usize),
}

/// Reports that wait for the registry. Cheap to clone.
#[derive(Clone)]
pub struct Reports(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    news: Notify,
}

impl Reports {
    /// The reports in `folder`, which is made if there is none. Any number of programs may have it open.
    pub fn open(folder: &Path) -> Result<Reports, OpenError> {
        let refused = folder.join(REFUSED);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(refused);
        made.map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
        Ok(Reports(Arc::new(Inner { folder: folder.to_owned(), news: Notify::new() })))
    }

    /// Keeps a report's file as it was signed: when this returns `Ok` it is on disk. After an error it may be there
    /// all the same, and may be put again. Blocks for the disk.
    pub fn put(&self, report: &[u8]) -> Result<(), PutReportError> {
        if report.len() > MAX_REPORT_LEN {
            return Err(PutReportError::TooLong(report.len()));
        }
        // One program at a time, so that no two take the same number.
        let lock = self.0.lock_file("put.lock")?;
        lock.lock()?;
        let (waiting, refused) = (numbers(&self.0.folder)?, numbers(&self.0.folder.join(REFUSED))?);
        if waiting.len() + refused.len() >= MOST_REPORTS {
            return Err(PutReportError::Full(self.0.folder.clone()));
        }
        let last = waiting.last().max(refused.last()).copied().unwrap_or(0);
        replace(&self.0.folder.join(name(last + 1)), report)?;
        self.0.news.notify_one();
        Ok(())
    }

    /// Begins to deliver in the name of `machine`, on the current tokio runtime. One program at a time does.
    pub fn deliver(&self, machine: Machine, pace: Pace) -> Result<Delivery, OpenError> {
        self.deliver_for(Arc::new(machine), pace)
    }

    /// As [`deliver`](Self::deliver), for a machine that does other things too.
    pub fn deliver_for(&self, machine: Arc<Machine>, pace: Pace) -> Result<Delivery, OpenError> {
        let unusable = |source| OpenError::Folder { path: self.0.folder.clone(), source };
        let lock = self.0.lock_file("lock").map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Taken(self.0.folder.clone())),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let waiting = self.clone();
        let carried = Carried { inner: self.0.clone(), _lock: lock };
        Ok(Delivery::start(carried, machine, pace, move || waiting.waiting_bytes()))
    }

    /// Bytes that the registry has not taken.
    pub fn waiting_bytes(&self) -> u64 {
        let numbers = numbers(&self.0.folder).unwrap_or_default();
        let length = |number| fs::metadata(self.0.folder.join(name(number))).map_or(0, |it| it.len());
        numbers.into_iter().map(length).sum()
    }
}

impl Inner {
    fn lock_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(self.folder.join(name))
    }

    /// The oldest report.
    fn oldest(&self) -> io::Result<Option<(u64, Vec<u8>)>> {
        let Some(number) = numbers(&self.folder)?.first().copied() else { return Ok(None) };
        Ok(Some((number, fs::read(self.folder.join(name(number)))?)))
    }

    /// Puts a report aside, with the reason beside it.
    fn refuse(&self, number: u64, answer: &Answer) -> io::Result<()> {
        let Answer { code, message, .. } = answer;
        let aside = self.folder.join(REFUSED).join(name(number));
        replace(&aside.with_extension("txt"), format!("{code}: {message}\n").as_bytes())?;
        fs::rename(self.folder.join(name(number)), aside)?;
        tracing::error!(
            code,
            message,
            report = name(number),
            "the registry does not take a report; it is kept in the folder '{REFUSED}'"
        );
        File::open(self.folder.join(REFUSED))?.sync_all()
    }
}

fn name(number: u64) -> String {
    format!("{number:08}.json")
}

/// The numbers of a folder's reports, in order. Whatever else lies there is not theirs.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.file_name();
        let number = file.to_str().and_then(|file| file.strip_suffix(".json")?.parse().ok());
        numbers.extend(number.filter(|number| file.to_str() == Some(&name(*number))));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

struct Carried {
    inner: Arc<Inner>,
    /// Held as long as they are delivered, however the program ends.
    _lock: File,
}

impl Errand for Carried {
    const WHAT: &'static str = "reports";
    /// The report's number; none: it was put aside.
    type Mark = Option<u64>;

    async fn bring(&mut self, post: &Post) -> Result<Option<Brought<Option<u64>>>, Later> {
        let inner = self.inner.clone();
        let oldest = off_runtime(move || inner.oldest()).await?;
        let oldest = oldest.map_err(|error| format!("a report cannot be read: {error}"))?;
        let Some((number, report)) = oldest else { return Ok(None) };
        let answer = match post.report(report).await {
            Posted::Answered(mut answers) => answers.pop().ok_or_else(|| "it gave no answer".to_owned())?,
            Posted::NotTaken(answer) => answer,
            Posted::Later { why, after } => return Err(Later { why, after }),
        };
        let (new, known) =
            (u64::from(answer.status == Verdict::New), u64::from(answer.status == Verdict::Known));
        if new + known == 1 {
            return Ok(Some(Brought { new, known, refused: 0, mark: Some(number) }));
        }
        let inner = self.inner.clone();
        let aside = off_runtime(move || inner.refuse(number, &answer)).await?;
        aside.map_err(|error| format!("a refused report cannot be put aside: {error}"))?;
        Ok(Some(Brought { new, known, refused: 1, mark: None }))
    }

    async fn settle(&mut self, mark: Option<u64>) -> Result<(), Later> {
        let Some(number) = mark else { return Ok(()) };
        let file = self.inner.folder.join(name(number));
        let removed = off_runtime(move || fs::remove_file(file)).await?;
        removed.map_err(|error| format!("a delivered report cannot be removed: {error}").into())
    }

    async fn news(&self) {
        let _ = tokio::time::timeout(LOOK_PERIOD, self.inner.news.notified()).await;
    }
}
