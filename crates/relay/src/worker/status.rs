//! What a worker tells about itself, once a second.

use super::drops::ReceiveDrops;
use super::egress::Egress;
use super::plane::Plane;
use super::quic::QuicCounters;
use super::udp::{UdpReceived, UdpSent};
use crate::placement::Placement;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tongke_sfu::{CoreStats, LessonStats};

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
    /// What came over UDP.
    pub udp_received: UdpReceived,
    /// Datagrams that the kernel dropped before they were read, of WebRTC and of QUIC.
    pub receive_dropped: [u64; 2],
    /// What went over UDP.
    pub udp_sent: UdpSent,
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
            udp_received: UdpReceived::default(),
            receive_dropped: [0; 2],
            udp_sent: UdpSent::default(),
            quic: QuicCounters::default(),
            quic_sessions: 0,
            tcp_connections: 0,
            tcp_dropped: 0,
            tcp_refused: 0,
            listeners: 0,
            events_dropped: 0,
        }
    }

    fn of(plane: &Plane, udp_received: UdpReceived, receive_dropped: [u64; 2], written: Instant) -> Self {
        plane.egress.with(|Egress { udp, tcp, quic }| Self {
            written,
            cpu: thread_cpu().unwrap_or_default(),
            core: plane.core.stats(),
            udp_received,
            receive_dropped,
            udp_sent: udp.counters,
            quic: quic.counters,
            quic_sessions: quic.count(),
            tcp_connections: tcp.count(),
            tcp_dropped: tcp.dropped,
            tcp_refused: tcp.refused,
            listeners: plane.listeners.count().0,
            events_dropped: plane.listeners.dropped,
        })
    }
}

/// Writes the status when it is due.
pub(super) struct Reporter {
    due: Instant,
    status: watch::Sender<WorkerStatus>,
    /// Of the sockets of WebRTC and of QUIC.
    drops: [ReceiveDrops; 2],
    /// This worker, and whom it tells how busy it is.
    index: usize,
    placement: Arc<Placement>,
    /// Share of a CPU over the last seconds, the last one weighing half.
    busy: f64,
    last: (Instant, Duration),
}

impl Reporter {
    /// A reporter with an empty first report, and where it is read.
    pub(super) fn new(
        now: Instant,
        index: usize,
        placement: Arc<Placement>,
        drops: [ReceiveDrops; 2],
    ) -> (Self, watch::Receiver<WorkerStatus>) {
        let (status, reader) = watch::channel(WorkerStatus::at(now));
        let last = (now, Duration::ZERO);
        (Self { due: now + PERIOD, status, drops, index, placement, busy: 0.0, last }, reader)
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Writes it. Returns the share of a CPU that the worker uses.
    pub(super) fn report(&mut self, now: Instant, plane: &Plane, udp_received: UdpReceived) -> f64 {
        self.due = now + PERIOD;
        let status =
            WorkerStatus::of(plane, udp_received, self.drops.each_mut().map(ReceiveDrops::read), now);
        self.tell_load(&status);
        self.status.send_replace(status);
        self.busy
    }

    fn tell_load(&mut self, status: &WorkerStatus) {
        let (since, cpu) = std::mem::replace(&mut self.last, (status.written, status.cpu));
        let passed = status.written.saturating_duration_since(since).as_secs_f64();
        if passed > 0.0 {
            let share = status.cpu.saturating_sub(cpu).as_secs_f64() / passed;
            self.busy = (self.busy + share) / 2.0;
        }
        let is_running = |lesson: &&LessonStats| lesson.tracks > 0 && !lesson.is_branch;
        let running = status.core.lessons.iter().filter(is_running).count();
        self.placement.tell(self.index, (self.busy * 1e6) as u32, running as u32);
    }
}

/// CPU time of the calling thread: nanoseconds on a processor, first field of `schedstat`.
fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
