//! How one lesson is conducted: its state, its messages and who was ever in it.
//!
//! Kept apart from the lesson's room, which is gone as soon as everybody is gone for a moment.

mod kept;
#[cfg(test)]
mod tests;

pub(crate) use kept::Kept;

use crate::told::Turns;
use crate::{ActionError, JoinError};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};
use tongke_protocol::conduct::{HeadCount, LessonAction, LessonState, MAX_MESSAGE_CHARS, Message, RoomCount};
use tongke_protocol::record::FactKind;
use tongke_protocol::{Grant, Now, ParticipantId, Role, WallTime};

/// Messages that are told to a classroom that comes back; the oldest is forgotten first.
const MAX_MESSAGES: usize = 50;
/// People of one lesson that are remembered; beyond it whoever is gone longest is forgotten first.
const MAX_PEOPLE: usize = 4096;
/// Longest time that a grant is good for after its end, for whoever was there when it ended.
const MAX_OVERTIME: Duration = Duration::from_secs(4 * 3600);
/// Whoever was there so shortly before a grant's end counts as there: a class whose network fails, or
/// whose relay is started again, just then is not thrown out.
const ABSENCE: Duration = Duration::from_secs(5 * 60);

/// Who was in a lesson, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// Who.
    pub participant: ParticipantId,
    /// As what.
    pub role: Role,
    /// Last seen, on the relay's clock.
    pub until: WallTime,
}

/// Who asks for an action.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub id: ParticipantId,
    pub name: String,
    pub role: Role,
}

impl From<&Grant> for Actor {
    fn from(grant: &Grant) -> Self {
        Self { id: grant.participant.clone(), name: grant.name.clone(), role: grant.role }
    }
}

#[derive(Debug)]
struct Person {
    role: Role,
    /// None: there now.
    until: Option<WallTime>,
    /// How often it may tell what its room sent and played; none: it has not yet.
    turns: Option<Turns>,
}

/// What an action did besides changing the state.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decided {
    pub facts: Vec<FactKind>,
    pub message: Option<Message>,
}

/// How one lesson is conducted.
#[derive(Debug)]
pub(crate) struct Conduct {
    pub state: LessonState,
    /// Bounded by [`MAX_MESSAGES`].
    pub messages: VecDeque<Message>,
    last_message: u64,
    /// Bounded by [`MAX_PEOPLE`].
    people: HashMap<ParticipantId, Person>,
    /// Whether the lesson has a room now.
    is_open: bool,
    touched: Instant,
}

impl Conduct {
    fn new(now: Now) -> Self {
        Self {
            state: LessonState::default(),
            messages: VecDeque::new(),
            last_message: 0,
            people: HashMap::new(),
            is_open: false,
            touched: now.instant,
        }
    }

    /// Somebody's first connection stands.
    pub fn on_came(&mut self, id: &ParticipantId, role: Role) {
        let turns = self.people.get(id).and_then(|person| person.turns);
        self.remember(id.clone(), Person { role, until: None, turns });
    }

    /// Somebody's last connection ended.
    pub fn on_went(&mut self, now: Now, id: &ParticipantId) {
        if let Some(person) = self.people.get_mut(id) {
            person.until = Some(now.wall);
        }
    }

    fn remember(&mut self, id: ParticipantId, person: Person) {
        if self.people.len() >= MAX_PEOPLE && !self.people.contains_key(&id) {
            let gone = self.people.iter().filter_map(|(id, person)| Some((person.until?, id)));
            if let Some(longest) = gone.min_by_key(|(until, _)| *until).map(|(_, id)| id.clone()) {
                self.people.remove(&longest);
            }
        }
        self.people.insert(id, person);
    }

    /// Takes one of the turns in which somebody tells what its room sent and played; false: there is none left.
    /// None: it is not in the lesson, and was not lately.
    pub fn take_turn(&mut self, now: Now, id: &ParticipantId) -> Option<bool> {
        let person = self.people.get_mut(id)?;
        let is_here = |until: WallTime| now.wall.micros_since(until) <= ABSENCE.as_micros() as i64;
        if !person.until.is_none_or(is_here) {
            return None;
        }
        Some(person.turns.get_or_insert_with(|| Turns::new(now)).take(now))
    }

    /// Whether somebody was ever in the lesson.
    pub fn is_known(&self, id: &ParticipantId) -> bool {
        self.people.contains_key(id)
    }

    /// Whether the holder of a grant that has ended may stay or come back.
    pub fn may_return(&self, grant: &Grant, now: WallTime) -> bool {
        let expired = WallTime(grant.expires_unix_s.saturating_mul(1_000_000));
        let is_recent = now.micros_since(expired) < MAX_OVERTIME.as_micros() as i64;
        let person = self.people.get(&grant.participant).filter(|person| person.role == grant.role);
        let was_there = person.is_some_and(|person| match person.until {
            None => true,
            Some(until) => until.micros_since(expired) >= -(ABSENCE.as_micros() as i64),
        });
        !self.state.ended && is_recent && was_there
    }

    /// Whether a newcomer is let in; `is_there`: it has a session already. Who may open the lock is
    /// not kept out by it, nor are inspectors.
    pub fn check_lock(&self, grant: &Grant, is_there: bool) -> Result<(), JoinError> {
        let by_role = matches!(grant.role, Role::Supporting | Role::Inspector);
        let is_exempt = is_there || by_role || self.is_known(&grant.participant);
        if self.state.locked && !is_exempt { Err(JoinError::Locked) } else { Ok(()) }
    }

    /// Carries out an action as far as it concerns the state. The role must have been checked.
    pub fn act(&mut self, now: Now, actor: &Actor, action: &LessonAction) -> Result<Decided, ActionError> {
        if self.state.ended && !matches!(action, LessonAction::Reopen | LessonAction::HeadCount(_)) {
            return Err(ActionError::Ended);
        }
        let by = || actor.id.clone();
        let facts = match action {
            LessonAction::Hand { .. } | LessonAction::Share { .. } => Vec::new(),
            LessonAction::Floor { to } => self.give_floor(to.as_ref())?,
            LessonAction::Mute { participant, muted } => self.mute(participant, *muted)?,
            LessonAction::Microphone { open } => {
                set_listed(&mut self.state.microphones_off, &actor.id, !open);
                Vec::new()
            }
            LessonAction::Lock { locked } => {
                self.state.locked = *locked;
                vec![FactKind::Locked { locked: *locked }]
            }
            LessonAction::End => {
                self.state.ended = true;
                vec![FactKind::Ended { by: by() }]
            }
            LessonAction::Reopen => {
                self.state.ended = false;
                vec![FactKind::Reopened { by: by() }]
            }
            LessonAction::Say { text } => {
                let message = Some(self.say(now, actor, text)?);
                return Ok(Decided { facts: Vec::new(), message });
            }
            LessonAction::HeadCount(count) => {
                self.count(now, &actor.id, *count);
                vec![FactKind::HeadCount { participant: by(), count: *count }]
            }
        };
        Ok(Decided { facts, message: None })
    }

    fn check_classroom(&self, id: &ParticipantId) -> Result<(), ActionError> {
        let is_classroom = self.people.get(id).is_some_and(|person| person.role.may_publish());
        if is_classroom { Ok(()) } else { Err(ActionError::ParticipantUnknown(id.clone())) }
    }

    /// Whoever gets the floor is heard, even if it had switched its own microphone off.
    fn give_floor(&mut self, to: Option<&ParticipantId>) -> Result<Vec<FactKind>, ActionError> {
        if let Some(to) = to {
            self.check_classroom(to)?;
            set_listed(&mut self.state.microphones_off, to, false);
        }
        self.state.floor = to.cloned();
        Ok(vec![FactKind::Floor { to: to.cloned() }])
    }

    /// Muting the class that has the floor takes the floor back: else it would still be heard.
    fn mute(&mut self, id: &ParticipantId, muted: bool) -> Result<Vec<FactKind>, ActionError> {
        self.check_classroom(id)?;
        let mut facts = vec![FactKind::Muted { participant: id.clone(), muted }];
        if muted && self.state.floor.as_ref() == Some(id) {
            self.state.floor = None;
            facts.push(FactKind::Floor { to: None });
        }
        set_listed(&mut self.state.muted, id, muted);
        Ok(facts)
    }

    fn say(&mut self, now: Now, actor: &Actor, text: &str) -> Result<Message, ActionError> {
        let text = text.trim();
        let refuse = |why: &str| Err(ActionError::Text(why.to_owned()));
        if text.is_empty() {
            return refuse("the message is empty");
        }
        if text.chars().count() > MAX_MESSAGE_CHARS {
            return refuse(&format!("the message has more than {MAX_MESSAGE_CHARS} characters"));
        }
        if text.chars().any(|char| char.is_control() && char != '\n') {
            return refuse("the message holds control characters");
        }
        // Pages keep what they have heard over a restart of the relay, which keeps no messages: numbers
        // that follow the clock are not used twice.
        self.last_message = (self.last_message + 1).max(now.wall.as_unix_us() / 1000);
        let message = Message {
            id: self.last_message,
            from: actor.id.clone(),
            name: actor.name.clone(),
            text: text.to_owned(),
            at_us: now.wall.as_unix_us(),
        };
        if self.messages.len() == MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(message.clone());
        Ok(message)
    }

    fn count(&mut self, now: Now, id: &ParticipantId, count: HeadCount) {
        let counted = RoomCount { participant: id.clone(), count, at_us: now.wall.as_unix_us() };
        let counts = &mut self.state.head_counts;
        match counts.iter_mut().find(|known| known.participant == *id) {
            Some(known) => *known = counted,
            None => counts.push(counted),
        }
    }
}

/// Puts `id` at the end of a list, or takes it out.
fn set_listed(list: &mut Vec<ParticipantId>, id: &ParticipantId, listed: bool) {
    match list.iter().position(|known| known == id) {
        Some(at) if !listed => {
            list.remove(at);
        }
        None if listed => list.push(id.clone()),
        _ => {}
    }
}
