//! The audio buffer: what is there, whose turn it is, and what to do about the rest.

use super::seen::Seen;
use super::target::{Came, Target};
use super::{AudioAction, AudioConfig, AudioPacket, AudioStats, has_in_band_fec};
use crate::transit::{MediaTime, moment, us_between};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Samples per pull while nothing is known about the packets: 20 ms.
const DEFAULT_SAMPLES: u32 = 960;
/// The delay is left alone while it is at most this much shorter than wanted (less than the margin in
/// what is wanted),
const TOO_SHORT_US: i64 = 1_000;
/// or longer by at most one packet and this much.
const TOO_LONG_US: i64 = 4_000;
/// Beyond this much too much delay packets are left out in speech as well, one in a while.
const MUCH_TOO_LONG_US: i64 = 150_000;
/// At least as many packets are played between two such.
const FORCED_DISCARD_SPACING: u32 = 10;
/// After as many packets without a quiet moment the delay is changed without one.
const NO_PAUSES: u32 = 250;
/// While nothing comes the buffer holds its place until the delay is this much longer than wanted.
const HOLD_US: i64 = 60_000;
/// More invented packets in a row than this are noise: play silence.
const FADE_AFTER: u32 = 10;
/// Numbers that far apart are a stream started anew.
const OTHER_EPOCH: u64 = 3_000;
/// Media time that ran ahead of the arrivals by this much belongs to another source's clock.
const OTHER_CLOCK_US: i64 = 2_000_000;
/// Most packets held: what a shell that does not pull can pile up.
const MAX_HELD: usize = 512;
/// Payloads up to this length say "silence goes on" (RFC 6716 §3.1, DTX).
const DTX_PAYLOAD: usize = 2;

/// Holds one stream's sound packets until their turn. Memory: as many as [`AudioConfig::max_delay`]
/// needs; the oldest go first.
#[derive(Debug)]
pub struct AudioBuffer {
    config: AudioConfig,
    ssrc: Option<u32>,
    origin: Option<Instant>,
    time: MediaTime,
    held: BTreeMap<u64, Held>,
    highest: Option<u64>,
    seen: Seen,
    last_transit_us: Option<i64>,
    target: Target,
    extra: Duration,
    /// Whose turn it is; none: not begun.
    turn: Option<Turn>,
    samples: u32,
    silent_since_dtx: bool,
    starving_since: Option<Instant>,
    concealed_run: u32,
    inserted_last: bool,
    since_forced: u32,
    since_quiet: u32,
    mean_size: f64,
    stats: AudioStats,
}

#[derive(Debug, Clone)]
struct Held {
    packet: AudioPacket,
    ticks: i64,
    arrived: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Turn {
    seq: u64,
    ticks: i64,
}

impl AudioBuffer {
    /// An empty buffer.
    pub fn new(config: AudioConfig) -> Self {
        Self {
            config,
            ssrc: None,
            origin: None,
            time: MediaTime::new(48_000),
            held: BTreeMap::new(),
            highest: None,
            seen: Seen::default(),
            last_transit_us: None,
            target: Target::default(),
            extra: Duration::ZERO,
            turn: None,
            samples: DEFAULT_SAMPLES,
            silent_since_dtx: false,
            starving_since: None,
            concealed_run: 0,
            inserted_last: false,
            since_forced: 0,
            since_quiet: 0,
            mean_size: 0.0,
            stats: AudioStats::default(),
        }
    }

    /// A packet arrived, in whatever order.
    pub fn push(&mut self, now: Instant, packet: AudioPacket) {
        let seq = packet.ext_seq;
        let other = self.ssrc.is_some_and(|ssrc| ssrc != packet.ssrc)
            || self.highest.is_some_and(|highest| highest.abs_diff(seq) > OTHER_EPOCH);
        if other {
            self.stats.restarts += 1;
            self.reset();
        }
        self.ssrc = Some(packet.ssrc);
        if !self.seen.insert(seq) {
            self.stats.duplicates += 1;
            return;
        }
        let ticks = self.note_transit(now, &packet);
        self.highest = Some(self.highest.map_or(seq, |highest| highest.max(seq)));
        if self.turn.is_some_and(|turn| seq < turn.seq) {
            self.stats.late_packets += 1;
            return;
        }
        if packet.payload.len() > DTX_PAYLOAD {
            self.mean_size += (packet.payload.len() as f64 - self.mean_size) / 32.0;
        }
        self.held.insert(seq, Held { packet, ticks, arrived: now });
        if self.held.len() > MAX_HELD {
            self.held.pop_first();
            self.stats.overflowed += 1;
        }
    }

    fn note_transit(&mut self, now: Instant, packet: &AudioPacket) -> i64 {
        let origin = *self.origin.get_or_insert(now);
        let in_order = self.highest.is_none_or(|highest| packet.ext_seq > highest);
        let newest = self.time.newest();
        let mut ticks = self.time.extend(packet.rtp_ts_48k);
        let mut transit_us = us_between(origin, now) - self.time.ticks_to_us(ticks);
        let backwards = in_order && newest.is_some_and(|newest| ticks < newest);
        if backwards || self.last_transit_us.is_some_and(|last| last - transit_us > OTHER_CLOCK_US) {
            self.forget_times();
            ticks = self.time.extend(packet.rtp_ts_48k);
            transit_us = us_between(origin, now) - self.time.ticks_to_us(ticks);
        }
        if in_order {
            self.last_transit_us = Some(transit_us);
        }
        let holds_fec = has_in_band_fec(&packet.payload);
        let came = Came { seq: packet.ext_seq, transit_us, packet_us: self.packet_us(), holds_fec };
        self.target.on_arrival(now, came, &self.config);
        ticks
    }

    /// Forgets the stream: another source is in its place. Counts and extra delay stay.
    pub fn reset(&mut self) {
        self.ssrc = None;
        self.highest = None;
        self.seen = Seen::default();
        self.forget_times();
    }

    fn forget_times(&mut self) {
        self.time = MediaTime::new(48_000);
        self.held.clear();
        self.last_transit_us = None;
        self.target.clear();
        self.turn = None;
        self.starving_since = None;
        self.silent_since_dtx = false;
    }

    /// Tells the round trip to whoever repairs, as measured by other means (QUIC's handshake, ICE): how
    /// much delay to begin with. Later on the repairs themselves tell.
    pub fn set_round_trip(&mut self, round_trip: Duration) {
        self.target.set_round_trip(round_trip);
    }

    /// Delay added for the sake of the picture ([`crate::LipSync`]).
    pub fn set_extra_delay(&mut self, extra: Duration) {
        self.extra = extra;
    }

    /// The delay that the buffer aims to add to its quickest packet, the extra one included.
    pub fn delay(&self) -> Duration {
        let own = self.target.get().zip(self.target.least_us()).map_or(0, |(target, least)| target - least);
        Duration::from_micros(own.max(0) as u64) + self.extra
    }

    /// Cumulative counts.
    pub fn stats(&self) -> AudioStats {
        self.stats
    }

    /// The next sound. `now` is when it is taken for playing; to be called evenly, each time as much
    /// later as the last action's `samples` last.
    pub fn pull(&mut self, now: Instant) -> AudioAction {
        self.since_forced = self.since_forced.saturating_add(1);
        self.since_quiet = self.since_quiet.saturating_add(1);
        if self.turn.is_none() && !self.begin(now) {
            return self.silence();
        }
        self.drop_overflow(now);
        loop {
            let Some(turn) = self.turn else { return self.silence() };
            let next = self.held.range(turn.seq..).next().map(|(seq, held)| (*seq, held.ticks));
            match next {
                None => return self.starve(now, turn),
                Some((_, ticks)) if ticks + i64::from(self.samples / 2) < turn.ticks => {
                    // The sender's time went back, or we ran ahead of it: follow the packets.
                    self.turn = Some(Turn { ticks, ..turn });
                }
                Some((seq, ticks)) if seq == turn.seq => return self.play(now, turn, ticks),
                Some((seq, ticks)) if ticks <= turn.ticks => self.turn = Some(Turn { seq, ticks }),
                Some(_) => return self.bridge(now, turn),
            }
        }
    }

    /// Takes the first turn once the first packet has waited long enough.
    fn begin(&mut self, now: Instant) -> bool {
        let Some(target_us) = self.target_us() else { return false };
        let packet_us = self.packet_us();
        let too_old =
            |buffer: &Self, held: &Held| buffer.age_us(now, held.ticks) > target_us + packet_us + TOO_LONG_US;
        while self.held.len() > 1 && self.held.first_key_value().is_some_and(|(_, held)| too_old(self, held))
        {
            self.held.pop_first();
        }
        let Some((seq, held)) = self.held.first_key_value() else { return false };
        if self.age_us(now, held.ticks) < target_us {
            return false;
        }
        // Nobody misses what was not heard yet: begin behind a gap rather than with one.
        if self.held.len() > 1 && !self.held.contains_key(&(seq + 1)) {
            self.held.pop_first();
            return self.begin(now);
        }
        self.turn = Some(Turn { seq: *seq, ticks: held.ticks });
        true
    }

    /// How long ago sound of this media time would have been played with no transit, µs: its transit,
    /// if it is played now.
    fn age_us(&self, now: Instant, ticks: i64) -> i64 {
        self.origin.map_or(0, |origin| us_between(origin, now)) - self.time.ticks_to_us(ticks)
    }

    fn target_us(&self) -> Option<i64> {
        Some(self.target.get()? + self.extra.as_micros() as i64)
    }

    /// By how much the delay is longer than wanted, if sound of this media time is played now.
    fn excess_us(&self, now: Instant, ticks: i64) -> i64 {
        self.age_us(now, ticks) - self.target_us().unwrap_or(0)
    }

    fn packet_us(&self) -> i64 {
        self.time.ticks_to_us(i64::from(self.samples))
    }

    fn drop_overflow(&mut self, now: Instant) {
        let (Some(turn), Some(least)) = (self.turn, self.target.least_us()) else { return };
        let most_us = least + (self.config.max_delay + self.extra).as_micros() as i64 + self.packet_us();
        if self.age_us(now, turn.ticks) <= most_us {
            return;
        }
        while self.held.len() > 1
            && self
                .held
                .first_key_value()
                .is_some_and(|(_, held)| self.excess_us(now, held.ticks) > self.packet_us())
        {
            self.held.pop_first();
            self.stats.overflowed += 1;
        }
        if let Some((seq, held)) = self.held.first_key_value() {
            self.turn = Some(Turn { seq: *seq, ticks: held.ticks });
        }
    }

    /// The packet whose turn it is is there.
    fn play(&mut self, now: Instant, turn: Turn, ticks: i64) -> AudioAction {
        self.starving_since = None;
        let excess_us = self.excess_us(now, turn.ticks);
        if ticks > turn.ticks + i64::from(self.samples / 2) {
            return self.play_dtx_gap(excess_us, turn, ticks);
        }
        let too_long = excess_us > self.packet_us() + TOO_LONG_US;
        let quiet = self.held.get(&turn.seq).is_some_and(|held| self.is_quiet(&held.packet));
        if quiet {
            self.since_quiet = 0;
        }
        if excess_us < -TOO_SHORT_US && quiet && !self.inserted_last {
            self.inserted_last = true;
            self.stats.inserted += 1;
            return AudioAction::Insert { samples: self.samples };
        }
        self.inserted_last = false;
        let forced = excess_us > MUCH_TOO_LONG_US && self.since_forced > FORCED_DISCARD_SPACING;
        let leave_out = too_long && (quiet || forced) && self.held.contains_key(&(turn.seq + 1));
        let Some(held) = self.held.remove(&turn.seq) else { return self.silence() };
        self.samples = held.packet.samples.clamp(120, 5760);
        self.silent_since_dtx = held.packet.payload.len() <= DTX_PAYLOAD;
        self.concealed_run = 0;
        self.turn = Some(Turn { seq: turn.seq + 1, ticks: held.ticks + i64::from(self.samples) });
        if leave_out {
            self.since_forced = 0;
            self.stats.discarded += 1;
            return AudioAction::Discard { payload: held.packet.payload };
        }
        self.stats.decoded += 1;
        AudioAction::Decode {
            payload: held.packet.payload,
            samples: self.samples,
            rtp_ts_48k: held.packet.rtp_ts_48k,
            capture: held.packet.capture,
            arrived: held.arrived,
        }
    }

    /// Nothing is lost, but time passed at the sender: it was silent. A good moment to set the delay.
    fn play_dtx_gap(&mut self, excess_us: i64, turn: Turn, ticks: i64) -> AudioAction {
        let step = i64::from(self.samples);
        let surplus = (excess_us / self.packet_us().max(1)).max(0) * step;
        let advance = if excess_us < -TOO_SHORT_US { 0 } else { step + surplus };
        self.turn = Some(Turn { ticks: (turn.ticks + advance).min(ticks), ..turn });
        self.silence()
    }

    fn is_quiet(&self, packet: &AudioPacket) -> bool {
        if packet.payload.len() <= DTX_PAYLOAD {
            return true;
        }
        match packet.level_dbov {
            Some(level) => level >= self.config.quiet_below_dbov,
            // With a variable rate quiet sound makes small packets.
            None => (packet.payload.len() as f64) < self.mean_size * 0.5,
        }
    }

    /// Later packets are there, this one is not.
    fn bridge(&mut self, now: Instant, turn: Turn) -> AudioAction {
        self.starving_since = None;
        let samples = self.samples;
        let behind = self.held.get(&(turn.seq + 1)).filter(|next| {
            let apart = next.ticks - turn.ticks;
            apart <= i64::from(samples) + i64::from(samples / 2) && has_in_band_fec(&next.packet.payload)
        });
        if let Some(next) = behind {
            let payload = next.packet.payload.clone();
            self.pass(turn);
            self.concealed_run = 0;
            self.stats.fec += 1;
            return AudioAction::DecodeFec { payload, samples };
        }
        // Holding the place gains delay at the price of a word; where pauses come that is not worth it.
        let gain_delay = self.since_quiet > NO_PAUSES && self.excess_us(now, turn.ticks) < -TOO_SHORT_US;
        if !gain_delay {
            self.pass(turn);
        }
        self.conceal()
    }

    /// The turn passes without its packet.
    fn pass(&mut self, turn: Turn) {
        self.stats.missing_packets += 1;
        self.turn = Some(Turn { seq: turn.seq + 1, ticks: turn.ticks + i64::from(self.samples) });
    }

    /// Nothing at all is there.
    fn starve(&mut self, now: Instant, turn: Turn) -> AudioAction {
        if self.silent_since_dtx {
            self.turn = Some(Turn { ticks: turn.ticks + i64::from(self.samples), ..turn });
            return self.silence();
        }
        let since = *self.starving_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= self.config.idle_after {
            self.turn = None;
            self.starving_since = None;
            self.concealed_run = 0;
            self.stats.interruptions += 1;
            return self.silence();
        }
        if self.excess_us(now, turn.ticks) > HOLD_US {
            self.pass(turn);
        }
        self.conceal()
    }

    fn conceal(&mut self) -> AudioAction {
        self.inserted_last = false;
        self.concealed_run += 1;
        self.stats.concealed += 1;
        AudioAction::Conceal { samples: self.samples, faded: self.concealed_run > FADE_AFTER }
    }

    fn silence(&mut self) -> AudioAction {
        self.stats.silence += 1;
        AudioAction::Silence { samples: self.samples }
    }

    /// When the first packet may begin to be played; none once begun. For a shell that starts its
    /// sound clock with the first packet.
    pub fn begins_at(&self) -> Option<Instant> {
        if self.turn.is_some() {
            return None;
        }
        let (_, first) = self.held.first_key_value()?;
        Some(moment(self.origin?, self.target_us()? + self.time.ticks_to_us(first.ticks)))
    }
}
