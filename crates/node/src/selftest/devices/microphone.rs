//! The microphone: how loud a voice is, how loud the room, whether it is cut off, and whether it lives at all.

use super::super::bench::{Bench, Found, blocking};
use super::super::findings::here;
use super::{BY, not_configured};
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Missing, Outcome, RemarkCode};
use tongke_measure::room::{Microphone, RoomFacts, RoomMeter};
use tongke_media::capture::CaptureError;
use tongke_media::capture::sound::{self, SampleSource, SoundOptions};
use tongke_media::sound::{FRAME_SAMPLES, SAMPLE_RATE};

/// How long it is listened to; somebody is asked to speak meanwhile.
const LISTENED: Duration = Duration::from_secs(4);
/// Levels are told by steps of half a decibel.
const LEVEL_BOUND_DB: f64 = 0.25;

/// Listens to the microphone that the configuration names.
pub(in super::super) async fn microphone(bench: &mut Bench<'_>) -> Found {
    let Some(source) = bench.config.microphone.clone() else {
        return Err(not_configured(RemarkCode::MicrophoneNotConfigured, &sound::microphones()));
    };
    let facts = blocking(move || {
        let mut microphone = sound::open(&source, &SoundOptions::default())?;
        listen(microphone.as_mut(), LISTENED)
    });
    Ok(findings(&facts.await??, bench.plan.attended))
}

fn listen(microphone: &mut dyn SampleSource, for_: Duration) -> Result<RoomFacts, CaptureError> {
    let mut meter = RoomMeter::new(SAMPLE_RATE);
    let end = Instant::now() + for_;
    while Instant::now() < end
        && let Some(frame) = microphone.next()?
    {
        meter.push(&samples(&frame.samples));
    }
    Ok(meter.facts())
}

/// Samples from −1 to 1.
pub(super) fn samples(of: &[i16]) -> Vec<f32> {
    of.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

/// Where nobody was asked to speak, a quiet room is no fault.
fn findings(room: &RoomFacts, attended: bool) -> Vec<Finding> {
    let all = [Quantity::MicrophoneLevel, Quantity::MicrophoneNoise, Quantity::MicrophoneClipping];
    let nothing = match room.microphone {
        Microphone::TooLittle => Some(Cause::DeviceFailed),
        Microphone::Muted => Some(Cause::MicrophoneMuted),
        Microphone::Quiet | Microphone::Sound => None,
    };
    if let Some(cause) = nothing {
        return all.map(|quantity| Finding::missing(quantity, here(), cause)).into();
    }
    let figure = |value, bound| Measured {
        value: Some(value),
        bound,
        ..Measured::new(room.frames, Method::DeviceProbe, BY)
    };
    let level = match (room.microphone, room.loud_dbfs) {
        (Microphone::Sound, Some(loud)) => Outcome::Measured(Box::new(figure(loud, Some(LEVEL_BOUND_DB)))),
        _ if attended => Outcome::Missing(Missing {
            cause: Cause::MicrophoneSilent,
            detail: Some(RemarkCode::NothingSpoken.into()),
        }),
        _ => Outcome::Missing(Missing { cause: Cause::NotAsked, detail: None }),
    };
    let noise = room.noise_dbfs.map_or_else(
        || Finding::missing(Quantity::MicrophoneNoise, here(), Cause::DeviceFailed),
        |noise| Finding::measured(Quantity::MicrophoneNoise, here(), figure(noise, Some(LEVEL_BOUND_DB))),
    );
    let clipped = room.clipped_samples as f64 / (room.frames as f64 * FRAME_SAMPLES as f64);
    let clipping = figure(clipped.min(1.0), None);
    vec![
        Finding::new(Quantity::MicrophoneLevel, here(), level),
        noise,
        Finding::measured(Quantity::MicrophoneClipping, here(), clipping),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What three seconds of this say.
    fn heard(sample: impl Fn(usize) -> f32) -> RoomFacts {
        let mut meter = RoomMeter::new(SAMPLE_RATE);
        meter.push(&(0..SAMPLE_RATE as usize * 3).map(sample).collect::<Vec<_>>());
        meter.facts()
    }

    fn hiss(i: usize) -> f32 {
        ((i as u32).wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5
    }

    fn cause(finding: &Finding) -> Option<Cause> {
        match &finding.outcome {
            Outcome::Missing(missing) => Some(missing.cause),
            _ => None,
        }
    }

    #[test]
    fn a_muted_microphone_is_named_and_has_no_figure() {
        let findings = findings(&heard(|_| 0.0), true);
        assert!(findings.iter().all(|finding| cause(finding) == Some(Cause::MicrophoneMuted)));
        assert_eq!(findings.len(), 3);
    }

    #[test]
    fn a_quiet_room_is_a_fault_only_where_somebody_was_asked_to_speak() {
        let room = heard(|i| hiss(i) * 0.002);
        let asked = findings(&room, true);
        assert_eq!(cause(&asked[0]), Some(Cause::MicrophoneSilent));
        assert_eq!(cause(&asked[1]), None, "its noise is a figure");
        assert_eq!(cause(&findings(&room, false)[0]), Some(Cause::NotAsked));
    }

    #[test]
    fn a_voice_has_a_level_above_the_noise_and_what_is_cut_off_is_counted() {
        let speaking =
            |i: usize| if (i / 24_000).is_multiple_of(2) { hiss(i) * 0.002 } else { hiss(i) * 0.3 };
        let findings = findings(&heard(speaking), true);
        let value = |at: usize| {
            let Outcome::Measured(measured) = &findings[at].outcome else { panic!("{findings:?}") };
            measured.value.unwrap()
        };
        assert!(value(0) > value(1) + 30.0, "{} over {}", value(0), value(1));
        assert_eq!(value(2), 0.0);
        let cut = heard(|i| if i % 100 < 10 { 1.0 } else { hiss(i) });
        let Outcome::Measured(clipped) = &super::findings(&cut, true)[2].outcome else { panic!() };
        assert!((clipped.value.unwrap() - 0.1).abs() < 0.001);
    }
}
