//! What the demo reads from its relay's metrics.

use super::http;
use std::net::SocketAddr;
use tongke_protocol::facts::RelayReport;

/// The relay's counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RelayReading {
    cpu_seconds: Option<f64>,
    rss_bytes: Option<f64>,
    forwarded: Option<f64>,
    dropped: Option<f64>,
}

impl RelayReading {
    /// Asks the relay; a relay that does not answer leaves everything open.
    pub async fn take(http: SocketAddr) -> RelayReading {
        http::get(http, "/metrics").await.map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(metrics: &str) -> RelayReading {
        RelayReading {
            cpu_seconds: sum(metrics, "process_cpu_seconds_total"),
            rss_bytes: sum(metrics, "process_resident_memory_bytes"),
            forwarded: sum(metrics, "tongke_packets_forwarded_total"),
            dropped: sum(metrics, "tongke_packets_dropped_total"),
        }
    }

    /// What happened since `before`.
    pub fn since(self, before: RelayReading) -> RelayReport {
        let difference = |now: Option<f64>, then: Option<f64>| Some(now? - then.unwrap_or(0.0));
        let forwarded = difference(self.forwarded, before.forwarded);
        let cpu_us = difference(self.cpu_seconds, before.cpu_seconds).map(|seconds| seconds * 1e6);
        let per_packet =
            cpu_us.zip(forwarded).filter(|(_, packets)| *packets > 0.0).map(|(us, packets)| us / packets);
        RelayReport {
            cpu_us_per_forwarded_packet: per_packet.map(|us| (us * 100.0).round() / 100.0),
            rss_bytes: self.rss_bytes.map(|bytes| bytes as u64),
            packets_forwarded: forwarded.map(|packets| packets as u64),
            packets_dropped: difference(self.dropped, before.dropped).map(|packets| packets as u64),
        }
    }
}

/// The sum of a metric over its labels, in Prometheus' text format; none: there is no such metric.
fn sum(metrics: &str, name: &str) -> Option<f64> {
    metrics
        .lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<f64>().ok())
        .reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "# TYPE tongke_packets_dropped counter\n\
        tongke_packets_dropped_total{reason=\"no grant\"} 3\n\
        tongke_packets_dropped_total{reason=\"malformed\"} 4\n\
        tongke_packets_forwarded_total 2000\n\
        process_cpu_seconds_total 0.5\n";

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        assert_eq!(sum(METRICS, "tongke_packets_dropped_total"), Some(7.0));
        assert_eq!(sum(METRICS, "tongke_packets"), None);
    }

    #[test]
    fn processor_time_is_told_per_packet_of_the_lesson() {
        let before = RelayReading { cpu_seconds: Some(0.1), forwarded: Some(1000.0), ..Default::default() };
        let report = RelayReading::parse(METRICS).since(before);
        assert_eq!(report.cpu_us_per_forwarded_packet, Some(400.0));
        assert_eq!(
            (report.packets_forwarded, report.packets_dropped, report.rss_bytes),
            (Some(1000), Some(7), None)
        );
    }

    #[test]
    fn a_relay_that_forwarded_nothing_has_no_cost_per_packet() {
        let reading = RelayReading { cpu_seconds: Some(0.1), forwarded: Some(0.0), ..Default::default() };
        assert_eq!(reading.since(RelayReading::default()).cpu_us_per_forwarded_packet, None);
    }
}
