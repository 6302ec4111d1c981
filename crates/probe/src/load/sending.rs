//! What the sender of a run does when: how fast, until when, and what the receiver told. Pure.

use super::packet::{Pace, Plan, Told};
use std::time::{Duration, Instant};
use tongke_measure::network::capacity::{
    HOLD_AFTER, IP_PACKET_BYTES, RateSearch, SearchSettings, SubInterval, Volume, WATCHDOG,
};

/// Packets leave in bunches of so long, if more than one is due in it: fewer calls, and no queue of any line is as
/// short.
const BUNCH: Duration = Duration::from_millis(1);
/// Of a sender that was kept from sending, so much is made up for; the rest was not sent.
const MADE_UP: Duration = Duration::from_millis(20);
/// Silence of the receiver after which nothing more is sent.
const GIVE_UP: Duration = Duration::from_secs(1);
/// How long reports are awaited after the last packet: ten of them tell the last whole second.
const LINGER: Duration = Duration::from_millis(700);
const PACKET_BITS: f64 = IP_PACKET_BYTES as f64 * 8.0;

/// The sender of a run.
#[derive(Debug)]
pub(crate) struct Sending {
    rate: Rate,
    began: Instant,
    length: Duration,
    /// When the receiver was heard, or given up to be heard in time.
    heard: Instant,
    /// As `heard`, but of reports only.
    reported: Instant,
    paced: Instant,
    /// Packets due that did not leave yet.
    owed: f64,
    seq: u32,
    /// What was announced, in packets: no more is sent, however often somebody reports.
    most: u32,
    seconds: Vec<SubInterval>,
}

#[derive(Debug)]
enum Rate {
    Search(RateSearch),
    Fixed(f64),
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// So many packets leave now, the first with this number.
    Send { first: u32, count: u32 },
    /// Nothing, until then.
    Wait(Instant),
    /// All is sent, and told of.
    Done,
    /// The receiver is silent.
    Silent,
}

impl Sending {
    pub fn new(now: Instant, plan: &Plan) -> Sending {
        let (rate, most_bytes) = match plan.pace {
            Pace::Search { fastest } => {
                let settings = SearchSettings { fastest, ..SearchSettings::default() };
                let announced = Volume::of(&settings, plan.length).at_most_bytes;
                (Rate::Search(RateSearch::new(settings)), announced)
            }
            Pace::Fixed { kbps } => {
                (Rate::Fixed(f64::from(kbps) * 1e3), u64::from(kbps) * plan.length.as_secs() * 1000 / 8)
            }
        };
        Sending {
            rate,
            began: now,
            length: plan.length,
            heard: now,
            reported: now,
            paced: now,
            // The first packet leaves at once, or nobody would report for a while.
            owed: 1.0,
            seq: 0,
            most: (most_bytes / IP_PACKET_BYTES as u64).try_into().unwrap_or(u32::MAX),
            seconds: Vec::new(),
        }
    }

    /// The receiver reports.
    pub fn on_report(&mut self, now: Instant, told: &Told) {
        (self.heard, self.reported) = (now, now);
        if let Rate::Search(search) = &mut self.rate {
            search.on_report(told.report.seq_errors, told.report.delay_variation_ms);
            if now >= self.began + HOLD_AFTER {
                search.hold(told.report.best_bps);
            }
        }
        let most = self.length.as_secs() as usize;
        if let Some((number, second)) = told.newest
            && usize::from(number) < most
        {
            let number = usize::from(number);
            self.seconds.resize(self.seconds.len().max(number + 1), SubInterval::default());
            self.seconds[number] = second;
        }
    }

    /// What is next; to be asked again after each answer.
    pub fn poll(&mut self, now: Instant) -> Next {
        if now >= self.reported + GIVE_UP {
            return Next::Silent;
        }
        let end = self.began + self.length;
        if now >= end {
            let all = self.seconds.len() as u64 >= self.length.as_secs();
            return if all || now >= end + LINGER { Next::Done } else { Next::Wait(end + LINGER) };
        }
        if let Rate::Search(search) = &mut self.rate
            && now >= self.heard + WATCHDOG
        {
            search.on_silence();
            self.heard = now;
        }
        self.pace(now)
    }

    fn pace(&mut self, now: Instant) -> Next {
        let a_second = self.rate_bps() / PACKET_BITS;
        self.owed += a_second * (now - self.paced).min(MADE_UP).as_secs_f64();
        self.paced = now;
        let end = self.began + self.length;
        let count = (self.owed as u32).min(self.most - self.seq);
        if self.seq == self.most {
            return Next::Wait(end);
        }
        if count > 0 {
            let first = self.seq;
            self.owed -= f64::from(count);
            self.seq += count;
            return Next::Send { first, count };
        }
        let until_one = Duration::from_secs_f64((1.0 - self.owed) / a_second);
        let watched = self.heard + WATCHDOG;
        Next::Wait((now + until_one.max(BUNCH)).min(watched.max(now + BUNCH)).min(end))
    }

    /// These did not leave after all: the machine's own queue is full.
    pub fn take_back(&mut self, count: u32) {
        self.seq -= count;
    }

    fn rate_bps(&self) -> f64 {
        match &self.rate {
            Rate::Search(search) => search.row().rate_bps(),
            Rate::Fixed(bps) => *bps,
        }
    }

    /// Whether the receiver has ever reported.
    pub fn was_heard(&self) -> bool {
        self.reported > self.began
    }

    /// Packets sent so far.
    pub fn sent(&self) -> u32 {
        self.seq
    }

    /// The whole seconds that the receiver told; one that it did not tell is empty.
    pub fn seconds(&self) -> &[SubInterval] {
        &self.seconds
    }
}

#[cfg(test)]
mod tests;
