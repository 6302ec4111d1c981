//! What participants ask of their lesson, and what follows from it.

use crate::conduct::{Actor, Decided};
use crate::core::Core;
use crate::outputs::{AddressedEvent, Audience};
use crate::room::{Room, Turn};
use crate::{ActionError, LegId};
use tongke_protocol::conduct::LessonAction;
use tongke_protocol::control::ClientMessage;
use tongke_protocol::event::{ClockReport, LessonEvent};
use tongke_protocol::{Grant, LessonId, Now, ParticipantId};

/// An action was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// Names of the facts that it left in [`Outputs::facts`](crate::Outputs::facts): whoever asked may
    /// count on it when they are on disk. An action asked for again leaves them again.
    pub facts: Vec<String>,
}

/// What a control message is charged as.
const CONTROL_BYTES: usize = 200;

impl Core {
    /// Carries out an action. The grant must have been verified for the lesson.
    pub fn act(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        action: &LessonAction,
    ) -> Result<Acted, ActionError> {
        self.act_as(now, lesson, &Actor::from(grant), action)
    }

    fn act_as(
        &mut self,
        now: Now,
        lesson: &LessonId,
        actor: &Actor,
        action: &LessonAction,
    ) -> Result<Acted, ActionError> {
        if !action.is_open_to(actor.role) {
            return Err(ActionError::Role { role: actor.role, action: action.name() });
        }
        let is_over = self.kept.find(lesson).is_some_and(|conduct| conduct.state.ended);
        if needs_session(action) && !is_over && !self.is_there(lesson, &actor.id) {
            return Err(ActionError::NotInLesson);
        }
        let key = self.kept.enter(now, lesson);
        let conduct = self.kept.get_mut(key).expect("the lesson was entered above");
        let before = conduct.state.clone();
        let Decided { facts, message } = conduct.act(now, actor, action)?;
        tracing::info!(%lesson, participant = %actor.id, action = action.name(), "acted");
        let state = (conduct.state != before).then(|| conduct.state.clone());
        let names = facts.into_iter().map(|what| {
            let fact = self.scribe.write(now, lesson, what);
            let name = fact.id.clone();
            self.outputs.facts.push(fact);
            name
        });
        let acted = Acted { facts: names.collect() };
        let is_news = state.is_some();
        if let Some(state) = state {
            self.outputs.tell_lesson(lesson, LessonEvent::State { state });
        }
        if let Some(message) = message {
            let to = Audience::Classrooms(lesson.clone());
            self.outputs.events.push(AddressedEvent { to, event: LessonEvent::Message { message } });
        }
        if let Some(room) = self.by_lesson.get(lesson).copied() {
            self.in_room(now, room, |room, turn| follow(room, turn, &actor.id, action, is_news));
        }
        Ok(acted)
    }

    /// Whether somebody has a session in a lesson.
    pub(crate) fn is_there(&self, lesson: &LessonId, id: &ParticipantId) -> bool {
        self.room(lesson).is_some_and(|room| room.find(id).is_some())
    }

    /// A message on a QUIC leg's control stream, after the hello. Clock probes are the shell's.
    /// Each costs its leg as much as an RTCP packet: what it says is told to a whole lesson.
    pub fn handle_control(&mut self, now: Now, leg: LegId, message: &ClientMessage) {
        let room = self.legs.get(leg.0).map(|leg| leg.room);
        let may_pass = room.and_then(|room| {
            self.in_room(now, room, |room, turn| {
                room.police(turn, leg.0, |policer| policer.take_rtcp(now.instant, CONTROL_BYTES))
            })
        });
        if may_pass == Some(false) && !matches!(message, ClientMessage::Bye) {
            return;
        }
        match message {
            ClientMessage::Hand { raised } => {
                self.act_on_leg(now, leg, &LessonAction::Hand { raised: *raised });
            }
            ClientMessage::Act { of } => self.act_on_leg(now, leg, of),
            ClientMessage::Clock(clock) => {
                if let Some(info) = self.leg_info(leg) {
                    self.report_clock(&info.lesson, &info.participant, *clock);
                }
            }
            ClientMessage::Bye => self.leave(now, leg, "left the lesson"),
            ClientMessage::Hello(_) | ClientMessage::ClockProbe(_) => {}
        }
    }

    /// The control stream has no word for a refusal: what was carried out is heard as an event.
    fn act_on_leg(&mut self, now: Now, leg: LegId, action: &LessonAction) {
        let Some(info) = self.leg_info(leg) else { return };
        let participant = self.room(&info.lesson).and_then(|room| room.find(&info.participant));
        let Some(actor) = participant.map(|participant| Actor {
            id: participant.id.clone(),
            name: participant.name.clone(),
            role: participant.role,
        }) else {
            return;
        };
        if let Err(error) = self.act_as(now, &info.lesson, &actor, action) {
            let (lesson, participant) = (&info.lesson, &info.participant);
            tracing::info!(%lesson, %participant, action = action.name(), code = error.code(), "refused: {error}");
        }
    }

    /// A participant's clock, told over HTTP. False: no such participant.
    pub fn report_clock(
        &mut self,
        lesson: &LessonId,
        participant: &ParticipantId,
        clock: ClockReport,
    ) -> bool {
        let Some(room) = self.by_lesson.get(lesson).and_then(|key| self.rooms.get_mut(*key)) else {
            return false;
        };
        let is_told = room.set_clock(&mut self.outputs, participant, clock);
        room.share_events(&mut self.outputs);
        is_told
    }
}

/// Whether only somebody with a session in the lesson may ask for it.
fn needs_session(action: &LessonAction) -> bool {
    match action {
        LessonAction::Lock { .. } | LessonAction::End | LessonAction::Reopen | LessonAction::HeadCount(_) => {
            false
        }
        LessonAction::Hand { .. }
        | LessonAction::Floor { .. }
        | LessonAction::Mute { .. }
        | LessonAction::Microphone { .. }
        | LessonAction::Share { .. }
        | LessonAction::Say { .. } => true,
    }
}

/// What an action means for the lesson's room. `is_news`: it changed the state.
fn follow(room: &mut Room, turn: &mut Turn<'_>, actor: &ParticipantId, action: &LessonAction, is_news: bool) {
    match action {
        LessonAction::Hand { raised } => room.set_hand(turn, actor, *raised),
        LessonAction::Share { active } => room.set_screen(turn, actor, *active),
        LessonAction::End => room.end(turn),
        // It was called upon.
        LessonAction::Floor { to: Some(to) } => room.set_hand(turn, to, false),
        _ => {}
    }
    if is_news {
        room.obey(turn);
    }
}
