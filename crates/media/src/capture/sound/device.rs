//! Microphones, through ALSA (and Pulse or PipeWire behind it).

use super::layout::{Framer, mix};
use super::{SampleSource, SoundOptions};
use crate::capture::CaptureError;
use crate::devices::{self, Direction, Found, NotFound, Quiet};
use crate::sound::{FRAME_SAMPLES, SAMPLE_RATE, SoundFrame};
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{FromSample, InputCallbackInfo, Sample, SampleFormat, SizedSample, Stream};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most sound kept for a reader that does not come; then the oldest is dropped.
const KEPT: Duration = Duration::from_millis(200);
/// A microphone that gives nothing for this long has stopped.
const SILENT_AFTER: Duration = Duration::from_secs(3);

/// What one call of the device brought.
struct Chunk {
    /// When its last sample was captured.
    end: Instant,
    samples: Vec<f32>,
}

#[derive(Default)]
struct Inbox {
    chunks: VecDeque<Chunk>,
    kept: usize,
    dropped: u64,
    failed: Option<String>,
}

type Shared = Arc<(Mutex<Inbox>, Condvar)>;

/// A running microphone.
pub(super) struct DeviceSource {
    name: String,
    details: String,
    shared: Shared,
    framer: Framer,
    channels: u8,
    /// When the last sample given to the framer was captured.
    end: Instant,
    _stream: Stream,
}

impl DeviceSource {
    pub(super) fn open(name: Option<&str>, options: &SoundOptions) -> Result<Self, CaptureError> {
        let _quiet = Quiet::new();
        let asked = name.unwrap_or("default").to_owned();
        let channels = options.channels.clamp(1, 2);
        let found = devices::find(name, Direction::In, channels.into()).map_err(|error| match error {
            NotFound::Name(found) => CaptureError::Missing { what: "microphone", name: asked.clone(), found },
            NotFound::Refused { name, reason } => CaptureError::Open { name, reason },
        })?;
        let open = |reason: String| CaptureError::Open { name: found.name.clone(), reason };
        let framer = Framer::new(found.config.sample_rate, channels.into())
            .ok_or_else(|| open(format!("its rate of {} Hz cannot be used", found.config.sample_rate)))?;
        let shared = Shared::default();
        let stream = match found.format {
            SampleFormat::I16 => start::<i16>(&found, channels, &shared),
            SampleFormat::I32 => start::<i32>(&found, channels, &shared),
            _ => start::<f32>(&found, channels, &shared),
        };
        let stream = stream.and_then(|s| s.play().map(|()| s)).map_err(|error| open(error.to_string()))?;
        let details = format!("{} channels, {} Hz", found.config.channels, found.config.sample_rate);
        Ok(Self { name: found.name, details, shared, framer, channels, end: Instant::now(), _stream: stream })
    }

    /// Waits for the next chunk.
    fn receive(&mut self) -> Result<Chunk, CaptureError> {
        let (inbox, bell) = &*self.shared;
        let guard = inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |inbox: &mut Inbox| inbox.chunks.is_empty() && inbox.failed.is_none();
        let (mut inbox, _) =
            bell.wait_timeout_while(guard, SILENT_AFTER, waiting).unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = inbox.failed.take() {
            return Err(CaptureError::Broken { name: self.name.clone(), reason });
        }
        match inbox.chunks.pop_front() {
            Some(chunk) => {
                inbox.kept -= chunk.samples.len();
                Ok(chunk)
            }
            None => Err(CaptureError::Silent { name: self.name.clone(), after: SILENT_AFTER }),
        }
    }
}

fn start<T>(found: &Found, channels: u8, shared: &Shared) -> Result<Stream, cpal::Error>
where
    T: SizedSample + Send + 'static,
    f32: FromSample<T>,
{
    let (given, bell) = (Arc::clone(shared), Arc::clone(shared));
    let (from, rate) = (usize::from(found.config.channels), f64::from(found.config.sample_rate));
    let most = (KEPT.as_secs_f64() * rate) as usize * usize::from(channels);
    found.device.build_input_stream(
        found.config,
        move |data: &[T], info: &InputCallbackInfo| {
            let stamp = info.timestamp();
            let spent = Duration::from_secs_f64(data.len() as f64 / from as f64 / rate);
            let since_first = stamp.callback.saturating_duration_since(stamp.capture);
            let end = Instant::now() - since_first.saturating_sub(spent);
            let floats: Vec<f32> = data.iter().map(|&s| f32::from_sample(s)).collect();
            let mut samples = Vec::with_capacity(floats.len());
            mix(&floats, from, channels.into(), &mut samples);
            let mut inbox = given.0.lock().unwrap_or_else(PoisonError::into_inner);
            inbox.kept += samples.len();
            inbox.chunks.push_back(Chunk { end, samples });
            while inbox.kept > most && inbox.chunks.len() > 1 {
                let oldest = inbox.chunks.pop_front().map_or(0, |c| c.samples.len());
                inbox.kept -= oldest;
                inbox.dropped += (oldest / usize::from(channels)) as u64;
            }
            given.1.notify_one();
        },
        move |error| {
            // An overrun costs some samples; the stream goes on.
            if error.kind() != cpal::ErrorKind::Xrun {
                bell.0.lock().unwrap_or_else(PoisonError::into_inner).failed = Some(error.to_string());
                bell.1.notify_one();
            }
        },
        None,
    )
}

impl SampleSource for DeviceSource {
    fn next(&mut self) -> Result<Option<SoundFrame>, CaptureError> {
        loop {
            if let Some(samples) = self.framer.frame() {
                let after = self.framer.ready() + FRAME_SAMPLES;
                let age = Duration::from_secs_f64(after as f64 / f64::from(SAMPLE_RATE));
                return Ok(Some(SoundFrame { samples, channels: self.channels, captured: self.end - age }));
            }
            let chunk = self.receive()?;
            self.framer.push(&chunk.samples);
            self.end = chunk.end;
        }
    }

    fn describe(&self) -> String {
        format!("{}: {}", self.name, self.details)
    }

    fn dropped(&self) -> u64 {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_microphone_is_named_and_what_was_found_is_listed() {
        let opened = DeviceSource::open(Some("no-such-microphone"), &SoundOptions::default());
        let message = opened.err().unwrap().to_string();
        assert!(message.starts_with("microphone 'no-such-microphone' was not found; found "), "{message}");
    }
}
