//! A sound's way from its source to the link, in one thread: capture, encode, packet.

use super::meter::SentMeter;
use super::outlet::{Handed, Outlet};
use super::stamp::Stamper;
use crate::error::NodeError;
use crate::receive::{Tap, Tapped};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tongke_media::SoundFrame;
use tongke_media::capture::CaptureError;
use tongke_media::capture::sound::{self, SampleSource, SoundOptions, SoundSource};
use tongke_media::encode::{OpusEncoder, SoundMode};
use tongke_media::program::ProgramSound;
use tongke_media::sound::FRAME_SAMPLES;
use tongke_protocol::TrackKind;
use tongke_transport::rtp::{RtpHeader, RtpPacket};

const REOPEN_FIRST: Duration = Duration::from_millis(500);
const REOPEN_LONGEST: Duration = Duration::from_secs(8);
/// Capture moments this far from the count of samples are a gap in the sound, not jitter.
const GAP_TICKS: u32 = 2 * FRAME_SAMPLES as u32;
/// Voice activity bit of the audio level extension (RFC 6464 §3).
const VOICE: u8 = 0x80;
/// Louder than this counts as voice, dBov.
const VOICE_ABOVE_DBOV: f32 = -45.0;

#[derive(Debug, Default)]
struct Controls {
    loss_percent: AtomicU8,
    stop: AtomicBool,
}

/// A running sound pipeline. Dropping it stops the thread at its next frame.
#[derive(Debug)]
pub(crate) struct SoundPipeline {
    pub meter: SentMeter,
    controls: Arc<Controls>,
}

/// What a pipeline is made of.
pub(crate) struct SoundPlan {
    pub source: SoundSource,
    pub options: SoundOptions,
    pub mode: SoundMode,
    pub bitrate_bps: u32,
    pub stamper: Stamper,
    pub outlet: Outlet,
    /// In a measured call: what is added to the microphone's sound, and who hears that.
    pub test: Option<(ProgramSound, Tap)>,
}

impl SoundPipeline {
    /// Opens the source and starts the thread. The source's failure to open is the error.
    pub(crate) async fn start(plan: SoundPlan) -> Result<SoundPipeline, NodeError> {
        let encoder = OpusEncoder::new(plan.mode, plan.options.channels, plan.bitrate_bps)
            .map_err(|error| NodeError::System { what: "encode sound", reason: error.to_string() })?;
        let (meter, controls) = (SentMeter::default(), Arc::new(Controls::default()));
        let mut worker = Worker {
            source: plan.source,
            options: plan.options,
            encoder,
            loss_percent: 0,
            stamper: plan.stamper,
            outlet: plan.outlet,
            meter: meter.clone(),
            controls: controls.clone(),
            test: plan.test,
            next_timestamp: None,
        };
        let (opened_tx, opened) = oneshot::channel();
        super::spawn("microphone".into(), move || worker.run(opened_tx))?;
        match opened.await {
            Ok(Ok(())) => Ok(SoundPipeline { meter, controls }),
            Ok(Err(source)) => Err(NodeError::Capture { track: "microphone", source }),
            Err(_) => {
                Err(NodeError::System { what: "open the sound source", reason: "its thread ended".into() })
            }
        }
    }

    /// What the relay reports as lost: it decides how much goes into in-band FEC.
    pub(crate) fn set_loss(&self, fraction_lost: f32) {
        let percent = (fraction_lost * 100.0).clamp(0.0, 30.0) as u8;
        self.controls.loss_percent.store(percent, Ordering::Relaxed);
    }
}

impl Drop for SoundPipeline {
    fn drop(&mut self) {
        self.controls.stop.store(true, Ordering::Relaxed);
    }
}

struct Worker {
    source: SoundSource,
    options: SoundOptions,
    encoder: OpusEncoder,
    loss_percent: u8,
    stamper: Stamper,
    outlet: Outlet,
    meter: SentMeter,
    controls: Arc<Controls>,
    test: Option<(ProgramSound, Tap)>,
    next_timestamp: Option<u32>,
}

impl Worker {
    fn run(&mut self, opened: oneshot::Sender<Result<(), CaptureError>>) {
        let mut source = match sound::open(&self.source, &self.options) {
            Ok(source) => source,
            Err(error) => {
                let _ = opened.send(Err(error));
                return;
            }
        };
        let _ = opened.send(Ok(()));
        let mut reopen = REOPEN_FIRST;
        while !self.stopped() {
            self.meter.lock().source = source.describe();
            match self.take_all(source.as_mut()) {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(%error, "the sound source failed");
                    if !error.may_pass() {
                        break;
                    }
                }
            }
            drop(source);
            source = loop {
                if self.stopped() {
                    return;
                }
                // The only owner of this retry: sources do not open themselves again.
                std::thread::sleep(reopen);
                reopen = (reopen * 2).min(REOPEN_LONGEST);
                match sound::open(&self.source, &self.options) {
                    Ok(source) => break source,
                    Err(error) => tracing::debug!(%error, "still not there"),
                }
            };
            reopen = REOPEN_FIRST;
        }
        tracing::info!("the sound source ended");
    }

    fn stopped(&self) -> bool {
        self.controls.stop.load(Ordering::Relaxed)
    }

    /// Until the source ends, fails or the pipeline stops.
    fn take_all(&mut self, source: &mut dyn SampleSource) -> Result<(), CaptureError> {
        while !self.stopped() {
            let Some(mut frame) = source.next()? else { return Ok(()) };
            if let Some((program, tap)) = &mut self.test {
                tap.tell(Tapped::Heard(frame.clone()));
                program.add(&mut frame);
            }
            if self.outlet.is_open() {
                self.send(&frame);
            }
        }
        Ok(())
    }

    fn send(&mut self, frame: &SoundFrame) {
        let loss_percent = self.controls.loss_percent.load(Ordering::Relaxed);
        if loss_percent != self.loss_percent && self.encoder.set_loss_percent(loss_percent.max(5)).is_ok() {
            self.loss_percent = loss_percent;
        }
        let encoded = match self.encoder.encode(frame) {
            Ok(encoded) => encoded,
            Err(error) => {
                tracing::debug!(%error, "a sound could not be encoded");
                return;
            }
        };
        let mut extensions = self.stamper.extensions(encoded.captured);
        extensions.audio_level = Some(level_byte(frame.level_dbov()));
        let header = RtpHeader { timestamp: self.timestamp(encoded.captured), ..RtpHeader::default() };
        let bytes = encoded.data.len() as u64;
        let packet = RtpPacket { header, extensions, payload: encoded.data };
        match self.outlet.send(TrackKind::Microphone, vec![packet]) {
            Handed::Over => self.meter.on_sent(1, bytes, last_sample(&encoded.captured), encoded.encoded),
            Handed::Closed => {}
            Handed::Full => self.meter.lock().refused += 1,
        }
    }

    /// Counts samples, so that the stream has no seams; starts anew where the capture has a gap.
    fn timestamp(&mut self, captured: Instant) -> u32 {
        let by_clock = self.stamper.timestamp(captured);
        let timestamp = match self.next_timestamp {
            Some(next) if (by_clock.wrapping_sub(next) as i32).unsigned_abs() <= GAP_TICKS => next,
            _ => by_clock,
        };
        self.next_timestamp = Some(timestamp.wrapping_add(FRAME_SAMPLES as u32));
        timestamp
    }
}

/// When a frame was complete: encoding cannot begin before.
fn last_sample(captured: &Instant) -> Instant {
    *captured + tongke_media::sound::FRAME_DURATION
}

/// RFC 6464: voice bit and loudness in -dBov.
fn level_byte(dbov: f32) -> u8 {
    let level = (-dbov).clamp(0.0, 127.0) as u8;
    level | if dbov > VOICE_ABOVE_DBOV { VOICE } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loudness_is_written_as_rfc_6464_has_it() {
        assert_eq!(level_byte(-127.0), 127);
        assert_eq!(level_byte(-20.4), VOICE | 20);
        assert_eq!(level_byte(0.0), VOICE);
    }
}
