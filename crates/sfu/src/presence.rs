//! Who is there: coming, going, and coming again as something else.

use crate::leg::Leg;
use crate::participant::Participant;
use crate::room::{Room, Turn};
use crate::slab::Slab;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::record::{FactKind, Presence};
use tongke_protocol::{Grant, ParticipantId};

impl Room {
    /// The grant's holder, who is taken in if it is new.
    pub fn participant_for(&mut self, grant: &Grant) -> u64 {
        if let Some(known) = self.find(&grant.participant) {
            return known.number;
        }
        let number = self.take_number();
        self.participants.push(Participant::new(number, grant));
        number
    }

    /// A participant by its name.
    pub fn find(&self, id: &ParticipantId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.id == *id)
    }

    /// With its new role the participant comes anew: it may be visible now, or no longer.
    pub fn change_role(&mut self, turn: &mut Turn<'_>, number: u64, grant: &Grant) {
        self.part(turn, number, "joined again with another role");
        let Some(participant) = self.participant_mut(number) else { return };
        participant.role = grant.role;
        participant.hand_raised = false;
        participant.received = Default::default();
    }

    /// A connection of a participant stands. At its first one this is written down, and the others
    /// are told if they may know.
    pub fn announce(&mut self, turn: &mut Turn<'_>, number: u64) {
        let tracks = self.tracks_of(number);
        let Some(participant) = self.participant_mut(number) else { return };
        let is_news = !std::mem::replace(&mut participant.is_present, true);
        let joined = (participant.role.is_visible() && !participant.is_announced).then(|| {
            participant.is_announced = true;
            LessonEvent::Joined { participant: participant.info(tracks) }
        });
        if is_news {
            let Participant { id, name, role, .. } = participant;
            let came = FactKind::Came { participant: id.clone(), name: name.clone(), role: *role };
            turn.conduct.on_came(id, *role);
            turn.note(&self.lesson, came);
        }
        if let Some(joined) = joined {
            turn.out.tell_lesson(&self.lesson, joined);
        }
    }

    /// A participant is gone, or is no longer what it was.
    fn part(&mut self, turn: &mut Turn<'_>, number: u64, reason: &str) {
        let Some(participant) = self.participant_mut(number) else { return };
        let id = participant.id.clone();
        let was_present = std::mem::take(&mut participant.is_present);
        if std::mem::take(&mut participant.is_announced) {
            let left = LessonEvent::Left { participant: id.clone(), reason: reason.to_owned() };
            turn.out.tell_lesson(&self.lesson, left);
        }
        if was_present {
            turn.conduct.on_went(turn.now, &id);
            turn.note(&self.lesson, FactKind::Went { participant: id, reason: reason.to_owned() });
        }
    }

    /// A leg is gone, and with its last leg its participant.
    pub fn leave_participant(&mut self, turn: &mut Turn<'_>, leg: &Leg, key: u64, reason: &str) {
        let Some(participant) = self.participant_mut(leg.participant) else { return };
        participant.legs.retain(|known| *known != key);
        participant.received.add(leg.received);
        if participant.legs.is_empty() {
            self.part(turn, leg.participant, reason);
            self.participants.retain(|participant| participant.number != leg.participant);
        }
    }

    /// Everyone connected, observers too, and what came from them.
    pub fn presences(&self, legs: &Slab<Leg>) -> Vec<Presence> {
        let present = self.participants.iter().filter(|participant| participant.is_present);
        present
            .map(|participant| {
                let mut received = participant.received;
                let of_legs = participant.legs.iter().filter_map(|key| legs.get(*key));
                of_legs.for_each(|leg| received.add(leg.received));
                Presence {
                    participant: participant.id.clone(),
                    audio_packets: received.audio,
                    video_packets: received.video,
                }
            })
            .collect()
    }
}
