//! One direction of a network link: what it loses, delays, overtakes, doubles and holds back.

use crate::random::Random;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Which packets a link loses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Each packet with this probability, whatever happened to the others.
    Random(f64),
    /// Gilbert–Elliott: a good state that loses nothing and a bad one.
    Bursts {
        /// Chance to enter the bad state with each packet.
        enter: f64,
        /// Chance to leave it with each packet.
        leave: f64,
        /// Chance that the bad state loses a packet.
        lost_in_bad: f64,
    },
}

impl Loss {
    /// No loss.
    pub const NONE: Loss = Loss::Random(0.0);

    /// Bursts with this mean length in packets at this share of loss; all is lost while they last.
    pub fn bursts(share: f64, mean_packets: f64) -> Loss {
        let leave = 1.0 / mean_packets;
        Loss::Bursts { enter: leave * share / (1.0 - share), leave, lost_in_bad: 1.0 }
    }
}

/// What one direction of a link is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkConfig {
    /// What is lost.
    pub loss: Loss,
    /// One-way delay of every packet.
    pub delay: Duration,
    /// More delay, even up to this, of each packet for itself: packets overtake each other.
    pub jitter: Duration,
    /// Chance that a packet comes twice.
    pub duplicate: f64,
    /// Bits per second; none: no limit. Counted with [`OVERHEAD_BYTES`].
    pub rate_bps: Option<u64>,
    /// Most time a packet waits for the ones before it; longer queues drop what comes (tail drop).
    pub queue: Duration,
    /// Most packets that wait behind the one on the wire; what comes to a full queue is dropped too.
    pub queue_packets: usize,
}

/// IP, UDP and QUIC headers of a packet, in bytes.
pub const OVERHEAD_BYTES: usize = 60;

impl Default for LinkConfig {
    /// A cable: no delay worth mentioning, nothing lost.
    fn default() -> Self {
        Self {
            loss: Loss::NONE,
            delay: Duration::from_micros(200),
            jitter: Duration::ZERO,
            duplicate: 0.0,
            rate_bps: None,
            queue: Duration::from_millis(200),
            queue_packets: usize::MAX,
        }
    }
}

/// What a link did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkStats {
    /// Packets given to it.
    pub sent: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Dropped because the queue was full.
    pub queue_dropped: u64,
    /// Delivered twice.
    pub duplicated: u64,
}

/// One direction of a link.
#[derive(Debug)]
pub struct Link {
    config: LinkConfig,
    random: Random,
    bad: bool,
    busy_until: Option<Instant>,
    /// When each packet that is not yet off the wire will be; at most `queue_packets` and one.
    leaving: VecDeque<Instant>,
    stats: LinkStats,
}

impl Link {
    /// A link whose fate is in `random`.
    pub fn new(config: LinkConfig, random: Random) -> Self {
        Self {
            config,
            random,
            bad: false,
            busy_until: None,
            leaving: VecDeque::new(),
            stats: LinkStats::default(),
        }
    }

    /// Changes what it is like from now on.
    pub fn set_config(&mut self, config: LinkConfig) {
        self.config = config;
    }

    /// What it is like.
    pub fn config(&self) -> &LinkConfig {
        &self.config
    }

    /// What it did so far.
    pub fn stats(&self) -> LinkStats {
        self.stats
    }

    /// A packet of this size enters; tells when it arrives: not at all, once or twice.
    pub fn send(&mut self, now: Instant, bytes: usize) -> [Option<Instant>; 2] {
        self.stats.sent += 1;
        let Some(left) = self.transmit(now, bytes) else {
            self.stats.queue_dropped += 1;
            return [None, None];
        };
        if self.loses() {
            self.stats.lost += 1;
            return [None, None];
        }
        let first = left + self.way();
        if !self.random.chance(self.config.duplicate) {
            return [Some(first), None];
        }
        self.stats.duplicated += 1;
        [Some(first), Some(left + self.way())]
    }

    /// How long a packet of this size is on the wire; none: no time.
    pub fn time_of(&self, bytes: usize) -> Option<Duration> {
        Some(on_wire(bytes, self.config.rate_bps?))
    }

    /// When its last bit is on the wire; none: no room in the queue.
    fn transmit(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        let Some(rate_bps) = self.config.rate_bps else { return Some(now) };
        let starts = self.busy_until.map_or(now, |busy| busy.max(now));
        while self.leaving.front().is_some_and(|left| *left <= now) {
            self.leaving.pop_front();
        }
        if starts - now > self.config.queue || self.leaving.len() > self.config.queue_packets {
            return None;
        }
        let done = starts + on_wire(bytes, rate_bps);
        self.busy_until = Some(done);
        self.leaving.push_back(done);
        Some(done)
    }

    fn loses(&mut self) -> bool {
        match self.config.loss {
            Loss::Random(share) => self.random.chance(share),
            Loss::Bursts { enter, leave, lost_in_bad } => {
                let turns = self.random.chance(if self.bad { leave } else { enter });
                self.bad ^= turns;
                self.bad && self.random.chance(lost_in_bad)
            }
        }
    }

    fn way(&mut self) -> Duration {
        self.config.delay + self.config.jitter.mul_f64(self.random.unit())
    }
}

fn on_wire(bytes: usize, rate_bps: u64) -> Duration {
    Duration::from_secs_f64((bytes + OVERHEAD_BYTES) as f64 * 8.0 / rate_bps as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_measure::{LossPattern, Outcome};

    fn origin() -> Instant {
        Instant::now()
    }

    fn pattern(loss: Loss) -> tongke_measure::LossSummary {
        let t = origin();
        let mut link = Link::new(LinkConfig { loss, ..LinkConfig::default() }, Random::new(5, 5));
        let mut pattern = LossPattern::new();
        for _ in 0..200_000 {
            let lost = link.send(t, 100)[0].is_none();
            pattern.record(if lost { Outcome::Lost } else { Outcome::Received });
        }
        pattern.summary()
    }

    #[test]
    fn losses_are_as_frequent_and_as_bursty_as_asked_for() {
        let random = pattern(Loss::Random(0.05));
        assert!((random.lost as f64 / 200_000.0 - 0.05).abs() < 0.003);
        assert!((random.burst_ratio.unwrap() - 1.0).abs() < 0.03, "{random:?}");
        let bursty = pattern(Loss::bursts(0.03, 5.0));
        assert!((bursty.lost as f64 / 200_000.0 - 0.03).abs() < 0.004, "{bursty:?}");
        assert!((bursty.gilbert_q.unwrap() - 0.2).abs() < 0.02, "{bursty:?}");
    }

    #[test]
    fn a_narrow_link_spaces_packets_and_drops_what_its_queue_cannot_hold() {
        let t = origin();
        let config = LinkConfig {
            rate_bps: Some(1_000_000),
            queue: Duration::from_millis(50),
            delay: Duration::ZERO,
            ..LinkConfig::default()
        };
        let mut link = Link::new(config, Random::new(1, 1));
        // 1190 bytes and overhead are 10 ms on this wire.
        let arrivals: Vec<_> = (0..8).map(|_| link.send(t, 1190)[0].map(|at| (at - t).as_millis())).collect();
        assert_eq!(arrivals[..3], [Some(10), Some(20), Some(30)]);
        assert_eq!((arrivals[5], arrivals[6], link.stats().queue_dropped), (Some(60), None, 2));
    }

    #[test]
    fn a_queue_of_so_many_packets_holds_that_many_behind_the_one_on_the_wire() {
        let t = origin();
        let config = LinkConfig {
            rate_bps: Some(1_000_000),
            queue: Duration::from_secs(9),
            queue_packets: 3,
            delay: Duration::ZERO,
            ..LinkConfig::default()
        };
        let mut link = Link::new(config, Random::new(1, 1));
        let mut burst = |at: Duration| (0..6).filter(|_| link.send(t + at, 1190)[0].is_some()).count();
        assert_eq!(burst(Duration::ZERO), 4);
        // Two are off the wire, a third is on it.
        assert_eq!(burst(Duration::from_millis(20)), 2);
        assert_eq!(link.stats().queue_dropped, 6);
    }

    #[test]
    fn jitter_overtakes_and_doubles_come_twice() {
        let t = origin();
        let config =
            LinkConfig { jitter: Duration::from_millis(30), duplicate: 0.5, ..LinkConfig::default() };
        let mut link = Link::new(config, Random::new(2, 2));
        let arrivals: Vec<_> = (0..100).map(|_| link.send(t, 100)).collect();
        assert!(arrivals.windows(2).any(|pair| pair[0][0] > pair[1][0]));
        assert!((35..65).contains(&arrivals.iter().filter(|both| both[1].is_some()).count()));
    }
}
