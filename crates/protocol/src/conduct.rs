//! How a lesson is conducted: the floor, the microphones, the lock and the end; head counts, and
//! words between the teachers.
//!
//! An action is asked for with `POST /lessons/{lesson}/actions` or on a QUIC control stream; what
//! it changes is told to everyone as [`LessonEvent::State`](crate::event::LessonEvent::State).

use crate::id::{ParticipantId, Role};
use serde::{Deserialize, Serialize};

/// Longest text of a message between teachers, in characters.
pub const MAX_MESSAGE_CHARS: usize = 500;

/// What a participant asks of its lesson. JSON: `{"action":"floor","to":"school-2"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum LessonAction {
    /// My class puts its hand up or down.
    Hand {
        /// Up or down.
        raised: bool,
    },
    /// A class gets the floor: it is shown large and heard everywhere. None: the floor is taken back.
    Floor {
        /// Who gets it.
        to: Option<ParticipantId>,
    },
    /// A class is muted for all, or no longer.
    Mute {
        /// Which.
        participant: ParticipantId,
        /// Muted, or no longer.
        muted: bool,
    },
    /// My own microphone is switched on or off.
    Microphone {
        /// On or off.
        open: bool,
    },
    /// My courseware begins or ends. Until it begins, packets of a screen track that was ended are dropped.
    Share {
        /// Begins or ends.
        active: bool,
    },
    /// Nobody new comes in, or somebody may again. Whoever was in the lesson may always come back.
    Lock {
        /// Locked or open.
        locked: bool,
    },
    /// The lesson is over, for everyone.
    End,
    /// It is not over after all: it was ended by mistake.
    Reopen,
    /// A text for the teachers of the other classrooms, at most [`MAX_MESSAGE_CHARS`].
    Say {
        /// The text.
        text: String,
    },
    /// My class was counted.
    HeadCount(HeadCount),
}

impl LessonAction {
    /// The action's name, the same word as in its JSON.
    pub fn name(&self) -> &'static str {
        match self {
            LessonAction::Hand { .. } => "hand",
            LessonAction::Floor { .. } => "floor",
            LessonAction::Mute { .. } => "mute",
            LessonAction::Microphone { .. } => "microphone",
            LessonAction::Share { .. } => "share",
            LessonAction::Lock { .. } => "lock",
            LessonAction::End => "end",
            LessonAction::Reopen => "reopen",
            LessonAction::Say { .. } => "say",
            LessonAction::HeadCount(_) => "head_count",
        }
    }

    /// Whether a role may ask for it: the supporting teacher leads the lesson, classrooms speak for
    /// themselves, observers and inspectors change nothing.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            LessonAction::Floor { .. }
            | LessonAction::Mute { .. }
            | LessonAction::Lock { .. }
            | LessonAction::End
            | LessonAction::Reopen => role == Role::Supporting,
            LessonAction::Hand { .. }
            | LessonAction::Microphone { .. }
            | LessonAction::Share { .. }
            | LessonAction::Say { .. }
            | LessonAction::HeadCount(_) => role.may_publish(),
        }
    }
}

/// How many pupils are in a room, as its teacher confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadCount {
    /// Pupils in the room.
    pub present: u16,
    /// Pupils of the class, if the teacher said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u16>,
}

/// A room's last head count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomCount {
    /// Whose.
    pub participant: ParticipantId,
    /// How many.
    pub count: HeadCount,
    /// When it was confirmed, µs since the Unix epoch on the relay's clock.
    pub at_us: u64,
}

/// The state that a lesson's teachers have brought about. It outlives sessions and restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonState {
    /// The class that has the floor.
    pub floor: Option<ParticipantId>,
    /// Classes that the supporting teacher muted, in the order of muting.
    pub muted: Vec<ParticipantId>,
    /// Classrooms that switched their own microphone off.
    pub microphones_off: Vec<ParticipantId>,
    /// Nobody new comes in.
    pub locked: bool,
    /// The lesson is over.
    pub ended: bool,
    /// The last head count of each room.
    pub head_counts: Vec<RoomCount>,
}

impl LessonState {
    /// Whether a classroom's microphone is forwarded: its own switch is its own; the teacher's
    /// muting does not hold while the class has the floor.
    pub fn is_heard(&self, participant: &ParticipantId) -> bool {
        !self.microphones_off.contains(participant)
            && (self.floor.as_ref() == Some(participant) || !self.muted.contains(participant))
    }
}

/// A text from one teacher to the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Number in the lesson: a later message has a higher one, over the relay's restarts too; a repeat
    /// after a reconnect has the same.
    pub id: u64,
    /// Who wrote it.
    pub from: ParticipantId,
    /// The writer's shown name.
    pub name: String,
    /// The text.
    pub text: String,
    /// When, µs since the Unix epoch on the relay's clock.
    pub at_us: u64,
}

/// `GET /lessons/{lesson}/self`: who the holder of a grant is, and how the lesson stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// The holder.
    pub participant: ParticipantId,
    /// The name shown to the class.
    pub name: String,
    /// What the holder is to the lesson.
    pub role: Role,
    /// When the grant ends; whoever is in the lesson then may stay.
    pub expires_unix_s: u64,
    /// Whether the holder publishes in this lesson now, from this or another window.
    pub is_publishing: bool,
    /// How the lesson stands.
    pub state: LessonState,
}

/// `PUT /lessons/{lesson}/slots`: how large a page shows its receive slots, so that the relay can
/// choose an encoding of the right size for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSizes {
    /// The receiving session: the last segment of the WHEP resource's path.
    pub session: String,
    /// The slots whose size is told; others keep theirs.
    pub sizes: Vec<SlotSize>,
}

/// One slot's size on the screen, in device pixels. 0 × 0: not shown, nothing need be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSize {
    /// The slot, as in [`LessonEvent::Slot`](crate::event::LessonEvent::Slot).
    pub slot: u8,
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ParticipantId {
        text.parse().unwrap()
    }

    #[test]
    fn the_json_of_an_action_has_its_name() {
        let action = LessonAction::Floor { to: Some(id("school-2")) };
        let json = serde_json::to_value(&action).unwrap();
        assert_eq!(json, serde_json::json!({"action": action.name(), "to": "school-2"}));
        let count = serde_json::json!({"action": "head_count", "present": 41, "expected": 42});
        let read: LessonAction = serde_json::from_value(count).unwrap();
        assert_eq!(read, LessonAction::HeadCount(HeadCount { present: 41, expected: Some(42) }));
    }

    #[test]
    fn only_the_supporting_teacher_leads_and_observers_change_nothing() {
        let floor = LessonAction::Floor { to: None };
        assert!(floor.is_open_to(Role::Supporting) && !floor.is_open_to(Role::Receiving));
        let hand = LessonAction::Hand { raised: true };
        assert!(hand.is_open_to(Role::Receiving) && !hand.is_open_to(Role::Observer));
        assert!(!LessonAction::End.is_open_to(Role::Inspector));
    }

    #[test]
    fn a_muted_class_is_heard_while_it_has_the_floor_unless_it_switched_itself_off() {
        let class = id("school-2");
        let mut state = LessonState { muted: vec![class.clone()], ..LessonState::default() };
        assert!(!state.is_heard(&class));
        state.floor = Some(class.clone());
        assert!(state.is_heard(&class));
        state.microphones_off.push(class.clone());
        assert!(!state.is_heard(&class));
    }
}
