//! The relay as a witness: who was connected, what came from each and what was forwarded to it.

use super::{Flow, Got, Interval, Media, Witness};
use crate::id::school_of;
use crate::policy::Policy;
use crate::spans::Spans;
use std::collections::BTreeMap;
use tongke_protocol::record::{FactKind, LessonFact, Presence};
use tongke_protocol::{ParticipantId, Role, WallTime};

/// What a relay's facts of one lesson say.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// What flowed, by stretches between two counts.
    pub flows: Vec<Flow>,
    /// When each participant was connected.
    pub connected: Vec<(ParticipantId, Interval)>,
    /// As what each came last.
    pub roles: BTreeMap<ParticipantId, Role>,
    /// When nothing in this lesson escaped the relay: whoever is not connected then was not there.
    pub watched: Spans,
}

/// One participant between its coming and its going.
struct Seat {
    since: WallTime,
    seen: WallTime,
    /// What was counted last; none: not known how much came since `seen`.
    counted: Option<Counts>,
}

#[derive(Clone, Copy)]
struct Counts {
    sound: u64,
    picture: u64,
    sound_out: Option<u64>,
    picture_out: Option<u64>,
}

impl Counts {
    /// At a participant's coming nothing was counted yet.
    const NONE: Counts = Counts { sound: 0, picture: 0, sound_out: Some(0), picture_out: Some(0) };
}

impl From<&Presence> for Counts {
    fn from(presence: &Presence) -> Counts {
        Counts {
            sound: presence.audio_packets,
            picture: presence.video_packets,
            sound_out: presence.audio_packets_out,
            picture_out: presence.video_packets_out,
        }
    }
}

/// Reads the facts, which are in order and each there once. With `silence_is_absence` the relay is taken at
/// its word for the times in which it says nothing.
pub(super) fn read<'a>(
    facts: impl Iterator<Item = &'a LessonFact>,
    policy: &Policy,
    silence_is_absence: bool,
) -> Record {
    let mut reader = Reader { policy, seats: BTreeMap::new(), record: Record::default() };
    let mut watched = Vec::new();
    let mut last: Option<(WallTime, bool)> = silence_is_absence.then_some((WallTime(0), true));
    for fact in facts {
        let at = WallTime(fact.at_us);
        if let Some((since, is_sure)) = last {
            let gap = Interval { from_us: since, until_us: at };
            watched.extend((is_sure || policy.is_unbroken(gap)).then_some(gap));
        }
        reader.take(at, &fact.what);
        // Somebody would have come by a fact of its own. But a relay that stopped saw nobody come.
        let is_empty = reader.seats.is_empty() && !is_closing(fact);
        last = Some((at, silence_is_absence && is_empty));
    }
    if let Some((from_us, true)) = last {
        watched.push(Interval { from_us, until_us: WallTime(u64::MAX) });
    }
    let Reader { mut record, seats, .. } = reader;
    for (room, seat) in seats {
        record.connected.push((room, seat.connected_until(seat.seen)));
    }
    record.watched = Spans::of(watched);
    record
}

/// Whether the fact was written at the relay's next start, for somebody who was there when it stopped
/// (`relay::journal::restore`): between the two nobody watched.
fn is_closing(fact: &LessonFact) -> bool {
    matches!(fact.what, FactKind::Went { .. }) && fact.id.ends_with("-went")
}

struct Reader<'a> {
    policy: &'a Policy,
    seats: BTreeMap<ParticipantId, Seat>,
    record: Record,
}

impl Reader<'_> {
    fn take(&mut self, at: WallTime, what: &FactKind) {
        match what {
            FactKind::Came { participant, role, .. } => {
                self.record.roles.insert(participant.clone(), *role);
                // Who comes twice went unnoticed, after it was seen last.
                self.leave(participant, None);
                let seat = Seat { since: at, seen: at, counted: Some(Counts::NONE) };
                self.seats.insert(participant.clone(), seat);
            }
            FactKind::Went { participant, .. } => self.leave(participant, Some(at)),
            FactKind::Present { participants } => {
                let is_missing =
                    |room: &&ParticipantId| participants.iter().all(|it| it.participant != **room);
                let gone: Vec<_> = self.seats.keys().filter(is_missing).cloned().collect();
                gone.iter().for_each(|room| self.leave(room, None));
                participants.iter().for_each(|presence| self.count(at, presence));
            }
            _ => {}
        }
    }

    /// A participant's connection has ended: at a moment that was noted, or after it was seen last.
    fn leave(&mut self, room: &ParticipantId, at: Option<WallTime>) {
        if let Some(seat) = self.seats.remove(room) {
            let until = at.unwrap_or(seat.seen);
            self.record.connected.push((room.clone(), seat.connected_until(until)));
        }
    }

    fn count(&mut self, at: WallTime, presence: &Presence) {
        let now = Counts::from(presence);
        let room = &presence.participant;
        let Some(seat) = self.seats.get_mut(room) else {
            let seat = Seat { since: at, seen: at, counted: Some(now) };
            self.seats.insert(room.clone(), seat);
            return;
        };
        let during = Interval { from_us: std::mem::replace(&mut seat.seen, at), until_us: at };
        let before = seat.counted.replace(now);
        let told = before.and_then(|before| self.policy.told_by_counts(during, before, now));
        let school = school_of(room);
        if let Some(((sent, got), school)) = told.zip(school) {
            let flow = Flow { witness: Witness::Relay, school, room: room.clone(), during, sent, got };
            self.record.flows.push(flow);
        }
    }
}

impl Seat {
    fn connected_until(&self, until_us: WallTime) -> Interval {
        Interval { from_us: self.since, until_us }
    }
}

impl Policy {
    /// Whether so long a silence between two facts of somebody who is there is nothing unusual.
    fn is_unbroken(&self, gap: Interval) -> bool {
        gap.length_us() <= self.time.relay_silence_s.saturating_mul(1_000_000)
    }

    /// What flowed between two counts. None: they cannot say, because the counts began anew between
    /// them or they are too far apart.
    fn told_by_counts(&self, during: Interval, before: Counts, now: Counts) -> Option<(Media, Got)> {
        if during.is_empty() || !self.is_unbroken(during) {
            return None;
        }
        let seconds = during.length_us() as f64 / 1e6;
        let flowed = |packets: u64, per_s: f64| packets as f64 >= per_s * seconds;
        let sound = |packets| flowed(packets, self.witness.sound_packets_per_s);
        let picture = |packets| flowed(packets, self.witness.picture_packets_per_s);
        let sent = Media {
            sound: sound(now.sound.checked_sub(before.sound)?),
            picture: picture(now.picture.checked_sub(before.picture)?),
        };
        let out = now.sound_out.zip(before.sound_out).zip(now.picture_out.zip(before.picture_out));
        let got = match out {
            None => Got::Unknown,
            Some(((sound_now, sound_before), (picture_now, picture_before))) => Got::Together(Media {
                sound: sound(sound_now.checked_sub(sound_before)?),
                picture: picture(picture_now.checked_sub(picture_before)?),
            }),
        };
        Some((sent, got))
    }
}
