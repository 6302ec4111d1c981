//! Round trip time from RTCP: reports (RFC 3550 §6.4.1) and, for ends that only receive, the DLRR block of
//! extended reports (RFC 3611 §4.5). Half of it is not one-way delay, and capture, encoding, buffers and display
//! are not in it.

/// Parts of a second in RTCP's delays.
const PARTS_PER_SECOND: f64 = 65_536.0;

/// A round trip in units of 1/65536 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoundTrip(pub u32);

impl RoundTrip {
    /// A − LSR − DLSR: the report's arrival, the last sender report's time and the delay since it came, all in
    /// the middle 32 bits of NTP time. For a DLRR block the same with LRR and DLRR.
    ///
    /// None if there was no sender report yet (LSR is zero) or the times contradict each other: the far end's
    /// delay is longer than all the time that passed.
    pub fn from_report(arrival: u32, last_report: u32, delay_since: u32) -> Option<RoundTrip> {
        if last_report == 0 {
            return None;
        }
        arrival.wrapping_sub(last_report).checked_sub(delay_since).map(RoundTrip)
    }

    /// In milliseconds.
    pub fn ms(self) -> f64 {
        f64::from(self.0) * 1000.0 / PARTS_PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_across_the_wrap_counts_and_an_impossible_one_does_not() {
        assert_eq!(RoundTrip::from_report(0x10, 0xffff_fff0, 0x8), Some(RoundTrip(0x18)));
        assert_eq!(RoundTrip::from_report(0x5000, 0, 0x8), None, "no sender report yet");
        assert_eq!(RoundTrip::from_report(0x5000, 0x4000, 0x1001), None, "more delay than time");
    }
}
