//! The lessons that the relay remembers, with a room or without.

use super::{Attendance, Conduct, Person};
use crate::slab::Slab;
use std::collections::HashMap;
use std::time::Duration;
use tongke_protocol::conduct::LessonState;
use tongke_protocol::{LessonId, Now};

/// A lesson without a room is forgotten so long after anybody did anything in it.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(12 * 3600);

/// All lessons that are remembered. Bounded by what grants are used for within the time of forgetting.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    lessons: Slab<Conduct>,
    by_lesson: HashMap<LessonId, u64>,
}

impl Kept {
    /// The lesson's key. A lesson that nobody has touched yet begins here.
    pub fn enter(&mut self, now: Now, lesson: &LessonId) -> u64 {
        let key = match self.by_lesson.get(lesson) {
            Some(key) => *key,
            None => {
                self.forget_old(now);
                let key = self.lessons.insert_with(|_| Conduct::new(now));
                self.by_lesson.insert(lesson.clone(), key);
                key
            }
        };
        if let Some(conduct) = self.lessons.get_mut(key) {
            conduct.touched = now.instant;
        }
        key
    }

    /// Whether a lesson is remembered. One whose time is over is forgotten here.
    pub fn remembers(&mut self, now: Now, lesson: &LessonId) -> bool {
        let Some(key) = self.by_lesson.get(lesson).copied() else { return false };
        let is_old = self.lessons.get(key).is_none_or(|conduct| is_old(now, conduct));
        if is_old {
            self.lessons.remove(key);
            self.by_lesson.remove(lesson);
        }
        !is_old
    }

    fn forget_old(&mut self, now: Now) {
        let lessons = &mut self.lessons;
        self.by_lesson.retain(|_, key| {
            let is_old = lessons.get(*key).is_none_or(|conduct| is_old(now, conduct));
            if is_old {
                lessons.remove(*key);
            }
            !is_old
        });
    }

    /// The lesson has a room from now on, or no longer.
    pub fn set_open(&mut self, now: Now, key: u64, is_open: bool) {
        if let Some(conduct) = self.lessons.get_mut(key) {
            conduct.is_open = is_open;
            conduct.touched = now.instant;
        }
    }

    /// A lesson's conduct, if anybody has touched it.
    pub fn find(&self, lesson: &LessonId) -> Option<&Conduct> {
        self.lessons.get(*self.by_lesson.get(lesson)?)
    }

    /// The same, to be changed.
    pub fn find_mut(&mut self, lesson: &LessonId) -> Option<&mut Conduct> {
        self.lessons.get_mut(*self.by_lesson.get(lesson)?)
    }

    pub fn get_mut(&mut self, key: u64) -> Option<&mut Conduct> {
        self.lessons.get_mut(key)
    }

    /// Forgets a lesson.
    pub fn forget(&mut self, lesson: &LessonId) {
        if let Some(key) = self.by_lesson.remove(lesson) {
            self.lessons.remove(key);
        }
    }

    /// Takes over what another run of the relay wrote down.
    pub fn restore(&mut self, now: Now, lesson: &LessonId, state: LessonState, people: Vec<Attendance>) {
        let key = self.enter(now, lesson);
        let Some(conduct) = self.lessons.get_mut(key) else { return };
        conduct.state = state;
        for Attendance { participant, role, until } in people {
            conduct.remember(participant, Person { role, until: Some(until), turns: None });
        }
    }
}

fn is_old(now: Now, conduct: &Conduct) -> bool {
    let idle = now.instant.saturating_duration_since(conduct.touched);
    !conduct.is_open && idle >= FORGOTTEN_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tongke_protocol::WallTime;

    #[test]
    fn a_lesson_is_remembered_for_hours_and_for_as_long_as_it_has_a_room() {
        let start = Now { instant: Instant::now(), wall: WallTime(0) };
        let mut kept = Kept::default();
        let [gone, open, next]: [LessonId; 3] = ["gone", "open", "next"].map(|id| id.parse().unwrap());
        kept.enter(start, &gone);
        let key = kept.enter(start, &open);
        kept.set_open(start, key, true);
        kept.enter(start.plus(FORGOTTEN_AFTER - Duration::from_secs(1)), &next);
        assert!(kept.find(&gone).is_some());
        kept.enter(start.plus(FORGOTTEN_AFTER), &"another".parse().unwrap());
        assert!(kept.find(&gone).is_none() && kept.find(&open).is_some() && kept.find(&next).is_some());
    }

    #[test]
    fn whoever_asks_whether_a_lesson_is_remembered_gets_it_forgotten_when_its_time_is_over() {
        let start = Now { instant: Instant::now(), wall: WallTime(0) };
        let mut kept = Kept::default();
        let lesson: LessonId = "math".parse().unwrap();
        assert!(!kept.remembers(start, &lesson));
        let key = kept.enter(start, &lesson);
        assert!(kept.remembers(start.plus(FORGOTTEN_AFTER - Duration::from_secs(1)), &lesson));
        kept.set_open(start, key, true);
        assert!(kept.remembers(start.plus(FORGOTTEN_AFTER), &lesson));
        kept.set_open(start, key, false);
        assert!(!kept.remembers(start.plus(FORGOTTEN_AFTER), &lesson));
        assert!(kept.find(&lesson).is_none() && kept.get_mut(key).is_none());
    }
}
