//! What a node does with one receive slot: buffer, decode (in the model's way), measure.

use crate::model::picture::Decoder;
use crate::model::sound::{FRAME_SAMPLES, hear};
use std::time::{Duration, Instant};
use tongke_measure::{Concealment, Distribution, FreezeDetector};
use tongke_playout::{
    AudioAction, AudioBuffer, AudioConfig, AudioPacket, AudioStats, VideoBuffer, VideoConfig, VideoOutput,
    VideoPart, VideoStats,
};
use tongke_protocol::{Now, WallTime};
use tongke_transport::rtp::{RtpPacket, h264, opus};

/// A slot's pictures.
#[derive(Debug)]
pub struct PictureReceiver {
    buffer: VideoBuffer,
    decoder: Decoder,
    /// When each picture was shown.
    pub freezes: FreezeDetector,
    /// Capture to render by the clocks that the nodes have, ms.
    pub delay: Distribution,
    /// What the buffer added: from decodable to shown, ms.
    pub buffered: Distribution,
    /// The first picture shown.
    pub first: Option<Instant>,
    /// Pictures decoded.
    pub decoded: u64,
    /// Pictures that the decoder refused.
    pub undecodable: u64,
}

impl Default for PictureReceiver {
    fn default() -> Self {
        Self {
            buffer: VideoBuffer::new(VideoConfig::default()),
            decoder: Decoder::default(),
            freezes: FreezeDetector::new(),
            delay: Distribution::new(),
            buffered: Distribution::new(),
            first: None,
            decoded: 0,
            undecodable: 0,
        }
    }
}

impl PictureReceiver {
    /// A packet came.
    pub fn push(&mut self, now: Now, ext_seq: u64, packet: RtpPacket) {
        let part = VideoPart {
            ssrc: packet.header.ssrc,
            ext_seq,
            rtp_ts_90k: packet.header.timestamp,
            marker: packet.header.marker,
            keyframe_start: h264::is_keyframe_start(&packet.payload),
            decoder_start: h264::holds_parameter_sets(&packet.payload),
            capture: capture_of(&packet),
            payload: packet.payload,
        };
        self.buffer.push(now.instant, part);
    }

    /// Shows what is due. `to_local_us` turns the sender's stamps into this node's time. Returns whether
    /// a keyframe is wanted, and how late each shown picture is after its capture, µs.
    pub fn poll(&mut self, now: Now, to_local_us: Option<i64>, shown_us: &mut Vec<i64>) -> bool {
        let mut keyframe_wanted = false;
        while let Some(output) = self.buffer.poll(now.instant) {
            let VideoOutput::Frame(frame) = output else {
                keyframe_wanted = true;
                continue;
            };
            let annexb = h264::depacketize(&frame.parts).unwrap_or_default();
            if self.decoder.decode(&annexb).is_err() {
                self.undecodable += 1;
                keyframe_wanted = true;
                continue;
            }
            self.decoded += 1;
            if frame.superseded {
                continue;
            }
            self.first.get_or_insert(now.instant);
            self.freezes.on_frame(now.instant);
            self.buffered.record(now.instant.saturating_duration_since(frame.decodable));
            if let (Some(capture), Some(to_local_us)) = (frame.capture, to_local_us) {
                let late_us = now.wall.micros_since(capture.offset_by_us(to_local_us));
                self.delay.record_us(late_us);
                shown_us.push(late_us);
            }
        }
        keyframe_wanted
    }

    /// When there is something to show.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.buffer.poll_timeout()
    }

    /// The buffer's counts.
    pub fn stats(&self) -> VideoStats {
        self.buffer.stats()
    }

    /// Delay for the sound's sake.
    pub fn set_extra_delay(&mut self, extra: Duration) {
        self.buffer.set_extra_delay(extra);
    }
}

/// A slot's sound.
#[derive(Debug)]
pub struct SoundReceiver {
    buffer: AudioBuffer,
    /// While somebody was speaking; in pauses nobody misses anything.
    pub speech: Concealment,
    /// All sound, pauses counted as silent.
    pub all: Concealment,
    /// Capture to played, first sample to first sample, by the clocks that the nodes have, ms.
    pub delay: Distribution,
    /// The first sound played.
    pub first: Option<Instant>,
    /// When a packet came last.
    pub last_packet: Option<Instant>,
    /// Whether what was played last was speech.
    speaking: bool,
    /// Packets of speech left out.
    pub speech_cut: u64,
}

impl Default for SoundReceiver {
    fn default() -> Self {
        Self {
            buffer: AudioBuffer::new(AudioConfig::default()),
            speech: Concealment::new(48_000),
            all: Concealment::new(48_000),
            delay: Distribution::new(),
            first: None,
            last_packet: None,
            speaking: false,
            speech_cut: 0,
        }
    }
}

impl SoundReceiver {
    /// A packet came.
    pub fn push(&mut self, now: Now, ext_seq: u64, packet: RtpPacket) {
        self.last_packet = Some(now.instant);
        let packet = AudioPacket {
            ssrc: packet.header.ssrc,
            ext_seq,
            rtp_ts_48k: packet.header.timestamp,
            samples: opus::duration_samples(&packet.payload).unwrap_or(FRAME_SAMPLES),
            level_dbov: packet.extensions.audio_level.map(|level| level & 0x7f),
            capture: capture_of(&packet),
            payload: packet.payload,
        };
        self.buffer.push(now.instant, packet);
    }

    /// The sound clock takes the next 20 ms. Returns how late it is after its capture, µs.
    pub fn pull(&mut self, now: Now, to_local_us: Option<i64>) -> Option<i64> {
        loop {
            let samples = u64::from(FRAME_SAMPLES);
            match self.buffer.pull(now.instant) {
                AudioAction::Decode { payload, capture, .. } => {
                    self.first.get_or_insert(now.instant);
                    self.speaking = hear(&payload).is_some_and(|heard| heard.speech);
                    self.played(samples);
                    let late_us = now.wall.micros_since(capture?.offset_by_us(to_local_us?));
                    self.delay.record_us(late_us);
                    return Some(late_us);
                }
                AudioAction::DecodeFec { .. } => self.played(samples),
                AudioAction::Conceal { .. } => {
                    self.all.on_concealed(samples, !self.speaking);
                    if self.speaking {
                        self.speech.on_concealed(samples, false);
                    }
                }
                AudioAction::Insert { .. } => self.all.on_played(samples),
                AudioAction::Discard { payload } => {
                    self.speech_cut += u64::from(hear(&payload).is_some_and(|heard| heard.speech));
                    continue;
                }
                AudioAction::Silence { .. } => {}
            }
            return None;
        }
    }

    fn played(&mut self, samples: u64) {
        self.all.on_played(samples);
        if self.speaking {
            self.speech.on_played(samples);
        }
    }

    /// The buffer's counts.
    pub fn stats(&self) -> AudioStats {
        self.buffer.stats()
    }

    /// The connection's round trip, as its handshake showed it.
    pub fn set_round_trip(&mut self, round_trip: Duration) {
        self.buffer.set_round_trip(round_trip);
    }

    /// Delay for the picture's sake.
    pub fn set_extra_delay(&mut self, extra: Duration) {
        self.buffer.set_extra_delay(extra);
    }
}

fn capture_of(packet: &RtpPacket) -> Option<WallTime> {
    packet.extensions.abs_capture_time.map(|stamp| stamp.capture.into())
}
