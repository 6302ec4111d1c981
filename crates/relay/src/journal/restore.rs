//! From a lesson's facts to how it stands: what its record says, replayed.

use super::day::to_the_second;
use std::collections::BTreeMap;
use tongke_protocol::conduct::{LessonState, RoomCount};
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_protocol::{LessonId, ParticipantId, Role, WallTime};
use tongke_sfu::Attendance;

/// How a lesson stood when its last fact was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restored {
    pub lesson: LessonId,
    pub state: LessonState,
    /// Who was in it, and until when.
    pub people: Vec<Attendance>,
}

struct Person {
    role: Role,
    /// Last moment of which there is a record.
    until: u64,
    /// The coming that no going followed.
    came: Option<String>,
}

#[derive(Default)]
struct Replay {
    state: LessonState,
    people: BTreeMap<ParticipantId, Person>,
}

/// Replays facts. Also returned: that those went of whom the record says only that they came.
pub(super) fn replay(lesson: LessonId, mut facts: Vec<LessonFact>) -> (Restored, Vec<LessonFact>) {
    facts.retain(|fact| fact.lesson == lesson);
    // Facts that had to wait for the disk, and goings that an earlier start added, stand behind later ones.
    facts.sort_by_key(|fact| fact.at_us);
    let mut replay = Replay::default();
    for fact in facts {
        replay.take(fact);
    }
    let Replay { state, mut people } = replay;
    let closing = people
        .iter_mut()
        .filter_map(|(participant, person)| {
            // The name follows from the coming's: whoever reads the record twice finds one fact.
            let id = format!("{}-went", person.came.take()?);
            let seen = to_the_second(WallTime(person.until));
            let reason = format!("the relay stopped; last seen {seen}");
            let what = FactKind::Went { participant: participant.clone(), reason };
            Some(LessonFact { id, lesson: lesson.clone(), at_us: person.until, what })
        })
        .collect();
    let people = people.into_iter().map(|(participant, Person { role, until, .. })| Attendance {
        participant,
        role,
        until: WallTime(until),
    });
    (Restored { lesson, state, people: people.collect() }, closing)
}

impl Replay {
    fn take(&mut self, fact: LessonFact) {
        let LessonFact { id, at_us, what, .. } = fact;
        match what {
            FactKind::Came { participant, role, .. } => {
                self.people.insert(participant, Person { role, until: at_us, came: Some(id) });
            }
            FactKind::Went { participant, .. } => {
                self.seen(&participant, at_us);
                if let Some(person) = self.people.get_mut(&participant) {
                    person.came = None;
                }
            }
            FactKind::Present { participants } => {
                participants.iter().for_each(|presence| self.seen(&presence.participant, at_us));
            }
            FactKind::Floor { to } => self.state.floor = to,
            FactKind::Muted { participant, muted } => {
                if !muted {
                    self.state.muted.retain(|known| *known != participant);
                } else if !self.state.muted.contains(&participant) {
                    self.state.muted.push(participant);
                }
            }
            FactKind::Locked { locked } => self.state.locked = locked,
            FactKind::Ended { by } => {
                self.seen(&by, at_us);
                self.state.ended = true;
            }
            FactKind::Reopened { by } => {
                self.seen(&by, at_us);
                self.state.ended = false;
            }
            // Rooms' own words say nothing of how a lesson is conducted.
            FactKind::Flow { .. } | FactKind::Quality { .. } => {}
            FactKind::HeadCount { participant, count } => {
                self.seen(&participant, at_us);
                let counts = &mut self.state.head_counts;
                let counted = RoomCount { participant, count, at_us };
                match counts.iter_mut().find(|known| known.participant == counted.participant) {
                    Some(known) => *known = counted,
                    None => counts.push(counted),
                }
            }
        }
    }

    /// Somebody was there, if anybody says that it ever came and has not gone.
    fn seen(&mut self, participant: &ParticipantId, at_us: u64) {
        if let Some(person) = self.people.get_mut(participant).filter(|person| person.came.is_some()) {
            person.until = at_us;
        }
    }
}
