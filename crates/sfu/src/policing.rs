//! How much one leg may send: what comes beyond it is dropped before anybody else pays for it.
//!
//! A packet costs its receivers' number of times what it costs to take it in, so a publisher that runs
//! wild would take the time of all lessons of its worker. Two buckets for each leg, one for bytes and one
//! for packets, and a third for RTCP, each as GCRA (ITU-T I.371): a bucket is one moment, the one at which it
//! would be empty again. Only what has been authenticated is charged, or a stranger could use up a leg's share.

use crate::room::{Room, Turn};
use crate::stats::DropReason;
use std::time::{Duration, Instant};

/// How long after a drop a leg still counts as one that sends too much.
const EXCESS_LASTS: Duration = Duration::from_secs(1);
const NS_PER_S: u64 = 1_000_000_000;

/// What one leg may send. The usual limits are far above what a school sends: three tracks of one leg, the
/// camera as a simulcast, stay below 10 Mbit/s and 1,200 packets a second, and its keyframes below 500 kB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngressLimits {
    /// Bits of RTP and RTCP a second, in the long run.
    pub sustained_bps: u64,
    /// Bytes at once: keyframes of several encodings, or what a radio link held back.
    pub burst_bytes: u64,
    /// Packets a second, in the long run.
    pub packets_per_s: u64,
    /// Packets at once.
    pub burst_packets: u64,
    /// RTCP packets a second, and at once: a receiver of ten streams that loses a tenth of all sends 800.
    pub rtcp_per_s: u64,
}

impl Default for IngressLimits {
    fn default() -> Self {
        Self {
            sustained_bps: 20_000_000,
            burst_bytes: 2 * 1024 * 1024,
            packets_per_s: 4_000,
            burst_packets: 4_000,
            rtcp_per_s: 1_000,
        }
    }
}

impl Room {
    /// Whether a packet of a leg may pass, as `take` says; else it is counted as dropped.
    pub fn police(&mut self, turn: &mut Turn<'_>, key: u64, take: impl Fn(&mut Policer) -> Policed) -> bool {
        let Some(leg) = turn.legs.get_mut(key) else { return true };
        let Policed::Exceeds { is_first } = take(&mut leg.policer) else { return true };
        self.counters.drop(DropReason::Policed);
        if is_first {
            tracing::warn!(lesson = %self.lesson, participant = %leg.owner, session = leg.session,
                "a session sends more than one may; what is too much is dropped");
        }
        false
    }
}

/// One bucket. Costs are nanoseconds: the time in which so much is earned again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    full_ns: u64,
    empty_again: Instant,
}

impl Bucket {
    pub fn new(now: Instant, full_ns: u64) -> Self {
        Self { full_ns, empty_again: now }
    }

    /// Takes `cost_ns` in, if it fits.
    pub fn take(&mut self, now: Instant, cost_ns: u64) -> bool {
        let empty_again = self.with(now, cost_ns);
        self.empty_again = empty_again.unwrap_or(self.empty_again);
        empty_again.is_some()
    }

    /// When the bucket would be empty again with `cost_ns` more in it; none: it does not fit.
    fn with(&self, now: Instant, cost_ns: u64) -> Option<Instant> {
        let level = self.empty_again.saturating_duration_since(now) + Duration::from_nanos(cost_ns);
        (level <= Duration::from_nanos(self.full_ns)).then(|| now + level)
    }
}

/// The buckets of one leg.
#[derive(Debug)]
pub(crate) struct Policer {
    ns_per_kib: u64,
    ns_per_packet: u64,
    ns_per_rtcp: u64,
    bytes: Bucket,
    packets: Bucket,
    rtcp: Bucket,
    exceeded: Option<Instant>,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policed {
    /// It may pass.
    Passes,
    /// Too much; the first such packet for a while is worth a line in the log.
    Exceeds { is_first: bool },
}

impl Policer {
    pub fn new(now: Instant, limits: &IngressLimits) -> Self {
        let per = |rate: u64| NS_PER_S / rate.max(1);
        let ns_per_kib = 8 * 1024 * NS_PER_S / limits.sustained_bps.max(1);
        let (ns_per_packet, ns_per_rtcp) = (per(limits.packets_per_s), per(limits.rtcp_per_s));
        Self {
            ns_per_kib,
            ns_per_packet,
            ns_per_rtcp,
            bytes: Bucket::new(now, limits.burst_bytes.saturating_mul(ns_per_kib) / 1024),
            packets: Bucket::new(now, limits.burst_packets.saturating_mul(ns_per_packet)),
            rtcp: Bucket::new(now, NS_PER_S),
            exceeded: None,
        }
    }

    /// Charges a packet of `len` bytes. What does not pass is not charged.
    pub fn take(&mut self, now: Instant, len: usize) -> Policed {
        let bytes = self.bytes.with(now, len as u64 * self.ns_per_kib / 1024);
        let packets = self.packets.with(now, self.ns_per_packet);
        let (Some(bytes), Some(packets)) = (bytes, packets) else { return self.exceed(now) };
        (self.bytes.empty_again, self.packets.empty_again) = (bytes, packets);
        Policed::Passes
    }

    /// Charges an RTCP packet, as a packet too.
    pub fn take_rtcp(&mut self, now: Instant, len: usize) -> Policed {
        let Some(rtcp) = self.rtcp.with(now, self.ns_per_rtcp) else { return self.exceed(now) };
        let policed = self.take(now, len);
        if policed == Policed::Passes {
            self.rtcp.empty_again = rtcp;
        }
        policed
    }

    fn exceed(&mut self, now: Instant) -> Policed {
        let is_first = !self.exceeds(now);
        self.exceeded = Some(now);
        Policed::Exceeds { is_first }
    }

    /// Whether the leg has lately sent too much: what is missing of it was dropped here, and asking for
    /// it again would bring still more.
    pub fn exceeds(&self, now: Instant) -> bool {
        self.exceeded.is_some_and(|at| now.saturating_duration_since(at) < EXCESS_LASTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Packets and bytes that pass of `count` packets of `len` bytes, evenly spread over `time`.
    fn passed(policer: &mut Policer, start: Instant, time: Duration, count: u32, len: usize) -> u64 {
        let at = |number: u32| start + time * number / count;
        (0..count).map(|number| u64::from(policer.take(at(number), len) == Policed::Passes)).sum()
    }

    #[test]
    fn what_a_school_sends_passes_whole_and_so_do_its_bursts() {
        let (t, limits) = (Instant::now(), IngressLimits::default());
        let mut policer = Policer::new(t, &limits);
        // 10 Mbit/s for a minute, with half a megabyte at once each second.
        for second in 0..60 {
            let start = t + 1000 * MS * second;
            assert_eq!(passed(&mut policer, start, Duration::ZERO, 420, 1200), 420);
            assert_eq!(passed(&mut policer, start, 1000 * MS, 1040, 1200), 1040);
        }
        // Three seconds held back by the network, then all at once.
        let later = t + 64_000 * MS;
        assert_eq!(passed(&mut policer, later, MS, 1740, 1200), 1740);
    }

    #[test]
    fn ten_times_too_much_is_cut_to_the_rate_and_no_further() {
        let (t, limits) = (Instant::now(), IngressLimits::default());
        let mut policer = Policer::new(t, &limits);
        // 100 Mbit/s for 10 s.
        let bytes = passed(&mut policer, t, 10_000 * MS, 104_166, 1200) * 1200;
        let allowed = limits.sustained_bps / 8 * 10 + limits.burst_bytes;
        assert!((allowed - 10_000..=allowed).contains(&bytes), "{bytes} of {allowed}");
    }

    #[test]
    fn tiny_packets_are_cut_by_their_number() {
        let (t, limits) = (Instant::now(), IngressLimits::default());
        let mut policer = Policer::new(t, &limits);
        let packets = passed(&mut policer, t, 10_000 * MS, 500_000, 40);
        let allowed = limits.packets_per_s * 10 + limits.burst_packets;
        assert!((allowed - 10..=allowed).contains(&packets), "{packets} of {allowed}");
        assert!(policer.exceeds(t + 10_000 * MS) && !policer.exceeds(t + 11_001 * MS));
    }

    #[test]
    fn rtcp_has_a_bucket_of_its_own_and_is_charged_as_packets_too() {
        let (t, limits) = (Instant::now(), IngressLimits::default());
        let mut policer = Policer::new(t, &limits);
        let passed = (0..5000).filter(|_| policer.take_rtcp(t, 100) == Policed::Passes).count();
        assert_eq!(passed, 1000);
        let passed = (0..5000).filter(|_| policer.take(t, 100) == Policed::Passes).count();
        assert_eq!(passed, 3000, "media goes on");
    }

    #[test]
    fn one_line_in_the_log_for_each_time_of_excess() {
        let t = Instant::now();
        let mut policer = Policer::new(t, &IngressLimits { burst_packets: 1, ..IngressLimits::default() });
        assert_eq!(policer.take(t, 10), Policed::Passes);
        assert_eq!(policer.take(t, 10), Policed::Exceeds { is_first: true });
        assert_eq!(policer.take(t, 10), Policed::Exceeds { is_first: false });
        let later = t + 2000 * MS;
        assert_eq!(policer.take(later, 10), Policed::Passes);
        assert_eq!(policer.take(later, 10), Policed::Exceeds { is_first: true });
    }

    #[test]
    fn limits_of_nothing_and_without_bound_do_not_overflow() {
        let t = Instant::now();
        let none = IngressLimits {
            sustained_bps: 0,
            burst_bytes: 0,
            packets_per_s: 0,
            burst_packets: 0,
            rtcp_per_s: 0,
        };
        assert_ne!(Policer::new(t, &none).take(t, 1), Policed::Passes);
        let all = IngressLimits {
            sustained_bps: u64::MAX,
            burst_bytes: u64::MAX,
            packets_per_s: u64::MAX,
            burst_packets: u64::MAX,
            rtcp_per_s: u64::MAX,
        };
        let mut free = Policer::new(t, &all);
        assert_eq!((0..100_000).filter(|_| free.take_rtcp(t, 65_535) == Policed::Passes).count(), 100_000);
    }
}
