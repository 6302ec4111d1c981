//! Test lessons in which a school calls itself: how many there may be.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tongke_protocol::id::TEST_PREFIX;
use tongke_protocol::{LessonId, ParticipantId};

/// How long their grants are good.
pub(crate) const LASTS: Duration = Duration::from_secs(5 * 60);
/// Most at a time; each takes as much of the relay as a small lesson.
const MOST: usize = 32;
/// Most at a time of one participant.
const MOST_EACH: usize = 3;
/// How their names go on behind [`TEST_PREFIX`].
const KIND: &str = "loopback-";

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLoopback {
    /// The grant is one of a loopback.
    #[error("this grant is for calling yourself, and for no further calls; ask with that of a lesson")]
    OfLoopback,
    /// The caller has had too many.
    #[error("you may call yourself {MOST_EACH} times in {} minutes; try again later", LASTS.as_secs() / 60)]
    TooOften,
    /// The relay has as many as it takes.
    #[error("the relay has its {MOST} calls already; try again in a few minutes")]
    Busy,
}

impl NoLoopback {
    /// The stable word for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            NoLoopback::OfLoopback => "loopback_of_loopback",
            NoLoopback::TooOften => "loopback_too_often",
            NoLoopback::Busy => "loopback_busy",
        }
    }
}

/// Whose grants are still good. Bounded by [`MOST`].
#[derive(Debug, Default)]
pub(crate) struct Loopbacks {
    /// The oldest first. Held for a look at it.
    live: Mutex<VecDeque<Live>>,
}

#[derive(Debug)]
struct Live {
    began: Instant,
    of: ParticipantId,
}

impl Loopbacks {
    /// A name for a new one, asked for in `lesson` by `participant`.
    pub(crate) fn open(
        &self,
        now: Instant,
        lesson: &LessonId,
        participant: &ParticipantId,
    ) -> Result<LessonId, NoLoopback> {
        let kind = lesson.as_str().strip_prefix(TEST_PREFIX);
        if kind.is_some_and(|kind| kind.starts_with(KIND)) {
            return Err(NoLoopback::OfLoopback);
        }
        // Every change is whole before anything in it could panic.
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|it| now.saturating_duration_since(it.began) < LASTS);
        if live.iter().filter(|it| it.of == *participant).count() >= MOST_EACH {
            return Err(NoLoopback::TooOften);
        }
        if live.len() >= MOST {
            return Err(NoLoopback::Busy);
        }
        live.push_back(Live { began: now, of: participant.clone() });
        let name = format!("{TEST_PREFIX}{KIND}{:032x}", rand::random::<u128>());
        Ok(name.parse().expect("letters, digits and '-', fewer than 64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_school_has_few_at_a_time_and_all_together_no_more_than_the_relay_takes() {
        let (loopbacks, start, lesson) = (Loopbacks::default(), Instant::now(), "math".parse().unwrap());
        let open = |at: Instant, of: &str| loopbacks.open(at, &lesson, &of.parse().unwrap());
        let first = open(start, "oak").unwrap();
        assert!(first.is_test());
        assert_ne!(open(start, "oak").unwrap(), first);
        assert!(open(start, "oak").is_ok());
        assert_eq!(open(start, "oak"), Err(NoLoopback::TooOften));
        for number in MOST_EACH..MOST {
            assert!(open(start, &format!("school-{number}")).is_ok());
        }
        assert_eq!(open(start, "hill"), Err(NoLoopback::Busy));
        let over = start + LASTS;
        assert!(open(over, "hill").is_ok() && open(over, "oak").is_ok());
    }

    #[test]
    fn a_loopback_leads_to_no_further_one() {
        let (loopbacks, now) = (Loopbacks::default(), Instant::now());
        let (math, near) = ("math".parse().unwrap(), "near".parse().unwrap());
        let loopback = loopbacks.open(now, &math, &near).unwrap();
        assert_eq!(loopbacks.open(now, &loopback, &near), Err(NoLoopback::OfLoopback));
        assert!(loopbacks.open(now, &"test-1".parse().unwrap(), &near).is_ok(), "another test's may");
    }
}
