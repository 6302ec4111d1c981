//! How much delay sound needs.
//!
//! A packet is needed when it is played, unless its successor is there by then and holds a copy of
//! it. So each packet of the last seconds has a need: the delay with which it would have been
//! played or restored. The delay covers all needs but a few.

use super::AudioConfig;
use crate::transit::Follower;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Packets remembered, and for how long.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOW_PACKETS: usize = 512;
/// Share of the packets that may be neither played nor restored in time.
const CONCEALED_SHARE: f64 = 0.003;
/// Share of the packets that may be restored instead of played: a copy is coarser.
const RESTORED_SHARE: f64 = 0.02;
/// One hold-up of the network makes many packets late. All of them count up to this much; beyond it
/// they count once.
const SINGLE_WAIT_US: i64 = 80_000;
/// A packet overtaken by so many others is lost for good.
const LOST_AFTER: usize = 50;
/// From so many packets on the window tells more than caution does.
const ENOUGH_PACKETS: usize = 200;
/// For what the past does not show.
const MARGIN_US: i64 = 2_000;
/// Packets from one reckoning to the next, as long as all come in order.
const RECKON_EVERY: u32 = 5;

#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: Instant,
    transit_us: i64,
    holds_fec: bool,
    /// It came right behind another one that had waited longer.
    waited_together: bool,
}

#[derive(Debug, Default)]
pub(super) struct Target {
    /// By sequence number from `first`; none: not come. Bounded by [`WINDOW_PACKETS`].
    arrivals: VecDeque<Option<Arrival>>,
    first: u64,
    /// The last packet: arrival, transit.
    last: Option<(Instant, i64)>,
    since_reckoning: u32,
    /// How long a repair takes, as far as it is known before any happened.
    round_trip_us: Option<i64>,
    least_us: Option<i64>,
    delay: Follower,
    scratch: Vec<i64>,
}

/// A packet that came, as far as it matters for the delay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Came {
    pub(super) seq: u64,
    pub(super) transit_us: i64,
    pub(super) packet_us: i64,
    pub(super) holds_fec: bool,
}

impl Target {
    pub(super) fn clear(&mut self) {
        *self = Self { round_trip_us: self.round_trip_us, ..Self::default() };
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip_us = Some(round_trip.as_micros() as i64);
    }

    pub(super) fn on_arrival(&mut self, now: Instant, came: Came, config: &AudioConfig) {
        let Came { seq, transit_us, packet_us, holds_fec } = came;
        if self.arrivals.is_empty() {
            self.first = seq;
        }
        let Some(place) = seq.checked_sub(self.first) else { return };
        let in_order = place >= self.arrivals.len() as u64;
        let waited_together = self.last.replace((now, transit_us)).is_some_and(|(at, last_us)| {
            (now.saturating_duration_since(at).as_micros() as i64) < packet_us / 2 && transit_us < last_us
        });
        if in_order {
            self.make_place(seq);
        }
        let place = (seq - self.first) as usize;
        self.arrivals[place] = Some(Arrival { at: now, transit_us, holds_fec, waited_together });
        self.least_us = Some(self.least_us.map_or(transit_us, |least| least.min(transit_us)));
        self.since_reckoning += 1;
        if !in_order || self.since_reckoning >= RECKON_EVERY || self.delay.get().is_none() {
            self.reckon(now, packet_us, config);
        }
    }

    /// Extends the window up to `seq`.
    fn make_place(&mut self, seq: u64) {
        if seq - self.first >= (self.arrivals.len() + WINDOW_PACKETS) as u64 {
            self.arrivals.clear();
            self.first = seq;
        }
        while self.first + (self.arrivals.len() as u64) <= seq {
            self.arrivals.push_back(None);
            if self.arrivals.len() > WINDOW_PACKETS {
                self.arrivals.pop_front();
                self.first += 1;
            }
        }
    }

    fn forget(&mut self, now: Instant) {
        let old = |arrival: &Option<Arrival>| {
            arrival.is_none_or(|arrival| now.saturating_duration_since(arrival.at) > WINDOW)
        };
        while self.arrivals.len() > 1 && self.arrivals.front().is_some_and(old) {
            self.arrivals.pop_front();
            self.first += 1;
        }
    }

    /// The quickest packet's transit.
    pub(super) fn least_us(&self) -> Option<i64> {
        self.least_us
    }

    /// The transit after which a packet is to be played.
    pub(super) fn get(&self) -> Option<i64> {
        self.delay.get()
    }

    fn reckon(&mut self, now: Instant, packet_us: i64, config: &AudioConfig) {
        self.since_reckoning = 0;
        self.forget(now);
        let Some(least) = self.arrivals.iter().flatten().map(|arrival| arrival.transit_us).min() else {
            return;
        };
        self.least_us = Some(least);
        let needed = self.largest_but(CONCEALED_SHARE, |target, place| target.need(place, packet_us, least));
        let heard = self.largest_but(RESTORED_SHARE, |target, place| target.waited(place, least));
        let mut wanted = needed.max(heard).unwrap_or(least) + MARGIN_US;
        if self.arrivals.len() < ENOUGH_PACKETS {
            wanted = wanted.max(least + self.caution_us(packet_us));
        }
        let [min, max] = [config.min_delay, config.max_delay].map(|delay| delay.as_micros() as i64);
        self.delay.follow(now, wanted.clamp(least + min, least + max.max(min)));
    }

    /// To begin with, when little is known about losses: on a long way for the repair of two lost
    /// packets; on an unknown one room for the next packet, so that FEC can help, until that came. On a
    /// short way repairs are as quick as FEC.
    fn caution_us(&self, packet_us: i64) -> i64 {
        match self.round_trip_us {
            None if self.delay.get().is_none() => packet_us + MARGIN_US,
            Some(long) if long >= packet_us => long + 2 * packet_us + MARGIN_US,
            _ => 0,
        }
    }

    /// The largest value but for a share of them.
    fn largest_but(&mut self, share: f64, value: impl Fn(&Self, usize) -> Option<i64>) -> Option<i64> {
        let mut values = std::mem::take(&mut self.scratch);
        values.clear();
        values.extend((0..self.arrivals.len()).filter_map(|place| value(self, place)));
        let left_out = (values.len() as f64 * share) as usize;
        let largest =
            (!values.is_empty()).then(|| *values.select_nth_unstable_by(left_out, |a, b| b.cmp(a)).1);
        self.scratch = values;
        largest
    }

    /// How late the packet came, hold-ups counted as said at [`SINGLE_WAIT_US`].
    fn waited(&self, place: usize, least: i64) -> Option<i64> {
        let arrival = (*self.arrivals.get(place)?)?;
        let most = if arrival.waited_together { least + SINGLE_WAIT_US } else { i64::MAX };
        Some(arrival.transit_us.min(most))
    }

    /// The delay with which the packet would have been played or restored.
    fn need(&self, place: usize, packet_us: i64, least: i64) -> Option<i64> {
        let own = self.waited(place, least);
        let copy = || {
            let next = (*self.arrivals.get(place + 1)?)?;
            let is_copy = next.holds_fec && !next.waited_together;
            is_copy.then(|| next.transit_us + packet_us)
        };
        match own {
            // Most packets: nothing can be gained by a copy.
            Some(own) if own <= least + packet_us => Some(own),
            Some(own) => Some(copy().map_or(own, |copy| copy.min(own))),
            // Still on its way, perhaps; or nothing that waiting could change.
            None => copy().filter(|_| place + LOST_AFTER < self.arrivals.len()),
        }
    }
}
