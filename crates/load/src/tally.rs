//! What a subscriber got: how late, and how much of it.

use crate::histogram::Histogram;
use crate::record::Sent;
use crate::schedule::Track;
use crate::stamp::{AUDIO, LAST_OF_PICTURE};

/// The time that is measured: packets sent in it count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From then on, in ns on the machine's wall clock.
    pub from_ns: u64,
    /// Before then.
    pub until_ns: u64,
}

impl Default for Window {
    /// Nothing is measured.
    fn default() -> Self {
        Window { from_ns: u64::MAX, until_ns: u64::MAX }
    }
}

impl Window {
    /// Whether a packet sent then counts.
    pub fn holds(&self, at_ns: u64) -> bool {
        (self.from_ns..self.until_ns).contains(&at_ns)
    }
}

/// Added latency and counts of everything that came in the window.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Of all packets, ns.
    pub all: Histogram,
    /// Of the last packets of pictures.
    pub frame_end: Histogram,
    /// Of sound.
    pub audio: Histogram,
    /// Packets that came, repeats not counted.
    pub received: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets whose header told something wrong, and those beside them whose own could not be trusted:
    /// neither received nor lost.
    pub mismapped: u64,
    /// How often streams were numbered anew.
    pub renumbered: u64,
    /// Packets that could not be opened when they should have been.
    pub unopened: u64,
}

impl Tally {
    /// Counts a packet that came for the first time.
    pub fn count(&mut self, sent: &Sent, at_ns: u64) {
        let Some(latency_ns) = at_ns.checked_sub(sent.at_ns) else {
            // It cannot have come before it was sent.
            self.mismapped += 1;
            return;
        };
        self.received += 1;
        self.all.add(latency_ns);
        if sent.flags & AUDIO != 0 {
            self.audio.add(latency_ns);
        } else if sent.flags & LAST_OF_PICTURE != 0 {
            self.frame_end.add(latency_ns);
        }
    }
}

/// Which packets of one publisher's track came.
#[derive(Debug)]
pub struct Arrived {
    publisher: u16,
    track: Track,
    bits: Vec<u64>,
}

impl Arrived {
    /// None yet.
    pub fn new(publisher: u16, track: Track) -> Self {
        Self { publisher, track, bits: Vec::new() }
    }

    /// Whether it is about this track.
    pub fn is_of(&self, publisher: u16, track: Track) -> bool {
        (self.publisher, self.track) == (publisher, track)
    }

    /// Notes a packet; false if it came before.
    pub fn note(&mut self, number: u32) -> bool {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 64, 0);
        }
        let is_new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        is_new
    }
}

/// What one subscriber got, packet by packet.
#[derive(Debug, Default)]
pub struct Account {
    /// Whether it counts: it was there when the window began.
    pub is_measured: bool,
    /// Packets of the window that came.
    pub received: u64,
    /// Packets of the window of which nobody can say which they were.
    pub uncertain: u64,
    arrived: Vec<Arrived>,
}

impl Account {
    /// A window begins.
    pub fn begin_window(&mut self) {
        (self.is_measured, self.received, self.uncertain) = (true, 0, 0);
    }

    /// Counts a packet that came at `at_ns`, in the window's tally too if it counts there.
    pub fn count(
        &mut self,
        (publisher, track): (u16, Track),
        sent: &Sent,
        at_ns: u64,
        window: Window,
        tally: &mut Tally,
    ) {
        let known = self.arrived.iter().position(|arrived| arrived.is_of(publisher, track));
        let known = known.unwrap_or_else(|| {
            self.arrived.push(Arrived::new(publisher, track));
            self.arrived.len() - 1
        });
        let is_new = self.arrived[known].note(sent.number);
        if !self.is_measured || !window.holds(sent.at_ns) {
            return;
        }
        if is_new {
            self.received += 1;
            tally.count(sent, at_ns);
        } else {
            tally.duplicates += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(at_ns: u64, flags: u16) -> Sent {
        Sent { at_ns, timestamp: 0, number: 0, flags, marker: false }
    }

    #[test]
    fn latencies_are_sorted_by_kind() {
        let mut tally = Tally::default();
        tally.count(&sent(100, 0), 110);
        tally.count(&sent(100, LAST_OF_PICTURE), 120);
        tally.count(&sent(100, AUDIO), 130);
        assert_eq!((tally.all.count(), tally.frame_end.count(), tally.audio.count()), (3, 1, 1));
        assert_eq!((tally.frame_end.at(1.0), tally.audio.at(1.0)), (20, 30));
    }

    #[test]
    fn a_packet_from_the_future_is_a_wrong_mapping_and_no_latency() {
        let mut tally = Tally::default();
        tally.count(&sent(100, 0), 99);
        assert_eq!((tally.received, tally.mismapped, tally.all.count()), (0, 1, 0));
    }

    #[test]
    fn a_packet_is_new_once() {
        let mut arrived = Arrived::new(1, Track::Video);
        assert!([0, 63, 64, 5_000].into_iter().all(|number| arrived.note(number)));
        assert!(!arrived.note(64) && arrived.note(65));
        assert!(arrived.is_of(1, Track::Video) && !arrived.is_of(1, Track::Audio));
    }

    #[test]
    fn a_window_holds_what_was_sent_in_it() {
        let window = Window { from_ns: 10, until_ns: 20 };
        assert!(!window.holds(9) && window.holds(10) && window.holds(19) && !window.holds(20));
        assert!(!Window::default().holds(0));
    }

    #[test]
    fn who_came_after_the_window_began_does_not_count_in_it() {
        let window = Window { from_ns: 10, until_ns: 20 };
        let (mut there, mut late, mut tally) = (Account::default(), Account::default(), Tally::default());
        there.begin_window();
        for account in [&mut there, &mut late] {
            for at_ns in [9, 10, 10, 19, 20] {
                let sent = Sent { number: at_ns as u32, ..sent(at_ns, 0) };
                account.count((0, Track::Video), &sent, at_ns + 5, window, &mut tally);
            }
        }
        assert_eq!((there.received, late.received), (2, 0));
        assert_eq!((tally.received, tally.duplicates), (2, 1));
    }
}
