//! `/metrics`: the workers' last statuses and the process, in the OpenMetrics text format.

use crate::journal::JournalStatus;
use crate::worker::WorkerStatus;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::time::Duration;
use tongke_outbox::DeliveryStatus;
use tongke_sfu::{Counters, DropReason, LessonStats};

/// Ticks per second of the CPU times in `/proc/self/stat`: USER_HZ, fixed at 100 for programs.
const TICKS_PER_S: f64 = 100.0;

/// The metrics page for these.
pub(crate) fn text(page: Page) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(page));
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
    text
}

/// What the metrics are of.
#[derive(Debug)]
pub(crate) struct Page {
    pub workers: Vec<WorkerStatus>,
    /// How many lessons live on each worker.
    pub placed: Vec<usize>,
    /// Workers started in place of others that ended by themselves.
    pub restarts: u64,
    pub journal: Option<JournalStatus>,
    /// How facts get to the registry, if they are handed on.
    pub handed_on: Option<DeliveryStatus>,
}

/// A counter of the core, by name and help.
type CoreCounter = (&'static str, &'static str, fn(&Counters) -> u64);

const TOTALS: [CoreCounter; 12] = [
    ("tongke_packets_received", "RTP packets that publishers sent", |c| c.packets_in),
    ("tongke_bytes_received", "Bytes of those packets", |c| c.bytes_in),
    ("tongke_packets_forwarded", "RTP packets forwarded, one for each receiver", |c| c.packets_out),
    ("tongke_bytes_sent", "Bytes of all that was sent, RTCP and repeats included", |c| c.bytes_out),
    ("tongke_sends", "Sends: single datagrams and runs of several", |c| c.sends),
    ("tongke_packets_retransmitted", "Packets sent again because a receiver asked", |c| c.retransmitted),
    ("tongke_packets_nacked_upstream", "Packets asked for again from publishers", |c| c.nacked_upstream),
    ("tongke_packets_recovered", "Publishers' packets that came after they had been missed", |c| c.recovered),
    ("tongke_keyframe_requests_sent", "Keyframes asked for from publishers", |c| c.keyframe_requests),
    ("tongke_keyframe_requests_received", "Keyframe requests of receivers", |c| c.keyframe_requests_received),
    ("tongke_replays", "Joins served with a stored keyframe", |c| c.replays),
    ("tongke_trunk_packets", "RTP packets passed on to a branch of their lesson", |c| c.trunk_packets),
];

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut out = Writer { encoder };
        for (name, help, value) in TOTALS {
            out.counter(name, help, self.sum(|worker| value(&worker.core.total)))?;
        }
        let dropped = self.sum(|worker| worker.core.total.forward_drops()) + self.shell_drops();
        out.counter(
            "tongke_packets_dropped",
            "Packets that should have been forwarded and were not",
            dropped,
        )?;
        out.counters("tongke_drops", "Datagrams and packets not taken or not sent", "reason", self.drops())?;
        self.sockets(&mut out)?;
        self.lessons(&mut out)?;
        self.facts(&mut out)?;
        let cpu = self.workers.iter().enumerate().map(|(index, worker)| (index.to_string(), worker.cpu));
        out.seconds("tongke_worker_cpu_seconds", "CPU time of a worker's thread", "worker", cpu)?;
        let placed = self.placed.iter().enumerate().map(|(index, count)| (index.to_string(), *count as u64));
        let help = "Workers started in place of others that ended by themselves";
        out.counter("tongke_worker_restarts", help, self.restarts)?;
        out.gauges("tongke_worker_lessons", "Lessons that live on a worker", "worker", placed)?;
        process(&mut out)
    }
}

impl Page {
    fn sum(&self, value: impl Fn(&WorkerStatus) -> u64) -> u64 {
        self.workers.iter().map(value).sum()
    }

    /// Packets that the core wanted sent and a socket did not take.
    fn shell_drops(&self) -> u64 {
        self.shell_drops_by_reason().iter().map(|(_, count)| count).sum()
    }

    fn shell_drops_by_reason(&self) -> [(&'static str, u64); 5] {
        [
            ("udp_buffer_full", self.sum(|worker| worker.udp_sent.dropped_full)),
            ("udp_refused", self.sum(|worker| worker.udp_sent.dropped_refused)),
            ("tcp_queue_full", self.sum(|worker| worker.tcp_dropped)),
            ("quic_buffer_full", self.sum(|worker| worker.quic.dropped_full)),
            ("quic_closed", self.sum(|worker| worker.quic.dropped_closed)),
        ]
    }

    fn drops(&self) -> Vec<(String, u64)> {
        let mut drops: Vec<(String, u64)> = Vec::new();
        for worker in &self.workers {
            for (at, (reason, count)) in worker.core.total.drops().enumerate() {
                match drops.get_mut(at) {
                    Some((_, sum)) => *sum += count,
                    None => drops.push((reason.to_owned(), count)),
                }
            }
        }
        drops.extend(self.shell_drops_by_reason().map(|(reason, count)| (reason.to_owned(), count)));
        drops
    }

    fn facts(&self, out: &mut Writer<'_>) -> fmt::Result {
        let Some(journal) = &self.journal else { return Ok(()) };
        out.counter("tongke_facts_written", "Facts of lessons on disk", journal.written)?;
        out.counter("tongke_facts_lost", "Facts that could not be written and were given up", journal.lost)?;
        out.counter("tongke_facts_write_failures", "Failed attempts to write facts", journal.failures)?;
        let Some(handed_on) = &self.handed_on else { return Ok(()) };
        let delivered = handed_on.new + handed_on.known;
        out.counter("tongke_facts_delivered", "Facts that the registry has taken", delivered)?;
        let help = "Facts that the registry refuses; they stand in refused.jsonl";
        out.counter("tongke_facts_refused", help, handed_on.refused)?;
        out.counter(
            "tongke_facts_delivery_failures",
            "Failed attempts to deliver facts",
            handed_on.failures,
        )?;
        let help = "Bytes of facts on disk that wait for the registry";
        out.gauge("tongke_facts_waiting_bytes", help, handed_on.waiting_bytes)
    }

    fn sockets(&self, out: &mut Writer<'_>) -> fmt::Result {
        let udp = |value: fn(&WorkerStatus) -> u64| self.sum(value);
        out.counter(
            "tongke_udp_datagrams_received",
            "Datagrams on the WebRTC ports",
            udp(|w| w.udp_received.datagrams),
        )?;
        out.counter("tongke_udp_bytes_received", "Their bytes", udp(|w| w.udp_received.bytes))?;
        out.counter(
            "tongke_udp_receive_calls",
            "System calls that brought them",
            udp(|w| w.udp_received.calls),
        )?;
        let dropped = |at: usize| self.sum(|worker| worker.receive_dropped[at]);
        out.counters(
            "tongke_udp_receive_dropped",
            "Datagrams that the kernel dropped because they were not read in time",
            "port",
            vec![("rtc".to_owned(), dropped(0)), ("quic".to_owned(), dropped(1))],
        )?;
        out.counter(
            "tongke_udp_datagrams_sent",
            "Datagrams sent from the WebRTC ports",
            udp(|w| w.udp_sent.datagrams),
        )?;
        out.counter("tongke_udp_bytes_sent", "Their bytes", udp(|w| w.udp_sent.bytes))?;
        out.counter("tongke_udp_send_calls", "System calls that sent them", udp(|w| w.udp_sent.calls))?;
        out.counter("tongke_quic_datagrams_sent", "Packets in DATAGRAM frames", udp(|w| w.quic.datagrams))?;
        out.counter("tongke_quic_streams_sent", "Packets on a stream of their own", udp(|w| w.quic.streams))?;
        out.counter("tongke_tcp_refused", "ICE-TCP connections refused: too many", udp(|w| w.tcp_refused))?;
        out.counter(
            "tongke_events_dropped",
            "Events that a slow listener missed",
            udp(|w| w.events_dropped),
        )?;
        out.gauge("tongke_quic_sessions", "QUIC sessions", udp(|w| w.quic_sessions as u64))?;
        out.gauge("tongke_tcp_connections", "ICE-TCP connections", udp(|w| w.tcp_connections as u64))?;
        out.gauge("tongke_event_streams", "Event streams over HTTP", udp(|w| w.listeners as u64))
    }

    fn rooms(&self) -> impl Iterator<Item = &LessonStats> {
        self.workers.iter().flat_map(|worker| &worker.core.lessons)
    }

    /// The lessons, each once: the sessions at its branches, and what was forwarded there, count with it.
    fn whole_lessons(&self) -> Vec<LessonStats> {
        let runs = |room: &&LessonStats| room.participants + room.webrtc_legs + room.quic_legs > 0;
        let homes = self.rooms().filter(|room| !room.is_branch).filter(runs);
        let mut lessons: Vec<LessonStats> = homes.cloned().collect();
        for branch in self.rooms().filter(|room| room.is_branch) {
            if let Some(home) = lessons.iter_mut().find(|home| home.lesson == branch.lesson) {
                home.webrtc_legs += branch.webrtc_legs;
                home.quic_legs += branch.quic_legs;
                home.counters.packets_out += branch.counters.packets_out;
            }
        }
        lessons
    }

    fn lessons(&self, out: &mut Writer<'_>) -> fmt::Result {
        let lessons = self.whole_lessons();
        out.gauge("tongke_lessons", "Lessons that run", lessons.len() as u64)?;
        let branches = self.rooms().filter(|room| room.is_branch).count();
        out.gauge("tongke_branches", "Branches of lessons on other workers", branches as u64)?;
        let of = |value: fn(&LessonStats) -> u64| {
            lessons.iter().map(move |stats| (stats.lesson.to_string(), value(stats)))
        };
        out.gauges(
            "tongke_lesson_participants",
            "Participants, observers included",
            "lesson",
            of(|l| l.participants as u64),
        )?;
        out.gauges("tongke_lesson_webrtc_legs", "WebRTC sessions", "lesson", of(|l| l.webrtc_legs as u64))?;
        out.gauges("tongke_lesson_quic_legs", "QUIC sessions", "lesson", of(|l| l.quic_legs as u64))?;
        out.gauges("tongke_lesson_tracks", "Published tracks", "lesson", of(|l| l.tracks as u64))?;
        let forwarded = of(|l| l.counters.packets_out).collect();
        out.counters("tongke_lesson_packets_forwarded", "RTP packets forwarded", "lesson", forwarded)?;
        let policed = of(|l| l.counters.dropped(DropReason::Policed)).collect();
        out.counters(
            "tongke_lesson_packets_policed",
            "Packets dropped because their session sends more than one may",
            "lesson",
            policed,
        )
    }
}

fn process(out: &mut Writer<'_>) -> fmt::Result {
    if let Some(bytes) = resident_bytes() {
        out.gauge("process_resident_memory_bytes", "Memory held", bytes)?;
    }
    match process_cpu_s() {
        Some(seconds) => out.metric("process_cpu_seconds", "CPU time", &ConstCounter::new(seconds)),
        None => Ok(()),
    }
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

fn process_cpu_s() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th field after it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / TICKS_PER_S)
}

/// Writes metrics one by one.
struct Writer<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl Writer<'_> {
    fn metric(&mut self, name: &str, help: &str, value: &impl EncodeMetric) -> fmt::Result {
        value.encode(self.encoder.encode_descriptor(name, help, None, value.metric_type())?)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.metric(name, help, &ConstCounter::new(value))
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.metric(name, help, &ConstGauge::new(value as i64))
    }

    fn family<M: EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl Iterator<Item = (String, M)>,
    ) -> fmt::Result {
        let mut values = values.peekable();
        let Some((_, first)) = values.peek() else { return Ok(()) };
        let mut encoder = self.encoder.encode_descriptor(name, help, None, first.metric_type())?;
        for (name, value) in values {
            value.encode(encoder.encode_family(&[(label, name)])?)?;
        }
        Ok(())
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: Vec<(String, u64)>,
    ) -> fmt::Result {
        self.family(
            name,
            help,
            label,
            values.into_iter().map(|(name, value)| (name, ConstCounter::new(value))),
        )
    }

    fn gauges(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl Iterator<Item = (String, u64)>,
    ) -> fmt::Result {
        self.family(name, help, label, values.map(|(name, value)| (name, ConstGauge::new(value as i64))))
    }

    fn seconds(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl Iterator<Item = (String, Duration)>,
    ) -> fmt::Result {
        self.family(
            name,
            help,
            label,
            values.map(|(name, time)| (name, ConstCounter::new(time.as_secs_f64()))),
        )
    }
}
