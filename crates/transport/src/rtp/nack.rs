//! The receiver's half of loss repair: which packets to ask for (again), and when (RFC 4585 §6.2.1).
//!
//! The first request goes out as soon as reordering is unlikely to explain the gap; each repeat
//! after a round trip and a margin, since a request or its answer may be lost too. The round trip is
//! told ([`NackGenerator::set_rtt`]) and, once repairs happen, measured on them (RFC 6298 smoothing,
//! Karn's rule: only packets asked for once count). A packet that was only late looks like a quick
//! repair until the real one comes as a duplicate; so a measurement waits a while for that before it
//! counts.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tongke_protocol::MediaKind;

/// Packets behind the highest one for which it is known whether they came.
const WINDOW: u64 = 4096;
/// Shortest time between two requests for the same packet.
const MIN_REPEAT: Duration = Duration::from_millis(15);
/// Longest time between two requests for the same packet.
const MAX_REPEAT: Duration = Duration::from_millis(500);
/// Time to a repeat while no round trip is known.
const FIRST_REPEAT: Duration = Duration::from_millis(100);

/// Time from a request to its copy: so long that a short burst of loss does not take both.
const COPY_AFTER: Duration = Duration::from_millis(20);
/// How long a measured round trip waits for a duplicate that would disprove it.
const PROOF_TIME: Duration = Duration::from_millis(500);
/// Most measurements that wait; more are not needed.
const MAX_UNPROVEN: usize = 32;

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NackConfig {
    /// Least wait before the first request for a gap.
    pub min_reorder_wait: Duration,
    /// Greatest wait before the first request, when packets have been seen to overtake each other.
    pub max_reorder_wait: Duration,
    /// Requests for one packet before it is given up.
    pub max_tries: u8,
    /// Age of a gap after which it is given up: no buffer waits longer.
    pub max_age: Duration,
    /// Most gaps remembered; the oldest are given up first. At most 4096.
    pub max_missing: usize,
    /// From this request for a packet on, each goes out twice, without waiting for an answer: that costs
    /// a little and saves a round trip when the request or its answer is lost.
    pub twice_from: u8,
}

impl NackConfig {
    /// For pictures and for sound. Sound waits for nothing and its packets are small, so that the first
    /// request already goes out twice.
    pub fn for_media(media: MediaKind) -> NackConfig {
        let twice_from = match media {
            MediaKind::Video => 2,
            MediaKind::Audio => 1,
        };
        NackConfig { twice_from, ..NackConfig::default() }
    }
}

impl Default for NackConfig {
    fn default() -> NackConfig {
        NackConfig {
            min_reorder_wait: Duration::from_millis(2),
            max_reorder_wait: Duration::from_millis(20),
            max_tries: 10,
            max_age: Duration::from_millis(1000),
            max_missing: 512,
            twice_from: 2,
        }
    }
}

/// What a packet that came is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Came the first time, in or out of order, without having been asked for.
    New,
    /// Was asked for, and came.
    Recovered,
    /// Came before.
    Duplicate,
    /// So old that it cannot be said whether it came before.
    TooOld,
}

/// Cumulative counts of a [`NackGenerator`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NackCounters {
    /// Packets asked for at least once: lost on the way, or later than the reorder wait.
    pub asked: u64,
    /// Requests, repeats included.
    pub requests: u64,
    /// Packets that came after they were asked for, late ones included.
    pub recovered: u64,
    /// Packets no longer waited for. One that comes after all moves to `recovered`.
    pub gave_up: u64,
    /// Packets that came more than once.
    pub duplicates: u64,
    /// Packets that overtook others: filled a gap that was not asked for yet.
    pub reordered: u64,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    seq: u64,
    noticed: Instant,
    /// Moment of the last request; the first one's place while none was made.
    next_at: Instant,
    asked_at: Option<Instant>,
    tries: u8,
    /// The last request went out twice.
    copied: bool,
}

impl Missing {
    fn new(seq: u64, noticed: Instant, next_at: Instant) -> Missing {
        Missing { seq, noticed, next_at, asked_at: None, tries: 0, copied: false }
    }

    /// Notes a request, a new one or the copy of the last one, and sets the time of the next.
    fn ask(&mut self, now: Instant, repeat: Duration, twice_from: u8) {
        if let Some(asked_at) = self.asked_at
            && self.tries >= twice_from
            && !self.copied
            && now < asked_at + repeat
        {
            self.copied = true;
            self.next_at = asked_at + repeat;
            return;
        }
        self.tries += 1;
        self.asked_at = Some(now);
        self.copied = false;
        let goes_twice = self.tries >= twice_from;
        self.next_at = now + if goes_twice { COPY_AFTER.min(repeat) } else { repeat };
    }
}

/// A repair that may have been a late packet.
#[derive(Debug, Clone, Copy)]
struct Unproven {
    seq: u64,
    noticed: Instant,
    asked_at: Instant,
    came: Instant,
}

/// Tells which packets of one stream to ask for. Numbers are 64-bit, see
/// [`super::SequenceExtender`].
#[derive(Debug)]
pub struct NackGenerator {
    config: NackConfig,
    /// First and highest number seen.
    span: Option<(u64, u64)>,
    /// Gaps, ascending by number. Bounded by `max_missing`; the oldest go first.
    missing: VecDeque<Missing>,
    /// Which of the last [`WINDOW`] numbers came, a bit by number modulo the window.
    came: [u64; (WINDOW / 64) as usize],
    rtt: Option<RttEstimate>,
    /// Repairs by the order in which they came. At most `MAX_UNPROVEN`.
    unproven: VecDeque<Unproven>,
    /// How far packets have lately overtaken each other.
    reorder: Duration,
    /// No gap is due before this moment. May be early, never late.
    next_due: Option<Instant>,
    counters: NackCounters,
}

#[derive(Debug, Clone, Copy)]
struct RttEstimate {
    smoothed: Duration,
    variation: Duration,
}

impl RttEstimate {
    fn first(sample: Duration) -> RttEstimate {
        RttEstimate { smoothed: sample, variation: sample / 4 }
    }

    /// RFC 6298 §2.3.
    fn take(&mut self, sample: Duration) {
        self.variation = (self.variation * 3 + self.smoothed.abs_diff(sample)) / 4;
        self.smoothed = (self.smoothed * 7 + sample) / 8;
    }
}

impl NackGenerator {
    /// A generator that has seen nothing yet.
    pub fn new(config: NackConfig) -> NackGenerator {
        NackGenerator {
            config: NackConfig { max_missing: config.max_missing.min(WINDOW as usize), ..config },
            span: None,
            missing: VecDeque::new(),
            came: [0; (WINDOW / 64) as usize],
            rtt: None,
            unproven: VecDeque::new(),
            reorder: Duration::ZERO,
            next_due: None,
            counters: NackCounters::default(),
        }
    }

    /// Takes the round trip as measured elsewhere (RTCP). Repairs refine it.
    pub fn set_rtt(&mut self, rtt: Duration) {
        match &mut self.rtt {
            Some(estimate) => estimate.take(rtt),
            None => self.rtt = Some(RttEstimate::first(rtt)),
        }
    }

    /// The smoothed round trip, told or measured on repairs.
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt.map(|estimate| estimate.smoothed)
    }

    /// Cumulative counts.
    pub fn counters(&self) -> NackCounters {
        self.counters
    }

    /// Packets waited for now.
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Notes a packet that came.
    pub fn on_packet(&mut self, now: Instant, ext_seq: u64) -> Arrival {
        let Some((first, highest)) = self.span else {
            self.span = Some((ext_seq, ext_seq));
            self.set_came(ext_seq);
            return Arrival::New;
        };
        if ext_seq > highest {
            self.advance(now, highest, ext_seq);
            self.span = Some((first, ext_seq));
            self.set_came(ext_seq);
            return Arrival::New;
        }
        if highest - ext_seq >= WINDOW {
            return Arrival::TooOld;
        }
        if self.has_come(ext_seq) {
            self.counters.duplicates += 1;
            self.disprove(now, ext_seq);
            return Arrival::Duplicate;
        }
        self.set_came(ext_seq);
        if ext_seq < first {
            return Arrival::New;
        }
        match self.missing.binary_search_by_key(&ext_seq, |gap| gap.seq) {
            Ok(index) => self.fill(now, index),
            Err(_) => {
                // Given up before; whoever plays it out decides whether it is still of use.
                self.counters.gave_up = self.counters.gave_up.saturating_sub(1);
                self.counters.recovered += 1;
                Arrival::Recovered
            }
        }
    }

    /// Opens gaps between the highest number so far and a later one.
    fn advance(&mut self, now: Instant, highest: u64, ext_seq: u64) {
        let skipped = ext_seq - highest - 1;
        let remembered = skipped.min(self.config.max_missing as u64);
        self.counters.gave_up += skipped - remembered;
        if ext_seq - highest >= WINDOW {
            self.came.fill(0);
        } else {
            (highest + 1..ext_seq).for_each(|seq| self.clear_came(seq));
        }
        if skipped == 0 {
            return;
        }
        let next_at = now + self.reorder_wait();
        for seq in ext_seq - remembered..ext_seq {
            if self.missing.len() >= self.config.max_missing {
                self.missing.pop_front();
                self.counters.gave_up += 1;
            }
            self.missing.push_back(Missing::new(seq, now, next_at));
        }
        self.next_due = Some(self.next_due.map_or(next_at, |due| due.min(next_at)));
    }

    /// Closes a gap whose packet came.
    fn fill(&mut self, now: Instant, index: usize) -> Arrival {
        let Some(gap) = self.missing.remove(index) else { return Arrival::New };
        let Some(asked_at) = gap.asked_at else {
            self.counters.reordered += 1;
            self.note_reordering(now.saturating_duration_since(gap.noticed));
            return Arrival::New;
        };
        self.counters.recovered += 1;
        // Which of two copies was answered cannot be told.
        if gap.tries == 1 && !gap.copied && self.unproven.len() < MAX_UNPROVEN {
            let Missing { seq, noticed, .. } = gap;
            self.unproven.push_back(Unproven { seq, noticed, asked_at, came: now });
        }
        Arrival::Recovered
    }

    /// A repaired packet came again: the first one was late, the second one is the answer.
    fn disprove(&mut self, now: Instant, seq: u64) {
        let Some(index) = self.unproven.iter().position(|repair| repair.seq == seq) else { return };
        if let Some(repair) = self.unproven.remove(index) {
            self.note_reordering(repair.came - repair.noticed);
            self.set_rtt(now.saturating_duration_since(repair.asked_at));
        }
    }

    /// Takes the measurements that nothing has disproved for long enough.
    fn take_proven(&mut self, now: Instant) {
        while let Some(repair) = self.unproven.front().filter(|repair| repair.came + PROOF_TIME <= now) {
            let took = repair.came - repair.asked_at;
            // Much sooner than any answer: it was late, and its answer was lost.
            if self.rtt.is_none_or(|rtt| took >= rtt.smoothed / 2) {
                self.set_rtt(took);
            }
            self.unproven.pop_front();
        }
    }

    fn note_reordering(&mut self, late_by: Duration) {
        self.reorder = self.reorder.max(late_by.min(self.config.max_reorder_wait));
    }

    fn reorder_wait(&self) -> Duration {
        (self.reorder + self.reorder / 4).clamp(
            self.config.min_reorder_wait,
            self.config.max_reorder_wait.max(self.config.min_reorder_wait),
        )
    }

    /// Time from a request to its repeat: a round trip and a margin.
    fn repeat_after(&self) -> Duration {
        match self.rtt {
            None => FIRST_REPEAT,
            Some(rtt) => {
                let margin =
                    (rtt.variation * 4).clamp(Duration::from_millis(10), (rtt.smoothed / 2).max(MIN_REPEAT));
                (rtt.smoothed + margin).clamp(MIN_REPEAT, MAX_REPEAT)
            }
        }
    }

    /// Appends the numbers (16 bits, ascending) to ask for now, and gives up what is too old or was
    /// asked for too often.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<u16>) {
        if self.next_due.is_none_or(|due| due > now) {
            return;
        }
        self.take_proven(now);
        let repeat = self.repeat_after();
        let (config, counters) = (self.config, &mut self.counters);
        let mut next_due = None::<Instant>;
        self.missing.retain_mut(|gap| {
            let expires = gap.noticed + config.max_age;
            if gap.next_at <= now {
                if gap.tries >= config.max_tries || expires <= now {
                    counters.gave_up += 1;
                    return false;
                }
                counters.asked += u64::from(gap.tries == 0);
                counters.requests += 1;
                gap.ask(now, repeat, config.twice_from);
                gap.next_at = gap.next_at.min(expires.max(now + MIN_REPEAT));
                out.push(gap.seq as u16);
            }
            next_due = Some(next_due.map_or(gap.next_at, |due| due.min(gap.next_at)));
            true
        });
        self.next_due = next_due;
        // What packets did a hundred polls ago says little about now.
        self.reorder -= self.reorder / 64;
    }

    /// When [`Self::poll`] has something to do at the earliest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_due.filter(|_| !self.missing.is_empty())
    }

    /// Gives up every gap before a number: a keyframe that begins there makes them useless.
    pub fn abandon_before(&mut self, ext_seq: u64) {
        while self.missing.front().is_some_and(|gap| gap.seq < ext_seq) {
            self.missing.pop_front();
            self.counters.gave_up += 1;
        }
    }

    fn set_came(&mut self, seq: u64) {
        self.came[(seq % WINDOW / 64) as usize] |= 1 << (seq % 64);
    }

    fn clear_came(&mut self, seq: u64) {
        self.came[(seq % WINDOW / 64) as usize] &= !(1 << (seq % 64));
    }

    fn has_come(&self, seq: u64) -> bool {
        self.came[(seq % WINDOW / 64) as usize] & (1 << (seq % 64)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn generator() -> (NackGenerator, Instant) {
        (NackGenerator::new(NackConfig::default()), Instant::now())
    }

    fn asked(generator: &mut NackGenerator, now: Instant) -> Vec<u16> {
        let mut out = Vec::new();
        generator.poll(now, &mut out);
        out
    }

    #[test]
    fn a_gap_is_asked_for_after_the_reorder_wait_and_again_after_a_round_trip() {
        let (mut nack, t) = generator();
        nack.set_rtt(80 * MS);
        nack.on_packet(t, 100);
        nack.on_packet(t, 103);
        assert_eq!(nack.poll_timeout(), Some(t + 2 * MS));
        assert!(asked(&mut nack, t + MS).is_empty());
        assert_eq!(asked(&mut nack, t + 2 * MS), [101, 102]);
        assert!(asked(&mut nack, t + 82 * MS).is_empty(), "an answer may just be coming");
        let repeat = nack.poll_timeout().unwrap();
        assert!(repeat <= t + 2 * MS + 160 * MS && repeat > t + 82 * MS);
        assert_eq!(nack.on_packet(t + 83 * MS, 101), Arrival::Recovered);
        assert_eq!(asked(&mut nack, repeat), [102]);
        assert_eq!(nack.on_packet(repeat + 80 * MS, 102), Arrival::Recovered);
        assert_eq!(nack.poll_timeout(), None);
        let counters = nack.counters();
        assert_eq!((counters.asked, counters.requests, counters.recovered), (2, 3, 2));
    }

    #[test]
    fn for_sound_each_request_goes_out_twice() {
        let t = Instant::now();
        let mut nack = NackGenerator::new(NackConfig::for_media(MediaKind::Audio));
        nack.set_rtt(80 * MS);
        nack.on_packet(t, 1);
        nack.on_packet(t, 3);
        let mut requests = Vec::new();
        while requests.len() < 4 {
            let due = nack.poll_timeout().unwrap();
            assert_eq!(asked(&mut nack, due), [2]);
            requests.push((due - t).as_millis());
        }
        assert_eq!(requests, [2, 22, 122, 142]);
        assert_eq!(nack.on_packet(t + 200 * MS, 2), Arrival::Recovered);
        assert_eq!(nack.poll_timeout(), None);
    }

    #[test]
    fn reordered_packets_are_new_and_raise_the_wait() {
        let (mut nack, t) = generator();
        nack.on_packet(t, 1);
        nack.on_packet(t, 3);
        assert_eq!(nack.on_packet(t + MS, 2), Arrival::New);
        assert_eq!(nack.poll_timeout(), None);
        nack.set_rtt(80 * MS);
        nack.on_packet(t, 5);
        assert_eq!(asked(&mut nack, t + 2 * MS), [4]);
        assert_eq!(nack.on_packet(t + 8 * MS, 4), Arrival::Recovered);
        assert_eq!(nack.on_packet(t + 82 * MS, 4), Arrival::Duplicate, "the answer");
        nack.on_packet(t + 90 * MS, 7);
        assert_eq!(nack.poll_timeout(), Some(t + 100 * MS), "8 ms of overtaking and a quarter");
        asked(&mut nack, t + 600 * MS);
        assert_eq!(nack.rtt(), Some(80 * MS), "a late packet is no round trip");
    }

    #[test]
    fn duplicates_and_ancient_packets_are_told_apart() {
        let (mut nack, t) = generator();
        nack.on_packet(t, 10_000);
        nack.on_packet(t, 10_001);
        assert_eq!(nack.on_packet(t, 10_000), Arrival::Duplicate);
        assert_eq!(nack.on_packet(t, 9_999), Arrival::New, "before the first one");
        assert_eq!(nack.on_packet(t, 9_999), Arrival::Duplicate);
        assert_eq!(nack.on_packet(t, 10_001 - WINDOW), Arrival::TooOld);
    }

    #[test]
    fn a_packet_is_given_up_after_its_age_or_its_tries() {
        let (mut nack, t) = generator();
        nack.set_rtt(10 * MS);
        nack.on_packet(t, 1);
        nack.on_packet(t, 3);
        let mut requests = 0;
        while let Some(due) = nack.poll_timeout() {
            assert!(due <= t + 1001 * MS);
            requests += asked(&mut nack, due).len();
        }
        assert_eq!(requests, 10);
        assert_eq!(nack.counters().gave_up, 1);
        assert_eq!(nack.on_packet(t + 900 * MS, 2), Arrival::Recovered, "late, but it came");
        assert_eq!(nack.counters().gave_up, 0);
    }

    #[test]
    fn an_outage_longer_than_the_memory_keeps_the_newest_gaps() {
        let (mut nack, t) = generator();
        nack.on_packet(t, 1);
        nack.on_packet(t, 60_001);
        assert_eq!(nack.missing(), 512);
        assert_eq!(nack.counters().gave_up, 59_999 - 512);
        let numbers = asked(&mut nack, t + 2 * MS);
        assert_eq!((numbers.len(), numbers[511]), (512, 60_000));
        nack.abandon_before(60_000);
        assert_eq!(nack.missing(), 1);
    }

    #[test]
    fn without_any_told_round_trip_repairs_give_it() {
        let (mut nack, t) = generator();
        nack.on_packet(t, 1);
        nack.on_packet(t, 3);
        asked(&mut nack, t + 2 * MS);
        assert_eq!(nack.poll_timeout(), Some(t + 102 * MS));
        nack.on_packet(t + 42 * MS, 2);
        assert_eq!(nack.rtt(), None, "it may have been a late packet");
        nack.on_packet(t + 600 * MS, 5);
        asked(&mut nack, t + 602 * MS);
        assert_eq!(nack.rtt(), Some(40 * MS));
        assert_eq!(nack.poll_timeout(), Some(t + 602 * MS + 40 * MS + 20 * MS));
    }
}
