//! One receive slot for sound: packets into the jitter buffer, and every 20 ms a piece of sound out.

use super::gaps::Early;
use super::meter::{Meter, Passage, Source};
use super::output::SoundWay;
use super::tap::{PieceKind, Tap, Tapped, TappedSound};
use crate::clock::{ClockKeeper, MachineClock};
use std::time::{Duration, Instant};
use tongke_measure::CaptureClock;
use tongke_media::decode::OpusDecoder;
use tongke_media::sound::SAMPLE_RATE;
use tongke_playout::{AudioAction, AudioBuffer, AudioConfig, AudioPacket};
use tongke_protocol::WallTime;
use tongke_protocol::control::Codec;
use tongke_transport::rtp::{RtpPacket, opus};

/// Decoded layout: music is in stereo, and a single voice costs little more.
const CHANNELS: u8 = 2;
/// The loudspeaker's queue is kept between these, ms, by letting the sound clock run a little faster
/// or slower than this machine's: the two crystals differ.
const QUEUE_LOW_MS: f64 = 10.0;
const QUEUE_HIGH_MS: f64 = 30.0;
/// By how much a 20 ms step is shortened or stretched for that.
const STEER: Duration = Duration::from_micros(200);
/// A sound clock so far behind was asleep: it starts anew instead of catching up.
const ASLEEP: Duration = Duration::from_millis(200);
/// A sender that has only silence to send says so at least this often (RFC 6716 §2.1.9: every 400 ms).
const SILENCE_REPEAT: Duration = Duration::from_secs(1);
/// Most pieces pulled in one go, beside those left out.
const MAX_DISCARDS: usize = 64;

/// What one pull tells the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Played {
    /// Sound, so long after its capture.
    Sound { delay_us: i64 },
    /// Silence, or sound without a known capture moment.
    Nothing,
}

/// A slot. It outlives links, as [`super::video::VideoSlot`] does.
pub(super) struct SoundSlot {
    buffer: AudioBuffer,
    capture: CaptureClock,
    decoder: Option<OpusDecoder>,
    source: Option<(Source, Meter, SoundWay)>,
    /// Who measures what is played.
    tap: Option<Tap>,
    /// The relay has said, over this link, whose packets these are. They may come before it says so.
    named: bool,
    early: Early,
    /// When the next piece is due; none: the clock stands, nothing has come yet.
    next: Option<Instant>,
    /// When the last packet came.
    came: Option<Instant>,
}

impl SoundSlot {
    pub(super) fn new() -> Self {
        Self {
            buffer: AudioBuffer::new(AudioConfig::default()),
            capture: CaptureClock::new(Codec::Opus.clock_rate_hz()),
            decoder: None,
            source: None,
            tap: None,
            named: false,
            early: Early::default(),
            next: None,
            came: None,
        }
    }

    pub(super) fn source(&self) -> Option<&Source> {
        self.source.as_ref().map(|(source, ..)| source)
    }

    /// Another link carries this slot: its packets are numbered anew.
    pub(super) fn on_link(&mut self) {
        self.buffer.reset();
        self.capture.reset();
        self.next = None;
        self.named = false;
        self.early.clear();
        if let Some((_, meter, _)) = &self.source {
            meter.lock().gaps.new_epoch();
        }
    }

    /// The slot goes on carrying what it carries.
    pub(super) fn confirm(&mut self) {
        self.named = true;
        if let Some((_, meter, _)) = &self.source {
            self.early.count(&mut meter.lock());
        }
    }

    /// The slot carries this source from now on.
    pub(super) fn set_source(&mut self, source: Source, meter: Meter, out: SoundWay, tap: Option<Tap>) {
        self.empty();
        self.tap = tap;
        self.named = true;
        {
            let mut received = meter.lock();
            received.gaps.new_epoch();
            self.early.count(&mut received);
        }
        self.decoder = OpusDecoder::new(CHANNELS)
            .inspect_err(|error| tracing::error!(%error, "sound stays silent"))
            .ok();
        self.source = Some((source, meter, out));
    }

    /// The slot carries nothing from now on.
    pub(super) fn empty(&mut self) {
        // What came before any source was named is the next one's.
        if std::mem::replace(&mut self.named, false) {
            self.buffer.reset();
            self.capture.reset();
            self.next = None;
        }
        self.decoder = None;
        if let Some((.., out)) = self.source.take() {
            out.end();
        }
    }

    /// A packet came.
    pub(super) fn on_packet(&mut self, ext_seq: u64, packet: RtpPacket, recovered: bool, arrived: Instant) {
        let bytes = packet.payload.len();
        self.came = Some(arrived);
        match &self.source {
            Some((_, meter, _)) if self.named => meter.lock().on_packet(ext_seq, recovered, bytes),
            _ => self.early.push(ext_seq, recovered, bytes),
        }
        let stamp = packet.extensions.abs_capture_time.map(|stamp| WallTime::from(stamp.capture));
        if let Some(stamp) = stamp {
            self.capture.stamp(packet.header.timestamp, stamp);
        }
        let Some(samples) = opus::duration_samples(&packet.payload) else { return };
        let packet = AudioPacket {
            ssrc: packet.header.ssrc,
            ext_seq,
            rtp_ts_48k: packet.header.timestamp,
            samples,
            level_dbov: packet.extensions.audio_level.map(|level| level & 0x7f),
            capture: stamp,
            payload: packet.payload,
        };
        self.buffer.push(arrived, packet);
        if self.next.is_none() {
            self.next = self.buffer.begins_at();
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if self.named { self.next } else { None }
    }

    /// Plays the piece that is due, if one is. Call it until it gives nothing.
    pub(super) fn poll(&mut self, now: Instant, keeper: &ClockKeeper, clock: MachineClock) -> Option<Played> {
        let due = self.poll_timeout().filter(|due| *due <= now)?;
        for _ in 0..MAX_DISCARDS {
            let action = self.buffer.pull(now);
            if let AudioAction::Discard { payload } = &action {
                // Decoded all the same: the decoder's state must not have a hole.
                if let Some(decoder) = &mut self.decoder {
                    let _ = decoder.decode(payload);
                }
                continue;
            }
            let samples = action_samples(&action);
            self.next = Some(self.next_due(due, now, samples));
            return Some(self.play(due, now, action, samples, keeper, clock));
        }
        self.next = Some(due + Duration::from_millis(20));
        None
    }

    fn next_due(&self, due: Instant, now: Instant, samples: u32) -> Instant {
        let step = Duration::from_secs_f64(f64::from(samples) / f64::from(SAMPLE_RATE));
        let from = if now.saturating_duration_since(due) > ASLEEP { now } else { due };
        let queued = self.source.as_ref().and_then(|(.., out)| out.queued_ms());
        match queued {
            Some(queued) if queued < QUEUE_LOW_MS => from + step - STEER,
            Some(queued) if queued > QUEUE_HIGH_MS => from + step + STEER,
            _ => from + step,
        }
    }

    fn play(
        &mut self,
        due: Instant,
        now: Instant,
        action: AudioAction,
        samples: u32,
        keeper: &ClockKeeper,
        clock: MachineClock,
    ) -> Played {
        let (Some((source, meter, out)), Some(decoder)) = (&mut self.source, &mut self.decoder) else {
            return Played::Nothing;
        };
        let is_sending = self.came.is_some_and(|came| now.saturating_duration_since(came) < SILENCE_REPEAT);
        let mut received = meter.lock();
        let count = u64::from(samples);
        received.heard_samples += if is_heard(&action, is_sending) { count } else { 0 };
        let mut timing = None;
        let kind = kind_of(&action);
        let sound = match action {
            AudioAction::Decode { payload, rtp_ts_48k, capture, arrived, .. } => {
                received.concealment.on_played(count);
                received.decoded += 1;
                let stamp = capture.or_else(|| self.capture.at(rtp_ts_48k));
                timing = Some((stamp, arrived));
                decoder.decode(&payload)
            }
            AudioAction::DecodeFec { payload, .. } => {
                received.concealment.on_played(count);
                received.decoded += 1;
                decoder.decode_fec(&payload)
            }
            AudioAction::Conceal { faded: false, .. } => {
                tracing::debug!(participant = %source.participant, late = ?now - due, "a sound is invented");
                received.concealment.on_concealed(count, false);
                decoder.conceal()
            }
            AudioAction::Conceal { faded: true, .. } => {
                received.concealment.on_concealed(count, false);
                Ok(silence(samples))
            }
            AudioAction::Insert { .. } => {
                received.concealment.on_played(count);
                decoder.conceal()
            }
            AudioAction::Silence { .. } | AudioAction::Discard { .. } => Ok(silence(samples)),
        };
        let sound = sound.unwrap_or_else(|error| {
            tracing::debug!(%error, "a sound could not be decoded");
            received.broken += 1;
            silence(samples)
        });
        if kind == PieceKind::Received {
            let left = sound.iter().step_by(CHANNELS.into());
            received.room.push(&left.map(|sample| f32::from(*sample) / 32_768.0).collect::<Vec<f32>>());
        }
        let decoded = Instant::now();
        let queued = Duration::from_secs_f64(out.queued_ms().unwrap_or(0.0).max(0.0) / 1000.0);
        out.play(&sound, CHANNELS);
        let rendered = Instant::now() + queued;
        let captured = timing.and_then(|(stamp, _)| {
            let translated = keeper.translate(&source.participant, stamp?)?;
            Some((clock.instant_of(translated.local)?, translated.bound_us))
        });
        let delay_us = timing.and_then(|(_, arrived)| {
            received.on_rendered(Passage { captured, arrived, released: now, decoded, rendered })
        });
        if let Some(tap) = &self.tap {
            let delay_us = delay_us.zip(captured.map(|(_, bound_us)| bound_us));
            let from = source.participant.clone();
            let heard =
                TappedSound { from, samples: sound, channels: CHANNELS, heard: rendered, kind, delay_us };
            tap.tell(Tapped::Sound(heard));
        }
        delay_us.map_or(Played::Nothing, |delay_us| Played::Sound { delay_us })
    }

    /// Delay for the sake of the picture.
    pub(super) fn set_extra_delay(&mut self, extra: Duration) {
        self.buffer.set_extra_delay(extra);
    }
}

/// Whether what is played came from the sender: its sound, or a silence that it says goes on.
fn is_heard(action: &AudioAction, is_sending: bool) -> bool {
    match action {
        AudioAction::Decode { .. } | AudioAction::DecodeFec { .. } => true,
        AudioAction::Silence { .. } => is_sending,
        AudioAction::Conceal { .. } | AudioAction::Insert { .. } | AudioAction::Discard { .. } => false,
    }
}

fn kind_of(action: &AudioAction) -> PieceKind {
    match action {
        AudioAction::Decode { .. } | AudioAction::DecodeFec { .. } => PieceKind::Received,
        AudioAction::Conceal { .. } => PieceKind::Concealed,
        AudioAction::Insert { .. } => PieceKind::Stretched,
        AudioAction::Silence { .. } | AudioAction::Discard { .. } => PieceKind::Silence,
    }
}

fn silence(samples: u32) -> Vec<i16> {
    vec![0; samples as usize * usize::from(CHANNELS)]
}

fn action_samples(action: &AudioAction) -> u32 {
    match action {
        AudioAction::Decode { samples, .. }
        | AudioAction::DecodeFec { samples, .. }
        | AudioAction::Conceal { samples, .. }
        | AudioAction::Insert { samples }
        | AudioAction::Silence { samples } => *samples,
        AudioAction::Discard { .. } => 0,
    }
}
