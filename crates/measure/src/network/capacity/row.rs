//! The table of sending rates (RFC 9097 §8.1): 0.5 Mbit/s, then whole megabits up to one gigabit, then hundreds
//! of megabits up to ten gigabits.

use super::{REPORT_INTERVAL, RateSearch, SearchSettings};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// UDP payload of a test packet, at most: no fragments on any usual path.
pub const PAYLOAD_BYTES: usize = 1222;
/// The same as an IPv4 packet; rates count whole IP packets.
pub const IP_PACKET_BYTES: usize = PAYLOAD_BYTES + 8 + 20;
const PACKET_BITS: f64 = IP_PACKET_BYTES as f64 * 8.0;

/// A rate of the table, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row(u16);

impl Row {
    /// The slowest, half a megabit a second.
    pub const FIRST: Row = Row(0);
    /// One gigabit a second; up to here rows are taken ten at a time.
    pub const HIGH_SPEED: Row = Row(1000);
    /// The fastest, ten gigabits a second.
    pub const LAST: Row = Row(1090);

    /// By number; what is beyond the table is its last row.
    pub fn new(number: u16) -> Row {
        Row(number).min(Row::LAST)
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// Bits of IP packets a second.
    pub fn rate_bps(self) -> f64 {
        match self.0 {
            0 => 0.5e6,
            megabits @ 1..=1000 => f64::from(megabits) * 1e6,
            above => 1e9 + f64::from(above - 1000) * 1e8,
        }
    }

    /// The fastest row that is not faster than this rate.
    pub fn not_above(rate_bps: f64) -> Row {
        (0..=Row::LAST.0).rev().map(Row).find(|row| row.rate_bps() <= rate_bps).unwrap_or(Row::FIRST)
    }

    /// The fastest row worth trying on a line whose data is paid for: one and a half times the media's rate and
    /// two megabits more (a proposal; no standard says so).
    pub fn for_metered_line(media_bps: f64) -> Row {
        Row::not_above(media_bps * 1.5 + 2e6)
    }

    /// Packets that are due after so long at this rate.
    pub fn packets_in(self, time: Duration) -> f64 {
        self.rate_bps() * time.as_secs_f64() / PACKET_BITS
    }
}

/// The data that a test takes, at most; to be announced before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Bytes of IP packets in one direction.
    pub at_most_bytes: u64,
}

impl Volume {
    /// Of one direction's test with these settings: as if no packet were ever lost or late.
    pub fn of(settings: &SearchSettings, length: Duration) -> Volume {
        let mut search = RateSearch::new(settings.clone());
        let reports = length.as_millis().div_ceil(REPORT_INTERVAL.as_millis());
        let mut packets = 0.0;
        for _ in 0..reports {
            packets += search.row().packets_in(REPORT_INTERVAL);
            search.on_report(0, 0.0);
        }
        Volume { at_most_bytes: (packets * IP_PACKET_BYTES as f64).ceil() as u64 }
    }
}

/// In megabytes of a million bytes, upwards.
impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "up to {} MB", self.at_most_bytes.div_ceil(1_000_000))
    }
}
