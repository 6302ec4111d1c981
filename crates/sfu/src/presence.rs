//! Who is there: coming, going, and coming again as something else.

use crate::leg::Leg;
use crate::participant::Participant;
use crate::room::{Room, Turn};
use crate::slab::Slab;
use std::time::{Duration, Instant};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::record::{FactKind, Presence};
use tongke_protocol::{Grant, Now, ParticipantId, Role};

/// Who is there is not written down again within this time because somebody goes: at the end of a lesson all do.
const PRESENCE_APART: Duration = Duration::from_secs(1);

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
    pub fn change_role(&mut self, turn: &mut Turn<'_>, number: u64, role: Role) {
        self.part(turn, number, "joined again with another role");
        let Some(participant) = self.participant_mut(number) else { return };
        participant.role = role;
        participant.hand_raised = false;
        (participant.received, participant.sent) = Default::default();
    }

    /// A connection of a participant stands. At its first one this is written down, and the others
    /// are told if they may know.
    pub fn announce(&mut self, turn: &mut Turn<'_>, number: u64) {
        let tracks = self.tracks_of(number);
        let is_branch = self.home.is_some();
        let Some(participant) = self.participant_mut(number) else { return };
        let is_news = !std::mem::replace(&mut participant.is_present, true);
        let joined = (participant.role.is_visible() && !participant.is_announced).then(|| {
            participant.is_announced = true;
            LessonEvent::Joined { participant: participant.info(tracks) }
        });
        if is_news && is_branch {
            self.tell_home(turn, number, "");
        } else if is_news {
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
    pub fn part(&mut self, turn: &mut Turn<'_>, number: u64, reason: &str) {
        self.note_last_counts(turn, number);
        let Some(participant) = self.participant_mut(number) else { return };
        let id = participant.id.clone();
        let was_present = std::mem::take(&mut participant.is_present);
        if std::mem::take(&mut participant.is_announced) {
            let left = LessonEvent::Left { participant: id.clone(), reason: reason.to_owned() };
            turn.out.tell_lesson(&self.lesson, left);
        }
        if was_present && self.home.is_none() {
            turn.conduct.on_went(turn.now, &id);
            turn.note(&self.lesson, FactKind::Went { participant: id, reason: reason.to_owned() });
        }
    }

    /// A leg is gone, and with its last leg its participant.
    pub fn leave_participant(&mut self, turn: &mut Turn<'_>, leg: &Leg, key: u64, reason: &str) {
        let Some(participant) = self.participant_mut(leg.participant) else { return };
        participant.legs.retain(|known| *known != key);
        participant.received.add(leg.received);
        participant.sent.add(leg.sent());
        let is_gone = participant.legs.is_empty() && participant.away.is_none();
        self.tell_home(turn, leg.participant, reason);
        if is_gone {
            self.part(turn, leg.participant, reason);
            self.participants.retain(|participant| participant.number != leg.participant);
        }
    }

    /// Somebody who sends is about to go: what flowed since the last minute's count would be forgotten with it.
    fn note_last_counts(&mut self, turn: &mut Turn<'_>, number: u64) {
        let goes = self.participant(number).filter(|it| it.is_present && it.role.may_publish());
        let since = |noted: Instant| turn.now.instant.saturating_duration_since(noted);
        if goes.is_none() || self.presence_noted.is_some_and(|noted| since(noted) < PRESENCE_APART) {
            return;
        }
        if let Some(present) = self.presence(turn.now, turn.legs) {
            turn.note(&self.lesson, present);
        }
    }

    /// Who is there, to be written down; none: nobody is, or the lesson's home does it.
    pub fn presence(&mut self, now: Now, legs: &Slab<Leg>) -> Option<FactKind> {
        let participants = if self.home.is_none() { self.presences(legs) } else { Vec::new() };
        self.presence_noted = Some(now.instant);
        (!participants.is_empty()).then_some(FactKind::Present { participants })
    }

    /// Everyone connected, observers too, what came from them and what was sent to them.
    fn presences(&self, legs: &Slab<Leg>) -> Vec<Presence> {
        let present = self.participants.iter().filter(|participant| participant.is_present);
        present
            .map(|participant| {
                let (mut received, mut sent) = (participant.received, participant.sent);
                for leg in participant.legs.iter().filter_map(|key| legs.get(*key)) {
                    received.add(leg.received);
                    sent.add(leg.sent());
                }
                // What a branch sends is counted there.
                let is_counted = participant.away.is_none();
                Presence {
                    participant: participant.id.clone(),
                    audio_packets: received.audio,
                    video_packets: received.video,
                    audio_packets_out: is_counted.then_some(sent.audio),
                    video_packets_out: is_counted.then_some(sent.video),
                }
            })
            .collect()
    }
}
