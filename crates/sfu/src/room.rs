//! One lesson: who is in it, which tracks there are, and who gets them.
//!
//! The way of a packet through it is in `media.rs`, which encoding of a track a slot gets in
//! `switching.rs`, RTCP in `feedback.rs` and `reports.rs`, who is there in `presence.rs`, what is told
//! of it in `telling.rs`, what the lesson's conduct opens and closes in `gates.rs`.

use crate::cascade::{Branches, Home};
use crate::conduct::Conduct;
use crate::forward::Scratch;
use crate::hold::HoldBound;
use crate::leg::{EndedBy, Leg, NewLeg};
use crate::outputs::{AddressedEvent, Audience, Carrier, ClosedLeg, Outputs};
use crate::participant::Participant;
use crate::record::Scribe;
use crate::slab::Slab;
use crate::slots::{Standing, Wanted, assign, rank};
use crate::stats::Counters;
use crate::track::Track;
use crate::wire::Link;
use crate::{LegId, LegKind};
use std::time::Instant;
use tongke_protocol::event::{LessonEvent, SlotSource};
use tongke_protocol::record::FactKind;
use tongke_protocol::{Grant, LessonId, Now, Role};

/// What a room works with while it handles one input.
pub(crate) struct Turn<'a> {
    pub now: Now,
    /// See `hold.rs`.
    pub hold: HoldBound,
    pub legs: &'a mut Slab<Leg>,
    pub out: &'a mut Outputs,
    pub carrier: Option<&'a mut (dyn Carrier + 'static)>,
    pub scratch: &'a mut Scratch,
    /// Legs that ended, for the core to forget.
    pub gone: &'a mut Vec<Leg>,
    /// How the room's lesson is conducted.
    pub conduct: &'a mut Conduct,
    pub scribe: &'a mut Scribe,
}

impl Turn<'_> {
    /// Writes down a fact of a lesson.
    pub fn note(&mut self, lesson: &LessonId, what: FactKind) {
        let fact = self.scribe.write(self.now, lesson, what);
        self.out.facts.push(fact);
    }
}

/// One lesson.
pub(crate) struct Room {
    pub lesson: LessonId,
    /// Key of the lesson's conduct, which outlives the room.
    pub conduct: u64,
    pub participants: Vec<Participant>,
    pub legs: Vec<u64>,
    pub tracks: Slab<Track>,
    /// Tracks and their encodings with packets that wait for the end of their picture.
    pub holding: Vec<(u64, usize)>,
    /// When a request is due at the earliest; may be early, never late.
    due: Option<Instant>,
    /// The moment for which the core has it on its list.
    noted_wake: Option<Instant>,
    pub counters: Counters,
    /// Where else the lesson is, if this is its home.
    pub branches: Branches,
    /// The lesson's home, if this is a branch of it.
    pub home: Option<Home>,
    pub next_number: u64,
    /// When who is there was written down last.
    pub presence_noted: Option<Instant>,
}

impl Room {
    pub fn new(lesson: LessonId, conduct: u64) -> Self {
        Self {
            lesson,
            conduct,
            participants: Vec::new(),
            legs: Vec::new(),
            tracks: Slab::default(),
            holding: Vec::new(),
            due: None,
            noted_wake: None,
            counters: Counters::default(),
            branches: Branches::default(),
            home: None,
            next_number: 0,
            presence_noted: None,
        }
    }

    /// Takes a new leg in. What it replaces is closed: another publishing leg of the same
    /// participant, or all of them if the role changed.
    pub fn join(&mut self, turn: &mut Turn<'_>, room: u64, grant: &Grant, new: NewLeg) -> LegId {
        let number = self.participant_for(grant);
        let (is_quic, publishes) = (new.kind == LegKind::Quic, !new.incoming.sections.is_empty());
        let leg = turn.legs.insert_with(|key| Leg::new(turn.now, LegId(key), room, number, new));
        self.legs.push(leg);
        tracing::info!(lesson = %self.lesson, participant = %grant.participant, role = %grant.role, leg,
            is_quic, publishes, "session joined");
        let Some(participant) = self.participant_mut(number) else { return LegId(leg) };
        let role_changed = participant.role != grant.role;
        let others = std::mem::take(&mut participant.legs);
        participant.legs = others.iter().copied().chain([leg]).collect();
        participant.name.clone_from(&grant.name);
        for other in others {
            let replaces = publishes && turn.legs.get(other).is_some_and(Leg::publishes);
            if role_changed || replaces {
                let reason = "replaced by a newer session of the same participant";
                self.close_leg(turn, other, EndedBy::Newer, reason);
            }
        }
        if role_changed {
            self.change_role(turn, number, grant.role);
            self.call_home(turn, number, "joined again with another role");
        }
        self.tell_home(turn, number, "");
        if is_quic {
            self.announce(turn, number);
            if self.is_synced() {
                let snapshot = self.snapshot(&turn.conduct.state, turn.scribe.run());
                turn.out.tell_leg(LegId(leg), snapshot);
            }
        }
        self.assign_slots(turn);
        LegId(leg)
    }

    /// Takes in a leg that only tries the way: it belongs to nobody who is in the lesson.
    pub fn join_check(&mut self, turn: &mut Turn<'_>, room: u64, new: NewLeg) -> LegId {
        let nobody = self.take_number();
        tracing::info!(lesson = %self.lesson, owner = %new.owner, session = new.session, "check began");
        let leg = turn.legs.insert_with(|key| Leg::new(turn.now, LegId(key), room, nobody, new));
        self.legs.push(leg);
        LegId(leg)
    }

    /// A number for somebody new.
    pub fn take_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    pub fn participant_mut(&mut self, number: u64) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|participant| participant.number == number)
    }

    pub fn participant(&self, number: u64) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.number == number)
    }

    /// A WebRTC leg's handshake is done: media may flow.
    pub fn on_connected(&mut self, turn: &mut Turn<'_>, leg: u64) {
        let Some((participant, slots)) = turn.legs.get(leg).map(|leg| (leg.participant, leg.slots.len()))
        else {
            return;
        };
        self.announce(turn, participant);
        for slot in 0..slots {
            self.start(turn, leg, slot);
        }
    }

    /// Ends a leg, the tracks it published, and its participant if that was its last leg.
    pub fn close_leg(&mut self, turn: &mut Turn<'_>, key: u64, by: EndedBy, reason: &str) {
        let Some(mut leg) = turn.legs.remove(key) else { return };
        self.legs.retain(|known| *known != key);
        tracing::info!(lesson = %self.lesson, session = leg.session, leg = key, reason, "session ended");
        if let Link::Webrtc(session) = &mut leg.wire.link {
            session.close(turn.now);
        }
        while leg.poll_session(turn.out).is_some() {}
        for source in leg.slots.iter().filter_map(|slot| slot.source) {
            if let Some(track) = self.tracks.get_mut(source) {
                track.subscribers.retain(|(leg, _)| *leg != key);
            }
        }
        for track in leg.incoming.sections.iter().filter_map(|section| section.track) {
            self.end_track(turn, track);
        }
        turn.out.closed.push(ClosedLeg { leg: LegId(key), reason: reason.to_owned() });
        self.tell_session_ended(turn, &leg, by, reason);
        self.leave_participant(turn, &leg, key, reason);
        turn.gone.push(leg);
        self.assign_slots(turn);
    }

    /// A track began: its first packet is in the ring.
    pub fn start_track(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some((owner, info)) = self.tracks.get(key).map(|track| (track.owner, track.info())) else {
            return;
        };
        self.announce(turn, owner);
        self.silence(turn, key);
        if let Some(participant) = self.participant(owner) {
            tracing::info!(lesson = %self.lesson, participant = %participant.id, track = %info.kind,
                codec = ?info.codec, "track started");
            let event = LessonEvent::TrackStarted { participant: participant.id.clone(), track: info };
            turn.out.tell_lesson(&self.lesson, event);
        }
        self.share_track(turn, key);
        self.assign_slots(turn);
    }

    pub fn end_track(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.remove(key) else { return };
        self.holding.retain(|(track, _)| *track != key);
        for (leg, slot) in track.subscribers {
            if let Some(receiver) = turn.legs.get_mut(leg).and_then(|leg| leg.receiver(slot)) {
                receiver.subscription.close();
            }
        }
        if self.home.is_some() {
            // The home tells it.
            return;
        }
        if let Some(participant) = self.participant(track.owner) {
            let event = LessonEvent::TrackEnded { participant: participant.id.clone(), track: track.kind };
            turn.out.tell_lesson(&self.lesson, event);
        }
        self.share_track_end(turn, key);
    }

    /// Puts the tracks into everyone's slots, and starts what changed.
    pub fn assign_slots(&mut self, turn: &mut Turn<'_>) {
        let mut ranked: Vec<_> = self
            .tracks
            .iter()
            .filter_map(|(key, track)| {
                let owner = self.participant(track.owner)?;
                let wanted = Wanted { source: key, codec: track.codec };
                let leads =
                    owner.role == Role::Supporting || turn.conduct.state.floor.as_ref() == Some(&owner.id);
                let standing = match (track.is_silent, leads) {
                    (true, _) => Standing::Silent,
                    (false, true) => Standing::Leads,
                    (false, false) => Standing::Takes,
                };
                Some((rank(standing, track.kind, owner.number), track.owner, wanted))
            })
            .collect();
        ranked.sort_unstable_by_key(|(rank, ..)| *rank);
        for key in self.legs.clone() {
            let Some(leg) = turn.legs.get_mut(key).filter(|leg| !leg.slots.is_empty()) else { continue };
            let own = leg.participant;
            let wanted: Vec<_> =
                ranked.iter().filter(|(_, owner, _)| *owner != own).map(|(.., wanted)| *wanted).collect();
            let before: Vec<_> = leg.slots.iter().map(|slot| slot.source).collect();
            for slot in assign(&mut leg.slots, &wanted) {
                self.change_source(turn, key, slot, before[slot]);
            }
        }
    }

    /// A slot got another source, or none.
    fn change_source(&mut self, turn: &mut Turn<'_>, key: u64, slot: usize, before: Option<u64>) {
        if let Some(track) = before.and_then(|before| self.tracks.get_mut(before)) {
            track.subscribers.retain(|subscriber| *subscriber != (key, slot));
        }
        let Some(leg) = turn.legs.get_mut(key) else { return };
        leg.streams[slot].subscription.close();
        let event = self.slot_event(leg, slot);
        if let Some(participant) = self.participant(leg.participant) {
            let to = match leg.kind {
                LegKind::Quic => Audience::Leg(LegId(key)),
                _ => Audience::Participant(self.lesson.clone(), participant.id.clone()),
            };
            turn.out.events.push(AddressedEvent { to, event });
        }
        self.start(turn, key, slot);
    }

    pub fn slot_event(&self, leg: &Leg, slot: usize) -> LessonEvent {
        let source = leg.slots[slot].source.and_then(|source| self.tracks.get(source)).and_then(|track| {
            Some(SlotSource {
                participant: self.participant(track.owner)?.id.clone(),
                track: track.kind,
                codec: track.codec,
            })
        });
        LessonEvent::Slot {
            session: leg.session.clone(),
            slot: leg.streams[slot].index,
            media: leg.slots[slot].media,
            source,
        }
    }

    /// Whether nobody needs the room any more.
    pub fn is_over(&self) -> bool {
        let is_listened = self.home.as_ref().is_some_and(|home| home.is_listened);
        self.legs.is_empty() && self.branches.is_empty() && !is_listened
    }

    /// Whether it is known here how the lesson stands.
    pub fn is_synced(&self) -> bool {
        self.home.as_ref().is_none_or(|home| home.is_synced)
    }

    /// Lowers the moment of the next timeout.
    pub fn wake_at(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// When it has something to do at the earliest.
    fn next_wake(&self) -> Option<Instant> {
        [self.due, self.hold_deadline()].into_iter().flatten().min()
    }

    /// The moment to put on the core's list, if it is earlier than the one that is there.
    pub fn note_wake(&mut self) -> Option<Instant> {
        let at = self.next_wake()?;
        self.noted_wake.is_none_or(|noted| at < noted).then(|| *self.noted_wake.insert(at))
    }

    /// Whether a moment on the core's list is still of use; what replaces it counts as noted.
    pub fn confirm_wake(&mut self, at: Instant) -> Confirmed {
        if self.noted_wake != Some(at) {
            return Confirmed::Void;
        }
        self.noted_wake = self.next_wake();
        match self.noted_wake {
            Some(later) if later > at => Confirmed::Moved(later),
            Some(_) => Confirmed::Stands,
            None => Confirmed::Void,
        }
    }

    /// Its moment is taken off the core's list.
    pub fn forget_wake(&mut self) {
        self.noted_wake = None;
    }

    /// Does what is due.
    pub fn wake(&mut self, turn: &mut Turn<'_>) {
        self.flush_due(turn);
        if self.due.is_some_and(|due| due <= turn.now.instant) {
            self.due = None;
            for key in self.tracks.keys() {
                self.poll_track(turn, key);
            }
        }
    }
}

/// What a room says of its moment on the core's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// It has something to do then.
    Stands,
    /// It has something to do, but not before this.
    Moved(Instant),
    /// It has nothing to do, or another moment on the list.
    Void,
}
