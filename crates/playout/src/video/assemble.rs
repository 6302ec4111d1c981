//! Packets of one stream put in order and together to pictures.

use super::VideoPart;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A picture that is all there.
#[derive(Debug)]
pub(super) struct Assembled {
    pub(super) parts: Vec<VideoPart>,
    pub(super) first_arrived: Instant,
    pub(super) arrived: Instant,
    pub(super) keyframe: bool,
}

/// A keyframe that is all there, behind a gap.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyframeAhead {
    pub(super) first_seq: u64,
    pub(super) rtp_ts_90k: u32,
}

#[derive(Debug, Clone)]
struct Held {
    part: VideoPart,
    arrived: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Assembly {
    held: BTreeMap<u64, Held>,
    /// Held packets that may begin a keyframe.
    keyframe_starts: BTreeSet<u64>,
    /// The first packet of the picture wanted next; none: a keyframe is wanted, whichever.
    next: Option<u64>,
    /// All from `next` up to here, exclusive, are held.
    scanned: u64,
    lowest_seen: Option<u64>,
}

/// What an inserted packet was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    Taken,
    /// Came before, or its picture is gone.
    Useless,
}

impl Assembly {
    pub(super) fn insert(&mut self, now: Instant, part: VideoPart) -> Inserted {
        let seq = part.ext_seq;
        if self.next.is_some_and(|next| seq < next) || self.held.contains_key(&seq) {
            return Inserted::Useless;
        }
        self.lowest_seen = Some(self.lowest_seen.map_or(seq, |lowest| lowest.min(seq)));
        if part.keyframe_start {
            self.keyframe_starts.insert(seq);
        }
        self.held.insert(seq, Held { part, arrived: now });
        Inserted::Taken
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    /// Whether something later is here while something earlier is missing.
    pub(super) fn has_gap(&self) -> bool {
        self.next.is_some() && self.held.last_key_value().is_some_and(|(last, _)| *last >= self.scanned)
    }

    /// The next picture in order, if it is all there. Packets without payload are padding and make no
    /// picture.
    pub(super) fn take_next(&mut self) -> Option<Assembled> {
        loop {
            let first = self.next?;
            let end = self.end_of_picture(first)?;
            self.next = Some(end);
            self.scanned = end;
            let picture = self.take(first, end);
            if !picture.parts.is_empty() {
                return Some(picture);
            }
        }
    }

    /// One behind the last packet of the picture that begins with `first`. Goes on where it stopped.
    fn end_of_picture(&mut self, first: u64) -> Option<u64> {
        while let Some(held) = self.held.get(&self.scanned) {
            if self.scanned > first && held.part.rtp_ts_90k != self.held.get(&first)?.part.rtp_ts_90k {
                return Some(self.scanned);
            }
            self.scanned += 1;
            if held.part.marker {
                return Some(self.scanned);
            }
        }
        None
    }

    fn take(&mut self, first: u64, end: u64) -> Assembled {
        let rest = self.held.split_off(&end);
        let taken = std::mem::replace(&mut self.held, rest);
        self.keyframe_starts = self.keyframe_starts.split_off(&end);
        let mut arrivals = taken.range(first..).map(|(_, held)| held.arrived);
        // A picture has at least one packet.
        let first_arrival = arrivals.next();
        let (earliest, latest) = arrivals
            .fold((first_arrival, first_arrival), |(min, max), at| (min.min(Some(at)), max.max(Some(at))));
        let parts: Vec<VideoPart> = taken
            .into_iter()
            .filter(|(seq, held)| *seq >= first && !held.part.payload.is_empty())
            .map(|(_, held)| held.part)
            .collect();
        Assembled {
            keyframe: parts.iter().any(|part| part.keyframe_start),
            first_arrived: earliest.expect("end_of_picture found the first packet"),
            arrived: latest.expect("end_of_picture found the first packet"),
            parts,
        }
    }

    /// The first keyframe behind the gap (or the first of all) that is all there.
    pub(super) fn keyframe_ahead(&self) -> Option<KeyframeAhead> {
        self.keyframe_starts.iter().copied().filter(|seq| self.begins_picture(*seq)).find_map(|first_seq| {
            let rtp_ts_90k = self.held.get(&first_seq)?.part.rtp_ts_90k;
            let mut seq = first_seq;
            loop {
                let part = &self.held.get(&seq)?.part;
                if part.rtp_ts_90k != rtp_ts_90k || part.marker {
                    return Some(KeyframeAhead { first_seq, rtp_ts_90k });
                }
                seq += 1;
            }
        })
    }

    /// Whether nothing of the same picture is missing before `seq`. Parameter sets and the slice behind
    /// them all look like a start; only the first of them is.
    fn begins_picture(&self, seq: u64) -> bool {
        if self.next == Some(seq) {
            return true;
        }
        // The first packet of all may have overtaken the parameter sets before it.
        if self.lowest_seen == Some(seq) {
            return self.held.get(&seq).is_some_and(|held| held.part.decoder_start);
        }
        let Some(before) = self.held.get(&seq.wrapping_sub(1)) else { return false };
        before.part.marker || !self.are_of_same(seq)
    }

    /// Whether this packet and the one before it are held and of the same picture.
    fn are_of_same(&self, seq: u64) -> bool {
        let timestamp = |seq: u64| Some(self.held.get(&seq)?.part.rtp_ts_90k);
        timestamp(seq).is_some_and(|this| timestamp(seq.wrapping_sub(1)) == Some(this))
    }

    /// Whether a keyframe has begun to arrive behind the gap.
    pub(super) fn keyframe_begun(&self) -> bool {
        !self.keyframe_starts.is_empty()
    }

    /// Goes on with the picture that begins with `seq`; drops what is before it. Returns how many
    /// packets never came.
    pub(super) fn skip_to(&mut self, seq: u64) -> u64 {
        let later = self.held.split_off(&seq);
        let dropped = std::mem::replace(&mut self.held, later);
        self.keyframe_starts = self.keyframe_starts.split_off(&seq);
        let missing =
            self.next.map_or(0, |next| seq.saturating_sub(next).saturating_sub(dropped.len() as u64));
        self.next = Some(seq);
        self.scanned = seq;
        missing
    }

    /// There is no room: forgets everything before the last keyframe's start, or all. A keyframe is
    /// wanted then.
    pub(super) fn overflow(&mut self) {
        let mut keep_from = self.keyframe_starts.last().copied().unwrap_or(u64::MAX);
        // The parameter sets before a slice look like a start too, and belong to it.
        while self.keyframe_starts.contains(&keep_from.wrapping_sub(1)) && self.are_of_same(keep_from) {
            keep_from -= 1;
        }
        self.held = self.held.split_off(&keep_from);
        self.keyframe_starts = self.keyframe_starts.split_off(&keep_from);
        self.lowest_seen = self.held.first_key_value().map(|(seq, _)| *seq);
        self.next = None;
    }

    /// The highest number held or wanted.
    pub(super) fn highest(&self) -> Option<u64> {
        self.held.last_key_value().map(|(seq, _)| *seq).or(self.next)
    }
}
