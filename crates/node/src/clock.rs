//! This machine's clock, and how it stands to the relay's and to other participants'.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_measure::{ClockOffset, ClockSample, SampleVerdict};
use tongke_protocol::event::ClockReport;
use tongke_protocol::{Now, ParticipantId, WallTime};

/// Probes at the start of a link, as fast as they come back.
const BURST: u32 = 16;
/// Time between probes of the burst.
const BURST_INTERVAL: Duration = Duration::from_millis(25);
/// Time between probes afterwards.
const INTERVAL: Duration = Duration::from_secs(1);
/// A report is repeated at the latest after this long.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// An offset that moved this far is worth a report.
const REPORT_CHANGE_US: u64 = 200;

/// Tells the time on both clocks from one reading of each, so that a stepped system clock does not
/// bend a lesson.
#[derive(Debug, Clone, Copy)]
pub struct MachineClock(Now);

impl MachineClock {
    /// Reads both clocks, once.
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Now { instant: Instant::now(), wall: WallTime(wall.as_micros() as u64) })
    }

    /// The moment at which it was read.
    pub fn origin(&self) -> Now {
        self.0
    }

    /// This moment.
    pub fn now(&self) -> Now {
        let instant = Instant::now();
        Now { instant, wall: self.0.wall_of(instant) }
    }

    /// The wall time of a monotonic instant.
    pub fn wall_of(&self, instant: Instant) -> WallTime {
        self.0.wall_of(instant)
    }

    /// The monotonic instant of a wall time, as near as there is one: none before the machine's
    /// clock began.
    pub fn instant_of(&self, wall: WallTime) -> Option<Instant> {
        let us = wall.micros_since(self.0.wall);
        let distance = Duration::from_micros(us.unsigned_abs());
        if us >= 0 { self.0.instant.checked_add(distance) } else { self.0.instant.checked_sub(distance) }
    }
}

/// Waits until a moment; for ever without one.
pub(crate) async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// A moment of another machine, on this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translated {
    /// On this clock.
    pub local: WallTime,
    /// Hard bound of the error, µs.
    pub bound_us: u64,
}

/// Measures this clock against the relay's and keeps what others measured.
#[derive(Debug, Default)]
pub struct ClockKeeper {
    own: ClockOffset,
    peers: HashMap<ParticipantId, ClockReport>,
    probes_of_link: u32,
    next_probe: Option<Instant>,
    reported: Option<(Instant, ClockReport)>,
    /// All participants run on this machine's very clock: there is nothing to translate.
    one_clock: bool,
}

impl ClockKeeper {
    /// For a process that holds all ends of a lesson.
    pub(crate) fn of_one_clock() -> Self {
        Self { one_clock: true, ..Self::default() }
    }

    /// A link came up: probe at once, and tell the relay again what is known.
    pub fn on_link(&mut self, now: Instant) {
        self.probes_of_link = 0;
        self.next_probe = Some(now);
        self.reported = None;
    }

    /// The link went: nothing to probe.
    pub fn on_link_down(&mut self) {
        self.next_probe = None;
    }

    /// When the next probe is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_probe
    }

    /// Whether to probe now.
    pub fn poll_probe(&mut self, now: Instant) -> bool {
        if self.next_probe.is_none_or(|due| due > now) {
            return false;
        }
        self.probes_of_link += 1;
        self.next_probe = Some(now + if self.probes_of_link < BURST { BURST_INTERVAL } else { INTERVAL });
        true
    }

    /// A probe came back.
    pub fn on_sample(&mut self, sample: ClockSample) -> SampleVerdict {
        self.own.add(sample)
    }

    /// What to tell the relay now, if it is worth telling.
    pub fn poll_report(&mut self, now: Instant) -> Option<ClockReport> {
        // The first probe of all is the slowest: its connection is being made.
        if self.own.samples() < 3 {
            return None;
        }
        let report = self.own.report()?;
        let worth = self.reported.is_none_or(|(at, last)| {
            report.offset_us.abs_diff(last.offset_us) >= REPORT_CHANGE_US
                || report.bound_us * 10 < last.bound_us * 9
                || now.saturating_duration_since(at) >= REPORT_INTERVAL
        });
        worth.then(|| {
            self.reported = Some((now, report));
            report
        })
    }

    /// Another participant's clock, from the lesson's events.
    pub fn on_peer(&mut self, peer: &ParticipantId, report: ClockReport) {
        self.peers.insert(peer.clone(), report);
    }

    /// A stamp of `peer`'s clock on this machine's clock; none until both have measured theirs.
    pub fn translate(&self, peer: &ParticipantId, stamp: WallTime) -> Option<Translated> {
        if self.one_clock {
            return Some(Translated { local: stamp, bound_us: 0 });
        }
        let own = self.own.report()?;
        let theirs = self.peers.get(peer)?;
        Some(Translated {
            local: stamp.offset_by_us(theirs.offset_us - own.offset_us),
            bound_us: theirs.bound_us + own.bound_us,
        })
    }

    /// Times the clocks were set while measuring; anything but 0 voids delays across that moment.
    pub fn steps(&self) -> u64 {
        self.own.steps()
    }

    /// The relay's clock minus this one, with its bound.
    pub fn own(&self) -> Option<ClockReport> {
        self.own.report()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ParticipantId {
        name.parse().unwrap()
    }

    /// A probe over a path of `one_way_us` each way to a clock that is `ahead_us` ahead.
    fn sample(t1_us: u64, ahead_us: i64, one_way_us: u64) -> ClockSample {
        let t2_us = (t1_us + one_way_us).saturating_add_signed(ahead_us);
        ClockSample { t1_us, t2_us, t3_us: t2_us + 10, t4_us: t1_us + 2 * one_way_us + 10 }
    }

    #[test]
    fn a_senders_stamp_is_translated_through_the_relays_clock_and_the_bounds_add_up() {
        let mut keeper = ClockKeeper::default();
        let stamp = WallTime(10_000_000);
        assert_eq!(keeper.translate(&id("a"), stamp), None);
        // The relay is 3 s ahead of this node, and 5 s ahead of the sender: the sender is 2 s behind.
        keeper.on_sample(sample(1_000_000, 3_000_000, 400));
        assert_eq!(keeper.translate(&id("a"), stamp), None);
        keeper.on_peer(&id("a"), ClockReport { offset_us: 5_000_000, bound_us: 150 });
        let translated = keeper.translate(&id("a"), stamp).unwrap();
        assert_eq!(translated, Translated { local: WallTime(12_000_000), bound_us: 550 });
    }

    #[test]
    fn probing_begins_with_a_burst_and_goes_on_once_a_second() {
        let mut keeper = ClockKeeper::default();
        let start = Instant::now();
        assert!(!keeper.poll_probe(start));
        keeper.on_link(start);
        let mut at = start;
        for _ in 0..BURST {
            assert!(keeper.poll_probe(at));
            assert!(!keeper.poll_probe(at));
            at = keeper.poll_timeout().unwrap();
        }
        assert!(keeper.poll_probe(at));
        assert_eq!(keeper.poll_timeout(), Some(at + INTERVAL));
        keeper.on_link_down();
        assert_eq!(keeper.poll_timeout(), None);
    }

    #[test]
    fn a_report_is_repeated_only_when_it_says_something_new() {
        let mut keeper = ClockKeeper::default();
        let start = Instant::now();
        (0..3).for_each(|at| {
            keeper.on_sample(sample(1_000_000 + at, 500, 1_000));
        });
        assert_eq!(keeper.poll_report(start).map(|report| report.bound_us), Some(1_000));
        assert_eq!(keeper.poll_report(start), None);
        keeper.on_sample(sample(1_100_000, 500, 300));
        assert_eq!(keeper.poll_report(start).map(|report| report.bound_us), Some(300));
        assert!(keeper.poll_report(start + REPORT_INTERVAL).is_some());
    }

    #[test]
    fn wall_time_and_instant_agree_both_ways() {
        let clock = MachineClock::start();
        let later = clock.origin().instant + Duration::from_millis(1_234);
        assert_eq!(clock.instant_of(clock.wall_of(later)), Some(later));
    }
}
