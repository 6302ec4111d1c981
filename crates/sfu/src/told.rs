//! What a browser says that its room sent and played: written down as the room's own word, within reason.

use crate::core::Core;
use crate::error::FlowError;
use crate::policing::Bucket;
use std::collections::BTreeSet;
use std::time::Duration;
use tongke_protocol::record::{FactKind, ToldFlow};
use tongke_protocol::{Grant, LessonId, Now, ParticipantId, WallTime};

/// One stretch may be told of in this time, and so many at once: those of minutes in which the relay did not
/// answer come together.
const EVERY_NS: u64 = 10_000_000_000;
const AT_ONCE: u64 = 12;
/// Longest stretch; registries do not believe longer ones.
const LONGEST_US: u64 = 300 * 1_000_000;
/// How long a stretch may be over when it is told.
const LATEST_US: u64 = 20 * 60 * 1_000_000;
/// By how much a page may be wrong about the relay's clock.
const CLOCK_ERROR_US: u64 = 10 * 1_000_000;
/// Participants that one can have heard.
const MAX_GOT: usize = 64;

/// How often somebody may tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turns(Bucket);

impl Turns {
    pub fn new(now: Now) -> Self {
        Self(Bucket::new(now.instant, AT_ONCE * EVERY_NS))
    }

    /// Takes one turn, if there is one.
    pub fn take(&mut self, now: Now) -> bool {
        self.0.take(now.instant, EVERY_NS)
    }
}

impl Core {
    /// Writes down what a participant's own browser says of a stretch of time. The grant must have been verified
    /// for the lesson.
    pub fn note_flow(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        told: ToldFlow,
    ) -> Result<(), FlowError> {
        if !grant.role.may_publish() {
            return Err(FlowError::Role(grant.role));
        }
        check(now, &told)?;
        let conduct = self.kept.find_mut(lesson).ok_or(FlowError::NotInLesson)?;
        if !conduct.take_turn(now, &grant.participant).ok_or(FlowError::NotInLesson)? {
            return Err(FlowError::TooMany(Duration::from_nanos(EVERY_NS).as_secs()));
        }
        let ToldFlow { seq, from_us, until_us, sent_audio_ms, sent_video_ms, got } = told;
        let participant = grant.participant.clone();
        let what = FactKind::Flow { participant, seq, from_us, until_us, sent_audio_ms, sent_video_ms, got };
        let mut fact = self.scribe.write(now, lesson, what);
        fact.at_us = until_us.min(fact.at_us);
        self.outputs.facts.push(fact);
        Ok(())
    }
}

fn check(now: Now, told: &ToldFlow) -> Result<(), FlowError> {
    let wrong = |why| Err(FlowError::Unreasonable(why));
    let (from, until) = (WallTime(told.from_us), WallTime(told.until_us));
    let Some(length_us) = told.until_us.checked_sub(told.from_us).filter(|length| *length > 0) else {
        return wrong("it must end after its begin");
    };
    if length_us > LONGEST_US {
        return wrong("it must not be longer than five minutes");
    }
    if until.micros_since(now.wall) > CLOCK_ERROR_US as i64 {
        return wrong("it must be over, by the relay's clock");
    }
    if now.wall.micros_since(from) > (LATEST_US + LONGEST_US) as i64 {
        return wrong("it must not be over for longer than 20 minutes");
    }
    let fits = |ms: u64| ms.saturating_mul(1_000) <= length_us.saturating_add(1_000);
    let all_fit = told.got.iter().all(|from| fits(from.audio_ms) && fits(from.video_ms));
    if !(all_fit && fits(told.sent_audio_ms) && fits(told.sent_video_ms)) {
        return wrong("nothing in it can be longer than itself");
    }
    let named: BTreeSet<&ParticipantId> = told.got.iter().map(|from| &from.participant).collect();
    if told.got.len() > MAX_GOT || named.len() < told.got.len() {
        return wrong("it must name each participant once, and at most 64");
    }
    Ok(())
}
