//! Processors: who runs on which, so that target and load do not share one.

use crate::LoadError;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use std::str::FromStr;

/// Some processors, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores(Vec<usize>);

impl Cores {
    /// The first of them.
    pub fn first(&self) -> Option<usize> {
        self.0.first().copied()
    }
}

impl FromStr for Cores {
    type Err = String;

    /// Numbers with commas between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let number =
            |part: &str| part.trim().parse().map_err(|_| format!("'{part}' is no processor's number"));
        text.split(',').map(number).collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for Cores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&numbers.join(","))
    }
}

impl Cores {
    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Keeps the calling thread, and what it starts from now on, on these processors.
///
/// # Errors
/// If there are none such, or the system refuses.
pub fn pin(cores: &Cores) -> Result<(), LoadError> {
    let mut set = CpuSet::new();
    let failed = LoadError::system::<nix::Error>("pin a thread to its processor");
    cores.0.iter().try_for_each(|core| set.set(*core)).map_err(&failed)?;
    sched_setaffinity(Pid::from_raw(0), &set).map_err(&failed)
}

/// Does something on these processors: what it starts stays there, the calling thread comes back.
///
/// # Errors
/// As [`pin`].
pub fn pinned<T>(cores: &Cores, start: impl FnOnce() -> T) -> Result<T, LoadError> {
    let failed = LoadError::system::<nix::Error>("read a thread's processors");
    let before = sched_getaffinity(Pid::from_raw(0)).map_err(&failed)?;
    pin(cores)?;
    let started = start();
    sched_setaffinity(Pid::from_raw(0), &before).map_err(&failed)?;
    Ok(started)
}

/// Lets the process have as many open files, and so sockets, as the system allows.
pub fn all_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // With fewer, joins fail and say so.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        let cores: Cores = "0, 3".parse().unwrap();
        assert_eq!((cores.to_string(), cores.count()), ("0,3".to_owned(), 2));
        assert!("".parse::<Cores>().is_err() && "a".parse::<Cores>().is_err());
    }

    #[test]
    fn what_is_pinned_comes_back() {
        let before = sched_getaffinity(Pid::from_raw(0)).unwrap();
        let first = (0..CpuSet::count()).find(|core| before.is_set(*core).unwrap()).unwrap();
        let inside = pinned(&Cores(vec![first]), || sched_getaffinity(Pid::from_raw(0)).unwrap()).unwrap();
        assert_eq!((0..CpuSet::count()).filter(|core| inside.is_set(*core).unwrap()).count(), 1);
        assert_eq!(sched_getaffinity(Pid::from_raw(0)).unwrap(), before);
        assert!(pin(&Cores(vec![100_000])).is_err());
    }
}
