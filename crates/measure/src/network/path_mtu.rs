//! The largest packet that the path takes whole: datagram packetization layer path MTU discovery, RFC 8899. Packets
//! go out with "don't fragment" set; what was not acknowledged after a few tries is too large.
//!
//! Sizes are those of whole IP packets, in bytes.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Confirmed before anything larger is tried (§5.1.2, BASE_PLPMTU).
pub const BASE: u16 = 1200;
/// Probes of one size before it counts as too large (MAX_PROBES).
pub const MAX_PROBES: u32 = 3;
/// Time until a probe counts as lost (PROBE_TIMER: not below 1 s).
pub const PROBE_TIMER: Duration = Duration::from_secs(1);
/// Time after which larger sizes are tried again (PMTU_RAISE_TIMER).
pub const RAISE_TIMER: Duration = Duration::from_secs(600);

/// Where the search is (§5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathMtu {
    /// The base size is being confirmed.
    Base,
    /// Larger sizes are being tried; so much is confirmed.
    Search {
        /// Largest size confirmed.
        confirmed: u16,
    },
    /// Done.
    Complete {
        /// Largest size confirmed.
        mtu: u16,
    },
    /// Not even the base size gets through: the path is closed, or takes less than media needs. It is tried again
    /// after [`RAISE_TIMER`].
    Error,
}

/// The search, under the caller's clock.
#[derive(Debug, Clone)]
pub struct PathMtuSearch {
    state: PathMtu,
    /// Largest size ever tried: the interface's.
    max: u16,
    /// Smallest size known to be too large; one above `max` if none is.
    too_large: u16,
    size: u16,
    tries: u32,
    /// When the probe under way counts as lost, or larger sizes are tried again.
    timer: Option<Instant>,
}

impl PathMtuSearch {
    /// Looks for the path's MTU up to `max` bytes, which the sending interface takes.
    pub fn new(max: u16) -> Self {
        let max = max.clamp(BASE, u16::MAX - 1);
        Self { state: PathMtu::Base, max, too_large: max + 1, size: BASE, tries: 0, timer: None }
    }

    /// Where it is.
    pub fn state(&self) -> PathMtu {
        self.state
    }

    /// When to call [`PathMtuSearch::poll_probe`] again, unless something comes before; none if at once.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timer
    }

    /// The size of the probe to send now, if one is due.
    pub fn poll_probe(&mut self, now: Instant) -> Option<u16> {
        if self.timer.is_some_and(|timer| timer > now) {
            return None;
        }
        match self.state {
            PathMtu::Complete { mtu } => {
                self.too_large = self.max + 1;
                self.proceed(mtu, now);
            }
            PathMtu::Error => *self = Self::new(self.max),
            PathMtu::Base | PathMtu::Search { .. } if self.tries == MAX_PROBES => self.failed(now),
            PathMtu::Base | PathMtu::Search { .. } => {}
        }
        if !matches!(self.state, PathMtu::Base | PathMtu::Search { .. }) {
            return None;
        }
        self.tries += 1;
        self.timer = Some(now + PROBE_TIMER);
        Some(self.size)
    }

    /// A probe of this size was acknowledged, even if late.
    pub fn on_acknowledged(&mut self, now: Instant, size: u16) {
        let confirmed = match self.state {
            PathMtu::Base | PathMtu::Error => 0,
            PathMtu::Search { confirmed } => confirmed,
            PathMtu::Complete { mtu } => mtu,
        };
        if size > confirmed && (BASE..=self.max).contains(&size) {
            self.too_large = self.too_large.max(size + 1);
            self.proceed(size, now);
        }
    }

    /// The interface refused to send the probe, or a router said that it is too large and what it takes (a "packet
    /// too big" message that was checked against the probe, §4.6). `takes` is none where nothing is said.
    pub fn on_too_large(&mut self, now: Instant, size: u16, takes: Option<u16>) {
        if size != self.size || !matches!(self.state, PathMtu::Base | PathMtu::Search { .. }) {
            return;
        }
        // What a message claims beyond the probe is no news, and below the base it is not believed.
        let takes = takes.filter(|takes| (BASE..size).contains(takes));
        self.too_large = self.too_large.min(takes.map_or(size, |takes| takes + 1));
        self.failed(now);
        if let (PathMtu::Search { .. }, Some(takes)) = (self.state, takes) {
            self.size = takes;
        }
    }

    /// Packets of the confirmed size stopped coming through (§4.3): from the base again.
    pub fn on_black_hole(&mut self) {
        *self = Self::new(self.max);
    }

    /// The size under way is too large.
    fn failed(&mut self, now: Instant) {
        match self.state {
            PathMtu::Search { confirmed } => {
                self.too_large = self.too_large.min(self.size);
                self.proceed(confirmed, now);
            }
            _ => {
                self.state = PathMtu::Error;
                self.timer = Some(now + RAISE_TIMER);
            }
        }
    }

    /// So much is confirmed: what next? The largest size at once, since most paths take it; then halves.
    fn proceed(&mut self, confirmed: u16, now: Instant) {
        self.tries = 0;
        self.timer = None;
        if self.too_large <= confirmed + 1 {
            self.state = PathMtu::Complete { mtu: confirmed };
            self.timer = Some(now + RAISE_TIMER);
            return;
        }
        self.state = PathMtu::Search { confirmed };
        let largest = self.too_large - 1;
        self.size = if largest == self.max { largest } else { confirmed + (largest - confirmed).div_ceil(2) };
    }
}

#[cfg(test)]
mod tests;
