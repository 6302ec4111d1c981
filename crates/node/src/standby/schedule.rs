//! When a machine tests itself: each night, and about ten minutes before each lesson of its school. Pure: it is told
//! the time.
//!
//! What is due is a moment that passed since the last look. So nothing is done twice when the clock is set back, and
//! what passed while the machine was off or asleep is not made up for: it was for that moment. Only a nightly test for
//! which relay or line had no room is tried again, later in the same night; nobody else tries it again.

use std::time::Duration;
use tongke_protocol::WallTime;
use tongke_protocol::order::PlannedLesson;

const SECOND_US: u64 = 1_000_000;
const DAY_S: u64 = 24 * 3_600;
/// The schools' clocks, in seconds east of UTC.
const SCHOOLS_EAST_S: u64 = 8 * 3_600;
/// The night begins then, in seconds after midnight: half past midnight.
const NIGHT_FROM_S: u64 = 1_800;
/// How long it is, in seconds: a county's machines test their lines one after the other.
const NIGHT_S: u64 = 4 * 3_600;
/// The night ends then, in seconds after midnight: nothing is put off beyond.
const NIGHT_UNTIL_S: u64 = 6 * 3_600;
/// A nightly test that found no room is tried again after so long, in seconds.
const AGAIN_S: u64 = 20 * 60;
/// And by its name up to so much later: machines that were in each other's way are not so again.
const AGAIN_SPREAD_S: u64 = 15 * 60;
/// How long before a lesson its test is, in seconds.
const BEFORE_LESSON_S: u64 = 600;
/// Tests before a lesson are spread over so many seconds: a lesson's machines share one relay.
const LESSON_SPREAD_S: u64 = 180;
/// A moment that is longer past than this is missed.
const MISSED_US: u64 = 5 * 60 * SECOND_US;
/// A clock that is farther back than this was wrong before, and what was done by it says nothing.
const WAS_WRONG_US: u64 = 2 * 3_600 * SECOND_US;

/// Why a test is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// It is this machine's time of the night.
    Night,
    /// A lesson is soon.
    Lesson,
}

impl Due {
    /// For the record: who asks for the test.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Due::Night => "nightly test",
            Due::Lesson => "test before a lesson",
        }
    }
}

/// A machine's plan.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Its own time of the night, in seconds after midnight of the schools' clocks.
    night_s: u64,
    /// Its own time before a lesson, in seconds.
    before_s: u64,
    /// How long after a nightly test that found no room it is tried again, in seconds.
    again_s: u64,
    /// When that is.
    again: Option<u64>,
    lessons: Vec<PlannedLesson>,
    /// Up to here moments were looked at.
    seen_until: WallTime,
}

impl Schedule {
    /// The plan of a machine that begins to stand by.
    pub(crate) fn new(machine: &str, now: WallTime) -> Schedule {
        let number = number_of(machine);
        Schedule {
            night_s: NIGHT_FROM_S + number % NIGHT_S,
            before_s: BEFORE_LESSON_S - number % LESSON_SPREAD_S,
            again_s: AGAIN_S + number % AGAIN_SPREAD_S,
            again: None,
            lessons: Vec::new(),
            seen_until: now,
        }
    }

    /// The lessons of today and tomorrow.
    pub(crate) fn set_lessons(&mut self, lessons: Vec<PlannedLesson>) {
        self.lessons = lessons;
    }

    /// What is due now, of all that passed since the last look.
    pub(crate) fn due(&mut self, now: WallTime) -> Option<Due> {
        if self.seen_until.0 > now.0.saturating_add(WAS_WRONG_US) {
            self.seen_until = now;
        }
        let from = self.seen_until.0.max(now.0.saturating_sub(MISSED_US));
        let has_passed = |moment: u64| moment > from && moment <= now.0;
        let lesson = self.lesson_moments().any(has_passed).then_some(Due::Lesson);
        let night = has_passed(self.night_of(now)) || self.again.is_some_and(has_passed);
        let due = lesson.or_else(|| night.then_some(Due::Night));
        self.seen_until = self.seen_until.max(now);
        due
    }

    /// What was due found no room at the relay or on the line. A nightly test is tried again in the same night; one before
    /// a lesson is not: it was for that lesson.
    pub(crate) fn put_off(&mut self, due: Due, now: WallTime) {
        if due == Due::Night {
            let again = now.0.saturating_add(self.again_s * SECOND_US);
            let morning = (midnight_s(now) + NIGHT_UNTIL_S) * SECOND_US;
            self.again = (again < morning).then_some(again);
        }
    }

    /// How long nothing will be due, at most so long.
    pub(crate) fn quiet(&self, now: WallTime, most: Duration) -> Duration {
        let tomorrow = WallTime(now.0.saturating_add(DAY_S * SECOND_US));
        let nights = [self.night_of(now), self.night_of(tomorrow)];
        let next =
            self.lesson_moments().chain(nights).chain(self.again).filter(|moment| *moment > now.0).min();
        next.map_or(most, |next| Duration::from_micros(next - now.0).min(most))
    }

    /// The moments before lessons, but for those that lie in another one.
    fn lesson_moments(&self) -> impl Iterator<Item = u64> + '_ {
        let moments = self.lessons.iter().map(|it| it.start_us.saturating_sub(self.before_s * SECOND_US));
        let within = |moment: u64| self.lessons.iter().any(|it| (it.start_us..it.end_us).contains(&moment));
        moments.filter(move |moment| !within(*moment))
    }

    /// This machine's moment in the night of that day.
    fn night_of(&self, day: WallTime) -> u64 {
        (midnight_s(day) + self.night_s) * SECOND_US
    }
}

/// When that day began by the schools' clocks, in seconds since the Unix epoch.
fn midnight_s(day: WallTime) -> u64 {
    let local_s = day.0 / SECOND_US + SCHOOLS_EAST_S;
    (local_s / DAY_S * DAY_S).saturating_sub(SCHOOLS_EAST_S)
}

/// The same for a name on each start, and spread over all names: FNV-1a.
fn number_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
