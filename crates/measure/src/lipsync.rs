//! Lip sync from a flash and a beep that begin at the same moment, filmed and recorded together at the far end.
//!
//! This sees the whole way, screens and loudspeakers included; [`crate::AvSkewMeter`] compares what software knows of
//! its own playout. A camera says only between which two pictures a flash began: each event is known to ± half a
//! picture, and many events, spread over the picture's phase, to less.

use crate::correlate::checked;
use crate::input::{InputError, within};
use serde::Serialize;
use std::f64::consts::TAU;

/// Interval from flash to flash that walks evenly over the phase of pictures at 15, 25 and 30 per second: 44.618
/// pictures at 15, the golden ratio's rest. Others do as well, unless they are whole pictures.
pub const FLASH_SPACING_MS: f64 = 2974.53;
/// The beep's frequency.
const BEEP_HZ: f64 = 1000.0;
/// A beep lasts at least 100 ms; this much of it must stand, ms.
const BEEP_STANDS_MS: usize = 50;
/// Two beeps are further apart than this, ms.
const BEEP_APART_MS: usize = 500;
/// A flash and its beep are nearer than this, ms.
const PAIR_MS: f64 = 500.0;
/// A flash must be this many levels of luma above the dark, or there is none.
const FLASH_LUMA: f64 = 30.0;
/// A beep must be this much above the noise at its own frequency, or there is none: 6 dB.
const BEEP_OVER_NOISE: f64 = 2.0;

/// A filmed picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// When it was taken, ms on the recording's clock.
    pub at_ms: f64,
    /// Mean luma of the place where the flash is shown, 0 to 255.
    pub luma: f64,
}

/// Sound against picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LipSync {
    /// Mean over all pairs, ms. Positive: sound is early.
    pub offset_ms: f64,
    /// Half a picture: how well one event is known, ms.
    pub half_period_ms: f64,
    /// Largest distance of one pair from the mean, ms.
    pub spread_ms: f64,
    /// Pairs of a flash and a beep.
    pub pairs: usize,
    /// Flashes without a beep, and beeps without a flash.
    pub unpaired: usize,
}

/// What there is, or which half of it is missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum LipSyncResult {
    /// Measured.
    Measured(LipSync),
    /// No picture flashes.
    NoFlash,
    /// No beep is heard.
    NoBeep,
    /// There are both, and no two within half a second of each other.
    NoPair,
}

/// Pairs flashes and beeps. `sound` begins at 0 ms of the pictures' clock.
pub fn measure(pictures: &[Picture], sound: &[f32], rate_hz: u32) -> Result<LipSyncResult, InputError> {
    let rate = within("sample rate", f64::from(rate_hz), 8_000.0..=192_000.0, "Hz")?;
    let sound = checked("the recorded sound", sound)?;
    if pictures.len() < 3 {
        return Err(InputError::TooShort { what: "the film", given: pictures.len(), needed: 3 });
    }
    if pictures.iter().any(|p| !(p.at_ms.is_finite() && p.luma.is_finite())) {
        return Err(InputError::NotFinite { what: "the film" });
    }
    let flashes = flash_onsets(pictures);
    if flashes.is_empty() {
        return Ok(LipSyncResult::NoFlash);
    }
    let beeps = beep_onsets(sound, rate);
    if beeps.is_empty() {
        return Ok(LipSyncResult::NoBeep);
    }
    let offsets: Vec<f64> = flashes.iter().filter_map(|flash| nearest(&beeps, *flash)).collect();
    if offsets.is_empty() {
        return Ok(LipSyncResult::NoPair);
    }
    let pairs = offsets.len();
    let offset_ms = offsets.iter().sum::<f64>() / pairs as f64;
    let spread_ms = offsets.iter().map(|offset| (offset - offset_ms).abs()).fold(0.0, f64::max);
    let span_ms = pictures[pictures.len() - 1].at_ms - pictures[0].at_ms;
    let half_period_ms = span_ms / (pictures.len() - 1) as f64 / 2.0;
    let unpaired = flashes.len() - pairs + beeps.len().saturating_sub(pairs);
    Ok(LipSyncResult::Measured(LipSync { offset_ms, half_period_ms, spread_ms, pairs, unpaired }))
}

/// Flash minus the nearest beep.
fn nearest(beeps: &[f64], flash: f64) -> Option<f64> {
    let offset = beeps.iter().map(|beep| flash - beep).min_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    (offset.abs() < PAIR_MS).then_some(offset)
}

/// When flashes began: in the middle between the last dark picture and the first bright one.
fn flash_onsets(pictures: &[Picture]) -> Vec<f64> {
    let mut luma: Vec<f64> = pictures.iter().map(|picture| picture.luma).collect();
    luma.sort_by(f64::total_cmp);
    let (dark, bright) = (luma[luma.len() / 2], luma[luma.len() - 1]);
    if bright - dark < FLASH_LUMA {
        return Vec::new();
    }
    let lit = |picture: &Picture| picture.luma > (dark + bright) / 2.0;
    let begins = pictures.windows(2).filter(|pair| !lit(&pair[0]) && lit(&pair[1]));
    begins.map(|pair| (pair[0].at_ms + pair[1].at_ms) / 2.0).collect()
}

/// When beeps began, to 1 ms: the envelope at 1 kHz rises above half of a beep's level and stays there.
fn beep_onsets(sound: &[f32], rate: f64) -> Vec<f64> {
    let envelope = envelope(sound, rate);
    let mut levels = envelope.clone();
    levels.sort_by(f64::total_cmp);
    // A beep fills a few percent of the time: most of it is noise, the loudest hundredth is beep.
    let (Some(noise), Some(beep)) = (levels.get(levels.len() / 2), levels.get(levels.len() * 99 / 100))
    else {
        return Vec::new();
    };
    if *beep < BEEP_OVER_NOISE * noise || *beep == 0.0 {
        return Vec::new();
    }
    let threshold = noise + (beep - noise) / 2.0;
    let mut onsets = Vec::new();
    let mut from = 0;
    while let Some(rise) = (from..envelope.len()).find(|i| envelope[*i] > threshold) {
        let stands = envelope[rise..(rise + BEEP_STANDS_MS).min(envelope.len())].iter();
        if stands.filter(|level| **level > threshold).count() * 10 >= BEEP_STANDS_MS * 8 {
            onsets.push(rise as f64);
            from = rise + BEEP_APART_MS;
        } else {
            from = rise + 1;
        }
    }
    onsets
}

/// Amplitude at the beep's frequency in each millisecond: one whole period of it, whatever its phase.
fn envelope(sound: &[f32], rate: f64) -> Vec<f64> {
    let window = |ms: usize| {
        let bounds = [ms, ms + 1].map(|ms| (ms as f64 * rate / 1000.0).round() as usize);
        let (mut re, mut im) = (0.0, 0.0);
        for (i, sample) in sound[bounds[0]..bounds[1]].iter().enumerate() {
            let (sin, cos) = (TAU * BEEP_HZ * i as f64 / rate).sin_cos();
            re += f64::from(*sample) * cos;
            im += f64::from(*sample) * sin;
        }
        2.0 * f64::hypot(re, im) / (bounds[1] - bounds[0]) as f64
    };
    let whole_ms = (sound.len() as f64 * 1000.0 / rate).floor() as usize;
    (0..whole_ms.saturating_sub(1)).map(window).collect()
}
