//! Who takes part: one classroom or observer, whatever sessions it has.

use crate::cascade::TrunkId;
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
    /// Its sessions at a branch of the lesson, if it has any.
    pub away: Option<Away>,
    pub hand_raised: bool,
    pub clock: Option<ClockReport>,
    /// Whether the others were told that it is there: from its first connected leg on, and never
    /// when its role is invisible.
    pub is_announced: bool,
    /// Whether it is written down as there: from its first connected leg on, whatever its role.
    pub is_present: bool,
    /// What came over its legs that are gone.
    pub received: Packets,
    /// What was sent over them.
    pub sent: Packets,
}

/// Sessions of a participant at a branch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Away {
    pub trunk: TrunkId,
    pub legs: usize,
}

/// Packets that came from somebody, or were sent to somebody.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Packets {
    pub audio: u64,
    pub video: u64,
}

impl Packets {
    /// Counts so many packets.
    pub fn count(&mut self, media: MediaKind, packets: u64) {
        match media {
            MediaKind::Audio => self.audio += packets,
            MediaKind::Video => self.video += packets,
        }
    }

    pub fn add(&mut self, other: Packets) {
        self.audio += other.audio;
        self.video += other.video;
    }
}

impl Participant {
    pub fn new(number: u64, grant: &Grant) -> Self {
        Self::named(number, &grant.participant, &grant.name, grant.role)
    }

    pub fn named(number: u64, id: &ParticipantId, name: &str, role: Role) -> Self {
        Self {
            number,
            id: id.clone(),
            name: name.to_owned(),
            role,
            legs: Vec::new(),
            away: None,
            hand_raised: false,
            clock: None,
            is_announced: false,
            is_present: false,
            received: Packets::default(),
            sent: Packets::default(),
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
