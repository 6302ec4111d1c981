//! Facts that a journal has on disk already: read from its files, a line a fact, from where the registry's
//! answers end.
//!
//! The journal's files are `FACTS/DAY/NAME.jsonl`. How much of each has answers stands in `MARKS/DAY.json`.
//! Marks need not be on disk for certain: one that is lost costs sending facts again. But a mark must never
//! stand behind more than the disk keeps; so only what is synced is sent.

mod marks;

use crate::backoff::Pace;
use crate::deliver::Delivery;
use crate::facts;
use crate::machine::Machine;
use crate::source::{Room, Source, Taken};
use marks::{Marks, OfDay};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A file below the folder of facts: its day and its name.
type Name = (String, String);

/// Follows a journal. Cheap to clone.
#[derive(Clone)]
pub struct Follow(Arc<Inner>);

struct Inner {
    facts: PathBuf,
    marks: PathBuf,
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    /// Files of which something has no answer yet, or had none since the start.
    files: BTreeMap<Name, Extent>,
    /// How far each file of the days that are not settled has answers.
    marks: BTreeMap<String, OfDay>,
}

/// How far a file goes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    synced: u64,
    delivered: u64,
    /// Bytes at its end that are no whole line, as after a power cut: nothing waits in them.
    torn: u64,
}

impl Extent {
    fn waiting(&self) -> u64 {
        self.synced.saturating_sub(self.delivered + self.torn)
    }
}

impl Follow {
    /// Finds what of the journal in `facts` has no answers; the answers are noted in `marks`, which is made if
    /// there is none. Days before `closed` (`2026-11-25`) get no more facts: once they are delivered they are
    /// not looked at again. Nobody may write to the journal before this returns.
    pub fn open(facts: &Path, marks: &Path, closed: &str) -> io::Result<Follow> {
        DirBuilder::new().recursive(true).mode(0o700).create(marks)?;
        let mut state = State::default();
        for day in days(facts)? {
            match Marks::read(marks, &day) {
                Marks::Settled => {}
                Marks::Open(known) => state.find(facts, marks, &day, known, closed),
            }
        }
        let inner = Inner {
            facts: facts.to_owned(),
            marks: marks.to_owned(),
            state: Mutex::new(state),
            news: Notify::new(),
        };
        Ok(Follow(Arc::new(inner)))
    }

    /// The journal has synced a file, up to here. Does not wait for the disk.
    pub fn synced(&self, file: &Path, len: u64) {
        let Some(name) = name_of(file) else { return };
        let mut state = self.0.state();
        let extent = state.extent_of(name);
        (extent.synced, extent.torn) = (len, 0);
        drop(state);
        self.0.news.notify_one();
    }

    /// Begins to deliver in the name of `machine`, on the current tokio runtime. What the registry does not
    /// take is kept in `refused.jsonl` beside the marks.
    pub fn deliver(&self, machine: Machine, pace: Pace) -> Delivery {
        facts::deliver(self.0.clone(), machine, &self.0.marks, pace)
    }

    /// Bytes of the journal that have no answers.
    pub fn waiting_bytes(&self) -> u64 {
        Source::waiting_bytes(&*self.0)
    }
}

impl State {
    fn extent_of(&mut self, name: Name) -> &mut Extent {
        let delivered = self.marks.get(&name.0).and_then(|of_day| of_day.get(&name.1)).copied().unwrap_or(0);
        self.files.entry(name).or_insert(Extent { synced: delivered, delivered, torn: 0 })
    }

    /// Looks through the files of a day. What cannot be read is passed over: lessons must begin today,
    /// whatever became of yesterday's record.
    fn find(&mut self, facts: &Path, marks: &Path, day: &str, mut known: OfDay, closed: &str) {
        let unreadable = |path: &Path, error: &io::Error| {
            tracing::error!(file = %path.display(), %error, "facts cannot be read, and are not delivered");
        };
        let folder = facts.join(day);
        let names = files(&folder).inspect_err(|error| unreadable(&folder, error));
        let mut is_done = names.is_ok();
        for name in names.unwrap_or_default() {
            let path = folder.join(&name);
            let marked = known.get(&name).copied().unwrap_or(0);
            match extent(&path, marked) {
                Ok(extent) => {
                    known.insert(name.clone(), extent.delivered);
                    if extent.delivered < extent.synced {
                        is_done = false;
                        self.files.insert((day.to_owned(), name), extent);
                    }
                }
                Err(error) => {
                    unreadable(&path, &error);
                    is_done = false;
                }
            }
        }
        if is_done && day < closed {
            marks::settle(marks, day);
        } else {
            self.marks.insert(day.to_owned(), known);
        }
    }
}

/// How far a file goes, and how much of it has answers, by its mark.
fn extent(path: &Path, marked: u64) -> io::Result<Extent> {
    let file = File::open(path)?;
    let synced = file.metadata()?.len();
    let delivered = if stands(&file, marked, synced)? { marked } else { 0 };
    if delivered < synced {
        // An earlier run may have ended between writing and syncing.
        file.sync_data()?;
    }
    Ok(Extent { synced, delivered, torn: 0 })
}

/// Whether a mark can be one of this file: behind a line's end, not behind the file's.
fn stands(mut file: &File, mark: u64, len: u64) -> io::Result<bool> {
    if mark == 0 || mark >= len {
        return Ok(mark <= len);
    }
    let mut byte = [0];
    file.seek(SeekFrom::Start(mark - 1))?;
    file.read_exact(&mut byte)?;
    if byte == *b"\n" {
        return Ok(true);
    }
    // The last line may have been taken without its end, which the journal wrote later.
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Positions only: nobody leaves them half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file was read to its end; behind `until` is no whole line. More may have come meanwhile.
    fn note_end(&self, name: &Name, read: Extent, until: u64) {
        if let Some(extent) = self.state().files.get_mut(name).filter(|extent| extent.synced == read.synced) {
            extent.torn = read.synced - until;
        }
    }

    /// Lines of a file from its mark on, as many as go into the request. Returns how far they go, and
    /// whether there is room for more.
    fn lines(
        &self,
        name: &Name,
        extent: Extent,
        room: &mut Room,
        facts: &mut Vec<Vec<u8>>,
    ) -> io::Result<(u64, bool)> {
        let mut file = File::open(self.facts.join(&name.0).join(&name.1))?;
        file.seek(SeekFrom::Start(extent.delivered))?;
        let mut bytes = Vec::new();
        file.take(extent.synced - extent.delivered).read_to_end(&mut bytes)?;
        let mut until = extent.delivered;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = line.trim_ascii();
            // A line without its end is one only if it is whole but for that.
            let is_whole =
                line.ends_with(b"\n") || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
            if !is_whole {
                break;
            }
            if !text.is_empty() {
                if !room.fits(text.len()) {
                    return Ok((until, false));
                }
                facts.push(text.to_vec());
            }
            until += line.len() as u64;
        }
        Ok((until, true))
    }
}

impl Source for Inner {
    type Mark = Vec<(Name, u64)>;

    fn take(&self) -> io::Result<Option<Taken<Self::Mark>>> {
        let waiting: Vec<(Name, Extent)> = {
            let state = self.state();
            let waits = state.files.iter().filter(|(_, extent)| extent.waiting() > 0);
            waits.map(|(name, extent)| (name.clone(), *extent)).collect()
        };
        let mut room = Room::of_a_request();
        let mut taken = Taken { facts: Vec::new(), mark: Vec::new() };
        for (name, extent) in waiting {
            let (until, has_room) = match self.lines(&name, extent, &mut room, &mut taken.facts) {
                Ok(read) => read,
                Err(error) => {
                    // Somebody may have moved an old day away.
                    tracing::error!(file = ?name, %error, "facts cannot be read, and are not delivered");
                    continue;
                }
            };
            if !has_room {
                taken.mark.extend((until > extent.delivered).then_some((name, until)));
                break;
            }
            self.note_end(&name, extent, until);
            if until > extent.delivered {
                taken.mark.push((name, until));
            }
        }
        Ok((!taken.mark.is_empty()).then_some(taken))
    }

    fn settle(&self, mark: Self::Mark) {
        let mut days: BTreeMap<String, OfDay> = BTreeMap::new();
        {
            let mut state = self.state();
            let changed: BTreeSet<String> = mark.iter().map(|((day, _), _)| day.clone()).collect();
            for (name, until) in mark {
                state.marks.entry(name.0.clone()).or_default().insert(name.1.clone(), until);
                state.extent_of(name).delivered = until;
            }
            for day in changed {
                let of_day = state.marks.get(&day).cloned().unwrap_or_default();
                days.insert(day, of_day);
            }
        }
        for (day, of_day) in days {
            marks::write(&self.marks, &day, of_day);
        }
    }

    fn news(&self) -> &Notify {
        &self.news
    }

    fn waiting_bytes(&self) -> u64 {
        self.state().files.values().map(Extent::waiting).sum()
    }
}

fn name_of(file: &Path) -> Option<Name> {
    let name = file.file_name()?.to_str()?;
    let day = file.parent()?.file_name()?.to_str()?;
    Some((day.to_owned(), name.to_owned()))
}

/// The days of which there are facts, in order.
fn days(facts: &Path) -> io::Result<Vec<String>> {
    let is_day =
        |name: &str| name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let mut days = names(facts)?;
    days.retain(|name| is_day(name));
    Ok(days)
}

/// The files of a day, in order.
fn files(day: &Path) -> io::Result<Vec<String>> {
    let mut files = names(day)?;
    files.retain(|name| Path::new(name).extension() == Some(OsStr::new("jsonl")));
    Ok(files)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests;
