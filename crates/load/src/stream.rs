//! One received stream: which of its packets are which sent ones.
//!
//! To open every packet would cost more than to receive it, so most are known by their clear header: by
//! sequence number and timestamp relative to a packet that was opened. One in [`CHECK_EVERY`] is opened
//! to see whether that still holds, and what was found since the check before counts only then.

use crate::record::{Record, Sent};
use crate::schedule::Track;
use crate::stamp::{AUDIO, Stamp};

/// Of so many packets one is opened.
pub const CHECK_EVERY: usize = 16;

/// What a packet's clear header says.
#[derive(Debug, Clone, Copy)]
pub struct Clear {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// RTP marker.
    pub marker: bool,
}

/// A packet that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Got {
    /// Number in its track.
    pub number: u32,
    /// When it came, in ns on the machine's wall clock.
    pub at_ns: u64,
}

/// What follows from a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// It was what the header said, and so were those that waited.
    Right,
    /// The header no longer tells: the sender of the stream numbers anew. Those that waited were right.
    Renumbered,
    /// The header told something wrong. Those that waited may be wrong as well.
    Wrong,
}

/// One synchronization source as a subscriber gets it.
#[derive(Debug)]
pub struct Stream {
    /// Whose it is.
    pub publisher: u16,
    /// Which of the publisher's.
    pub track: Track,
    last: (u16, u32),
    timestamp_offset: u32,
    /// Known by header since the last check; at most [`CHECK_EVERY`].
    waiting: Vec<Got>,
}

impl Stream {
    /// A stream whose first packet was opened.
    pub fn new(stamp: &Stamp, sent: &Sent, clear: Clear) -> Self {
        Self {
            publisher: stamp.publisher,
            track: if stamp.flags & AUDIO != 0 { Track::Audio } else { Track::Video },
            last: (clear.sequence, sent.number),
            timestamp_offset: clear.timestamp.wrapping_sub(sent.timestamp),
            waiting: Vec::with_capacity(CHECK_EVERY),
        }
    }

    /// Number in the track that the header tells; none if it contradicts itself.
    pub fn locate(&self, record: &Record, clear: Clear) -> Option<u32> {
        let (sequence, number) = self.last;
        let ahead = i32::from(clear.sequence.wrapping_sub(sequence) as i16);
        let number = number.checked_add_signed(ahead)?;
        let sent = record.find(self.track, number)?;
        let fits = sent.timestamp.wrapping_add(self.timestamp_offset) == clear.timestamp;
        (fits && sent.marker == clear.marker).then_some(number)
    }

    /// Whether the next packet is to be opened.
    pub fn is_check_due(&self) -> bool {
        self.waiting.len() + 1 >= CHECK_EVERY
    }

    /// Notes a packet that is known by its header alone.
    pub fn wait(&mut self, got: Got, clear: Clear) {
        self.waiting.push(got);
        self.go_on(clear, got.number);
    }

    /// Compares what the header told with what an opened packet says of itself, and goes on from there.
    pub fn judge(&mut self, told: Option<u32>, sent: &Sent, clear: Clear) -> Judged {
        let judged = match told {
            Some(number) if number == sent.number => Judged::Right,
            Some(_) => Judged::Wrong,
            None => Judged::Renumbered,
        };
        if judged == Judged::Right {
            self.go_on(clear, sent.number);
        } else {
            self.last = (clear.sequence, sent.number);
            self.timestamp_offset = clear.timestamp.wrapping_sub(sent.timestamp);
        }
        judged
    }

    /// Those that waited for a check.
    pub fn take_waiting(&mut self) -> impl Iterator<Item = Got> {
        self.waiting.drain(..)
    }

    fn go_on(&mut self, clear: Clear, number: u32) {
        if number > self.last.1 {
            self.last = (clear.sequence, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two packets a picture, at 100 µs distance.
    fn record(packets: u32) -> Record {
        let mut record = Record::default();
        for number in 0..packets {
            let sent = Sent {
                at_ns: u64::from(number) * 100_000,
                timestamp: 7_000 + number / 2 * 3_000,
                number,
                flags: 0,
                marker: number % 2 == 1,
            };
            record.push(Track::Video, sent);
        }
        record
    }

    /// The packet as somebody forwards it who adds to its numbers.
    fn forwarded(sent: &Sent, sequence: u16, timestamp: u32) -> Clear {
        Clear {
            sequence: (sent.number as u16).wrapping_add(sequence),
            timestamp: sent.timestamp.wrapping_add(timestamp),
            marker: sent.marker,
        }
    }

    fn stamp(number: u32) -> Stamp {
        Stamp { publisher: 0, flags: 0, index: u64::from(number) }
    }

    #[test]
    fn packets_are_located_over_the_wrap_with_gaps_and_out_of_order() {
        let record = record(70_000);
        let sent = |number| record.find(Track::Video, number).unwrap();
        let clear = |number| forwarded(sent(number), 65_000, 0xFFFF_0000);
        let mut stream = Stream::new(&stamp(10), sent(10), clear(10));
        for number in [11, 13, 12, 9, 30, 600, 20_000, 50_000, 69_999] {
            assert_eq!(stream.locate(&record, clear(number)), Some(number));
            stream.wait(Got { number, at_ns: 0 }, clear(number));
        }
    }

    #[test]
    fn a_stream_that_is_numbered_anew_is_noticed_by_its_timestamps() {
        let record = record(100);
        let sent = |number| record.find(Track::Video, number).unwrap();
        let mut stream = Stream::new(&stamp(10), sent(10), forwarded(sent(10), 5, 5));
        let anew = forwarded(sent(20), 500, 77);
        assert_eq!(stream.locate(&record, anew), None);
        assert_eq!(stream.judge(None, sent(20), anew), Judged::Renumbered);
        assert_eq!(stream.locate(&record, forwarded(sent(21), 500, 77)), Some(21));
    }

    #[test]
    fn a_shift_within_a_picture_is_noticed_at_the_next_check() {
        let record = record(100);
        let sent = |number| record.find(Track::Video, number).unwrap();
        let mut stream = Stream::new(&stamp(10), sent(10), forwarded(sent(10), 0, 0));
        // Number 12 arrives where 14 should: two pictures that look alike but for their timestamps …
        let shifted = Clear { timestamp: sent(14).timestamp, ..forwarded(sent(12), 2, 0) };
        let told = stream.locate(&record, shifted);
        assert_eq!(told, Some(14));
        // … and the check finds what it really is.
        assert_eq!(stream.judge(told, sent(12), shifted), Judged::Wrong);
    }

    #[test]
    fn one_packet_in_sixteen_is_checked() {
        let record = record(100);
        let sent = |number| record.find(Track::Video, number).unwrap();
        let mut stream = Stream::new(&stamp(0), sent(0), forwarded(sent(0), 0, 0));
        let mut checks = 0;
        for number in 1..=96 {
            let clear = forwarded(sent(number), 0, 0);
            if stream.is_check_due() {
                let told = stream.locate(&record, clear);
                assert_eq!(stream.judge(told, sent(number), clear), Judged::Right);
                assert_eq!(stream.take_waiting().count(), CHECK_EVERY - 1);
                checks += 1;
            } else {
                stream.wait(Got { number, at_ns: 0 }, clear);
            }
        }
        assert_eq!(checks, 96 / CHECK_EVERY);
    }

    #[test]
    fn sent_packets_are_counted_by_time() {
        let record = record(10);
        assert_eq!(record.count(0, u64::MAX), 10);
        assert_eq!(record.count(100_000, 300_000), 2);
        assert_eq!(record.count(300_000, 100_000), 0);
    }
}
