//! One receive slot for pictures: packets into the jitter buffer, whole pictures to the decoder.

use super::decode::{DecodeWorker, Feedback, Job, Showing};
use super::gaps::Early;
use super::meter::{Meter, Source};
use crate::clock::{ClockKeeper, MachineClock};
use crate::error::NodeError;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tongke_measure::CaptureClock;
use tongke_playout::{Frame, VideoBuffer, VideoConfig, VideoOutput, VideoPart};
use tongke_protocol::control::Codec;
use tongke_protocol::{Now, WallTime};
use tongke_transport::rtp::{RtpPacket, h264};

/// A keyframe that does not come is asked for again after this long.
const KEYFRAME_REPEAT: Duration = Duration::from_millis(500);

/// A slot. It outlives links: the same source in the same slot goes on after a reconnect.
pub(super) struct VideoSlot {
    slot: u8,
    buffer: VideoBuffer,
    capture: CaptureClock,
    source: Option<(Source, Meter)>,
    /// The relay has said, over this link, whose packets these are. They may come before it says so.
    named: bool,
    early: Early,
    worker: Option<DecodeWorker>,
    /// The decoder dropped a picture, and a keyframe was last asked for then: what follows is of no
    /// use before one.
    behind: Option<Instant>,
    /// No packet has come since the stream began.
    fresh: bool,
    /// The stream did not begin with a keyframe: its beginning was lost.
    headless: bool,
}

impl VideoSlot {
    pub(super) fn new(slot: u8) -> Self {
        let config = VideoConfig::default();
        Self {
            slot,
            buffer: VideoBuffer::new(config),
            capture: CaptureClock::new(Codec::H264.clock_rate_hz()),
            source: None,
            named: false,
            early: Early::default(),
            worker: None,
            behind: None,
            fresh: true,
            headless: false,
        }
    }

    pub(super) fn source(&self) -> Option<&Source> {
        self.source.as_ref().map(|(source, _)| source)
    }

    /// Another link carries this slot: its packets are numbered anew.
    pub(super) fn on_link(&mut self) {
        self.begin_anew();
        self.named = false;
        self.early.clear();
        if let Some((_, meter)) = &self.source {
            meter.lock().gaps.new_epoch();
        }
    }

    /// The slot goes on showing what it shows.
    pub(super) fn confirm(&mut self) {
        self.named = true;
        if let Some((_, meter)) = &self.source {
            self.early.count(&mut meter.lock());
        }
    }

    /// The slot shows this source from now on.
    pub(super) fn set_source(
        &mut self,
        source: Source,
        meter: Meter,
        out: Showing,
        feedback: &mpsc::Sender<Feedback>,
    ) -> Result<(), NodeError> {
        self.forget_source();
        self.named = true;
        if self.worker.is_none() {
            self.worker = Some(DecodeWorker::start(self.slot, feedback.clone())?);
        }
        if let Some(worker) = &self.worker {
            worker.set_source(meter.clone(), out);
        }
        {
            let mut received = meter.lock();
            received.gaps.new_epoch();
            received.freezes.on_pause();
            self.early.count(&mut received);
        }
        tracing::debug!(slot = self.slot, participant = %source.participant, track = %source.track, "slot filled");
        self.source = Some((source, meter));
        Ok(())
    }

    fn begin_anew(&mut self) {
        self.buffer.reset();
        self.capture.reset();
        self.behind = None;
        self.fresh = true;
        self.headless = false;
    }

    /// Drops what came from the source before; what came before any was named is the next one's.
    fn forget_source(&mut self) {
        if std::mem::replace(&mut self.named, false) {
            self.begin_anew();
        }
        if let Some((_, meter)) = self.source.take() {
            meter.lock().freezes.on_pause();
        }
    }

    /// The slot shows nothing from now on.
    pub(super) fn empty(&mut self) {
        self.forget_source();
        if let Some(worker) = &self.worker {
            worker.empty();
        }
    }

    /// A packet came.
    pub(super) fn on_packet(&mut self, ext_seq: u64, packet: RtpPacket, recovered: bool, arrived: Instant) {
        let bytes = packet.payload.len();
        match &self.source {
            Some((_, meter)) if self.named => meter.lock().on_packet(ext_seq, recovered, bytes),
            _ => self.early.push(ext_seq, recovered, bytes),
        }
        if let Some(stamp) = packet.extensions.abs_capture_time {
            self.capture.stamp(packet.header.timestamp, WallTime::from(stamp.capture));
        }
        let keyframe_start = h264::is_keyframe_start(&packet.payload);
        if std::mem::replace(&mut self.fresh, false) {
            tracing::debug!(slot = self.slot, keyframe_start, "a stream begins");
            self.headless = !keyframe_start;
        }
        let part = VideoPart {
            ssrc: packet.header.ssrc,
            ext_seq,
            rtp_ts_90k: packet.header.timestamp,
            marker: packet.header.marker,
            keyframe_start,
            decoder_start: h264::holds_parameter_sets(&packet.payload),
            capture: packet.extensions.abs_capture_time.map(|stamp| stamp.capture.into()),
            payload: packet.payload,
        };
        self.buffer.push(arrived, part);
    }

    /// Hands due pictures to the decoder. True: a keyframe is wanted.
    pub(super) fn poll(&mut self, now: Now, keeper: &ClockKeeper, clock: MachineClock) -> bool {
        if !self.named {
            return false;
        }
        // The relay begins every stream with a keyframe, so nobody else will ask for it.
        let mut wanted = std::mem::take(&mut self.headless);
        while let Some(output) = self.buffer.poll(now.instant) {
            match output {
                VideoOutput::NeedKeyframe => wanted = true,
                VideoOutput::Frame(frame) => wanted |= !self.release(now, frame, keeper, clock),
            }
        }
        wanted
    }

    /// False: the decoder is behind and needs a keyframe.
    fn release(&mut self, now: Now, frame: Frame, keeper: &ClockKeeper, clock: MachineClock) -> bool {
        let (Some((source, _)), Some(worker)) = (&self.source, &self.worker) else { return true };
        tracing::trace!(slot = self.slot, keyframe = frame.keyframe, superseded = frame.superseded, first = ?now.instant - frame.first_arrived, last = ?now.instant - frame.arrived, "release");
        if let Some(asked) = &mut self.behind
            && !frame.keyframe
        {
            // Requests may be lost, or be answered by a keyframe that the decoder has dropped too.
            let again = now.instant.saturating_duration_since(*asked) >= KEYFRAME_REPEAT;
            if again {
                *asked = now.instant;
            }
            return !again;
        }
        let stamp = frame.capture.or_else(|| self.capture.at(frame.rtp_ts_90k));
        let captured = stamp.and_then(|stamp| {
            let translated = keeper.translate(&source.participant, stamp)?;
            Some((clock.instant_of(translated.local)?, translated.bound_us))
        });
        let job = Job {
            parts: frame.parts,
            stamp,
            captured,
            arrived: frame.arrived,
            released: now.instant,
            superseded: frame.superseded,
        };
        self.behind = if worker.decode(job) { None } else { Some(now.instant) };
        self.behind.is_none()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if self.named { self.buffer.poll_timeout() } else { None }
    }

    /// Delay for the sake of the sound.
    pub(super) fn set_extra_delay(&mut self, extra: Duration) {
        self.buffer.set_extra_delay(extra);
    }
}
