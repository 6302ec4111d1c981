//! One thing at a time on a machine: a self-test beside a lesson, or beside another self-test, would disturb it and
//! measure it. Advisory locks say what runs; they end with the process, however it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Why a self-test must not begin on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// A lesson.
    #[error("a lesson is running on this machine (tongke send or receive); test when it has ended")]
    Lesson,
    /// Another self-test.
    #[error("another self-test is running on this machine; wait for its end")]
    SelfTest,
}

/// Says that something runs, for as long as it is held.
#[derive(Debug)]
pub struct Held {
    _locks: Vec<File>,
}

/// Lessons hold this shared, a self-test holds it alone: in the machine's folder and in the user's folder for what runs
/// (`XDG_RUNTIME_DIR`), where there are such.
fn locks(data: Option<&Path>) -> Vec<File> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folders = data.map(Path::to_owned).into_iter().chain(runtime);
    let open = |folder: PathBuf| {
        let path = folder.join("tongke-busy.lock");
        File::options().create(true).truncate(false).write(true).open(path).ok()
    };
    folders.filter_map(open).collect()
}

impl Held {
    /// For a self-test, which nothing else may run beside.
    pub fn by_selftest(data: Option<&Path>) -> Result<Held, Busy> {
        let locks = locks(data);
        for lock in &locks {
            if let Err(TryLockError::WouldBlock) = lock.try_lock() {
                let is_shared = lock.try_lock_shared().is_ok();
                return Err(if is_shared { Busy::Lesson } else { Busy::SelfTest });
            }
        }
        Ok(Held { _locks: locks })
    }

    /// For a lesson. It begins also where a self-test runs: that one's figures suffer, not the lesson.
    pub fn by_lesson(data: Option<&Path>) -> Held {
        let locks = locks(data);
        if !locks.iter().all(|lock| lock.try_lock_shared().is_ok()) {
            tracing::warn!("{}; its figures will say less", Busy::SelfTest);
        }
        Held { _locks: locks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_test_runs_alone_and_lessons_beside_each_other() {
        let folder = std::env::temp_dir().join(format!("tongke-busy-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let data = Some(folder.as_path());
        let (first, second) = (Held::by_lesson(data), Held::by_lesson(data));
        assert_eq!(Held::by_selftest(data).unwrap_err(), Busy::Lesson);
        drop(first);
        assert_eq!(Held::by_selftest(data).unwrap_err(), Busy::Lesson, "the other lesson goes on");
        drop(second);
        let test = Held::by_selftest(data).unwrap();
        assert_eq!(Held::by_selftest(data).unwrap_err(), Busy::SelfTest);
        drop(Held::by_lesson(data));
        drop(test);
        assert!(Held::by_selftest(data).is_ok());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
