//! The self-tests of a machine: their facts in its folder, so that a trend can be seen.

use std::io;
use std::path::{Path, PathBuf};
use tongke_inspection::Facts;

/// Tests that are kept; of more the oldest are dropped. Two thirds of a year of nightly tests.
const KEPT: usize = 200;

/// What is kept of earlier self-tests: `selftests/ID.json` in the machine's folder.
#[derive(Debug, Clone)]
pub struct History {
    folder: PathBuf,
}

/// Why a self-test is not kept, or none can be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "'{path}' cannot be {what}: {why}; see that this user may write there, and that the disk is not full"
)]
pub struct HistoryError {
    path: String,
    what: &'static str,
    why: String,
}

fn failed(path: &Path, what: &'static str, why: &dyn ToString) -> HistoryError {
    HistoryError { path: path.display().to_string(), what, why: why.to_string() }
}

impl History {
    /// The history of the machine whose folder this is.
    pub fn of(data: &Path) -> History {
        History { folder: data.join("selftests") }
    }

    /// Keeps a test's facts and drops the oldest beyond `KEPT`. Whoever reads sees all of a test or nothing of it.
    pub fn keep(&self, facts: &Facts) -> Result<(), HistoryError> {
        let path = self.folder.join(format!("{}.json", facts.id));
        let unwritten = |why: &dyn ToString| failed(&path, "written", why);
        std::fs::create_dir_all(&self.folder).map_err(|error| unwritten(&error))?;
        let json = facts.to_json().map_err(|error| unwritten(&error))?;
        crate::facts::replace(&path, &json).map_err(|error| unwritten(&error))?;
        let names = self.names()?;
        for name in &names[..names.len().saturating_sub(KEPT)] {
            // Somebody else may have dropped it already.
            let _ = std::fs::remove_file(name);
        }
        Ok(())
    }

    /// The tests that are kept, in the order of their time. What cannot be read is left out and logged: one spoilt file
    /// must not hide the others.
    pub fn tests(&self) -> Result<Vec<Facts>, HistoryError> {
        let read = |path: &PathBuf| {
            let facts = std::fs::read(path).map_err(|error| error.to_string());
            let facts = facts.and_then(|json| Facts::parse(&json).map_err(|error| error.to_string()));
            facts.inspect_err(|error| tracing::warn!("'{}' is left out: {error}", path.display())).ok()
        };
        let mut tests: Vec<Facts> = self.names()?.iter().filter_map(read).collect();
        tests.sort_by_key(|facts| facts.time.began);
        Ok(tests)
    }

    /// The files of the tests, the oldest first: of one node the names are in the order of time.
    fn names(&self) -> Result<Vec<PathBuf>, HistoryError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&self.folder, "read", &error)),
        };
        let written = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let paths = entries.flatten().map(|entry| entry.path());
        let mut names: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
        names.sort_by_cached_key(|path| (written(path), path.clone()));
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, ToSpan as _};

    const EMPTY: &[u8] = include_bytes!("../../../inspection/fixtures/empty.json");

    /// A folder that is taken away again.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = std::env::temp_dir().join(format!("tongke-history-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Folder(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn test(number: i64) -> Facts {
        let mut facts = Facts::parse(EMPTY).unwrap();
        facts.id = format!("selftest-{number:04}");
        facts.time.began = Timestamp::UNIX_EPOCH + number.hours();
        facts.time.ended = facts.time.began;
        facts
    }

    #[test]
    fn tests_come_back_in_the_order_of_their_time_and_the_oldest_are_dropped() {
        let folder = Folder::new("order");
        let history = History::of(&folder.0);
        assert!(history.tests().unwrap().is_empty(), "nothing was kept yet");
        let extra = 3;
        for number in 0..(KEPT as i64 + extra) {
            history.keep(&test(number)).unwrap();
        }
        let kept = history.tests().unwrap();
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept.last(), Some(&test(KEPT as i64 + extra - 1)));
        assert!(kept.is_sorted_by_key(|facts| facts.time.began));
    }

    #[test]
    fn a_spoilt_file_hides_no_other_and_a_folder_that_cannot_be_written_is_named() {
        let folder = Folder::new("spoilt");
        let history = History::of(&folder.0);
        history.keep(&test(1)).unwrap();
        std::fs::write(history.folder.join("half.json"), b"{\"version\":1,").unwrap();
        assert_eq!(history.tests().unwrap(), [test(1)]);
        let file = folder.0.join("file");
        std::fs::write(&file, b"").unwrap();
        let error = History::of(&file).keep(&test(1)).unwrap_err().to_string();
        assert!(error.contains("selftests") && error.contains("cannot be written"), "{error}");
    }
}
