//! Who may be in a lesson, and what the relay remembers of it.

use crate::JoinError;
use crate::conduct::Attendance;
use crate::core::Core;
use crate::leg::Leg;
use crate::room::Room;
use tongke_protocol::conduct::{LessonState, Pass};
use tongke_protocol::{Grant, LessonId, Now, ParticipantId, WallTime};

impl Core {
    /// The name of this run of the relay, by which clients notice that it was started again.
    pub fn name(&self) -> &str {
        self.scribe.run()
    }

    pub(crate) fn room(&self, lesson: &LessonId) -> Option<&Room> {
        self.rooms.get(*self.by_lesson.get(lesson)?)
    }

    /// How a lesson is conducted.
    pub fn state_of(&self, lesson: &LessonId) -> LessonState {
        self.kept.find(lesson).map(|conduct| conduct.state.clone()).unwrap_or_default()
    }

    /// Who the holder of a grant is, and how the lesson stands. The grant must have been verified for
    /// the lesson. Refused if the lesson is locked and the holder would be new in it.
    pub fn pass(&self, lesson: &LessonId, grant: &Grant) -> Result<Pass, JoinError> {
        self.check_lock(lesson, grant)?;
        let participant = self.room(lesson).and_then(|room| room.find(&grant.participant));
        let legs = participant.map(|participant| participant.legs.as_slice()).unwrap_or_default();
        Ok(Pass {
            participant: grant.participant.clone(),
            name: grant.name.clone(),
            role: grant.role,
            expires_unix_s: grant.expires_unix_s,
            is_publishing: legs.iter().filter_map(|key| self.legs.get(*key)).any(Leg::publishes),
            state: self.state_of(lesson),
        })
    }

    /// Whether a lesson takes the holder of a grant in.
    pub(crate) fn check_conduct(&self, lesson: &LessonId, grant: &Grant) -> Result<(), JoinError> {
        if self.kept.find(lesson).is_some_and(|conduct| conduct.state.ended) {
            return Err(JoinError::Ended);
        }
        self.check_lock(lesson, grant)
    }

    fn check_lock(&self, lesson: &LessonId, grant: &Grant) -> Result<(), JoinError> {
        let Some(conduct) = self.kept.find(lesson) else { return Ok(()) };
        conduct.check_lock(grant, self.is_there(lesson, &grant.participant))
    }

    /// Whether somebody was ever in a lesson.
    pub fn is_known(&self, lesson: &LessonId, participant: &ParticipantId) -> bool {
        self.kept.find(lesson).is_some_and(|conduct| conduct.is_known(participant))
    }

    /// Whether the holder of a grant that has ended may stay or come back: it was in the lesson, in
    /// the same role, at the grant's end, which is not long ago, and the lesson still goes on.
    pub fn may_return(&self, lesson: &LessonId, grant: &Grant, now: WallTime) -> bool {
        self.kept.find(lesson).is_some_and(|conduct| conduct.may_return(grant, now))
    }

    /// Takes over what an earlier run of the relay wrote down of a lesson.
    pub fn restore(&mut self, now: Now, lesson: &LessonId, state: LessonState, people: Vec<Attendance>) {
        self.leave_home(now, lesson, "the lesson has moved");
        self.kept.restore(now, lesson, state, people);
    }

    /// Writes down who is in each lesson now, what came from them and what was sent to them. The shell asks for it each
    /// minute.
    pub fn note_presence(&mut self, now: Now) {
        for key in self.rooms.keys() {
            let Some(room) = self.rooms.get_mut(key) else { continue };
            if let Some(present) = room.presence(now, &self.legs) {
                let fact = self.scribe.write(now, &room.lesson, present);
                self.outputs.facts.push(fact);
            }
        }
    }
}
