//! Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): the
//! receiver notes arrivals and tells them; the sender learns what became of each packet.

use super::SequenceExtender;
use super::rtcp::{FeedbackHead, TransportFeedback, write_transport_cc};
use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// Most packets told about in one feedback: it stays below 1 kB.
const MAX_STATUSES: usize = 400;
/// Told packets remembered, so that one that comes late is told after all.
const REMEMBERED: u64 = 256;
/// Most packets between feedbacks; of more, the oldest are never told.
const MAX_PENDING: u64 = 4096;
/// Most sent packets that wait for their feedback; the oldest go first.
const MAX_SENT: usize = 4096;
/// Time that a sent packet waits for its feedback: receivers tell several times a second, so that
/// later than this nothing new is told, however long the way.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// When a packet arrived, in 250 µs since the recorder's first packet, plus one: with `None` it takes
/// no more than a number.
#[derive(Debug, Clone, Copy)]
struct Arrived(NonZeroU64);

impl Arrived {
    fn after(since_origin: Duration) -> Arrived {
        Arrived(NonZeroU64::MIN.saturating_add((since_origin.as_micros() / 250) as u64))
    }

    fn units_of_250_us(self) -> i64 {
        (self.0.get() - 1) as i64
    }
}

/// Notes when packets arrive and tells the sender.
#[derive(Debug, Default)]
pub struct ArrivalRecorder {
    extender: SequenceExtender,
    origin: Option<Instant>,
    /// Number of `arrivals[0]`.
    first: u64,
    /// Number of the next packet to tell about.
    next: u64,
    /// Arrivals by number. At most `MAX_PENDING` + `REMEMBERED`.
    arrivals: VecDeque<Option<Arrived>>,
    feedback_count: u8,
}

impl ArrivalRecorder {
    /// A recorder that has seen nothing.
    pub fn new() -> ArrivalRecorder {
        ArrivalRecorder::default()
    }

    /// Notes a packet by its transport-wide number.
    pub fn on_packet(&mut self, now: Instant, sequence: u16) {
        let number = self.extender.extend(sequence);
        let origin = *self.origin.get_or_insert(now);
        if self.arrivals.is_empty() && self.next == 0 {
            (self.first, self.next) = (number, number);
        }
        let Some(mut index) = number.checked_sub(self.first) else { return };
        if index >= MAX_PENDING + REMEMBERED {
            self.forget_before(number - MAX_PENDING + 1);
            index = number - self.first;
        }
        if index as usize >= self.arrivals.len() {
            self.arrivals.resize(index as usize + 1, None);
        }
        let place = &mut self.arrivals[index as usize];
        if place.is_none() {
            *place = Some(Arrived::after(now.saturating_duration_since(origin)));
            self.next = self.next.min(number);
        }
    }

    /// Whether there is anything to tell.
    pub fn is_pending(&self) -> bool {
        self.next < self.first + self.arrivals.len() as u64
    }

    /// Appends one feedback packet to `out`; false when there is nothing to tell. Call it again while
    /// [`Self::is_pending`]. Tell about every 50–100 ms.
    pub fn write_feedback(&mut self, out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32) -> bool {
        if !self.is_pending() {
            return false;
        }
        let skip = (self.next - self.first) as usize;
        let told = self.arrivals.iter().skip(skip).take(MAX_STATUSES);
        let statuses: Vec<Option<i64>> = told.map(|arrival| arrival.map(Arrived::units_of_250_us)).collect();
        let head = FeedbackHead {
            sender_ssrc,
            media_ssrc,
            base_sequence: self.next as u16,
            feedback_count: self.feedback_count,
        };
        let told = write_transport_cc(out, &head, &statuses);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.next += told as u64;
        self.forget_before(self.next.saturating_sub(REMEMBERED));
        true
    }

    fn forget_before(&mut self, number: u64) {
        let gone = number.saturating_sub(self.first).min(self.arrivals.len() as u64);
        self.arrivals.drain(..gone as usize);
        self.first = self.first.max(number);
        self.next = self.next.max(self.first);
    }
}

/// What became of a sent packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Its transport-wide number.
    pub sequence: u16,
    /// Its size, as told when it was sent.
    pub size: usize,
    /// When it was sent.
    pub sent: Instant,
    /// When it arrived, in µs of the receiver's clock; none when it has not so far.
    pub arrival_us: Option<i64>,
}

/// When a packet was sent, its size and whether it arrived, in eight bytes: the relay has a log for
/// each receiver and walks through all of it every second.
#[derive(Debug, Clone, Copy)]
struct Sent(u64);

impl Sent {
    /// Above all sizes of datagrams that the relay sends.
    const MAX_SIZE: usize = 0x7FFF;

    fn new(since_origin: Duration, size: usize) -> Sent {
        Sent((since_origin.as_micros() as u64) << 16 | (size.min(Self::MAX_SIZE) as u64) << 1)
    }

    fn since_origin(self) -> Duration {
        Duration::from_micros(self.0 >> 16)
    }

    fn size(self) -> usize {
        (self.0 >> 1) as usize & Self::MAX_SIZE
    }

    fn has_arrived(self) -> bool {
        self.0 & 1 != 0
    }
}

/// Numbers outgoing packets and matches feedback to them.
#[derive(Debug, Default)]
pub struct SendLog {
    /// When the first packet was sent.
    origin: Option<Instant>,
    /// Number of `sent[0]`.
    first: u64,
    sent: VecDeque<Sent>,
}

impl SendLog {
    /// A log without packets.
    pub fn new() -> SendLog {
        SendLog::default()
    }

    /// The transport-wide number for a packet that is being sent. Packets sent longer than a second ago
    /// are forgotten.
    pub fn on_sent(&mut self, now: Instant, size: usize) -> u16 {
        let since_origin = now.saturating_duration_since(*self.origin.get_or_insert(now));
        let is_told_no_more = |sent: &Sent| since_origin > sent.since_origin() + MAX_WAIT;
        while self.sent.len() == MAX_SENT || self.sent.front().is_some_and(is_told_no_more) {
            self.sent.pop_front();
            self.first += 1;
        }
        self.sent.push_back(Sent::new(since_origin, size));
        (self.first + self.sent.len() as u64 - 1) as u16
    }

    /// Calls `tell` for each packet that the feedback is about and that was not known to have
    /// arrived. A packet told lost may be told arrived later. Returns the time from the youngest
    /// arrived packet's sending to now: a round trip plus the receiver's wait.
    pub fn on_feedback(
        &mut self,
        now: Instant,
        feedback: &TransportFeedback<'_>,
        mut tell: impl FnMut(Outcome),
    ) -> Option<Duration> {
        let origin = self.origin?;
        let mut youngest = None;
        let end = self.first + self.sent.len() as u64;
        // Whatever it claims: more are not remembered.
        for status in feedback.statuses().take(MAX_SENT) {
            // The latest packet of that number: fewer than 65,536 are remembered.
            let back = (end as u16).wrapping_sub(status.sequence);
            let number = end.checked_sub(u64::from(back)).filter(|number| *number >= self.first);
            let index = number.map(|number| (number - self.first) as usize);
            let Some(sent) = index.and_then(|index| self.sent.get_mut(index)) else { continue };
            if sent.has_arrived() {
                continue;
            }
            let at = origin + sent.since_origin();
            if status.arrival_us.is_some() {
                sent.0 |= 1;
                youngest = youngest.max(Some(at));
            }
            let size = sent.size();
            tell(Outcome { sequence: status.sequence, size, sent: at, arrival_us: status.arrival_us });
        }
        youngest.map(|at| now.saturating_duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rtcp::{self, Rtcp};
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn told(recorder: &mut ArrivalRecorder) -> Vec<(u16, Option<i64>)> {
        let mut out = Vec::new();
        let mut all = Vec::new();
        while recorder.write_feedback(&mut out, 1, 2) {}
        for packet in rtcp::read(&out) {
            let Rtcp::TransportCc(feedback) = packet.unwrap() else { panic!() };
            all.extend(feedback.statuses().map(|status| (status.sequence, status.arrival_us)));
        }
        all
    }

    #[test]
    fn arrivals_are_told_once_with_gaps_and_over_the_wrap() {
        let mut recorder = ArrivalRecorder::new();
        let t = Instant::now();
        recorder.on_packet(t, 65_534);
        recorder.on_packet(t + 10 * MS, 1);
        assert_eq!(told(&mut recorder), [(65_534, Some(0)), (65_535, None), (0, None), (1, Some(10_000))]);
        assert!(!recorder.is_pending());
        recorder.on_packet(t + 20 * MS, 2);
        assert_eq!(told(&mut recorder), [(2, Some(20_000))]);
    }

    #[test]
    fn a_late_packet_is_told_after_all() {
        let mut recorder = ArrivalRecorder::new();
        let t = Instant::now();
        recorder.on_packet(t, 10);
        recorder.on_packet(t + MS, 12);
        told(&mut recorder);
        recorder.on_packet(t + 60 * MS, 11);
        assert_eq!(told(&mut recorder), [(11, Some(60_000)), (12, Some(1_000))]);
    }

    #[test]
    fn long_silences_and_floods_stay_bounded() {
        let mut recorder = ArrivalRecorder::new();
        let t = Instant::now();
        recorder.on_packet(t, 0);
        recorder.on_packet(t + 60_000 * MS, 1);
        assert_eq!(told(&mut recorder), [(0, Some(0)), (1, Some(60_000_000))], "in two packets");
        for i in 0..200_000_u32 {
            recorder.on_packet(t + 60_000 * MS, (i * 7) as u16);
        }
        assert!(recorder.arrivals.len() as u64 <= MAX_PENDING + REMEMBERED);
        assert!(told(&mut recorder).len() as u64 <= MAX_PENDING + REMEMBERED);
    }

    #[test]
    fn the_log_matches_feedback_to_what_was_sent() {
        let (mut log, mut recorder) = (SendLog::new(), ArrivalRecorder::new());
        let t = Instant::now();
        for i in 0..100_000_u32 {
            let at = t + i * MS;
            let sequence = log.on_sent(at, 1200 + i as usize % 7);
            assert_eq!(sequence, i as u16);
            if i % 10 != 3 {
                recorder.on_packet(at + 40 * MS, sequence);
            }
            if i % 50 == 49 {
                let mut out = Vec::new();
                recorder.write_feedback(&mut out, 1, 2);
                let Some(Ok(Rtcp::TransportCc(feedback))) = rtcp::read(&out).next() else { panic!() };
                let mut outcomes = Vec::new();
                let took = log.on_feedback(at + 80 * MS, &feedback, |outcome| outcomes.push(outcome));
                assert_eq!((took, outcomes.len()), (Some(80 * MS), 50));
                assert_eq!(outcomes.iter().filter(|o| o.arrival_us.is_none()).count(), 5);
                assert_eq!(outcomes[49].arrival_us, Some(i64::from(i) * 1000));
                let none = log.on_feedback(at + 81 * MS, &feedback, |o| assert!(o.arrival_us.is_none()));
                assert_eq!(none, None, "told twice");
            }
        }
    }

    #[test]
    fn the_log_holds_a_second_of_packets_and_knows_feedback_that_took_that_long() {
        let (mut log, mut recorder) = (SendLog::new(), ArrivalRecorder::new());
        let t = Instant::now();
        for i in 0..3_000_u32 {
            let sequence = log.on_sent(t + i * 3 * MS, 1200);
            recorder.on_packet(t + i * 3 * MS, sequence);
        }
        assert!(log.sent.len() <= 334, "{} packets", log.sent.len());
        assert!(log.sent.capacity() <= 512, "room for {}", log.sent.capacity());
        let mut out = Vec::new();
        while recorder.write_feedback(&mut out, 1, 2) {}
        let mut known = 0;
        for packet in rtcp::read(&out) {
            let Ok(Rtcp::TransportCc(feedback)) = packet else { panic!() };
            log.on_feedback(t + 9_000 * MS, &feedback, |_| known += 1);
        }
        assert_eq!(known, log.sent.len(), "older ones are nobody's any more");
    }
}
