//! What a window of time showed.

use crate::histogram::Percentiles;
use crate::process::ProcessUse;
use crate::signal::Counters;

/// What a window of time showed.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Length of the window.
    pub seconds: f64,
    /// Sessions that published.
    pub publishers: usize,
    /// Sessions that subscribed.
    pub subscribers: usize,
    /// Packets that should have come, one for each subscriber.
    pub expected: u64,
    /// Packets that came.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets whose clear header told something wrong; see [`crate::Seen::doubt`].
    pub mismapped: u64,
    /// How often streams were numbered anew.
    pub renumbered: u64,
    /// Packets that could not be opened when they should have been.
    pub unopened: u64,
    /// Added latency of all packets: the publisher's clock just before the send to the kernel's stamp.
    pub all: Percentiles,
    /// Of the last packets of pictures.
    pub frame_end: Percentiles,
    /// Of sound.
    pub audio: Percentiles,
    /// Keyframes that publishers were asked for.
    pub keyframe_requests: u64,
    /// Packets that publishers were asked for again.
    pub nacked: u64,
    /// How the load itself did.
    pub generator: Generator,
    /// What the target used, if it runs on this machine.
    pub target: Option<TargetUse>,
}

/// How the load itself did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Generator {
    /// Share of the window in which its thread worked.
    pub busy: f64,
    /// How late packets were sent, which latencies do not hold.
    pub late: Percentiles,
    /// Share of packets that were sent more than 1 ms late.
    pub late_share: f64,
    /// Datagrams that its sockets dropped.
    pub dropped: u64,
    /// Datagrams that the kernel did not take from it.
    pub not_sent: u64,
}

/// What the target's process used in the window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TargetUse {
    /// CPU time.
    pub cpu_s: f64,
    /// Share of it in its own code.
    pub user_share: f64,
    /// Time its threads had to wait for a processor that others used.
    pub waited_s: f64,
    /// Memory held at the window's end, in bytes.
    pub rss_bytes: u64,
    /// Of that, its own.
    pub anonymous_bytes: u64,
    /// What its counters grew by, if it tells any.
    pub counters: Option<Counters>,
}

/// How a session began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JoinTimes {
    /// From the offer until its media could flow.
    pub connected_ms: Option<f64>,
    /// From the offer to its first media packet.
    pub media_ms: Option<f64>,
    /// From the offer to the first packet of its first keyframe.
    pub keyframe_ms: Option<f64>,
}

/// Above this share the load's processor is full.
const FULL: f64 = 0.9;
/// Above this share of late sends the load is not what it should be.
const LATE: f64 = 0.01;

impl TargetUse {
    /// What was used between two readings.
    pub(crate) fn between(before: &ProcessUse, after: &ProcessUse, counters: Option<Counters>) -> Self {
        Self {
            cpu_s: after.cpu_ns.saturating_sub(before.cpu_ns) as f64 / 1e9,
            user_share: after.user_share_since(before),
            waited_s: after.wait_ns.saturating_sub(before.wait_ns) as f64 / 1e9,
            rss_bytes: after.rss_bytes,
            anonymous_bytes: after.anonymous_bytes,
            counters,
        }
    }
}

impl Generator {
    /// Why the figures tell of the load rather than of the target; none if they tell of the target.
    pub fn limit(&self) -> Option<String> {
        let mut why = Vec::new();
        if self.busy > FULL {
            why.push(format!("its processor was {:.0} % busy", self.busy * 100.0));
        }
        if self.late_share > LATE {
            why.push(format!("{:.1} % of its packets left more than 1 ms late", self.late_share * 100.0));
        }
        if self.dropped + self.not_sent > 0 {
            why.push(format!("its sockets dropped {} and refused {}", self.dropped, self.not_sent));
        }
        (!why.is_empty()).then(|| why.join("; "))
    }
}

impl Seen {
    /// Forwarded packets a second.
    pub fn packets_per_s(&self) -> f64 {
        self.received as f64 / self.seconds
    }

    /// Share of packets that never came.
    pub fn loss(&self) -> f64 {
        self.lost as f64 / self.expected.max(1) as f64
    }

    /// Share of packets that came and may have been taken for others.
    pub fn doubt(&self) -> f64 {
        self.mismapped as f64 / self.expected.max(1) as f64
    }

    /// The target's CPU time for each forwarded packet, in µs: all, in its own code, in the kernel.
    pub fn cpu_us(&self) -> Option<(f64, f64, f64)> {
        let target = self.target?;
        let all = target.cpu_s * 1e6 / self.received.max(1) as f64;
        Some((all, all * target.user_share, all * (1.0 - target.user_share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_and_loss_are_shares_of_what_they_should_be_of() {
        let target = TargetUse { cpu_s: 2.0, user_share: 0.25, ..TargetUse::default() };
        let seen = Seen {
            seconds: 10.0,
            expected: 1_010_000,
            received: 1_000_000,
            lost: 10_100,
            target: Some(target),
            ..Seen::default()
        };
        assert_eq!(seen.cpu_us(), Some((2.0, 0.5, 1.5)));
        assert_eq!((seen.packets_per_s(), seen.loss()), (100_000.0, 0.01));
        assert_eq!(Seen::default().cpu_us(), None);
    }

    #[test]
    fn a_load_that_is_full_late_or_deaf_says_so() {
        let good = Generator { busy: 0.5, late_share: 0.001, ..Generator::default() };
        assert_eq!(good.limit(), None);
        assert!(Generator { busy: 0.95, ..good }.limit().unwrap().contains("95 %"));
        assert!(Generator { late_share: 0.02, ..good }.limit().unwrap().contains("2.0 %"));
        assert!(Generator { dropped: 3, ..good }.limit().unwrap().contains("dropped 3"));
        assert!(Generator { not_sent: 1, ..good }.limit().is_some());
    }
}
