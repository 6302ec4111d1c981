//! The accounts behind reports: what came (RFC 3550 A.3, A.8), what was sent, and the round trip.

use super::rtcp::{ReportBlock, SenderInfo};
use std::time::{Duration, Instant};
use tongke_protocol::{Now, NtpTime, WallTime};

/// What is heard of one source.
#[derive(Debug, Clone)]
pub struct ReceptionStats {
    ssrc: u32,
    clock_rate_hz: u32,
    first: Option<u64>,
    highest: u64,
    received: u64,
    /// Expected and received at the last report.
    expected_prior: u64,
    received_prior: u64,
    origin: Option<Instant>,
    transit: Option<u32>,
    /// Sixteen times the jitter, in ticks (A.8's integer form).
    jitter_16: u32,
    /// Middle of the last sender report's NTP time, and when it came.
    last_sr: Option<(u32, Instant)>,
}

impl ReceptionStats {
    /// Nothing heard yet of a source whose media clock runs at `clock_rate_hz`.
    pub fn new(ssrc: u32, clock_rate_hz: u32) -> ReceptionStats {
        ReceptionStats {
            ssrc,
            clock_rate_hz,
            first: None,
            highest: 0,
            received: 0,
            expected_prior: 0,
            received_prior: 0,
            origin: None,
            transit: None,
            jitter_16: 0,
            last_sr: None,
        }
    }

    /// Notes a packet that came. Give it first arrivals only, not what was asked for again: then the
    /// reports tell the loss on the way, before repair.
    pub fn on_packet(&mut self, now: Instant, ext_seq: u64, rtp_timestamp: u32) {
        self.received += 1;
        let first = self.first.get_or_insert(ext_seq);
        *first = ext_seq.min(*first);
        self.highest = self.highest.max(ext_seq);
        let origin = *self.origin.get_or_insert(now);
        let elapsed = now.saturating_duration_since(origin).as_nanos();
        let arrival = (elapsed * u128::from(self.clock_rate_hz) / 1_000_000_000) as u32;
        let transit = arrival.wrapping_sub(rtp_timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let d = (transit.wrapping_sub(before) as i32).unsigned_abs();
            self.jitter_16 = self.jitter_16.saturating_add(d).wrapping_sub((self.jitter_16 + 8) >> 4);
        }
    }

    /// Notes a sender report of the source.
    pub fn on_sender_report(&mut self, now: Instant, ntp: NtpTime) {
        self.last_sr = Some((ntp.middle_32(), now));
    }

    /// Interarrival jitter in ticks.
    pub fn jitter(&self) -> u32 {
        self.jitter_16 >> 4
    }

    /// Packets expected and received so far.
    pub fn totals(&self) -> (u64, u64) {
        (self.first.map_or(0, |first| self.highest - first + 1), self.received)
    }

    /// The block for the next report, and the start of a new interval; none before the first packet.
    pub fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        self.first?;
        let (expected, received) = self.totals();
        let expected_now = expected - self.expected_prior;
        let lost_now = expected_now.saturating_sub(received - self.received_prior);
        (self.expected_prior, self.received_prior) = (expected, received);
        let lost = expected as i64 - received as i64;
        let (last_sr, delay_since_last_sr) = self
            .last_sr
            .map_or((0, 0), |(middle, came)| (middle, units_65536(now.saturating_duration_since(came))));
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255) as u8,
            cumulative_lost: lost.clamp(-0x80_0000, 0x7F_FFFF) as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter(),
            last_sr,
            delay_since_last_sr,
        })
    }
}

/// What was sent of one source.
#[derive(Debug, Clone)]
pub struct SenderStats {
    ssrc: u32,
    clock_rate_hz: u32,
    packets: u32,
    octets: u32,
    /// A moment in media time and on our wall clock.
    mapping: Option<(u32, WallTime)>,
}

impl SenderStats {
    /// Nothing sent yet of a source whose media clock runs at `clock_rate_hz`.
    pub fn new(ssrc: u32, clock_rate_hz: u32) -> SenderStats {
        SenderStats { ssrc, clock_rate_hz, packets: 0, octets: 0, mapping: None }
    }

    /// Notes a packet that is being sent (not one sent again). `capture`: when its sample was
    /// captured on our clock, which makes the reports tell capture time; else now stands for it.
    pub fn on_packet(&mut self, now: Now, rtp_timestamp: u32, payload_len: usize, capture: Option<WallTime>) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload_len as u32);
        match (self.mapping, capture) {
            // Later packets of the same picture leave later, yet were captured together.
            (Some((timestamp, _)), None) if timestamp == rtp_timestamp => {}
            _ => self.mapping = Some((rtp_timestamp, capture.unwrap_or(now.wall))),
        }
    }

    /// The sender's part of a report now; none before the first packet.
    pub fn report(&self, now: Now) -> Option<SenderInfo> {
        let (timestamp, wall) = self.mapping?;
        let elapsed_us = i128::from(now.wall.micros_since(wall));
        let ticks = elapsed_us * i128::from(self.clock_rate_hz) / 1_000_000;
        Some(SenderInfo {
            ssrc: self.ssrc,
            ntp: now.wall.into(),
            rtp_timestamp: timestamp.wrapping_add(ticks as u32),
            packets: self.packets,
            octets: self.octets,
        })
    }
}

/// The round trip by a report block about our source (RFC 3550 §6.4.1): now - LSR - DLSR. None when
/// the receiver had no sender report, or the sum is impossible.
pub fn round_trip(now: NtpTime, block: &ReportBlock) -> Option<Duration> {
    if block.last_sr == 0 {
        return None;
    }
    let units = now.middle_32().wrapping_sub(block.last_sr).wrapping_sub(block.delay_since_last_sr);
    // Rounding may make it a little negative on a short way; an hour is not believed either.
    match units as i32 {
        -64..=0 => Some(Duration::ZERO),
        1.. if units < 3600 << 16 => Some(Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16)),
        _ => None,
    }
}

/// A duration in 1/65536 s, as DLSR tells it.
fn units_65536(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos() * 65_536 / 1_000_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(count: u64) -> Duration {
        Duration::from_nanos((count * 1_000_000_000).div_ceil(48_000))
    }

    #[test]
    fn jitter_follows_the_integer_form_of_a_8() {
        let mut stats = ReceptionStats::new(1, 48_000);
        let t = Instant::now();
        let arrivals = [0, 960, 2400, 3120, 3840, 4800, 7200, 8160, 7680, 8640];
        let expected = [0, 0, 30, 43, 55, 52, 138, 130, 211, 198];
        for (index, (arrival, expected)) in arrivals.into_iter().zip(expected).enumerate() {
            stats.on_packet(t + ticks(arrival), 100 + index as u64, index as u32 * 960);
            assert_eq!(stats.jitter(), expected, "packet {index}");
        }
    }

    #[test]
    fn loss_is_told_by_interval_and_in_total() {
        let mut stats = ReceptionStats::new(9, 90_000);
        let t = Instant::now();
        assert_eq!(stats.report(t), None);
        for seq in (1000..1100).filter(|seq| seq % 4 != 2) {
            stats.on_packet(t, 65_536 + seq, 0);
        }
        let block = stats.report(t).unwrap();
        assert_eq!((block.ssrc, block.fraction_lost, block.cumulative_lost), (9, 64, 25));
        assert_eq!(block.highest_sequence, 65_536 + 1099);
        for seq in 1100..1110 {
            stats.on_packet(t, 65_536 + seq, 0);
            stats.on_packet(t, 65_536 + seq, 0);
        }
        let block = stats.report(t).unwrap();
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 15), "duplicates count as received");
        assert_eq!(stats.report(t).unwrap().fraction_lost, 0, "nothing expected");
    }

    #[test]
    fn the_round_trip_is_that_of_rfc_3550_figure_2() {
        let block =
            ReportBlock { last_sr: 0xb705_2000, delay_since_last_sr: 0x0005_4000, ..Default::default() };
        let now = NtpTime(0x0000_b710_8000_0000);
        assert_eq!(round_trip(now, &block), Some(Duration::from_millis(6125)));
        assert_eq!(round_trip(now, &ReportBlock::default()), None, "no sender report heard");
        let future = ReportBlock { last_sr: 0xb711_0000, ..Default::default() };
        assert_eq!(round_trip(now, &future), None);
    }

    #[test]
    fn reports_of_both_sides_give_the_round_trip() {
        let start = Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) };
        let at = |ms| start.plus(Duration::from_millis(ms));
        let mut sent = SenderStats::new(5, 90_000);
        sent.on_packet(at(0), 1000, 1200, None);
        let info = sent.report(at(10)).unwrap();
        let mut heard = ReceptionStats::new(5, 90_000);
        heard.on_packet(at(40).instant, 1, 1000);
        heard.on_sender_report(at(50).instant, info.ntp);
        let block = heard.report(at(350).instant).unwrap();
        let rtt = round_trip(at(390).wall.into(), &block).unwrap();
        assert!(rtt.abs_diff(Duration::from_millis(80)) < Duration::from_micros(50), "{rtt:?}");
    }

    #[test]
    fn sender_reports_tell_capture_time() {
        let start = Now { instant: Instant::now(), wall: WallTime(1_000_000_000) };
        let mut sent = SenderStats::new(5, 90_000);
        assert_eq!(sent.report(start), None);
        sent.on_packet(start, 90_000, 100, Some(WallTime(start.wall.0 - 20_000)));
        sent.on_packet(start.plus(Duration::from_millis(3)), 90_000, 100, None);
        let info = sent.report(start.plus(Duration::from_millis(80))).unwrap();
        assert_eq!(info.rtp_timestamp, 90_000 + 9_000, "100 ms after capture");
        assert_eq!((info.packets, info.octets), (2, 200));
        let info = sent.report(Now { wall: WallTime(start.wall.0 - 1_020_000), ..start }).unwrap();
        assert_eq!(info.rtp_timestamp, 0, "before capture");
    }
}
