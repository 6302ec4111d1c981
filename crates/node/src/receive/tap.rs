//! What a measured call sees of a node: what it shows, plays and hears, as it happens.
//!
//! Nothing waits for whoever measures: what it does not take in time is counted and gone.

use super::meter::Source;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tongke_media::capture::video::Captured;
use tongke_media::{Picture, SoundFrame};
use tongke_protocol::event::ClockReport;
use tongke_protocol::{ParticipantId, TrackKind, WallTime};

/// Pictures and sounds that wait for the measuring thread: half a second of both, where screens are filmed too. A
/// picture of 720p has 1.4 MB.
const QUEUE: usize = 96;

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Tapped {
    /// A picture was decoded.
    Picture(TappedPicture),
    /// A piece of sound goes to the loudspeaker.
    Sound(TappedSound),
    /// The microphone gave this, before anything was added to it.
    Heard(SoundFrame),
    /// A source of this node's own pictures gave this, before it is encoded; where screens are filmed only.
    Captured(TrackKind, Captured),
}

/// A decoded picture.
#[derive(Debug)]
pub(crate) struct TappedPicture {
    pub source: Source,
    /// The name shown with it.
    pub name: String,
    pub picture: Picture,
    /// The capture moment as the sender stamped it, on its clock, and the same moment on this one with its bound, µs.
    pub stamped: Option<(WallTime, Instant, u64)>,
    pub at: Instant,
    /// Whether it is shown: a newer one may be due already.
    pub shown: bool,
}

/// A piece of sound of one participant.
#[derive(Debug)]
pub(crate) struct TappedSound {
    pub from: ParticipantId,
    /// 48 kHz, interleaved.
    pub samples: Vec<i16>,
    pub channels: u8,
    /// When its first sample is heard, as far as this program can tell.
    pub heard: Instant,
    pub kind: PieceKind,
    /// How long after its capture it is heard, µs, with the clocks' bound, µs; none: not known.
    pub delay_us: Option<(i64, u64)>,
}

/// Where a piece of sound comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// From its sender.
    Received,
    /// Invented in place of what is missing.
    Concealed,
    /// Put in to wait longer: nothing is missing.
    Stretched,
    /// Nothing is there to be played.
    Silence,
}

/// Where it is handed over. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Tap {
    to: SyncSender<Tapped>,
    missed: Arc<AtomicU64>,
    clock: Arc<Mutex<SeenClock>>,
}

/// How this machine's clock stands to the relay's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SeenClock {
    pub report: Option<ClockReport>,
    /// How often it was set meanwhile.
    pub steps: u64,
}

impl Tap {
    pub(crate) fn new() -> (Tap, Receiver<Tapped>) {
        let (to, from) = sync_channel(QUEUE);
        (Tap { to, missed: Arc::default(), clock: Arc::default() }, from)
    }

    /// Never waits.
    pub(crate) fn tell(&self, what: Tapped) {
        if self.to.try_send(what).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What nobody took in time.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    pub(crate) fn note_clock(&self, seen: SeenClock) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    pub(crate) fn clock(&self) -> SeenClock {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
