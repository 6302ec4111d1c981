//! Dispatches on a worker: who sends them, and how often. Who hears them is in `audience.rs`.

use super::plane::Plane;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tongke_protocol::dispatch::{Dispatch, DispatchTooLong};
use tongke_protocol::{Grant, LessonId, Now, ParticipantId, Role};

/// One participant may send a dispatch in this time, and so many at once.
const EVERY: Duration = Duration::from_millis(250);
const AT_ONCE: u32 = 16;

/// Why a dispatch is not passed on. The texts are shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DispatchError {
    /// The sender does not listen.
    #[error("you are not in this lesson; open its event stream, or join, before you send dispatches")]
    NotInLesson,
    /// Nobody of that name listens.
    #[error("'{0}' is not in this lesson now; wait until it has joined")]
    Away(ParticipantId),
    /// Neither end is an inspector.
    #[error("dispatches go from inspectors and to inspectors; the role {0} sends none to others")]
    Role(Role),
    /// It does not fit.
    #[error(transparent)]
    TooLong(#[from] DispatchTooLong),
    /// Too many at once.
    #[error("too many dispatches at once; one may be sent each {} ms", EVERY.as_millis())]
    TooMany,
    /// The addressee does not read.
    #[error("'{0}' has not read what came before; send it again in a second")]
    Busy(ParticipantId),
}

impl DispatchError {
    /// The stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            DispatchError::NotInLesson => "not_in_lesson",
            DispatchError::Away(_) => "addressee_away",
            DispatchError::Role(_) => "role_may_not",
            DispatchError::TooLong(_) => "dispatch_too_long",
            DispatchError::TooMany => "dispatch_too_often",
            DispatchError::Busy(_) => "addressee_busy",
        }
    }
}

/// How often those who send dispatches from here did so lately. Bounded by who listens here.
#[derive(Debug, Default)]
pub(crate) struct Senders {
    /// When each will have none of its turns used any more.
    rested: HashMap<(LessonId, ParticipantId), Instant>,
}

impl Senders {
    /// Takes one of somebody's turns; false: there is none left.
    fn take(&mut self, now: Instant, lesson: &LessonId, sender: &ParticipantId) -> bool {
        let rested = self.rested.entry((lesson.clone(), sender.clone())).or_insert(now);
        let after = (*rested).max(now) + EVERY;
        if after > now + EVERY * AT_ONCE {
            return false;
        }
        *rested = after;
        true
    }

    /// Forgets whoever has all its turns again.
    pub(crate) fn tidy(&mut self, now: Instant) {
        self.rested.retain(|_, rested| *rested > now);
    }
}

impl Plane {
    /// Whether the holder of a grant may send a dispatch now. It must listen here.
    pub(crate) fn may_dispatch(
        &mut self,
        now: Now,
        lesson: &LessonId,
        sender: &ParticipantId,
    ) -> Result<(), DispatchError> {
        if !self.listeners.has(lesson, sender) {
            return Err(DispatchError::NotInLesson);
        }
        if self.senders.take(now.instant, lesson, sender) { Ok(()) } else { Err(DispatchError::TooMany) }
    }

    /// The worker at which somebody listens to a lesson whose home is here; none: here, if anywhere.
    pub(crate) fn hears_at(&self, lesson: &LessonId, participant: &ParticipantId) -> Option<usize> {
        if self.listeners.has(lesson, participant) {
            return None;
        }
        self.trunks.worker_at(self.core.seat_of(lesson, participant)?)
    }

    /// Hands a dispatch to its addressee, who listens here.
    pub(crate) fn dispatch(
        &self,
        lesson: &LessonId,
        sender: &Grant,
        dispatch: Dispatch,
    ) -> Result<(), DispatchError> {
        self.listeners.dispatch(lesson, (&sender.participant, sender.role), dispatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_passes_at_its_rate_and_holds_nobody_else_up() {
        let (start, lesson) = (Instant::now(), "math".parse().unwrap());
        let (hill, oak) = ("hill".parse().unwrap(), "oak".parse().unwrap());
        let mut senders = Senders::default();
        let passed =
            (0..10_000).filter(|ms| senders.take(start + Duration::from_millis(*ms), &lesson, &hill));
        assert_eq!(passed.count(), 16 + 39, "at once, and four in each of ten seconds");
        let later = start + Duration::from_secs(10);
        assert!(senders.take(later, &lesson, &oak));
        senders.tidy(later);
        assert_eq!(senders.rested.len(), 2);
        senders.tidy(later + EVERY * AT_ONCE);
        assert!(senders.rested.is_empty());
    }
}
