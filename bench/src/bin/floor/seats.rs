//! Who is there, and whose packets go to whom.

use crate::arena::Held;
use rand::Rng as _;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::SocketAddr;
use tongke_bench::target::Place;
use tongke_protocol::MediaKind;
use tongke_transport::rtp::ExtensionMap;
use tongke_transport::webrtc::Session;
use tongke_transport::webrtc::sdp::NegotiatedMedia;

/// Number of a session in [`Seats`]; numbers of the gone are not given again.
pub type SeatId = usize;

/// Where a track's packets go, with what their headers become.
pub struct Route {
    pub to: SeatId,
    pub slot: usize,
    pub ssrc: u32,
    pub payload_type: u8,
    /// Added to the publisher's sequence numbers; none before the first packet.
    pub offset: Option<u16>,
    /// The number behind the last one sealed, where the slot's next source goes on.
    pub next: u16,
}

/// A published section.
pub struct Track {
    pub kind: MediaKind,
    pub payload_type: u8,
    pub extensions: ExtensionMap,
    /// Of the last packet; keyframes are asked of it.
    pub ssrc: u32,
    pub held: Held,
    pub routes: Vec<Route>,
}

/// A subscribed section.
pub struct Slot {
    pub kind: MediaKind,
    pub payload_type: u8,
    pub extensions: ExtensionMap,
    pub ssrc: u32,
    pub next: u16,
    /// Publisher and its track.
    pub source: Option<(SeatId, usize)>,
}

/// A session and what it sends or gets.
pub struct Seat {
    pub place: Place,
    pub session: Session,
    /// Where its media goes, once it is connected.
    pub address: Option<SocketAddr>,
    pub tracks: Vec<Track>,
    pub slots: Vec<Slot>,
}

impl Track {
    /// A published section; none if it was rejected.
    pub fn of(media: &NegotiatedMedia) -> Option<Self> {
        Some(Track {
            kind: media.kind,
            payload_type: media.codecs.first()?.payload_type,
            extensions: media.extensions,
            ssrc: media.ssrc.unwrap_or(0),
            held: Held::default(),
            routes: Vec::new(),
        })
    }
}

impl Slot {
    /// A subscribed section; none if it was rejected.
    pub fn of(media: &NegotiatedMedia) -> Option<Self> {
        Some(Slot {
            kind: media.kind,
            payload_type: media.codecs.first()?.payload_type,
            extensions: media.extensions,
            ssrc: media.ssrc?,
            // Far from the end, so that the peer need not guess how often it wrapped.
            next: rand::rng().random::<u16>() >> 1,
            source: None,
        })
    }
}

/// All sessions.
#[derive(Default)]
pub struct Seats {
    /// A gone session leaves its place empty.
    pub list: Vec<Option<Seat>>,
    pub by_address: HashMap<SocketAddr, SeatId, BuildHasherDefault<AddressHasher>>,
    pub by_ufrag: HashMap<String, SeatId>,
}

impl Seats {
    /// Adds a session that clients name by `ufrag`.
    pub fn add(&mut self, ufrag: String, seat: Seat) {
        self.by_ufrag.insert(ufrag, self.list.len());
        self.list.push(Some(seat));
    }

    /// Gives the free slots of connected subscribers of a lesson to its tracks.
    pub fn connect_lesson(&mut self, lesson: &str) {
        let in_lesson = |id: &SeatId| self.list[*id].as_ref().is_some_and(|seat| seat.place.lesson == lesson);
        let ids: Vec<SeatId> = (0..self.list.len()).filter(in_lesson).collect();
        for &publisher in &ids {
            for &subscriber in ids.iter().filter(|id| **id != publisher) {
                if let Ok([Some(from), Some(to)]) = self.list.get_disjoint_mut([publisher, subscriber])
                    && to.place.gets(&from.place)
                    && to.address.is_some()
                {
                    connect((publisher, from), (subscriber, to));
                }
            }
        }
    }

    /// Forgets a session.
    pub fn remove(&mut self, id: SeatId) {
        let Some(seat) = self.list[id].take() else { return };
        self.by_address.retain(|_, known| *known != id);
        self.by_ufrag.retain(|_, known| *known != id);
        for route in seat.tracks.iter().flat_map(|track| &track.routes) {
            if let Some(slot) = self.list[route.to].as_mut().and_then(|to| to.slots.get_mut(route.slot)) {
                slot.next = route.next;
                slot.source = None;
            }
        }
        for track in self.list.iter_mut().flatten().flat_map(|other| &mut other.tracks) {
            track.routes.retain(|route| route.to != id);
        }
        self.connect_lesson(&seat.place.lesson);
    }
}

fn connect((publisher, from): (SeatId, &mut Seat), (subscriber, to): (SeatId, &mut Seat)) {
    for (at, track) in from.tracks.iter_mut().enumerate() {
        let source = Some((publisher, at));
        if to.slots.iter().any(|slot| slot.source == source) {
            continue;
        }
        // Extensions go on as they came, so a slot that numbers them otherwise cannot take them.
        let fits = |slot: &Slot| {
            slot.source.is_none() && slot.kind == track.kind && slot.extensions == track.extensions
        };
        if let Some(index) = to.slots.iter().position(fits) {
            let slot = &mut to.slots[index];
            slot.source = source;
            track.routes.push(Route {
                to: subscriber,
                slot: index,
                ssrc: slot.ssrc,
                payload_type: slot.payload_type,
                offset: None,
                next: slot.next,
            });
        }
    }
}

/// Mixes the few words of an address; a bench need not fear chosen collisions.
#[derive(Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
