//! Where pictures and sound come from.

mod error;
pub(crate) mod pace;
pub mod sound;
pub mod video;

pub use error::CaptureError;

use crate::program::Program;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::{Now, WallTime};

/// Who the test scene and the test sound belong to, and on which clock their stamps are.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Tells this sender's markers and beeps from others'.
    pub session: u16,
    /// Drawn into the test scene, e.g. the school's name.
    pub label: String,
    /// One moment on both clocks; stamps are derived from it, so that a stepped system clock does
    /// not bend a run.
    pub clock: Now,
    /// In a measured call: when the scene flashes, and what is broken on purpose. None: it flashes with the test
    /// sound ([`crate::beat`]).
    pub program: Option<Program>,
}

impl Identity {
    /// An identity whose clock is read now.
    pub fn new(session: u16, label: &str) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = Now { instant: Instant::now(), wall: WallTime(wall.as_micros() as u64) };
        Self { session, label: label.to_owned(), clock, program: None }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new(0, "")
    }
}

/// Opens a file for reading; a missing one is told with what lies beside it.
fn open_file(path: &Path) -> Result<File, CaptureError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            CaptureError::Missing { what: "file", name: name.clone(), found: beside(path) }
        }
        _ => CaptureError::Open { name: name.clone(), reason: error.to_string() },
    })?;
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        _ => Err(CaptureError::Open { name, reason: "it is not a regular file".into() }),
    }
}

/// Files with the same ending in the same directory, as a clause.
fn beside(path: &Path) -> String {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = directory.read_dir() else {
        return format!("its directory '{}' cannot be read", directory.display());
    };
    let same_kind = entries.flatten().map(|e| e.path()).filter(|p| p.extension() == path.extension());
    let mut names: Vec<String> =
        same_kind.filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned())).take(8).collect();
    names.sort();
    found_clause(&names, "its directory holds no file of this kind", "beside it lie")
}

/// `none` or `some: a, b, c`.
fn found_clause(names: &[String], none: &str, some: &str) -> String {
    if names.is_empty() { none.to_owned() } else { format!("{some}: {}", names.join(", ")) }
}
