//! How much delay sound needs.

use super::AudioConfig;
use crate::transit::{Follower, Transits};
use std::time::{Duration, Instant};

/// Packets remembered, and for how long.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOW_PACKETS: usize = 512;
/// Share of the packets that came in order which must be in time. When such a one is late, so is its
/// successor, and FEC does not help.
const IN_ORDER_SHARE: f64 = 0.995;
/// One hold-up of the network makes many packets late. Up to this much it is followed at once;
const SINGLE_WAIT_US: i64 = 80_000;
/// beyond, only when it happened this often within the window.
const REPEATED_WAITS: usize = 3;
/// Share of all packets that may be late because they were overtaken (lost and repaired, mostly):
/// their successors are there, and FEC restores them.
const LATE_SHARE_WITH_FEC: f64 = 0.015;
/// The same where the sender puts no FEC in.
const LATE_SHARE_WITHOUT_FEC: f64 = 0.003;
/// Missing packets below this share are no reason to wait for FEC.
const LOSSY_SHARE: f64 = 0.005;
/// For what the quantiles do not see.
const MARGIN_US: i64 = 2_000;

#[derive(Debug)]
pub(super) struct Target {
    in_order: Transits,
    /// Of the packets that waited together, the first one's; and those of all that did not wait.
    waits: Transits,
    overtaken: Transits,
    /// Moments at which a packet was missing when its turn came; the value is unused.
    missing: Transits,
    /// Packets since one held FEC; none ever did.
    since_fec: Option<u32>,
    /// The last packet in order: arrival, transit.
    last: Option<(Instant, i64)>,
    follower: Follower,
}

impl Target {
    pub(super) fn new() -> Self {
        Self {
            in_order: Transits::new(WINDOW, WINDOW_PACKETS),
            waits: Transits::new(WINDOW, WINDOW_PACKETS),
            last: None,
            overtaken: Transits::new(WINDOW, WINDOW_PACKETS),
            missing: Transits::new(WINDOW, WINDOW_PACKETS),
            since_fec: None,
            follower: Follower::default(),
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(super) fn on_arrival(&mut self, now: Instant, transit_us: i64, packet_us: i64, overtaken: bool) {
        if overtaken {
            self.overtaken.record(now, transit_us);
            return;
        }
        let waited_together = self.last.is_some_and(|(at, last_us)| {
            (now.saturating_duration_since(at).as_micros() as i64) < packet_us / 2 && transit_us < last_us
        });
        if !waited_together {
            self.waits.record(now, transit_us);
        }
        self.last = Some((now, transit_us));
        self.in_order.record(now, transit_us);
    }

    pub(super) fn on_missing(&mut self, now: Instant) {
        self.missing.record(now, 0);
    }

    /// Tells whether a packet holds FEC. In the pauses of a speaker none does (RFC 6716 §2.1.7).
    pub(super) fn on_payload(&mut self, fec: bool) {
        self.since_fec = if fec { Some(0) } else { self.since_fec.map(|count| count + 1) };
    }

    fn has_fec(&self) -> bool {
        self.since_fec.is_some_and(|count| (count as usize) < WINDOW_PACKETS)
    }

    /// The quickest packet's transit.
    pub(super) fn least_us(&self) -> Option<i64> {
        self.in_order.min_us()
    }

    pub(super) fn get(&self) -> Option<i64> {
        self.follower.get()
    }

    /// The transit after which a packet is to be played; follows what the window says.
    pub(super) fn update(&mut self, now: Instant, packet_us: i64, config: &AudioConfig) {
        self.overtaken.forget(now);
        self.missing.forget(now);
        let Some(least) = self.in_order.min_us() else { return };
        let single = self.in_order.quantile_us(IN_ORDER_SHARE).unwrap_or(least).min(least + SINGLE_WAIT_US);
        let repeated = self.waits.nth_largest_us(REPEATED_WAITS).unwrap_or(least);
        let late = single.max(repeated) + MARGIN_US;
        let mut wanted = late.max(least + config.min_delay.as_micros() as i64);
        let total = (self.in_order.len() + self.overtaken.len()) as f64;
        if ((self.overtaken.len() + self.missing.len()) as f64) > total * LOSSY_SHARE
            && let Some(repair) = self.for_losses(total, packet_us)
        {
            wanted = wanted.max(repair + MARGIN_US);
        }
        self.follower.follow(now, wanted.min(least + config.max_delay.as_micros() as i64));
    }

    /// What restoring and repairing need.
    fn for_losses(&mut self, total: f64, packet_us: i64) -> Option<i64> {
        let next_packet = self.in_order.quantile_us(0.9)? + packet_us;
        let fec = self.has_fec();
        let may_be_late = if fec { LATE_SHARE_WITH_FEC } else { LATE_SHARE_WITHOUT_FEC } * total;
        let share = 1.0 - may_be_late / self.overtaken.len().max(1) as f64;
        let repair = (share > 0.0).then(|| self.overtaken.quantile_us(share)).flatten();
        match (fec, repair) {
            (true, Some(repair)) => Some(next_packet.max(repair)),
            (true, None) => Some(next_packet),
            (false, repair) => repair,
        }
    }
}
