//! A published track: whose it is, its encodings, and who gets it.

use crate::encoding::Encoding;
use crate::layers::{MAX_LAYERS, Shown, choose};
use crate::ring::Ring;
use std::time::{Duration, Instant};
use tongke_protocol::control::Codec;
use tongke_protocol::event::TrackInfo;
use tongke_protocol::{MediaKind, TrackKind};

/// Oldest keyframe that a late joiner begins with.
pub(crate) const MAX_REPLAY_AGE: Duration = Duration::from_secs(2);
/// Oldest keyframe that a receiver goes over to another encoding with: the past is not shown twice.
pub(crate) const MAX_SWITCH_AGE: Duration = Duration::from_millis(300);
/// Taken as the rest of a handshake: a keyframe that is too old by then is not counted on.
pub(crate) const HANDSHAKE_ALLOWANCE: Duration = Duration::from_millis(300);
/// Longest run of packets that a late joiner gets at once: half a second of 2.5 Mbit/s. It comes as one
/// burst, and an ordinary receive buffer (208 KiB) holds few more; behind it a new keyframe is cheaper.
pub(crate) const MAX_REPLAY_PACKETS: u64 = 128;
/// Packets of a replay that a handshake's time may still add, and that are not counted on before it.
pub(crate) const HANDSHAKE_PACKETS: u64 = 64;

/// One encoding of a track on its way to a receiver.
#[derive(Clone, Copy)]
pub(crate) struct Feed<'a> {
    pub ring: &'a Ring,
    /// Which encoding of its track.
    pub layer: usize,
    /// What makes timestamps of encodings comparable, see [`Encoding::clock_shift`]; by layer.
    pub clocks: &'a Clocks,
}

/// By layer.
pub(crate) type Clocks = [Option<u32>; MAX_LAYERS];

/// One published track.
pub(crate) struct Track {
    /// Number of the participant, see `Participant::number`.
    pub owner: u64,
    pub leg: u64,
    pub kind: TrackKind,
    pub codec: Codec,
    /// In the order in which they came; at least one, at most [`MAX_LAYERS`].
    pub encodings: Vec<Encoding>,
    pub clocks: Clocks,
    /// Whether the publisher answers NACK.
    pub asks_again: bool,
    /// Whether the publisher answers PLI.
    pub asks_keyframes: bool,
    /// A microphone that is not to be heard: its packets are kept, but not forwarded.
    pub is_silent: bool,
    /// Who gets it: leg and index of the slot.
    pub subscribers: Vec<(u64, usize)>,
}

/// What distinguishes a new track.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub owner: u64,
    pub leg: u64,
    pub kind: TrackKind,
    pub codec: Codec,
    pub asks_again: bool,
    pub asks_keyframes: bool,
}

impl Track {
    /// A track with its first encoding.
    pub fn new(origin: Origin, first: Encoding) -> Self {
        Self {
            owner: origin.owner,
            leg: origin.leg,
            kind: origin.kind,
            codec: origin.codec,
            encodings: vec![first],
            clocks: Clocks::default(),
            asks_again: origin.asks_again,
            asks_keyframes: origin.asks_keyframes,
            is_silent: false,
            subscribers: Vec::new(),
        }
    }

    pub fn info(&self) -> TrackInfo {
        TrackInfo { kind: self.kind, codec: self.codec }
    }

    pub fn media(&self) -> MediaKind {
        self.kind.media()
    }

    /// The encoding at a place of the publisher's list.
    pub fn layer_of_rank(&self, rank: usize) -> Option<usize> {
        self.encodings.iter().position(|encoding| encoding.rank == rank)
    }

    /// An encoding's way to receivers.
    pub fn feed(&self, layer: usize) -> Option<Feed<'_>> {
        let encoding = self.encodings.get(layer)?;
        Some(Feed { ring: &encoding.ring, layer, clocks: &self.clocks })
    }

    /// The encoding for a receiver that shows the track so large and gets `current` now.
    pub fn choose(&self, shown: Shown, current: Option<usize>) -> Option<usize> {
        if self.media() == MediaKind::Audio {
            return Some(0);
        }
        let mut layers = [self.encodings.first()?.layer(); MAX_LAYERS];
        for (layer, encoding) in layers.iter_mut().zip(&self.encodings) {
            *layer = encoding.layer();
        }
        choose(&layers[..self.encodings.len().min(MAX_LAYERS)], shown, current)
    }

    /// Notes which encodings do not come any more. Where none comes, the track is silent as a whole.
    pub fn note_silence(&mut self) {
        for other in 0..self.encodings.len() {
            let life = self.encodings[other].life();
            self.encodings.iter_mut().for_each(|encoding| encoding.note_other(life));
        }
    }

    /// Whether another encoding may fit somebody better since the last call.
    pub fn take_change(&mut self) -> bool {
        let changed = self.encodings.iter_mut().filter_map(|it| it.take_change().then_some(())).count();
        changed > 0 && self.encodings.len() > 1
    }

    /// Notes that an encoding's sender report came, or is void.
    pub fn set_clock(&mut self, layer: usize) {
        let shift = self.encodings.get(layer).and_then(Encoding::clock_shift);
        if let Some(clock) = self.clocks.get_mut(layer) {
            *clock = shift;
        }
    }

    /// The first of the moments at which a request is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = |encoding: &Encoding| {
            let nack = encoding.nack.poll_timeout().filter(|_| self.asks_again);
            [nack, encoding.keyframes.poll_timeout()].into_iter().flatten().min()
        };
        self.encodings.iter().filter_map(due).min()
    }
}
