//! The loudspeaker.

use super::RenderError;
use super::mixer::Mixer;
use crate::devices::{self, Direction, Found, NotFound, Quiet};
use crate::room::{RoomLoudspeaker, is_room};
use crate::sound::SAMPLE_RATE;
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{FromSample, OutputCallbackInfo, SampleFormat, SizedSample, Stream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most sound queued per participant, in samples per channel: 200 ms.
const MOST: usize = SAMPLE_RATE as usize / 5;

#[derive(Debug)]
struct State {
    mixer: Mixer,
    failed: Option<String>,
}

/// A playing sound device; dropping it stops it.
pub struct Speaker {
    state: Arc<Mutex<State>>,
    name: String,
    _playing: Playing,
}

/// What asks for samples as long as it is held.
#[expect(dead_code, reason = "held, not read")]
enum Playing {
    Device(Stream),
    Room(RoomLoudspeaker),
}

impl Speaker {
    /// Opens a device by name; `None` is the system's default, `room:…` a room in memory (`room.rs`).
    pub fn open(name: Option<&str>) -> Result<Self, RenderError> {
        match name {
            Some(room) if is_room(room) => Self::open_room(room),
            _ => Self::open_device(name),
        }
    }

    fn open_room(name: &str) -> Result<Self, RenderError> {
        let state = Arc::new(Mutex::new(State { mixer: Mixer::new(MOST), failed: None }));
        let source = Arc::clone(&state);
        let play = move || source.lock().unwrap_or_else(PoisonError::into_inner).mixer.next();
        let name = name.to_owned();
        match RoomLoudspeaker::open(&name, Box::new(play)) {
            Ok(room) => Ok(Self { state, name, _playing: Playing::Room(room) }),
            Err(reason) => Err(RenderError::Speaker { name, reason }),
        }
    }

    fn open_device(name: Option<&str>) -> Result<Self, RenderError> {
        let _quiet = Quiet::new();
        let asked = name.unwrap_or("default").to_owned();
        let found = devices::find(name, Direction::Out, 2).map_err(|error| match error {
            NotFound::Name(found) => RenderError::Missing { name: asked.clone(), found },
            NotFound::Refused { name, reason } => RenderError::Speaker { name, reason },
        })?;
        let state = Arc::new(Mutex::new(State { mixer: Mixer::new(MOST), failed: None }));
        let stream = match found.format {
            SampleFormat::I16 => start::<i16>(&found, &state),
            SampleFormat::I32 => start::<i32>(&found, &state),
            _ => start::<f32>(&found, &state),
        };
        let stream = stream
            .and_then(|s| s.play().map(|()| s))
            .map_err(|error| RenderError::Speaker { name: found.name.clone(), reason: error.to_string() })?;
        Ok(Self { state, name: found.name, _playing: Playing::Device(stream) })
    }

    /// Queues decoded sound (48 kHz, interleaved) of the participant in `slot`. An error is told once,
    /// when the device has stopped; sound is then thrown away.
    pub fn play(&self, slot: u32, samples: &[i16], channels: u8) -> Result<(), RenderError> {
        let floats: Vec<f32> = samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
        let mut state = self.state();
        state.mixer.push(slot, &floats, channels.clamp(1, 2).into());
        match state.failed.take() {
            Some(reason) => Err(RenderError::Speaker { name: self.name.clone(), reason }),
            None => Ok(()),
        }
    }

    /// Milliseconds of a participant's sound that are queued: what playing adds to the delay, beside
    /// the device's own buffer.
    pub fn queued_ms(&self, slot: u32) -> f64 {
        self.state().mixer.queued(slot) as f64 * 1e3 / f64::from(SAMPLE_RATE)
    }

    /// Forgets a participant who left.
    pub fn remove(&self, slot: u32) {
        self.state().mixer.remove(slot);
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Samples dropped because the device did not take them in time, and times a participant's
    /// queue ran dry.
    pub fn losses(&self) -> (u64, u64) {
        let state = self.state();
        (state.mixer.dropped(), state.mixer.ran_dry())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start<T>(found: &Found, state: &Arc<Mutex<State>>) -> Result<Stream, cpal::Error>
where
    T: SizedSample + FromSample<f32> + Send + 'static,
{
    let (source, failures) = (Arc::clone(state), Arc::clone(state));
    let channels = usize::from(found.config.channels);
    let mut rate = Rate::new(found.config.sample_rate);
    found.device.build_output_stream(
        found.config,
        move |data: &mut [T], _: &OutputCallbackInfo| {
            let mut state = source.lock().unwrap_or_else(PoisonError::into_inner);
            for frame in data.chunks_mut(channels) {
                let [left, right] = rate.next(|| state.mixer.next());
                for (channel, sample) in frame.iter_mut().enumerate() {
                    let value = match (channels, channel) {
                        (1, _) => (left + right) / 2.0,
                        (_, 0) => left,
                        (_, 1) => right,
                        // Rear and centre loudspeakers stay silent: a classroom has two in front.
                        _ => 0.0,
                    };
                    *sample = T::from_sample(value);
                }
            }
        },
        move |error| {
            // An underrun is heard as a click; the device goes on.
            if error.kind() != cpal::ErrorKind::Xrun {
                failures.lock().unwrap_or_else(PoisonError::into_inner).failed = Some(error.to_string());
            }
        },
        None,
    )
}

/// From 48 kHz to a device that has another rate, by linear interpolation; ALSA's plug device converts
/// for nearly every card, so this is seldom in use.
struct Rate {
    step: f64,
    position: f64,
    before: [f32; 2],
    after: [f32; 2],
}

impl Rate {
    fn new(device_hz: u32) -> Self {
        let step = f64::from(SAMPLE_RATE) / f64::from(device_hz);
        Self { step, position: 1.0, before: [0.0; 2], after: [0.0; 2] }
    }

    fn next(&mut self, mut source: impl FnMut() -> [f32; 2]) -> [f32; 2] {
        while self.position >= 1.0 {
            self.before = self.after;
            self.after = source();
            self.position -= 1.0;
        }
        let share = self.position as f32;
        let value = [0, 1].map(|c| self.before[c] + (self.after[c] - self.before[c]) * share);
        self.position += self.step;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_loudspeaker_is_named_and_what_was_found_is_listed() {
        let message = Speaker::open(Some("no-such-speaker")).err().unwrap().to_string();
        assert!(message.starts_with("loudspeaker 'no-such-speaker' was not found; found "), "{message}");
    }

    #[test]
    fn at_the_same_rate_every_sample_passes_unchanged() {
        let mut rate = Rate::new(48_000);
        let mut n = 0.0;
        let mut source = || {
            n += 1.0;
            [n, -n]
        };
        let passed: Vec<f32> = (0..5).map(|_| rate.next(&mut source)[0]).collect();
        assert_eq!(passed, [0.0, 1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_slower_device_takes_more_samples_in_the_same_time() {
        let mut rate = Rate::new(44_100);
        let mut taken = 0;
        for _ in 0..44_100 {
            rate.next(|| {
                taken += 1;
                [0.0; 2]
            });
        }
        assert!((47_998..=48_002).contains(&taken), "{taken}");
    }
}
