//! What is told of a room: its state to whoever begins to listen, hands and clocks, ends of sessions.

use crate::LegKind;
use crate::core::Core;
use crate::leg::{EndedBy, Leg};
use crate::outputs::{AddressedEvent, Audience, Outputs};
use crate::participant::Participant;
use crate::room::{Room, Turn};
use crate::slab::Slab;
use tongke_protocol::conduct::LessonState;
use tongke_protocol::event::{ClockReport, LessonEvent, ParticipantInfo, TrackInfo};
use tongke_protocol::{LessonId, ParticipantId, Role};

impl Core {
    /// Everyone visible in a lesson.
    pub fn snapshot_of_lesson(&self, lesson: &LessonId) -> Vec<ParticipantInfo> {
        self.room(lesson).map(Room::visible).unwrap_or_default()
    }

    /// A lesson's state, as the event that tells it.
    pub fn snapshot_event(&self, lesson: &LessonId) -> LessonEvent {
        LessonEvent::Snapshot {
            lesson: lesson.clone(),
            relay: self.room(lesson).map_or(self.name(), |room| room.run(self.name())).to_owned(),
            participants: self.snapshot_of_lesson(lesson),
            state: self.state_of(lesson),
        }
    }

    /// What an event stream of `participant` begins with: the snapshot, then the filled slots of
    /// that participant's WHEP sessions, then, for a classroom, the last messages.
    pub fn greeting(&self, lesson: &LessonId, participant: &ParticipantId, role: Role) -> Vec<LessonEvent> {
        let slots = self.room(lesson).map(|room| room.slots_of(&self.legs, participant));
        let kept = self.kept.find(lesson).filter(|_| role.may_publish());
        let messages = kept.into_iter().flat_map(|conduct| &conduct.messages);
        std::iter::once(self.snapshot_event(lesson))
            .chain(slots.into_iter().flatten())
            .chain(messages.map(|message| LessonEvent::Message { message: message.clone() }))
            .collect()
    }
}

impl Room {
    /// What a participant publishes now.
    pub fn tracks_of(&self, number: u64) -> Vec<TrackInfo> {
        let mut tracks: Vec<TrackInfo> =
            self.tracks.iter().filter(|(_, track)| track.owner == number).map(|(_, t)| t.info()).collect();
        tracks.sort_unstable_by_key(|track| track.kind);
        tracks
    }

    /// A class puts its hand up or down. Who is not announced yet brings it along then.
    pub fn set_hand(&mut self, turn: &mut Turn<'_>, id: &ParticipantId, raised: bool) {
        let known = self.participants.iter_mut().find(|participant| participant.id == *id);
        let Some(participant) = known else { return };
        let is_news = std::mem::replace(&mut participant.hand_raised, raised) != raised;
        if is_news && participant.is_announced {
            turn.out.tell_lesson(&self.lesson, LessonEvent::Hand { participant: id.clone(), raised });
        }
    }

    /// A participant measured its clock. False: nobody of that name can be seen.
    pub fn set_clock(&mut self, out: &mut Outputs, id: &ParticipantId, clock: ClockReport) -> bool {
        let visible = |participant: &&mut Participant| participant.id == *id && participant.is_announced;
        let Some(participant) = self.participants.iter_mut().find(visible) else { return false };
        participant.clock = Some(clock);
        out.tell_lesson(&self.lesson, LessonEvent::Clock { participant: id.clone(), clock });
        true
    }

    /// Everyone visible.
    pub fn visible(&self) -> Vec<ParticipantInfo> {
        let visible = self.participants.iter().filter(|participant| participant.is_announced);
        visible.map(|participant| participant.info(self.tracks_of(participant.number))).collect()
    }

    /// What whoever begins to listen is told first; `run` is the relay's.
    pub fn snapshot(&self, state: &LessonState, run: &str) -> LessonEvent {
        LessonEvent::Snapshot {
            lesson: self.lesson.clone(),
            relay: self.run(run).to_owned(),
            participants: self.visible(),
            state: state.clone(),
        }
    }

    /// The relay's run, by which clients notice a restart: at a branch the home's. `own`: this core's.
    fn run<'r>(&'r self, own: &'r str) -> &'r str {
        self.home.as_ref().map_or(own, |home| &home.run)
    }

    /// Tells a participant that the relay has ended one of its sessions, unless it knows.
    pub fn tell_session_ended(&self, turn: &mut Turn<'_>, leg: &Leg, by: EndedBy, reason: &str) {
        let is_told = matches!(by, EndedBy::Relay | EndedBy::Newer) && leg.kind != LegKind::Quic;
        if let Some(participant) = self.participant(leg.participant).filter(|_| is_told) {
            let to = Audience::Participant(self.lesson.clone(), participant.id.clone());
            let event = LessonEvent::SessionEnded {
                session: leg.session.clone(),
                replaced: by == EndedBy::Newer,
                reason: reason.to_owned(),
            };
            turn.out.events.push(AddressedEvent { to, event });
        }
    }

    /// The filled slots of a participant's WHEP legs.
    pub fn slots_of(&self, legs: &Slab<Leg>, id: &ParticipantId) -> Vec<LessonEvent> {
        let Some(participant) = self.find(id) else { return Vec::new() };
        let legs = participant.legs.iter().filter_map(|leg| legs.get(*leg));
        legs.filter(|leg| leg.kind == LegKind::Whep)
            .flat_map(|leg| {
                let filled = (0..leg.slots.len()).filter(|&slot| leg.slots[slot].source.is_some());
                filled.map(|slot| self.slot_event(leg, slot))
            })
            .collect()
    }
}
