//! Who is in the lesson, from its events.

use std::collections::BTreeMap;
use tongke_protocol::event::{LessonEvent, ParticipantInfo};
use tongke_protocol::{ParticipantId, TrackKind};

/// The participants, as last told.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    participants: BTreeMap<ParticipantId, ParticipantInfo>,
}

impl Roster {
    /// Takes an event; those that concern no participant change nothing.
    pub(crate) fn on_event(&mut self, event: &LessonEvent) {
        match event {
            LessonEvent::Snapshot { participants, .. } => {
                let entry = |info: &ParticipantInfo| (info.id.clone(), info.clone());
                self.participants = participants.iter().map(entry).collect();
            }
            LessonEvent::Joined { participant } => {
                self.participants.insert(participant.id.clone(), participant.clone());
            }
            LessonEvent::Left { participant, .. } => {
                self.participants.remove(participant);
            }
            LessonEvent::TrackStarted { participant, track } => {
                if let Some(info) = self.participants.get_mut(participant) {
                    info.tracks.retain(|known| known.kind != track.kind);
                    info.tracks.push(*track);
                }
            }
            LessonEvent::TrackEnded { participant, track } => {
                if let Some(info) = self.participants.get_mut(participant) {
                    info.tracks.retain(|known| known.kind != *track);
                }
            }
            LessonEvent::Hand { participant, raised } => {
                if let Some(info) = self.participants.get_mut(participant) {
                    info.hand_raised = *raised;
                }
            }
            LessonEvent::Clock { participant, clock } => {
                if let Some(info) = self.participants.get_mut(participant) {
                    info.clock = Some(*clock);
                }
            }
            LessonEvent::Slot { .. }
            | LessonEvent::State { .. }
            | LessonEvent::Message { .. }
            | LessonEvent::Dispatch { .. }
            | LessonEvent::SessionEnded { .. }
            | LessonEvent::Ending { .. } => {}
        }
    }

    /// How many there are, this node included.
    pub(crate) fn len(&self) -> usize {
        self.participants.len()
    }

    /// The name to show.
    pub(crate) fn name<'a>(&'a self, id: &'a ParticipantId) -> &'a str {
        match self.participants.get(id) {
            Some(info) if !info.name.is_empty() => &info.name,
            _ => id.as_str(),
        }
    }

    /// Whether somebody publishes this track.
    pub(crate) fn has_track(&self, id: &ParticipantId, track: TrackKind) -> bool {
        self.participants.get(id).is_some_and(|info| info.tracks.iter().any(|known| known.kind == track))
    }

    /// Names of those whose hand is up.
    pub(crate) fn hands(&self) -> Vec<&str> {
        self.participants.values().filter(|info| info.hand_raised).map(|info| self.name(&info.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_protocol::Role;
    use tongke_protocol::control::Codec;
    use tongke_protocol::event::TrackInfo;

    #[test]
    fn the_roster_follows_the_events() {
        let id: ParticipantId = "a".parse().unwrap();
        let participant = ParticipantInfo {
            id: id.clone(),
            name: "小学".into(),
            role: Role::Receiving,
            tracks: vec![],
            hand_raised: false,
            clock: None,
        };
        let mut roster = Roster::default();
        roster.on_event(&LessonEvent::Joined { participant });
        let track = TrackInfo { kind: TrackKind::Camera, codec: Codec::H264 };
        roster.on_event(&LessonEvent::TrackStarted { participant: id.clone(), track });
        roster.on_event(&LessonEvent::Hand { participant: id.clone(), raised: true });
        assert_eq!((roster.len(), roster.name(&id)), (1, "小学"));
        assert!(roster.has_track(&id, TrackKind::Camera));
        assert_eq!(roster.hands(), ["小学"]);
        roster.on_event(&LessonEvent::TrackEnded { participant: id.clone(), track: TrackKind::Camera });
        assert!(!roster.has_track(&id, TrackKind::Camera));
        roster.on_event(&LessonEvent::Left { participant: id.clone(), reason: String::new() });
        assert_eq!((roster.len(), roster.name(&id)), (0, "a"));
    }
}
