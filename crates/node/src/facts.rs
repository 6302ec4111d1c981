//! Facts on disk, and what this process used.

use std::path::{Path, PathBuf};
use tokio::task::JoinHandle;
use tongke_protocol::facts::NodeFacts;

/// Writes the facts to a file, one writing at a time, off the session's thread.
#[derive(Debug)]
pub(crate) struct FactsFile {
    path: PathBuf,
    writing: Option<JoinHandle<()>>,
    warned: bool,
}

impl FactsFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, writing: None, warned: false }
    }

    /// Writes, unless the last writing is still under way: the next second brings newer facts.
    pub(crate) fn write(&mut self, facts: &NodeFacts) {
        if self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return;
        }
        let Some(json) = to_json(facts) else { return };
        let (path, warn) = (self.path.clone(), !self.warned);
        self.warned |= !parent_exists(&self.path);
        self.writing = Some(tokio::task::spawn_blocking(move || {
            if let Err(error) = replace(&path, &json)
                && warn
            {
                tracing::warn!(%error, path = %path.display(), "the facts cannot be written");
            }
        }));
    }

    /// The last writing; waits for it.
    pub(crate) async fn finish(mut self, facts: &NodeFacts) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.await;
        }
        let Some(json) = to_json(facts) else { return };
        let path = self.path;
        let written = tokio::task::spawn_blocking(move || (replace(&path, &json), path)).await;
        if let Ok((Err(error), path)) = written {
            tracing::error!(%error, path = %path.display(), "the facts cannot be written");
        }
    }
}

fn parent_exists(path: &Path) -> bool {
    path.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir())
}

fn to_json(facts: &NodeFacts) -> Option<Vec<u8>> {
    serde_json::to_vec_pretty(facts).inspect_err(|error| tracing::error!(%error, "no facts")).ok()
}

/// Readers see the old file or the new one, never half of one.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let draft = path.with_file_name(name);
    std::fs::write(&draft, contents)?;
    std::fs::rename(&draft, path)
}

/// Processor time of this process so far, in seconds: user and system time of `/proc/self/stat`
/// (proc(5)), whose clock ticks at 100 Hz on Linux.
pub(crate) fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) as f64 / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_on_linux() {
        if cfg!(target_os = "linux") {
            assert!(cpu_seconds().unwrap() >= 0.0);
        }
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let path = std::env::temp_dir().join(format!("tongke-facts-{}.json", std::process::id()));
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        std::fs::remove_file(path).unwrap();
    }
}
