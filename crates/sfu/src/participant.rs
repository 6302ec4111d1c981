//! Who takes part: one classroom or observer, whatever sessions it has.

use tongke_protocol::event::{ClockReport, ParticipantInfo, TrackInfo};
use tongke_protocol::{Grant, MediaKind, ParticipantId, Role};

/// One participant of a lesson. It is there for as long as it has a leg.
#[derive(Debug)]
pub(crate) struct Participant {
    /// Number in the order of coming; never used twice in a lesson.
    pub number: u64,
    pub id: ParticipantId,
    pub name: String,
    pub role: Role,
    pub legs: Vec<u64>,
    pub hand_raised: bool,
    pub clock: Option<ClockReport>,
    /// Whether the others were told that it is there: from its first connected leg on, and never
    /// when its role is invisible.
    pub is_announced: bool,
    /// Whether it is written down as there: from its first connected leg on, whatever its role.
    pub is_present: bool,
    /// What came over its legs that are gone.
    pub received: Received,
}

/// Packets that came from somebody.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Received {
    pub audio: u64,
    pub video: u64,
}

impl Received {
    /// Counts one packet.
    pub fn count(&mut self, media: MediaKind) {
        match media {
            MediaKind::Audio => self.audio += 1,
            MediaKind::Video => self.video += 1,
        }
    }

    pub fn add(&mut self, other: Received) {
        self.audio += other.audio;
        self.video += other.video;
    }
}

impl Participant {
    pub fn new(number: u64, grant: &Grant) -> Self {
        Self {
            number,
            id: grant.participant.clone(),
            name: grant.name.clone(),
            role: grant.role,
            legs: Vec::new(),
            hand_raised: false,
            clock: None,
            is_announced: false,
            is_present: false,
            received: Received::default(),
        }
    }

    /// As the others see it, with these tracks.
    pub fn info(&self, tracks: Vec<TrackInfo>) -> ParticipantInfo {
        ParticipantInfo {
            id: self.id.clone(),
            name: self.name.clone(),
            role: self.role,
            tracks,
            hand_raised: self.hand_raised,
            clock: self.clock,
        }
    }
}
