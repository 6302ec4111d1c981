//! How far the files of a day have answers, on disk.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Of each file of a day, how many bytes have answers.
pub(super) type OfDay = BTreeMap<String, u64>;

/// What is known of a day.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Marks {
    /// All of it has answers, and nothing will be added.
    Settled,
    /// Some of it may not.
    Open(OfDay),
}

impl Marks {
    /// What was noted; a note that cannot be read is as good as none.
    pub(super) fn read(folder: &Path, day: &str) -> Marks {
        let text = match fs::read(path(folder, day)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Marks::Open(OfDay::new()),
            Err(error) => {
                tracing::warn!(day, %error, "what was delivered of it cannot be read; all of it is sent again");
                return Marks::Open(OfDay::new());
            }
        };
        serde_json::from_slice(&text).unwrap_or_else(|_| {
            tracing::warn!(day, "what was delivered of it was not noted whole; all of it is sent again");
            Marks::Open(OfDay::new())
        })
    }
}

/// Notes how far the files of a day have answers.
pub(super) fn write(folder: &Path, day: &str, of_day: OfDay) {
    note(folder, day, &Marks::Open(of_day));
}

/// Notes that nothing of a day needs to be looked at again.
pub(super) fn settle(folder: &Path, day: &str) {
    note(folder, day, &Marks::Settled);
}

fn note(folder: &Path, day: &str, marks: &Marks) {
    let path = path(folder, day);
    let draft = path.with_extension("new");
    // Names and numbers always have a JSON form.
    let json = serde_json::to_vec(marks).expect("marks have a JSON form");
    if let Err(error) = fs::write(&draft, json).and_then(|()| fs::rename(&draft, &path)) {
        tracing::warn!(day, %error, "what was delivered cannot be noted; after a start it is sent again");
    }
}

fn path(folder: &Path, day: &str) -> PathBuf {
    folder.join(format!("{day}.json"))
}
