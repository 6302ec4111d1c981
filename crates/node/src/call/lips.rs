//! Lip sync in software: the flash of the other end's picture and the beep of its sound, which begin at the same
//! moment, as they are shown and played here.
//!
//! A picture says by its marker when it was captured, so it is known how long after the flash began that was: the
//! flash is told as it would have been shown, had it begun with a picture.

use super::findings::{Told, missing_as};
use super::series::Series;
use super::times::{Times, ms_between};
use std::time::Instant;
use tongke_inspection::facts::{Cause, Measured, Method, Missing, RemarkCode};
use tongke_media::beat;

/// A flash and its beep are nearer than this, ms; beats are further apart.
const PAIR_MS: f64 = 600.0;
/// A picture that was lost takes its flash's first picture away; more than the whole flash cannot be lost.
const LONGEST_MS: f64 = beat::DURATION.as_millis() as f64;
/// A beep's begin is found to a millisecond, and a marker tells whole ones.
const COARSE_MS: f64 = 2.0;

/// The first picture of a flash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flash {
    pub captured: Instant,
    pub shown: Instant,
}

/// Sound against picture, by pairs of `flashes` and `beeps`; positive: the sound is early.
pub(super) fn sync(
    times: &Times,
    flashes: &[Flash],
    beeps: &[Instant],
    told: &Told,
) -> Result<Measured, Missing> {
    if flashes.is_empty() {
        return Err(missing_as(Cause::SignalUnreadable, RemarkCode::NoFlashSeen));
    }
    if beeps.is_empty() {
        return Err(missing_as(Cause::SignalUnreadable, RemarkCode::NoBeepHeard));
    }
    let mut series = Series::default();
    for flash in flashes {
        let Some(shown) = as_if_shown(times, flash) else { continue };
        let nearest = beeps
            .iter()
            .map(|beep| ms_between(*beep, shown))
            .min_by(|a, b| a.abs().total_cmp(&b.abs()))
            .filter(|offset_ms| offset_ms.abs() < PAIR_MS);
        if let Some(offset_ms) = nearest {
            series.push(times.at_s(flash.shown), offset_ms);
        }
    }
    let unpaired = || missing_as(Cause::SignalUnreadable, RemarkCode::NoFlashWithBeep);
    let measured = series.measured(Method::FlashAndBeep, &told.by).ok_or_else(unpaired)?;
    Ok(Measured { bound: Some(COARSE_MS), ..measured })
}

/// When the flash would have been shown, had a picture been captured as it began; none: it is none of the program.
fn as_if_shown(times: &Times, flash: &Flash) -> Option<Instant> {
    let relay = times.relay_of(flash.captured)?;
    let beats = times.schedule.beats(times.side.other(), relay, relay);
    // What clocks are off by must not make a picture one from before its flash.
    let late_ms = beats
        .map(|beat| relay.micros_since(beat) as f64 / 1e3)
        .filter(|late_ms| (-LONGEST_MS / 2.0..LONGEST_MS).contains(late_ms))
        .min_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    let late = std::time::Duration::from_secs_f64(late_ms.abs() / 1e3);
    if late_ms >= 0.0 { flash.shown.checked_sub(late) } else { flash.shown.checked_add(late) }
}
