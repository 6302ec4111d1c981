//! The receiver of a capacity test: what came, second by second, and what to report to the sender.

use super::{REPORT_INTERVAL, SUB_INTERVAL, SearchSettings};
use serde::{Deserialize, Serialize};

const REPORT_US: u64 = REPORT_INTERVAL.as_micros() as u64;
const SUB_INTERVAL_US: u64 = SUB_INTERVAL.as_micros() as u64;
/// Sub-intervals kept, at most; the test's length is bounded by it.
const MAX_SUB_INTERVALS: usize = 120;
/// Packets behind the newest one that are told apart from copies.
const WINDOW: u32 = 64;
/// A capacity within this share of the fastest rate tried was bounded by that rate and not by the path.
const BOUNDED_BY_SENDER: f64 = 0.95;

/// What to tell the sender.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Packets lost, reordered or doubled since the last report.
    pub seq_errors: u64,
    /// Greatest delay since the last report, less the smallest of the test, ms.
    pub delay_variation_ms: f64,
    /// The best whole second so far, bits of IP packets a second; 0 before there is one.
    pub best_bps: f64,
}

/// One second of arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SubInterval {
    /// Packets that came.
    pub packets: u64,
    /// Bytes of IP packets that came.
    pub ip_bytes: u64,
    /// Packets missing; one that comes later yet is taken off.
    pub lost: u64,
    /// Packets that came after one sent later.
    pub reordered: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Greatest delay less the smallest of the test so far, ms.
    pub delay_variation_ms: f64,
}

impl SubInterval {
    /// Bits of IP packets a second.
    pub fn rate_bps(&self) -> f64 {
        self.ip_bytes as f64 * 8.0 / SUB_INTERVAL.as_secs_f64()
    }

    fn seq_errors(&self) -> u64 {
        self.lost + self.reordered + self.duplicates
    }

    /// Whether it shows what makes the search slow down: a machine that cannot send fast enough leaves no such sign.
    fn is_full(&self, settings: &SearchSettings) -> bool {
        self.delay_variation_ms > settings.low_ms || self.seq_errors() > settings.max_seq_errors
    }
}

/// What the path carries: the maximum over all sub-intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// No more: it was full.
    Measured {
        /// Bits of IP packets a second.
        bps: f64,
        /// In which sub-interval, from 0.
        sub_interval: usize,
    },
    /// The test sent no faster, or the path never showed that it was full: it carries this and perhaps more.
    AtLeast {
        /// Bits of IP packets a second.
        bps: f64,
        /// In which sub-interval, from 0.
        sub_interval: usize,
    },
    /// Not a whole second of packets came.
    Unknown,
}

/// Takes the test packets of one direction. Times are in µs: `sent` on the sender's clock, arrivals and reports on
/// this machine's; the two need not agree.
#[derive(Debug, Clone, Default)]
pub struct CapacityReceiver {
    started_us: Option<u64>,
    next_seq: u32,
    /// Bit i: packet `next_seq - 1 - i` came.
    window: u64,
    min_passed_us: Option<i64>,
    /// Of the second and of the report under way.
    second: SubInterval,
    since_report: SubInterval,
    report_due_us: u64,
    done: Vec<SubInterval>,
}

impl CapacityReceiver {
    /// No packet yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Packet `seq` of this test (counted from 0), sent at `sent_us`, came at `arrived_us` as an IP packet of so
    /// many bytes.
    pub fn on_packet(&mut self, seq: u32, sent_us: u64, arrived_us: u64, ip_bytes: usize) {
        if self.started_us.is_none() {
            self.started_us = Some(arrived_us);
            self.report_due_us = arrived_us + REPORT_US;
        }
        self.advance(arrived_us);
        let passed_us = arrived_us.wrapping_sub(sent_us) as i64;
        let min_us = self.min_passed_us.map_or(passed_us, |min| min.min(passed_us));
        self.min_passed_us = Some(min_us);
        let variation_ms = passed_us.saturating_sub(min_us) as f64 / 1000.0;
        let order = self.order(seq);
        for counts in [&mut self.second, &mut self.since_report] {
            counts.packets += 1;
            counts.ip_bytes += ip_bytes as u64;
            counts.delay_variation_ms = counts.delay_variation_ms.max(variation_ms);
            match order {
                Order::Next { missing } => counts.lost += u64::from(missing),
                Order::Late => {
                    counts.lost = counts.lost.saturating_sub(1);
                    counts.reordered += 1;
                }
                Order::Copy => counts.duplicates += 1,
            }
        }
    }

    fn order(&mut self, seq: u32) -> Order {
        if seq >= self.next_seq {
            let missing = seq - self.next_seq;
            self.window = self.window.checked_shl(missing + 1).unwrap_or(0) | 1;
            self.next_seq = seq.saturating_add(1);
            return Order::Next { missing };
        }
        let behind = self.next_seq - 1 - seq;
        if behind >= WINDOW || self.window >> behind & 1 == 1 {
            return Order::Copy;
        }
        self.window |= 1 << behind;
        Order::Late
    }

    /// Closes the seconds that are over.
    fn advance(&mut self, now_us: u64) {
        let Some(started_us) = self.started_us else { return };
        let over = (now_us.saturating_sub(started_us) / SUB_INTERVAL_US) as usize;
        while self.done.len() < over.min(MAX_SUB_INTERVALS) {
            self.done.push(std::mem::take(&mut self.second));
        }
    }

    /// When the next report is due; none before the first packet.
    pub fn poll_timeout_us(&self) -> Option<u64> {
        self.started_us.map(|_| self.report_due_us)
    }

    /// The report to send now, if one is due.
    pub fn poll_report(&mut self, now_us: u64) -> Option<Report> {
        if self.poll_timeout_us()? > now_us {
            return None;
        }
        self.advance(now_us);
        self.report_due_us = now_us + REPORT_US;
        let counts = std::mem::take(&mut self.since_report);
        Some(Report {
            seq_errors: counts.seq_errors(),
            delay_variation_ms: counts.delay_variation_ms,
            best_bps: self.best().map_or(0.0, |(_, bps)| bps),
        })
    }

    /// The whole seconds so far.
    pub fn sub_intervals(&self) -> &[SubInterval] {
        &self.done
    }

    /// What the path carries, after a test with these settings.
    pub fn capacity(&self, settings: &SearchSettings) -> Capacity {
        Capacity::of(&self.done, settings)
    }

    fn best(&self) -> Option<(usize, f64)> {
        best(&self.done)
    }
}

impl Capacity {
    /// Of the whole seconds of a test with these settings.
    pub fn of(seconds: &[SubInterval], settings: &SearchSettings) -> Capacity {
        let slow = |bps: f64| bps < settings.fastest.rate_bps() * BOUNDED_BY_SENDER;
        match best(seconds).filter(|(_, bps)| *bps > 0.0) {
            Some((sub_interval, bps)) if slow(bps) && seconds.iter().any(|it| it.is_full(settings)) => {
                Capacity::Measured { bps, sub_interval }
            }
            Some((sub_interval, bps)) => Capacity::AtLeast { bps, sub_interval },
            None => Capacity::Unknown,
        }
    }
}

fn best(seconds: &[SubInterval]) -> Option<(usize, f64)> {
    let rates = seconds.iter().map(SubInterval::rate_bps).enumerate();
    rates.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// How a packet stands to those before it.
enum Order {
    Next { missing: u32 },
    Late,
    Copy,
}
