//! What the lesson's conduct opens and closes in its room: microphones, screens, the room itself.

use crate::leg::EndedBy;
use crate::media::close_subscriptions;
use crate::room::{Room, Turn};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{ParticipantId, TrackKind};

/// Why legs end with their lesson.
const OVER: &str = "the lesson is over";

impl Room {
    /// Does what the lesson's state says, after it has changed.
    pub fn obey(&mut self, turn: &mut Turn<'_>) {
        for key in self.tracks.keys() {
            self.silence(turn, key);
        }
        self.assign_slots(turn);
    }

    /// Shuts a microphone that is not to be heard, or opens it again: its next packet is forwarded
    /// then, under the number after the last one that was.
    pub fn silence(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.get(key).filter(|track| track.kind == TrackKind::Microphone) else {
            return;
        };
        let is_heard =
            self.participant(track.owner).is_none_or(|owner| turn.conduct.state.is_heard(&owner.id));
        let Some(track) = self.tracks.get_mut(key) else { return };
        if !std::mem::replace(&mut track.is_silent, !is_heard) && !is_heard {
            close_subscriptions(turn.legs, &track.subscribers);
            if self.home.is_some() {
                // What is not heard does not come here: no gap is left for anybody to ask about.
                track.encodings.iter_mut().for_each(|encoding| encoding.ring.clear());
            }
        }
    }

    /// A participant's screen ends at once, or may begin again with its next packet.
    pub fn set_screen(&mut self, turn: &mut Turn<'_>, id: &ParticipantId, active: bool) {
        let legs = self.find(id).map(|participant| participant.legs.clone()).unwrap_or_default();
        for key in legs {
            let Some(leg) = turn.legs.get_mut(key) else { continue };
            let mut ended = Vec::new();
            for section in leg.incoming.sections.iter_mut().filter(|known| known.kind == TrackKind::Screen) {
                section.is_ended = !active;
                ended.extend(section.track.take_if(|_| !active));
            }
            ended.into_iter().for_each(|track| self.end_track(turn, track));
        }
        self.assign_slots(turn);
    }

    /// The lesson is over: everyone is told, and let go.
    pub fn end(&mut self, turn: &mut Turn<'_>) {
        let ending = LessonEvent::Ending { reason: OVER.into(), reconnect: false };
        turn.out.tell_lesson(&self.lesson, ending);
        self.share_end(turn);
        self.end_legs(turn);
    }

    /// Lets everyone go whose lesson is over.
    pub fn end_legs(&mut self, turn: &mut Turn<'_>) {
        for key in self.legs.clone() {
            self.close_leg(turn, key, EndedBy::Lesson, OVER);
        }
    }
}
