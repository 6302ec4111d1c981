//! What a node receives, counted and timed where it is shown or played.

use super::gaps::Gaps;
use crate::rating::{self, Came};
use crate::record::{Pictures, Played};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tongke_inspection::facts::{Cause, Missing};
use tongke_measure::concealment::Seconds;
use tongke_measure::emodel::opus::Reading;
use tongke_measure::room::RoomMeter;
use tongke_measure::{Concealment, Distribution, FreezeDetector};
use tongke_media::sound::{FRAME_DURATION, SAMPLE_RATE};
use tongke_protocol::facts::{
    ConcealedSeconds, DistributionMs, ReceivedSound, ReceivedTrack, SpeechRating, Stage,
};
use tongke_protocol::{MediaKind, ParticipantId, TrackKind};

/// One participant's track; stays the same through reconnects, of either side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Source {
    pub participant: ParticipantId,
    pub track: TrackKind,
}

/// Counts of one track, cumulative.
#[derive(Debug)]
pub(crate) struct Received {
    pub gaps: Gaps,
    pub bytes: u64,
    /// Pictures decoded, or sounds played.
    pub decoded: u64,
    pub freezes: FreezeDetector,
    pub concealment: Concealment,
    /// What the participant's microphone hears.
    pub room: RoomMeter,
    /// Samples of sound that came from the participant and were played, what was invented left out.
    pub heard_samples: u64,
    pub capture_to_render: Distribution,
    /// The same, lately; for the status line.
    pub recent_delay_ms: Option<f64>,
    /// Greatest error bound of the clocks behind any sample of `capture_to_render`.
    pub clock_bound_us: u64,
    /// Capture to the last packet's arrival: the sender's encoding and sending, and the network.
    pub arrival: Distribution,
    pub buffer: Distribution,
    pub decode: Distribution,
    pub render: Distribution,
    pub markers: Markers,
    pub resolution: Option<(u32, u32)>,
    /// Pictures or sounds that could not be decoded.
    pub broken: u64,
}

/// Time markers found in the decoded pictures.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Markers {
    pub read: u64,
    pub unreadable: u64,
    /// Markers that say another capture moment than the packets' stamp does.
    pub contradicting: u64,
    /// Pictures looked at before any marker was found.
    pub in_vain: u64,
}

impl Default for Received {
    fn default() -> Self {
        Self {
            gaps: Gaps::default(),
            bytes: 0,
            decoded: 0,
            freezes: FreezeDetector::new(),
            concealment: Concealment::new(SAMPLE_RATE),
            room: RoomMeter::new(SAMPLE_RATE),
            heard_samples: 0,
            capture_to_render: Distribution::new(),
            recent_delay_ms: None,
            clock_bound_us: 0,
            arrival: Distribution::new(),
            buffer: Distribution::new(),
            decode: Distribution::new(),
            render: Distribution::new(),
            markers: Markers::default(),
            resolution: None,
            broken: 0,
        }
    }
}

/// One track's counts, shared by the session and the track's decoder thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    counts: Arc<Mutex<Received>>,
    /// For how long the participant's pictures moved, all its tracks together.
    pub moving: Pictures,
}

impl Meter {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Received> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When one picture or sound was where, all on this machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    /// Captured, with the bound of the error, µs; none without both clocks.
    pub captured: Option<(Instant, u64)>,
    pub arrived: Instant,
    pub released: Instant,
    pub decoded: Instant,
    pub rendered: Instant,
}

impl Received {
    /// A packet came, for the first time.
    pub(crate) fn on_packet(&mut self, ext_seq: u64, recovered: bool, bytes: usize) {
        self.gaps.on_packet(ext_seq, recovered);
        self.bytes += bytes as u64;
    }

    /// A picture was shown or a sound played. Returns its delay from capture, in µs.
    pub(crate) fn on_rendered(&mut self, passage: Passage) -> Option<i64> {
        let Passage { captured, arrived, released, decoded, rendered } = passage;
        self.buffer.record(released.saturating_duration_since(arrived));
        self.decode.record(decoded.saturating_duration_since(released));
        self.render.record(rendered.saturating_duration_since(decoded));
        let (captured, bound_us) = captured?;
        let delay_us = us_between(captured, rendered);
        self.clock_bound_us = self.clock_bound_us.max(bound_us);
        self.capture_to_render.record_us(delay_us);
        let delay_ms = delay_us as f64 / 1000.0;
        self.recent_delay_ms =
            Some(self.recent_delay_ms.map_or(delay_ms, |recent| recent + (delay_ms - recent) / 16.0));
        self.arrival.record_us(us_between(captured, arrived));
        Some(delay_us)
    }

    fn stages(&self) -> Vec<Stage> {
        let bound_ms = Some(self.clock_bound_us as f64 / 1000.0);
        [
            ("arrival", &self.arrival, bound_ms),
            ("buffer", &self.buffer, None),
            ("decode", &self.decode, None),
            ("render", &self.render, None),
        ]
        .into_iter()
        .filter_map(|(stage, ms, bound_ms)| {
            ms.summary(bound_ms).map(|ms| Stage { stage: stage.to_owned(), ms })
        })
        .collect()
    }

    fn capture_to_render_ms(&self) -> Option<DistributionMs> {
        self.capture_to_render.summary(Some(self.clock_bound_us as f64 / 1000.0))
    }

    fn facts(&self, source: &Source) -> ReceivedTrack {
        let picture = source.track.media() == MediaKind::Video;
        let totals = self.gaps.totals();
        ReceivedTrack {
            from: source.participant.clone(),
            track: source.track,
            packets: totals.received,
            lost_before_repair: totals.missing + totals.recovered,
            lost_after_repair: totals.missing,
            frames_decoded: self.decoded,
            freezes: if picture { self.freezes.freezes() } else { 0 },
            freeze_ms: if picture { self.freezes.total().as_secs_f64() * 1000.0 } else { 0.0 },
            concealed_ratio: if picture { None } else { self.concealment.ratio() },
            capture_to_render_ms: self.capture_to_render_ms(),
            markers_read: self.markers.read,
            markers_unreadable: self.markers.unreadable,
            stages: self.stages(),
            resolution: self.resolution,
            sound: (!picture).then(|| self.sound()),
        }
    }

    fn sound(&self) -> ReceivedSound {
        let Seconds { unimpaired, concealed, severely_concealed } = self.concealment.seconds();
        let packets = self.gaps.totals().received;
        let bitrate_bps =
            (packets > 0).then(|| self.bytes as f64 * 8.0 / (packets as f64 * FRAME_DURATION.as_secs_f64()));
        ReceivedSound {
            seconds: ConcealedSeconds { unimpaired, concealed, severely_concealed },
            bitrate_bps,
            rating: self.rating(packets, bitrate_bps.unwrap_or(0.0)),
        }
    }

    fn rating(&self, packets: u64, bitrate_bps: f64) -> SpeechRating {
        let Some(delay_ms) = self.capture_to_render.quantile_ms(0.5) else {
            return SpeechRating::Unrated("the delay is not known".to_owned());
        };
        let (loss, room) = (rating::loss(&self.concealment), self.room.facts());
        let came = Came { delay_ms: delay_ms.max(0.0), loss, kbps: bitrate_bps / 1e3, packets, room };
        match came.fullband() {
            Ok((estimate, opus)) => SpeechRating::Fullband {
                of_hundred: rating::of_hundred(&estimate),
                bound: matches!(opus.reading, Reading::PessimisticBound { .. }),
            },
            Err(Missing { cause: Cause::MicrophoneMuted, .. }) => SpeechRating::Muted,
            Err(Missing { detail: Some(why), .. }) => SpeechRating::Unrated(why.to_string()),
            Err(_) => SpeechRating::Unrated("too little sound was heard".to_owned()),
        }
    }
}

fn us_between(from: Instant, to: Instant) -> i64 {
    match to.checked_duration_since(from) {
        Some(later) => later.as_micros() as i64,
        None => -((from - to).as_micros() as i64),
    }
}

/// The meters of all tracks ever received.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    of_tracks: BTreeMap<Source, Meter>,
    moving: BTreeMap<ParticipantId, Pictures>,
}

impl Meters {
    /// The meter of a track: the same one whenever it comes back.
    pub(crate) fn of(&mut self, source: &Source) -> Meter {
        if let Some(known) = self.of_tracks.get(source) {
            return known.clone();
        }
        let moving = self.moving.entry(source.participant.clone()).or_default().clone();
        let meter = Meter { counts: Arc::default(), moving };
        self.of_tracks.insert(source.clone(), meter.clone());
        meter
    }

    /// All meters, by participant and track.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Source, &Meter)> {
        self.of_tracks.iter()
    }

    /// For how long each participant was heard and seen.
    pub(crate) fn played(&self) -> BTreeMap<ParticipantId, Played> {
        let seen = |moving: &Pictures| Played { sound: Duration::ZERO, pictures: moving.total() };
        let mut played: BTreeMap<ParticipantId, Played> =
            self.moving.iter().map(|(participant, moving)| (participant.clone(), seen(moving))).collect();
        for (source, meter) in &self.of_tracks {
            let heard = meter.lock().heard_samples as f64 / f64::from(SAMPLE_RATE);
            played.entry(source.participant.clone()).or_default().sound += Duration::from_secs_f64(heard);
        }
        played
    }

    /// The facts about what was received.
    pub(crate) fn facts(&self) -> Vec<ReceivedTrack> {
        self.of_tracks.iter().map(|(source, meter)| meter.lock().facts(source)).collect()
    }

    /// What is odd about it, for people.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (source, meter) in &self.of_tracks {
            let received = meter.lock();
            let name = format!("{} of {}", source.track, source.participant);
            if received.decoded > 0 && received.capture_to_render.n() == 0 {
                notes.push(format!(
                    "{name}: no delay, the clocks were not both measured or nothing was stamped"
                ));
            }
            if received.markers.contradicting > 0 {
                let count = received.markers.contradicting;
                notes.push(format!("{name}: {count} time markers contradict the packets' stamps"));
            }
            if received.broken > 0 {
                notes.push(format!("{name}: {} could not be decoded", received.broken));
            }
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_that_comes_back_goes_on_in_the_same_entry() {
        let mut meters = Meters::default();
        let source = Source { participant: "a".parse().unwrap(), track: TrackKind::Camera };
        meters.of(&source).lock().decoded += 2;
        meters.of(&source).lock().decoded += 3;
        let facts = meters.facts();
        assert_eq!((facts.len(), facts[0].frames_decoded), (1, 5));
    }

    #[test]
    fn a_participant_is_seen_by_camera_and_courseware_together() {
        let mut meters = Meters::default();
        let source = |track| Source { participant: "a".parse().unwrap(), track };
        let tracks = [TrackKind::Camera, TrackKind::Screen].map(|track| meters.of(&source(track)));
        meters.of(&source(TrackKind::Microphone)).lock().heard_samples += 48_000;
        let start = Instant::now();
        for at in 0..10 {
            let at_ms = 400 * at;
            tracks[at as usize % 2].moving.on_picture(start + Duration::from_millis(at_ms));
        }
        let played = meters.played();
        let expected = Played { sound: Duration::from_secs(1), pictures: Duration::from_millis(3_600) };
        assert_eq!(played.into_values().collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn the_stages_add_up_to_the_whole_way() {
        let mut received = Received::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let passage = Passage {
            captured: Some((start, 300)),
            arrived: at(12),
            released: at(20),
            decoded: at(23),
            rendered: at(24),
        };
        assert_eq!(received.on_rendered(passage), Some(24_000));
        let stages: f64 = received.stages().iter().map(|stage| stage.ms.p50).sum();
        let whole = received.capture_to_render_ms().unwrap();
        assert!((stages - whole.p50).abs() < 0.1);
        assert_eq!(whole.clock_bound_ms, Some(0.3));
    }
}
