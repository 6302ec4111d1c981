//! What a worker tells about itself, once a second.

use super::plane::Plane;
use super::quic::QuicCounters;
use super::udp::UdpCounters;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tongke_sfu::CoreStats;

const PERIOD: Duration = Duration::from_secs(1);

/// A worker in numbers. Counters are cumulative, so a report that nobody reads is no loss.
#[derive(Debug, Clone)]
pub(crate) struct WorkerStatus {
    /// When it was written; an old one means that the worker stands still.
    pub written: Instant,
    /// CPU time of the thread.
    pub cpu: Duration,
    /// Lessons and packets.
    pub core: CoreStats,
    /// The UDP socket.
    pub udp: UdpCounters,
    /// QUIC sending.
    pub quic: QuicCounters,
    /// Open QUIC sessions.
    pub quic_sessions: usize,
    /// Open ICE-TCP connections.
    pub tcp_connections: usize,
    /// Datagrams not sent over TCP because the peer reads too slowly or is gone.
    pub tcp_dropped: u64,
    /// ICE-TCP connections refused.
    pub tcp_refused: u64,
    /// Listeners over HTTP.
    pub listeners: usize,
    /// Events not delivered to listeners that were behind.
    pub events_dropped: u64,
}

impl WorkerStatus {
    fn at(written: Instant) -> Self {
        Self {
            written,
            cpu: Duration::ZERO,
            core: CoreStats::default(),
            udp: UdpCounters::default(),
            quic: QuicCounters::default(),
            quic_sessions: 0,
            tcp_connections: 0,
            tcp_dropped: 0,
            tcp_refused: 0,
            listeners: 0,
            events_dropped: 0,
        }
    }

    fn of(plane: &Plane, written: Instant) -> Self {
        Self {
            written,
            cpu: thread_cpu().unwrap_or_default(),
            core: plane.core.stats(),
            udp: plane.udp.counters,
            quic: plane.quic.counters,
            quic_sessions: plane.quic.count(),
            tcp_connections: plane.tcp.count(),
            tcp_dropped: plane.tcp.dropped,
            tcp_refused: plane.tcp.refused,
            listeners: plane.listeners.count().0,
            events_dropped: plane.listeners.dropped,
        }
    }
}

/// Writes the status when it is due.
pub(super) struct Reporter {
    due: Instant,
    status: watch::Sender<WorkerStatus>,
}

impl Reporter {
    /// A reporter with an empty first report, and where it is read.
    pub(super) fn new(now: Instant) -> (Self, watch::Receiver<WorkerStatus>) {
        let (status, reader) = watch::channel(WorkerStatus::at(now));
        (Self { due: now + PERIOD, status }, reader)
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn report(&mut self, now: Instant, plane: &Plane) {
        self.due = now + PERIOD;
        self.status.send_replace(WorkerStatus::of(plane, now));
    }
}

/// CPU time of the calling thread: nanoseconds on a processor, first field of `schedstat`.
fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
