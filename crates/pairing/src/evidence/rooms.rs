//! The rooms as witnesses: what each one's node or browser says that it sent and played.

use super::{Flow, Got, Interval, Media, Witness};
use crate::id::school_of;
use crate::policy::Policy;
use std::collections::BTreeMap;
use tongke_protocol::record::{FactKind, GotFrom, LessonFact};
use tongke_protocol::{ParticipantId, WallTime};

/// The stretch of time that a room's fact tells of; none: it is no fact of a room.
pub(super) fn stretch(fact: &LessonFact) -> Option<(&ParticipantId, Interval)> {
    match &fact.what {
        FactKind::Flow { participant, from_us, until_us, .. } => {
            Some((participant, Interval { from_us: WallTime(*from_us), until_us: WallTime(*until_us) }))
        }
        _ => None,
    }
}

/// What a room's fact says, if it is one and the room is a school's.
pub(super) fn flow(fact: &LessonFact, policy: &Policy) -> Option<Flow> {
    let (room, during) = stretch(fact)?;
    let FactKind::Flow { sent_audio_ms, sent_video_ms, got, .. } = &fact.what else { return None };
    let school = school_of(room)?;
    let enough = |ms: u64| ms as f64 * 1000.0 >= policy.witness.room_share * during.length_us() as f64;
    let media = |sound_ms, picture_ms| Media { sound: enough(sound_ms), picture: enough(picture_ms) };
    let mut from = BTreeMap::new();
    for GotFrom { participant, audio_ms, video_ms } in got {
        let Some(other) = school_of(participant).filter(|other| *other != school) else { continue };
        let got = media(*audio_ms, *video_ms);
        let known = from.entry(other).or_insert(Media::NONE);
        *known = Media { sound: known.sound || got.sound, picture: known.picture || got.picture };
    }
    from.retain(|_, media| *media != Media::NONE);
    let sent = media(*sent_audio_ms, *sent_video_ms);
    Some(Flow { witness: Witness::Room, school, room: room.clone(), during, sent, got: Got::From(from) })
}
