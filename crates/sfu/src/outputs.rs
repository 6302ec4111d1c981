//! What the core wants sent and told. The shell drains it after every call and clears it.

use crate::LegId;
use crate::cascade::{Site, TrunkBatch, TrunkId};
use std::ops::Range;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::record::LessonFact;
use tongke_protocol::{LessonId, ParticipantId};
use tongke_transport::webrtc::Path;

/// Most bytes that wait for the shell. Beyond it media is dropped and counted as `outputs_full`:
/// the shell has not drained for a whole batch of input, so what waits is late already.
pub const MAX_ARENA_BYTES: usize = 16 * 1024 * 1024;

/// So much is worth a call of the [`Carrier`]: some forty packets, a few dozen microseconds of sealing.
const CARRIED_BYTES: usize = 48 * 1024;

/// Most empty batches for trunks that are kept to be used again.
const MAX_SPARE: usize = 16;

/// One send of the shell: a single datagram, or a run of datagrams of equal size (the last may be
/// shorter) to the same place, which UDP GSO takes in one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Where to. On [`Path::Tcp`] each segment is framed by the shell (RFC 4571).
    pub path: Path,
    /// Where its bytes lie in [`Outputs::arena`].
    pub range: Range<usize>,
    /// Size of each datagram of a run; none: the range is one datagram.
    pub segment_size: Option<usize>,
}

impl Transmit {
    /// The datagrams one by one.
    pub fn segments<'a>(&self, arena: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = &arena[self.range.clone()];
        bytes.chunks(self.segment_size.unwrap_or(bytes.len()).max(1))
    }
}

/// One QUIC datagram: flow identifier and packet. What fits no DATAGRAM frame goes on a
/// unidirectional stream instead; that is the shell's to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuicTransmit {
    /// Over whose connection.
    pub leg: LegId,
    /// Where its bytes lie in [`Outputs::arena`].
    pub range: Range<usize>,
}

/// Takes sends off the core's hands while it is still at work.
///
/// A packet to a hundred receivers is sealed a hundred times. The first of them need not wait for the
/// last, and bytes that were just written are still in the processor's cache.
pub trait Carrier {
    /// Sends these, in order. Their ranges lie in `arena`.
    fn carry(&mut self, arena: &[u8], udp: &[Transmit], quic: &[QuicTransmit]);
}

/// Who hears an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everyone who listens to the lesson: all its QUIC legs and all its event streams.
    Lesson(LessonId),
    /// The event streams of one participant (over HTTP).
    Participant(LessonId, ParticipantId),
    /// The event streams of a lesson's classrooms (over HTTP): nobody who only looks on.
    Classrooms(LessonId),
    /// One QUIC leg.
    Leg(LegId),
}

/// An event and who hears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressedEvent {
    /// Who hears it.
    pub to: Audience,
    /// What happened.
    pub event: LessonEvent,
}

/// A leg that is gone: the shell closes its connection, if it has one, and forgets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedLeg {
    /// Which.
    pub leg: LegId,
    /// Why, in words.
    pub reason: String,
}

/// What the core wants sent and told since the last [`clear`](Outputs::clear).
///
/// Bounded by [`MAX_ARENA_BYTES`], and each trunk's lot likewise; events and facts are bounded by what one input can cause.
#[derive(Debug, Default)]
pub struct Outputs {
    /// The bytes of all datagrams.
    pub arena: Vec<u8>,
    /// Datagrams for UDP and TCP, in order.
    pub udp: Vec<Transmit>,
    /// Datagrams for QUIC connections, in order.
    pub quic: Vec<QuicTransmit>,
    /// Events, in order.
    pub events: Vec<AddressedEvent>,
    /// Legs that ended.
    pub closed: Vec<ClosedLeg>,
    /// What is to be written down, in order.
    pub facts: Vec<LessonFact>,
    /// For other cores, at most one for each trunk.
    pub trunk: Vec<TrunkBatch>,
    /// Lessons whose event streams must be told everything again.
    pub greet: Vec<LessonId>,
    /// How many of `events` were passed on to branches.
    pub(crate) shared_events: usize,
    /// Bounded by [`MAX_SPARE`].
    spare: Vec<TrunkBatch>,
}

impl Outputs {
    /// Whether there is nothing to drain.
    pub fn is_empty(&self) -> bool {
        self.udp.is_empty()
            && self.quic.is_empty()
            && self.events.is_empty()
            && self.closed.is_empty()
            && self.facts.is_empty()
            && self.trunk.is_empty()
            && self.greet.is_empty()
    }

    /// Forgets all, keeping the memory for the next batch.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.udp.clear();
        self.quic.clear();
        self.events.clear();
        self.closed.clear();
        self.facts.clear();
        self.greet.clear();
        self.shared_events = 0;
        while let Some(batch) = self.trunk.pop() {
            self.recycle(batch);
        }
    }

    /// Takes a batch back whose content is of no use any more: its memory is used again.
    pub fn recycle(&mut self, batch: TrunkBatch) {
        if self.spare.len() < MAX_SPARE {
            self.spare.push(batch);
        }
    }

    /// What waits for this trunk, to be added to.
    pub(crate) fn trunk(&mut self, to: Site, trunk: TrunkId) -> &mut TrunkBatch {
        let at = match self.trunk.iter().position(|batch| batch.trunk == trunk) {
            Some(at) => at,
            None => {
                let mut batch = self.spare.pop().unwrap_or_else(|| TrunkBatch::new(to, trunk));
                batch.reuse(to, trunk);
                self.trunk.push(batch);
                self.trunk.len() - 1
            }
        };
        &mut self.trunk[at]
    }

    /// Has everything sent that waits, if it is enough to be worth a while.
    pub(crate) fn relieve(&mut self, carrier: Option<&mut (dyn Carrier + 'static)>) {
        if let Some(carrier) = carrier
            && self.arena.len() >= CARRIED_BYTES
        {
            carrier.carry(&self.arena, &self.udp, &self.quic);
            self.arena.clear();
            self.udp.clear();
            self.quic.clear();
        }
    }

    /// Whether media may still be added.
    pub(crate) fn has_room(&self) -> bool {
        self.arena.len() < MAX_ARENA_BYTES
    }

    pub(crate) fn tell_lesson(&mut self, lesson: &LessonId, event: LessonEvent) {
        self.events.push(AddressedEvent { to: Audience::Lesson(lesson.clone()), event });
    }

    pub(crate) fn tell_leg(&mut self, leg: LegId, event: LessonEvent) {
        self.events.push(AddressedEvent { to: Audience::Leg(leg), event });
    }
}
