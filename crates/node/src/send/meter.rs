//! What a node sends, counted where it leaves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tongke_measure::Distribution;
use tongke_protocol::TrackKind;
use tongke_protocol::facts::{SentTrack, Stage};

/// Counts of one track, cumulative.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Where it comes from and how it is handled.
    pub source: String,
    pub frames: u64,
    pub packets: u64,
    pub bytes: u64,
    pub retransmitted: u64,
    /// Pictures that a newer one replaced before they were encoded.
    pub replaced: u64,
    /// Pictures, or sounds, that the link had no room for.
    pub refused: u64,
    /// Pictures that the source itself dropped, or the encoder's rate control.
    pub left_out: u64,
    pub encode: Distribution,
    pub hand_over: Distribution,
}

/// One track's counts, shared by its threads and the session. Locked once per picture or sound.
#[derive(Debug, Clone, Default)]
pub(crate) struct SentMeter(Arc<Mutex<Sent>>);

impl SentMeter {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A picture or sound went to the link.
    pub(super) fn on_sent(&self, packets: u64, bytes: u64, captured: Instant, encoded: Instant) {
        let now = Instant::now();
        let mut sent = self.lock();
        sent.frames += 1;
        sent.packets += packets;
        sent.bytes += bytes;
        sent.encode.record(encoded.saturating_duration_since(captured));
        sent.hand_over.record(now.saturating_duration_since(encoded));
    }

    /// The facts about this track.
    pub(crate) fn facts(&self, track: TrackKind) -> SentTrack {
        let sent = self.lock();
        let stage =
            |name: &str, ms: &Distribution| ms.summary(None).map(|ms| Stage { stage: name.to_owned(), ms });
        SentTrack {
            track,
            source: sent.source.clone(),
            frames: sent.frames,
            packets: sent.packets,
            retransmitted: sent.retransmitted,
            dropped: sent.replaced + sent.refused + sent.left_out,
            stages: [stage("encode", &sent.encode), stage("send", &sent.hand_over)]
                .into_iter()
                .flatten()
                .collect(),
        }
    }
}
