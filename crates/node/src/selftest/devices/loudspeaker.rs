//! From the loudspeaker to the microphone of the same room: how much of what is played comes back. It is what an echo
//! canceller has to deal with, and it proves that both work.

use super::super::bench::{Bench, Found, Nothing, blocking};
use super::super::findings::here;
use super::microphone::samples;
use super::{BY, not_configured};
use crate::config::SoundOut;
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{
    Cause, Finding, Measured, Method, Missing, OneSided, Outcome, Remark, RemarkCode,
};
use tongke_measure::chirp::{Probe, Train};
use tongke_measure::correlate::Weighting;
use tongke_measure::echo::Echo;
use tongke_measure::room::{Microphone, RoomMeter};
use tongke_media::capture::sound::{self, SampleSource, SoundOptions};
use tongke_media::render::{RenderError, Speaker};
use tongke_media::sound::{FRAME_DURATION, FRAME_SAMPLES, SAMPLE_RATE};

/// Chirps that are played.
const CHIRPS: usize = 2;
/// How loud: −12 dB below full scale, as loud as a voice.
const GAIN: f32 = 0.25;
/// What is queued ahead of what is heard, so that the device never runs dry.
const AHEAD: Duration = Duration::from_millis(100);
/// Longest way from the program through both devices and back, ms.
const MOST_DELAY_MS: f64 = 1000.0;

/// Plays chirps and listens for them.
pub(in super::super) async fn loudspeaker(bench: &mut Bench<'_>) -> Found {
    let SoundOut::Speaker(speaker) = bench.config.sound_out.clone() else {
        return Err(not_configured(RemarkCode::LoudspeakerNotConfigured, &sound::loudspeakers()));
    };
    let Some(microphone) = bench.config.microphone.clone() else {
        return Err(not_configured(RemarkCode::MicrophoneNotConfigured, &sound::microphones()));
    };
    let path = blocking(move || -> Result<Outcome, Nothing> {
        let mut microphone = sound::open(&microphone, &SoundOptions::default())?;
        let speaker = Speaker::open(speaker.as_deref())?;
        let played = train();
        let heard = record(&played, microphone.as_mut(), &mut |frame| speaker.play(0, frame, 1))?;
        Ok(outcome(&played, &heard))
    });
    Ok(vec![Finding::new(Quantity::LoudspeakerPath, here(), path.await??)])
}

/// What is played, −1 to 1.
fn train() -> Vec<f32> {
    let train = Probe::wideband(SAMPLE_RATE).and_then(|probe| Train::new(probe, CHIRPS, 1));
    let samples = train.expect("48 kHz and two chirps are within the bounds").samples();
    samples.into_iter().map(|sample| sample * GAIN).collect()
}

/// What the microphone hears from the moment on in which `played` begins to be played. The microphone's frames keep
/// the time for both.
fn record(
    played: &[f32],
    microphone: &mut dyn SampleSource,
    play: &mut dyn FnMut(&[i16]) -> Result<(), RenderError>,
) -> Result<Vec<f32>, Nothing> {
    let begin = Instant::now();
    let mut left = played.chunks(FRAME_SAMPLES);
    let mut queued = Duration::ZERO;
    let mut heard = Vec::with_capacity(played.len());
    while heard.len() < played.len() {
        while queued < begin.elapsed() + AHEAD
            && let Some(chunk) = left.next()
        {
            let frame: Vec<i16> = chunk.iter().map(|sample| (sample * 32_767.0) as i16).collect();
            play(&frame)?;
            queued += FRAME_DURATION;
        }
        let Some(frame) = microphone.next()? else { break };
        let frame_samples = samples(&frame.samples);
        // What was captured before the begin is left out, what is missing of it is silence.
        let early = begin.saturating_duration_since(frame.captured).as_secs_f64();
        let skip = ((early * f64::from(SAMPLE_RATE)) as usize).min(frame_samples.len());
        if heard.is_empty() {
            let late = frame.captured.saturating_duration_since(begin).as_secs_f64();
            heard.resize(((late * f64::from(SAMPLE_RATE)) as usize).min(played.len()), 0.0);
        }
        heard.extend_from_slice(&frame_samples[skip..]);
    }
    Ok(heard)
}

/// The path's loss, or at least how much it is.
fn outcome(played: &[f32], heard: &[f32]) -> Outcome {
    let missing = |cause, detail: Option<Remark>| Outcome::Missing(Missing { cause, detail });
    let mut meter = RoomMeter::new(SAMPLE_RATE);
    meter.push(heard);
    match meter.facts().microphone {
        Microphone::TooLittle => return missing(Cause::DeviceFailed, None),
        Microphone::Muted => return missing(Cause::MicrophoneMuted, None),
        Microphone::Quiet | Microphone::Sound => {}
    }
    let measured = Measured::new(CHIRPS as u64, Method::Chirp, BY);
    match Echo::find(played, heard, SAMPLE_RATE, MOST_DELAY_MS, Weighting::Matched) {
        Ok(Echo::Found { loss_db, delay_ms, .. }) => Outcome::Measured(Box::new(Measured {
            value: Some(loss_db),
            // From the program through both devices and back.
            reference: vec![Remark::of(RemarkCode::DeviceDelay).with("ms", format!("{delay_ms:.0}"))],
            ..measured
        })),
        Ok(Echo::NoneAboveNoise { at_least_db }) => Outcome::Measured(Box::new(Measured {
            value: Some(at_least_db),
            one_sided: Some(OneSided::AtLeast),
            ..measured
        })),
        Ok(Echo::Several { delays_ms: [first, second] }) => missing(
            Cause::SignalUnreadable,
            Some(
                Remark::of(RemarkCode::ChirpsTwice)
                    .with("first_ms", format!("{first:.0}"))
                    .with("second_ms", format!("{second:.0}")),
            ),
        ),
        Err(error) => missing(Cause::SignalUnreadable, Some(error.to_string().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use tongke_media::SoundFrame;
    use tongke_media::capture::CaptureError;

    /// A room: what is played is heard again, so much later and weaker, in the room's noise. It keeps no time: a
    /// frame is heard as soon as it is asked for.
    struct Room {
        air: VecDeque<f32>,
        gain: f32,
        noise: f32,
        began: Instant,
        frames: u32,
        random: u32,
    }

    impl Room {
        fn new(delay_ms: usize, gain: f32, noise: f32) -> Self {
            let air = std::iter::repeat_n(0.0, delay_ms * 48).collect();
            Self { air, gain, noise, began: Instant::now(), frames: 0, random: 1 }
        }
    }

    impl SampleSource for Room {
        fn next(&mut self) -> Result<Option<SoundFrame>, CaptureError> {
            let mut sample = || {
                self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = (self.random >> 8) as f32 / 8_388_608.0 - 1.0;
                let heard = self.air.pop_front().unwrap_or(0.0) * self.gain + hiss * self.noise;
                (heard * 32_767.0) as i16
            };
            let samples = (0..FRAME_SAMPLES).map(|_| sample()).collect();
            let captured = self.began + FRAME_DURATION * self.frames;
            self.frames += 1;
            Ok(Some(SoundFrame { samples, channels: 1, captured }))
        }

        fn describe(&self) -> String {
            "a room".into()
        }
    }

    /// Plays into the room at once all that is played, and listens.
    fn path(delay_ms: usize, gain: f32, noise: f32) -> Outcome {
        let played = train();
        let mut room = Room::new(delay_ms, gain, noise);
        room.air.extend(&played);
        let heard = record(&played, &mut room, &mut |_| Ok(())).unwrap();
        outcome(&played, &heard)
    }

    #[test]
    fn the_loss_between_loudspeaker_and_microphone_is_found_in_noise() {
        let Outcome::Measured(found) = path(120, 0.1, 0.003) else { panic!() };
        assert_eq!(found.one_sided, None);
        assert!((found.value.unwrap() - 20.0).abs() < 0.5, "{found:?}");
        assert_eq!(found.reference, [Remark::of(RemarkCode::DeviceDelay).with("ms", 120)]);
    }

    #[test]
    fn a_path_that_noise_hides_is_at_least_so_lossy() {
        let Outcome::Measured(found) = path(120, 0.0, 0.01) else { panic!() };
        assert_eq!(found.one_sided, Some(OneSided::AtLeast));
        assert!(found.value.unwrap() > 10.0, "{found:?}");
    }

    #[test]
    fn a_muted_microphone_is_no_lossy_path() {
        let Outcome::Missing(missing) = path(120, 0.0, 0.0) else { panic!() };
        assert_eq!(missing.cause, Cause::MicrophoneMuted);
    }
}
