//! How this room's talker goes out while its loudspeaker speaks: the sweeps of a test talker who stands in the room, as
//! its microphone gives them. All of it is on this machine's clock, before any network.

use super::findings::{Told, missing, missing_as};
use super::recording::{RATE_HZ, Recording};
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Missing, OneSided, Remark, RemarkCode};
use tongke_measure::double_talk::{Attenuation, NoAttenuation, Sweep, attenuation, hear};
use tongke_measure::echo::DoubleTalkType;

/// What is looked at together: a whole cycle of the program, so that the talker is alone in some of it.
const PIECE_S: u64 = 12;
/// The least that is looked at when a call ends.
const LEAST_S: u64 = 4;
/// Sweeps kept: an hour of them.
const SWEEPS: usize = 8_000;

/// Listens for the test talker of a room.
#[derive(Debug)]
pub(super) struct Talker {
    /// What the room's loudspeaker plays.
    loudspeaker: Recording,
    /// Up to when the room was listened to.
    until: Instant,
    sweeps: Vec<Sweep>,
}

impl Talker {
    pub(super) fn new(begin: Instant) -> Self {
        Self { loudspeaker: Recording::new(begin), until: begin, sweeps: Vec::new() }
    }

    /// The loudspeaker plays samples of 48 kHz, of which the first is heard at `at`.
    pub(super) fn on_played(&mut self, at: Instant, samples: &[f32]) {
        self.loudspeaker.push(at, samples);
    }

    /// Looks at what the microphone gave, once enough of it is there.
    pub(super) fn listen(&mut self, microphone: &Recording) {
        while self.look(microphone, PIECE_S) {}
    }

    /// What all of it comes to, and the rest of what the microphone gave.
    pub(super) fn finish(mut self, microphone: &Recording) -> Result<Attenuation, NoAttenuation> {
        (LEAST_S..PIECE_S).rev().any(|seconds| self.look(microphone, seconds));
        attenuation(&self.sweeps)
    }

    /// Whether so much was there to be looked at.
    fn look(&mut self, microphone: &Recording, seconds: u64) -> bool {
        let begin = self.until.max(microphone.begin()).max(self.loudspeaker.begin());
        let lasting = Duration::from_secs(seconds);
        let end = begin + lasting;
        if !microphone.is_past(end) || !self.loudspeaker.is_past(end) {
            return false;
        }
        let of = |recording: &Recording| recording.stretch(begin, lasting);
        if let Some((near, far)) = of(microphone).zip(of(&self.loudspeaker)) {
            match hear(&near, &far, RATE_HZ) {
                Ok(sweeps) => self.sweeps.extend(sweeps),
                Err(error) => tracing::debug!(%error, "no talker can be heard"),
            }
            self.sweeps.truncate(SWEEPS);
        }
        self.until = end;
        true
    }
}

/// The findings of the way from here.
pub(super) fn findings(found: Result<Attenuation, Missing>, told: &Told) -> [Finding; 2] {
    let class = found.clone().and_then(|found| {
        let hidden = || Remark::of(RemarkCode::TalkerHidden).with("db", format!("{:.0}", found.db));
        let unknown = || missing_as(Cause::TalkerUnclear, hidden());
        found.double_talk_type().map(|class| word(class).to_owned()).ok_or_else(unknown)
    });
    [
        told.finding(Quantity::DoubleTalkAttenuation, found.map(|found| figure(&found, told))),
        told.word(Quantity::DoubleTalk, class),
    ]
}

/// Why there is no figure.
pub(super) fn why(none: NoAttenuation) -> Missing {
    let remark = match none {
        NoAttenuation::NoTalker => return missing(Cause::NoTalker),
        NoAttenuation::LoudspeakerSilent => RemarkCode::LoudspeakerPlayedNothing.into(),
        NoAttenuation::TooFew { alone, together } => counted(RemarkCode::TalkerTooFew, alone, together),
        NoAttenuation::Noise => RemarkCode::TalkerInNoise.into(),
    };
    missing_as(Cause::TalkerUnclear, remark)
}

fn counted(code: RemarkCode, alone: usize, together: usize) -> Remark {
    Remark::of(code).with("alone", alone).with("together", together)
}

fn figure(found: &Attenuation, told: &Told) -> Measured {
    let Attenuation { db, bound_db, is_at_least, alone, together, spread_db } = *found;
    let sweeps = counted(RemarkCode::TalkerSweeps, alone, together);
    Measured {
        bound: (!is_at_least).then_some(bound_db),
        one_sided: is_at_least.then_some(OneSided::AtLeast),
        spread: Some(spread_db),
        reference: vec![sweeps, RemarkCode::DoubleTalkTypes.into()],
        ..told.value(alone.min(together) as u64, db, Method::Chirp)
    }
}

fn word(class: DoubleTalkType) -> &'static str {
    match class {
        DoubleTalkType::Type1 => "1",
        DoubleTalkType::Type2a => "2a",
        DoubleTalkType::Type2b => "2b",
        DoubleTalkType::Type2c => "2c",
        DoubleTalkType::Type3 => "3",
    }
}
