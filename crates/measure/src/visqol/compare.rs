//! What was heard against what was said.

use super::MosLqo;
use super::gammatone::{Frame, Gammatone, HOP, RATE_HZ};
use super::nsim::{prepare, similarity};
use crate::correlate::{Correlation, Weighting, checked};
use crate::input::InputError;
use serde::Serialize;

/// Samples a second of both signals.
pub const SAMPLE_RATE_HZ: u32 = RATE_HZ;
/// Frames of a patch: 0.4 s.
const PATCH: usize = 20;
/// A patch is sought so many frames before and after where it should be: a jitter buffer moves by less than 0.5 s.
const SEARCH: usize = 25;
/// Patches with speech that it takes at least: 1.2 s of them.
const PATCHES_MIN: usize = 3;
/// Frames of 20 ms with this part of the signal's peak as RMS are speech: 16 dB below it.
const SPEECH_OF_PEAK: f64 = 0.15;
/// What is quieter than this all the time is silence: −60 dBFS.
const SILENCE: f64 = 0.001;
/// Steps of the envelopes by which the two are aligned: 5 ms.
const ENVELOPE_STEP: usize = 80;

/// How alike what was heard is to what was said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// Mean similarity of the patches with speech, 0 to 1.
    pub nsim: f64,
    /// The listening quality that it stands for.
    pub mos: MosLqo,
    /// Patches of 0.4 s that were compared.
    pub patches: usize,
}

/// Compares speech that was heard with the speech that was said, both at [`SAMPLE_RATE_HZ`], full scale ±1. Eight to ten
/// seconds are best; 1.2 s of speech are needed. Delay and level do not matter. A silent signal is an error: nothing
/// that was not heard has a quality.
pub fn compare(reference: &[f32], heard: &[f32]) -> Result<Comparison, InputError> {
    let reference = audible("the reference speech", reference)?;
    let heard = audible("the heard speech", heard)?;
    let heard = levelled(&aligned(&reference, &heard)?, &reference)
        .ok_or(InputError::Silent { what: "the heard speech" })?;
    let bank = Gammatone::new();
    let mut said_frames = bank.spectrogram(&reference);
    let mut heard_frames = bank.spectrogram(&heard);
    prepare(&mut said_frames, &mut heard_frames);
    let starts: Vec<usize> = speech(&reference).filter(|start| start + PATCH <= said_frames.len()).collect();
    if starts.len() < PATCHES_MIN {
        let (given, needed) = (starts.len() * PATCH * HOP, PATCHES_MIN * PATCH * HOP);
        return Err(InputError::TooShort { what: "speech in the reference", given, needed });
    }
    let likeness = |start: &usize| {
        let patch = &said_frames[*start..start + PATCH];
        let (at, coarse) = best(patch, &heard_frames, *start);
        coarse.max(finely(&bank, &reference, &heard, *start, at))
    };
    let nsim = starts.iter().map(likeness).sum::<f64>() / starts.len() as f64;
    let nsim = nsim.clamp(0.0, 1.0);
    Ok(Comparison { nsim, mos: MosLqo::from_nsim(nsim)?, patches: starts.len() })
}

/// The signal, if there is anything in it.
fn audible(what: &'static str, signal: &[f32]) -> Result<Vec<f64>, InputError> {
    let signal: Vec<f64> = checked(what, signal)?.iter().map(|sample| f64::from(*sample)).collect();
    if rms(&signal) < SILENCE {
        return Err(InputError::Silent { what });
    }
    Ok(signal)
}

fn rms(signal: &[f64]) -> f64 {
    (signal.iter().map(|sample| sample * sample).sum::<f64>() / signal.len().max(1) as f64).sqrt()
}

/// What was heard, moved to where the reference has it, and as long: by their envelopes, to 5 ms.
fn aligned(reference: &[f64], heard: &[f64]) -> Result<Vec<f64>, InputError> {
    let envelopes = [envelope(reference), envelope(heard)];
    let reach = envelopes[0].len().max(envelopes[1].len()) as i64;
    let correlation = Correlation::of(&envelopes[0], &envelopes[1], -reach..=reach, Weighting::Matched)?;
    let lag = (-reach..=reach).max_by(|a, b| correlation.at(*a).total_cmp(&correlation.at(*b))).unwrap_or(0);
    let lag = lag * ENVELOPE_STEP as i64;
    Ok((0..reference.len() as i64).map(|n| at(heard, n + lag)).collect())
}

/// A sample; beyond a signal's ends there is silence.
fn at(signal: &[f64], n: i64) -> f64 {
    usize::try_from(n).ok().and_then(|n| signal.get(n)).copied().unwrap_or(0.0)
}

/// RMS of short steps, above their mean.
fn envelope(signal: &[f64]) -> Vec<f32> {
    let steps: Vec<f64> = signal.chunks(ENVELOPE_STEP).map(rms).collect();
    let mean = steps.iter().sum::<f64>() / steps.len().max(1) as f64;
    steps.iter().map(|step| (step - mean) as f32).collect()
}

/// What was heard, as loud as the reference; none: there is nothing of it where the reference is.
fn levelled(heard: &[f64], reference: &[f64]) -> Option<Vec<f64>> {
    let level = rms(heard);
    let gain = rms(reference) / level;
    (level > 0.0).then(|| heard.iter().map(|sample| sample * gain).collect())
}

/// Frames at which patches begin that have speech in them.
fn speech(reference: &[f64]) -> impl Iterator<Item = usize> {
    let peak = reference.iter().map(|sample| sample.abs()).fold(0.0, f64::max);
    let spoken = reference
        .chunks(PATCH * HOP)
        .map(move |patch| patch.chunks(HOP).any(|frame| rms(frame) >= SPEECH_OF_PEAK * peak));
    spoken.enumerate().filter(|(_, spoken)| *spoken).map(|(n, _)| n * PATCH)
}

/// Where a patch was heard, near where it should be, and how alike it is there.
fn best(patch: &[Frame], heard: &[Frame], start: usize) -> (usize, f64) {
    let last = heard.len() - patch.len();
    let places = start.saturating_sub(SEARCH)..=(start + SEARCH).min(last);
    let likenesses = places.map(|place| (place, similarity(patch, &heard[place..place + patch.len()])));
    likenesses.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((start, 0.0))
}

/// The likeness of a patch once the two are aligned to the sample, no further than a frame away.
fn finely(bank: &Gammatone, reference: &[f64], heard: &[f64], start: usize, at_frame: usize) -> f64 {
    let cut = |signal: &[f64], first: i64| -> Vec<f64> {
        (first..first + (PATCH * HOP) as i64).map(|n| at(signal, n)).collect()
    };
    let said = cut(reference, (start * HOP) as i64);
    let near = cut(heard, (at_frame * HOP) as i64);
    let narrow = |signal: &[f64]| signal.iter().map(|sample| *sample as f32).collect::<Vec<f32>>();
    let reach = HOP as i64;
    let correlated = Correlation::of(&narrow(&said), &narrow(&near), -reach..=reach, Weighting::Matched);
    // A patch that was lost is silent: nothing to align.
    let Some(peak) = correlated.ok().and_then(|found| found.peak(-reach..=reach, |_| true)) else {
        return 0.0;
    };
    let moved = cut(heard, (at_frame * HOP) as i64 + peak.lag);
    let (mut said, mut moved) = (bank.spectrogram(&said), bank.spectrogram(&moved));
    prepare(&mut said, &mut moved);
    similarity(&said, &moved)
}
