//! The outbox of a machine that keeps no other record.

use crate::backoff::Pace;
use crate::deliver::Delivery;
use crate::disk::Folder;
use crate::facts;
use crate::machine::Machine;
use crate::source::{Source, Taken};
use crate::store::{Limits, Mark, PutError, Store, Worth};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Why an outbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program has it.
    #[error("another program writes to '{0}'; end it, or name another folder")]
    Taken(PathBuf),
    /// The folder cannot be used.
    #[error("'{path}' cannot be used ({source}); name a folder that can be written to")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Facts that wait for the registry, in a folder of their own. Cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    store: Mutex<Store<Folder>>,
    news: Notify,
    /// Held as long as the outbox is, however the program ends.
    _lock: File,
}

impl Outbox {
    /// Opens the outbox in `folder`, which is made if there is none, and finds what earlier runs left.
    pub fn open(folder: &Path, limits: Limits) -> Result<Outbox, OpenError> {
        let unusable = |source| OpenError::Folder { path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        let lock = folder.join("lock");
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(lock).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Taken(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let store = Store::open(Folder(folder.to_owned()), limits).map_err(unusable)?;
        let waiting_bytes = store.waiting_bytes();
        if waiting_bytes > 0 {
            tracing::info!(folder = %folder.display(), waiting_bytes, "facts of earlier runs wait for the registry");
        }
        let (store, news) = (Mutex::new(store), Notify::new());
        Ok(Outbox(Arc::new(Inner { folder: folder.to_owned(), store, news, _lock: lock })))
    }

    /// Keeps a fact, as JSON with its `id`: when this returns `Ok` it is on disk. After an error it may be there
    /// all the same, and may be put again. Blocks for the disk; not to be called where media flow.
    pub fn put(&self, worth: Worth, fact: &[u8]) -> Result<(), PutError> {
        let kept = self.0.store().put(worth, fact);
        self.0.news.notify_one();
        kept
    }

    /// Begins to deliver in the name of `machine`, on the current tokio runtime.
    pub fn deliver(&self, machine: Machine, pace: Pace) -> Delivery {
        facts::deliver(self.0.clone(), machine, &self.0.folder, pace)
    }

    /// Bytes that the registry has not taken.
    pub fn waiting_bytes(&self) -> u64 {
        self.0.store().waiting_bytes()
    }

    /// Segments of details that were dropped because room was short.
    pub fn dropped(&self) -> u64 {
        self.0.store().dropped
    }
}

impl Inner {
    fn store(&self) -> MutexGuard<'_, Store<Folder>> {
        // Whatever panicked: what counts is on disk, and what is known of it is changed at once.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Inner {
    type Mark = Mark;

    fn take(&self) -> io::Result<Option<Taken<Mark>>> {
        Ok(self.store().take())
    }

    fn settle(&self, mark: Mark) {
        self.store().settle(&mark);
    }

    fn news(&self) -> &Notify {
        &self.news
    }

    fn waiting_bytes(&self) -> u64 {
        self.store().waiting_bytes()
    }
}
