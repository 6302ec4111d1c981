//! Figures for TCP through the same path: the throughput framework of RFC 6349 and the model of RFC 8337.

/// Bandwidth-delay product in bits (RFC 6349 §3.3): what is on the way when the path is full.
pub fn bandwidth_delay_product_bits(bottleneck_bps: f64, round_trip_ms: f64) -> f64 {
    bottleneck_bps * round_trip_ms / 1000.0
}

/// The receive window that fills the path, in whole bytes (RFC 6349 §3.3).
pub fn receive_window_bytes(bottleneck_bps: f64, round_trip_ms: f64) -> u64 {
    (bandwidth_delay_product_bits(bottleneck_bps, round_trip_ms) / 8.0) as u64
}

/// TCP efficiency in per cent (RFC 6349 §4.2): the share of bytes sent that were no repeats. None if nothing was
/// sent, or more repeated than sent.
pub fn efficiency_percent(sent_bytes: u64, retransmitted_bytes: u64) -> Option<f64> {
    let first_time = sent_bytes.checked_sub(retransmitted_bytes)?;
    (sent_bytes > 0).then(|| first_time as f64 * 100.0 / sent_bytes as f64)
}

/// Buffer delay in per cent (RFC 6349 §4.3): by how much the mean round trip during the transfer exceeds that of
/// the idle path. None without an idle round trip.
pub fn buffer_delay_percent(mean_ms: f64, base_ms: f64) -> Option<f64> {
    (base_ms > 0.0).then(|| (mean_ms - base_ms) * 100.0 / base_ms)
}

/// What a path must do to carry a rate over TCP (RFC 8337 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportTarget {
    /// Packets on the way at the target rate: ⌈rate·RTT/(MTU − headers)⌉.
    pub window_packets: u64,
    /// Packets between two losses, at least: 3·window².
    pub run_length_packets: u64,
}

impl TransportTarget {
    /// For a rate, a round trip and the bytes of data that a packet carries; none if one of them is not positive.
    pub fn of(rate_bps: f64, round_trip_ms: f64, payload_bytes: u32) -> Option<Self> {
        let positive = rate_bps > 0.0 && round_trip_ms > 0.0 && payload_bytes > 0;
        positive.then(|| {
            let bits = bandwidth_delay_product_bits(rate_bps, round_trip_ms);
            let window_packets = (bits / 8.0 / f64::from(payload_bytes)).ceil() as u64;
            Self { window_packets, run_length_packets: 3 * window_packets.saturating_pow(2) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_base_has_no_share() {
        assert_eq!(efficiency_percent(0, 0), None);
        assert_eq!(efficiency_percent(10, 11), None);
        assert_eq!(buffer_delay_percent(32.0, 0.0), None);
        assert_eq!(TransportTarget::of(2e6, 100.0, 0), None);
        assert_eq!(TransportTarget::of(f64::NAN, 100.0, 1448), None);
    }
}
