//! What crosses a trunk, in lots: all that one end has for the other after one turn of its shell.

use super::{Site, TrunkId};
use crate::clock::PublisherClock;
use crate::encoding::SenderInfo;
use crate::ring::{PacketInfo, Ring};
use tongke_protocol::conduct::LessonState;
use tongke_protocol::control::Codec;
use tongke_protocol::event::{LessonEvent, ParticipantInfo};
use tongke_protocol::{LessonId, ParticipantId, Role, TrackKind};

/// Most bytes of payload in one lot; what is beyond is dropped as if the way were full. A turn of the
/// shell brings a core less than a tenth of it.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One lot for one trunk. Its memory is used again, see [`Outputs::recycle`](crate::Outputs::recycle).
#[derive(Debug)]
pub struct TrunkBatch {
    pub(crate) to: Site,
    pub(crate) trunk: TrunkId,
    pub(crate) items: Vec<Item>,
    /// Of all [`Down::Packets`] together, in order.
    packets: Vec<(PacketInfo, u32)>,
    /// Their payloads, in order.
    bytes: Vec<u8>,
}

/// One thing that crosses.
#[derive(Debug)]
pub(crate) enum Item {
    Down(Down),
    Up(Up),
}

/// From home to branch. Tracks are named by the home's keys.
#[derive(Debug)]
pub(crate) enum Down {
    /// Everything that holds now; what the branch has and this does not name is gone.
    Whole(Box<Whole>),
    /// The sync and the past that belongs to it are complete: slots may be filled.
    Ready,
    /// A participant that can be seen came.
    Came(Box<Person>),
    /// An event for everyone in the lesson.
    Told(Box<LessonEvent>),
    /// A track began; its first packets follow.
    TrackBegan(Box<TrackState>),
    /// An encoding of a track began, or began anew under another source.
    Encoding {
        track: u64,
        layer: usize,
        encoding: EncodingState,
    },
    TrackEnded {
        track: u64,
    },
    /// The next so many packets of the lot.
    Packets {
        track: u64,
        layer: usize,
        pass: Pass,
        count: usize,
    },
    /// A publisher's sender report.
    Report {
        track: u64,
        layer: usize,
        info: SenderInfo,
        clock: PublisherClock,
    },
    /// A participant is at home now and not at the branch any more.
    Dismiss {
        participant: ParticipantId,
        reason: String,
    },
    /// The lesson was ended: everyone is let go.
    End,
    /// The home is gone.
    Closed {
        reason: String,
    },
}

/// From branch to home.
#[derive(Debug)]
pub(crate) enum Up {
    /// Here is a branch with these observers; answered with a sync, each time.
    Attach { lesson: LessonId, observers: Vec<Observer> },
    /// An observer's sessions changed. Without any left it is gone.
    Observer(Box<Observer>),
    /// Somebody waits for a keyframe.
    Keyframe { track: u64, layer: usize },
    /// The branch is gone.
    Detach,
}

/// How packets came to the home's receivers; compare [`Batch`](crate::forward::Batch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Live,
    Late,
    /// Before the branch was there: for its ring only.
    Past,
}

/// The whole state of a lesson, as far as a branch needs it.
#[derive(Debug)]
pub(crate) struct Whole {
    /// The relay's run as the home tells it.
    pub run: String,
    pub state: LessonState,
    /// Everyone who can be seen.
    pub people: Vec<Person>,
    pub tracks: Vec<TrackState>,
}

/// Somebody who can be seen.
#[derive(Debug)]
pub(crate) struct Person {
    /// By the order of coming.
    pub number: u64,
    pub info: ParticipantInfo,
}

/// A track.
#[derive(Debug)]
pub(crate) struct TrackState {
    pub key: u64,
    /// Number of its participant.
    pub owner: u64,
    /// The publishing leg, by the home's key: its tracks have one clock.
    pub leg: u64,
    pub kind: TrackKind,
    pub codec: Codec,
    pub encodings: Vec<EncodingState>,
    pub clock: PublisherClock,
}

/// One encoding of a track.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodingState {
    pub rank: usize,
    pub ssrc: u32,
    pub info: Option<SenderInfo>,
}

/// Somebody at a branch, and its sessions there.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    pub id: ParticipantId,
    pub name: String,
    pub role: Role,
    pub legs: usize,
    /// Whether one of them was connected.
    pub is_present: bool,
    /// Why the last session ended, if one did.
    pub reason: String,
}

impl TrunkBatch {
    pub(crate) fn new(to: Site, trunk: TrunkId) -> Self {
        Self { to, trunk, items: Vec::new(), packets: Vec::new(), bytes: Vec::new() }
    }

    /// The core it is for.
    pub fn to(&self) -> Site {
        self.to
    }

    /// Packets of media in it.
    pub fn packets(&self) -> usize {
        self.packets.len()
    }

    /// Empties it for another trunk, keeping the memory.
    pub(crate) fn reuse(&mut self, to: Site, trunk: TrunkId) {
        (self.to, self.trunk) = (to, trunk);
        self.items.clear();
        self.packets.clear();
        self.bytes.clear();
    }

    /// Whether media still fits.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes.len() < MAX_BYTES
    }

    pub(crate) fn up(&mut self, item: Up) {
        self.items.push(Item::Up(item));
    }

    pub(crate) fn down(&mut self, item: Down) {
        self.items.push(Item::Down(item));
    }

    /// Appends packets of an encoding; such as the ring has no more are left out.
    pub(crate) fn push_packets(
        &mut self,
        (track, layer): (u64, usize),
        pass: Pass,
        ring: &Ring,
        sequences: impl Iterator<Item = u64>,
    ) {
        let before = self.packets.len();
        for (info, payload) in sequences.filter_map(|sequence| ring.get(sequence)) {
            self.packets.push((*info, payload.len() as u32));
            self.bytes.extend_from_slice(payload);
        }
        let count = self.packets.len() - before;
        if count > 0 {
            self.down(Down::Packets { track, layer, pass, count });
        }
    }

    /// What is in it: the items to be taken out in order, and the packets that they name.
    pub(crate) fn unpack(&mut self) -> (std::vec::Drain<'_, Item>, Lot<'_>) {
        let Self { items, packets, bytes, .. } = self;
        (items.drain(..), Lot { packets, bytes })
    }
}

/// The packets of a batch that have not been taken yet.
pub(crate) struct Lot<'a> {
    packets: &'a [(PacketInfo, u32)],
    bytes: &'a [u8],
}

impl<'a> Lot<'a> {
    /// The next so many packets.
    pub fn take(&mut self, count: usize) -> impl Iterator<Item = (&'a PacketInfo, &'a [u8])> + use<'a> {
        let (packets, rest) = self.packets.split_at(count.min(self.packets.len()));
        let len = packets.iter().map(|(_, len)| *len as usize).sum::<usize>();
        let (mut bytes, rest_bytes) = self.bytes.split_at(len.min(self.bytes.len()));
        (self.packets, self.bytes) = (rest, rest_bytes);
        packets.iter().map(move |(info, len)| {
            let (payload, rest) = bytes.split_at((*len as usize).min(bytes.len()));
            bytes = rest;
            (info, payload)
        })
    }
}
