//! Facts in segments: files that are only ever appended to, and removed when all that is in them has an
//! answer. Attendance and details have segments of their own, so that the oldest details can go when room
//! is short.
//!
//! Nothing says which facts of a segment were delivered: after a start its facts are sent again, which is
//! once too often at most and never too few.

use crate::disk::Disk;
use crate::frame::{Frames, frame};
use crate::source::{MAX_FACT_LEN, Room, Taken};
use std::collections::BTreeMap;
use std::io;

/// What becomes of a fact when room is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Lessons are counted by it: it is never dropped.
    Attendance,
    /// How good a lesson was: the oldest go first.
    Detail,
}

/// How much an outbox holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in all. Full: the oldest details are dropped; when there are none, new facts are refused.
    pub bytes: u64,
    /// Bytes after which a new segment begins: details are dropped by whole segments.
    pub segment_bytes: u64,
}

impl Default for Limits {
    /// 64 MiB: what a room says in 200,000 minutes.
    fn default() -> Self {
        Self { bytes: 64 << 20, segment_bytes: 64 << 10 }
    }
}

/// Why a fact is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The outbox is full of facts that must not be dropped.
    #[error(
        "the outbox holds {0} bytes of attendance that the registry has not taken, and takes no more; \
         see why the registry does not answer, or give the outbox more room"
    )]
    Full(u64),
    /// The disk does not take it.
    #[error("the disk does not take the fact ({0}); make room on it")]
    Disk(#[from] io::Error),
    /// Longer than any fact may be.
    #[error("a fact of {0} bytes is too long; at most {MAX_FACT_LEN} are kept")]
    TooLong(usize),
}

type Name = (Worth, u64);

#[derive(Debug)]
struct Segment {
    /// Bytes on disk.
    len: u64,
    /// Up to here everything has an answer.
    delivered: u64,
}

/// The segments of an outbox.
#[derive(Debug)]
pub(crate) struct Store<D> {
    disk: D,
    limits: Limits,
    segments: BTreeMap<Name, Segment>,
    /// The segments that are written to. What an earlier run left is not: its end may be torn.
    open: BTreeMap<Worth, u64>,
    next: u64,
    /// Segments of details that were dropped.
    pub dropped: u64,
}

/// Which facts were taken: up to where in which segment.
pub(crate) type Mark = Vec<(Name, u64)>;

const ENDING: &str = ".facts";

fn file_name((worth, number): Name) -> String {
    let worth = match worth {
        Worth::Attendance => "attendance",
        Worth::Detail => "detail",
    };
    format!("{worth}-{number:010}{ENDING}")
}

fn read_name(file: &str) -> Option<Name> {
    let (worth, number) = file.strip_suffix(ENDING)?.split_once('-')?;
    let worth = match worth {
        "attendance" => Worth::Attendance,
        "detail" => Worth::Detail,
        _ => return None,
    };
    Some((worth, number.parse().ok()?))
}

impl<D: Disk> Store<D> {
    /// What is in the folder.
    pub(crate) fn open(disk: D, limits: Limits) -> io::Result<Self> {
        let named = |(file, len): (String, u64)| Some((read_name(&file)?, Segment { len, delivered: 0 }));
        let segments: BTreeMap<Name, Segment> = disk.list()?.into_iter().filter_map(named).collect();
        let next = segments.keys().map(|(_, number)| number + 1).max().unwrap_or(0);
        Ok(Self { disk, limits, segments, open: BTreeMap::new(), next, dropped: 0 })
    }

    /// Keeps a fact: when this returns `Ok` it is on disk. After an error it may be there all the same.
    pub(crate) fn put(&mut self, worth: Worth, fact: &[u8]) -> Result<(), PutError> {
        if fact.len() > MAX_FACT_LEN {
            return Err(PutError::TooLong(fact.len()));
        }
        let frame = frame(fact);
        while self.bytes() + frame.len() as u64 > self.limits.bytes {
            if !self.drop_oldest_details() {
                return Err(PutError::Full(self.bytes()));
            }
        }
        loop {
            match self.append(worth, &frame) {
                Err(error) if is_full(&error) && self.drop_oldest_details() => {}
                kept => return Ok(kept?),
            }
        }
    }

    fn append(&mut self, worth: Worth, frame: &[u8]) -> io::Result<()> {
        let room = |segment: &Segment| segment.len + frame.len() as u64 <= self.limits.segment_bytes;
        let open = self.open.get(&worth).copied();
        let open = open.filter(|number| self.segments.get(&(worth, *number)).is_some_and(room));
        let name = (worth, open.unwrap_or(self.next));
        let before = self.segments.get(&name).map_or(0, |segment| segment.len);
        let file = file_name(name);
        if open.is_none() {
            self.next += 1;
        }
        if let Err(error) = self.disk.append(&file, frame) {
            // What is on disk now nobody knows: the next fact goes into a new file.
            self.open.remove(&worth);
            let undone = if before == 0 { self.disk.remove(&file) } else { self.disk.cut(&file, before) };
            if let Err(error) = undone {
                tracing::debug!(file, %error, "part of a fact stays behind; it is passed over");
            }
            return Err(error);
        }
        self.open.insert(worth, name.1);
        let segment = self.segments.entry(name).or_insert(Segment { len: 0, delivered: 0 });
        segment.len += frame.len() as u64;
        Ok(())
    }

    /// Makes room. False: there are no details.
    fn drop_oldest_details(&mut self) -> bool {
        let details = (Worth::Detail, 0)..=(Worth::Detail, u64::MAX);
        let Some((&name, _)) = self.segments.range(details).next() else { return false };
        if let Err(error) = self.disk.remove(&file_name(name)) {
            tracing::warn!(file = file_name(name), %error, "old details cannot be removed");
            return false;
        }
        self.forget(name);
        self.dropped += 1;
        tracing::warn!(file = file_name(name), "room is short: the oldest quality details were dropped");
        true
    }

    fn forget(&mut self, name: Name) {
        self.segments.remove(&name);
        if self.open.get(&name.0) == Some(&name.1) {
            self.open.remove(&name.0);
        }
    }

    /// The oldest facts without an answer, attendance first. A file that cannot be read now is passed over.
    pub(crate) fn take(&mut self) -> Option<Taken<Mark>> {
        let mut room = Room::of_a_request();
        let mut taken = Taken { facts: Vec::new(), mark: Mark::new() };
        for (name, segment) in self.segments.iter().filter(|(_, segment)| segment.delivered < segment.len) {
            let file = file_name(*name);
            let bytes = match self.disk.read(&file) {
                Ok(bytes) => bytes,
                Err(error) => {
                    tracing::error!(file, %error, "facts cannot be read, and are not delivered");
                    continue;
                }
            };
            let mut frames = Frames::new(&bytes, segment.delivered as usize);
            let mut until = segment.delivered;
            let mut is_full = false;
            for framed in frames.by_ref() {
                if !room.fits(framed.record.len()) {
                    is_full = true;
                    break;
                }
                taken.facts.push(framed.record.to_vec());
                until = framed.end as u64;
            }
            if frames.damaged > 0 {
                tracing::warn!(file, bytes = frames.damaged, "a fact was broken off, as by a power cut");
            }
            taken.mark.push((*name, if is_full { until } else { segment.len }));
            if is_full {
                break;
            }
        }
        (!taken.mark.is_empty()).then_some(taken)
    }

    /// These facts have answers.
    pub(crate) fn settle(&mut self, mark: &Mark) {
        for (name, until) in mark {
            // Details may have been dropped meanwhile.
            if let Some(segment) = self.segments.get_mut(name) {
                segment.delivered = segment.delivered.max(*until);
            }
        }
        let done = self.segments.iter().filter(|(_, segment)| segment.delivered >= segment.len);
        for name in done.map(|(name, _)| *name).collect::<Vec<_>>() {
            match self.disk.remove(&file_name(name)) {
                Ok(()) => self.forget(name),
                Err(error) => tracing::warn!(file = file_name(name), %error, "it is done with and stays"),
            }
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.len).sum()
    }

    /// Bytes without an answer.
    pub(crate) fn waiting_bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.len - segment.delivered).sum()
    }
}

/// Whether an error says that there is no room.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

#[cfg(test)]
mod tests;
