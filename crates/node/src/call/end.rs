//! One end's measuring: it takes what is tapped of the node, and gives what it says of the way towards here.
//!
//! Nothing counts before both picture and sound of the other end were there, nor after the call's time.

use super::double_talk::{self, Talker};
use super::echoes::{self, FarEcho};
use super::findings::{Told, missing, missing_as};
use super::likeness::{Drawn, Likeness};
use super::lips;
use super::optical::{Equipment, Optical};
use super::pictures::Pictures;
use super::recording::Recording;
use super::scores::{self, Connection};
use super::sounds::Sounds;
use super::speech::Speech;
use super::times::Times;
use super::turns::Turns;
use super::way;
use crate::rating::Came;
use crate::receive::{SeenClock, Tapped, TappedPicture, TappedSound};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Missing, Remark, RemarkCode, Way};
use tongke_measure::chirp::Detection;
use tongke_measure::evidence::LossShare;
use tongke_protocol::{ParticipantId, TrackKind};

/// Whoever has sent one of picture and sound for so long sends no other.
const HALF: Duration = Duration::from_secs(4);
/// Own room's recordings of the other's sweeps kept: an hour of turns.
const TURNS: usize = 400;
/// What a room's air and microphone add to the longest way that is looked for.
const IN_THE_AIR: Duration = Duration::from_millis(200);

/// What an end is told of itself.
pub(super) struct Plan {
    pub with: ParticipantId,
    pub seconds: u32,
    /// Whether this room's own microphone and loudspeaker take part, or why not.
    pub room: Result<(), Missing>,
    /// What the other end's encoder is told, as far as this one's own says that, kbit/s.
    pub kbps: f64,
    pub told: Told,
    pub drawn: Drawn,
    /// Where screens are filmed: what this end has for that.
    pub filming: Option<Equipment>,
}

impl Plan {
    /// As which track the other end sends the scene with its markers: where screens are filmed, it is its screen.
    fn scene(&self) -> TrackKind {
        if self.filming.is_some() { TrackKind::Screen } else { TrackKind::Camera }
    }
}

/// What a call says of the way towards here, and of the way from here.
const TOWARDS_HERE: [Quantity; 17] = [
    Quantity::GlassToGlass,
    Quantity::MouthToEar,
    Quantity::LipSync,
    Quantity::MarkerDecode,
    Quantity::AudioLoss,
    Quantity::ConcealedSeconds,
    Quantity::SeverelyConcealedSeconds,
    Quantity::SpeechRatingFb,
    Quantity::SpeechMosFb,
    Quantity::SpeechMosWb,
    Quantity::SpeechMosNb,
    Quantity::SpeechVisqol,
    Quantity::FreezeShare,
    Quantity::Freezes,
    Quantity::VideoFps,
    Quantity::Ssim,
    Quantity::Resolution,
];
const FROM_HERE: [Quantity; 5] = [
    Quantity::EchoIdte,
    Quantity::Telr,
    Quantity::EchoDelay,
    Quantity::DoubleTalkAttenuation,
    Quantity::DoubleTalk,
];

/// What is known only when the call is over.
pub(super) struct Afterwards {
    /// Of the other end's sound, after repair.
    pub packets: LossShare,
    /// What the other end had to send.
    pub tracks: Vec<TrackKind>,
    pub clock: SeenClock,
    /// What was tapped and not taken in time.
    pub missed: u64,
}

impl Afterwards {
    /// Why nothing came of a track. An end that had one thing to send and not the other has no device for that; of one
    /// that had neither it is not known.
    fn why_none(&self, track: TrackKind) -> Missing {
        if self.tracks.is_empty() || self.tracks.contains(&track) {
            return missing(Cause::NoPackets);
        }
        let none = match track {
            TrackKind::Microphone => RemarkCode::OtherEndWithoutMicrophone,
            TrackKind::Camera | TrackKind::Screen => RemarkCode::OtherEndWithoutCamera,
        };
        missing_as(Cause::NoDevice, none)
    }
}

/// Measures until the node lets go of the tap.
pub(super) struct End {
    plan: Plan,
    /// Its begin is the call's, once that has begun.
    times: Times,
    began: watch::Sender<Option<Instant>>,
    picture: Option<Instant>,
    sound: Option<Instant>,
    seen: Option<Seen>,
}

/// What is seen and heard since the begin.
struct Seen {
    pictures: Pictures,
    sounds: Sounds,
    room: Room,
    optical: Optical,
}

/// This end's own room: its microphone hears the other end's sweeps from its loudspeaker, and whoever talks there.
struct Room {
    recording: Recording,
    turns: Turns,
    ways: Vec<Detection>,
    talker: Talker,
}

impl End {
    pub(super) fn new(plan: Plan, times: Times, began: watch::Sender<Option<Instant>>) -> Self {
        Self { plan, times, began, picture: None, sound: None, seen: None }
    }

    /// Takes all there is. Blocks: it belongs into a thread of its own.
    pub(super) fn run(mut self, tapped: &Receiver<Tapped>) -> Self {
        for what in tapped {
            self.take(what);
        }
        self
    }

    pub(super) fn take(&mut self, what: Tapped) {
        match what {
            Tapped::Picture(picture) => self.on_picture(&picture),
            Tapped::Sound(sound) => self.on_sound(&sound),
            Tapped::Heard(frame) => {
                let at = frame.captured;
                if self.plan.room.is_err() || !self.counts(at) {
                    return;
                }
                let Some(seen) = &mut self.seen else { return };
                seen.room.hear(&self.times, at, &mono(&frame.samples, frame.channels));
            }
            Tapped::Captured(track, captured) => {
                if let Some(seen) = &mut self.seen {
                    seen.optical.on_captured(&self.times, &self.plan, track, captured);
                }
            }
        }
    }

    fn on_picture(&mut self, picture: &TappedPicture) {
        if picture.source.participant != self.plan.with {
            return;
        }
        if self.plan.filming.is_some()
            && let Some(seen) = &mut self.seen
        {
            seen.optical.on_picture(&self.times, &self.plan, picture);
        }
        if picture.source.track != self.plan.scene() {
            return;
        }
        self.picture.get_or_insert(picture.at);
        self.begin(picture.at);
        if let Some(seen) = self.seen.as_mut().filter(|_| within(&self.times, &self.plan, picture.at)) {
            seen.pictures.on_picture(&self.times, picture);
        }
    }

    fn on_sound(&mut self, sound: &TappedSound) {
        if sound.from != self.plan.with {
            return;
        }
        self.sound.get_or_insert(sound.heard);
        self.begin(sound.heard);
        if let Some(seen) = self.seen.as_mut().filter(|_| within(&self.times, &self.plan, sound.heard)) {
            if self.plan.room.is_ok() {
                seen.room.talker.on_played(sound.heard, &mono(&sound.samples, sound.channels));
            }
            seen.sounds.on_sound(&self.times, sound);
        }
    }

    fn counts(&self, at: Instant) -> bool {
        self.seen.is_some() && within(&self.times, &self.plan, at)
    }

    /// Begins, if the other end is there.
    fn begin(&mut self, now: Instant) {
        let first = [self.picture, self.sound].into_iter().flatten().min();
        let both = self.picture.is_some() && self.sound.is_some();
        let alone = first.is_some_and(|first| now.saturating_duration_since(first) >= HALF);
        // The program goes by the relay's clock.
        if self.seen.is_some() || !(both || alone) || self.times.relay.ahead_us().is_none() {
            return;
        }
        self.times.begin = now;
        match Likeness::start(self.plan.drawn) {
            Ok(likeness) => {
                self.seen = Some(Seen {
                    pictures: Pictures::new(likeness),
                    sounds: Sounds::new(&self.times, Speech::new(self.plan.drawn)),
                    room: Room::new(&self.times),
                    optical: Optical::default(),
                });
                self.began.send_replace(Some(now));
            }
            Err(error) => tracing::error!(%error, "no thread to compare pictures: nothing is measured"),
        }
    }

    /// What was measured, and what else is to be said.
    pub(super) fn findings(self, afterwards: &Afterwards) -> (Vec<Finding>, Vec<Remark>) {
        let Plan { told, seconds, .. } = &self.plan;
        let Some(seen) = self.seen else {
            return (all_missing(told), vec![RemarkCode::OtherEndNeverCame.into()]);
        };
        let steps = afterwards.clock.steps;
        let room = self.plan.room.clone();
        let far_echo = room.clone().and_then(|()| echoes::of(seen.sounds.echoes()));
        let talker = |()| seen.room.talker.finish(&seen.room.recording).map_err(double_talk::why);
        let attenuation = room.clone().and_then(talker);
        let no_picture = afterwards.why_none(self.plan.scene());
        let sound_fault = seen.sounds.fault(&afterwards.why_none(TrackKind::Microphone));
        let one_way_ms = seen.sounds.mouth_to_ear_ms();
        let mut all = seen.sounds.findings(afterwards.packets, steps, sound_fault.as_ref(), told);
        let fault = seen.pictures.fault(&no_picture).or_else(|| sound_fault.clone());
        all.push(told.finding(
            Quantity::LipSync,
            match fault {
                Some(fault) => Err(fault),
                None => lips::sync(&self.times, seen.pictures.flashes(), seen.sounds.beeps(), told),
            },
        ));
        let connection = Connection {
            sound: Came {
                delay_ms: one_way_ms.unwrap_or(0.0),
                loss: seen.sounds.heard_loss(),
                kbps: self.plan.kbps,
                packets: afterwards.packets.n - afterwards.packets.lost,
                room: seen.sounds.room(),
            },
            telr: far_echo.as_ref().ok().map(FarEcho::telr),
        };
        all.extend(match (&sound_fault, one_way_ms) {
            (Some(fault), _) => scores::all_missing(fault, told),
            (None, None) => {
                scores::all_missing(&missing_as(Cause::SignalUnreadable, RemarkCode::DelayUnknown), told)
            }
            (None, Some(_)) => connection.findings(u64::from(*seconds), told),
        });
        let fault = room.err().or_else(|| sound_fault.clone());
        let bound_ms = seen.sounds.clock_bound_ms();
        all.push(way::through_the_air(&seen.room.ways, fault, bound_ms, told));
        all.push(seen.sounds.speech(sound_fault.as_ref(), told));
        all.extend(seen.pictures.findings(f64::from(*seconds), steps, &no_picture, told));
        all.extend(self.plan.filming.iter().flat_map(|with| seen.optical.findings(with, steps, told)));
        let outwards = Told { way: told.way.map(|_| Way::AToB), ..told.clone() };
        all.extend(echoes::findings(far_echo.as_ref().map_err(Clone::clone), one_way_ms, &outwards));
        all.extend(double_talk::findings(attenuation, &outwards));
        (all, notes(afterwards))
    }
}

impl Room {
    fn new(times: &Times) -> Self {
        Self {
            recording: Recording::new(times.begin),
            turns: Turns::of_sweeps(times.side.other()),
            ways: Vec::new(),
            talker: Talker::new(times.begin),
        }
    }

    fn hear(&mut self, times: &Times, at: Instant, samples: &[f32]) {
        self.recording.push(at, samples);
        while let Some(turn) = self.turns.next(times, &self.recording, IN_THE_AIR) {
            match turn.way(times) {
                Ok(way) if self.ways.len() < TURNS => self.ways.push(way),
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "a turn without a sweep to look for"),
            }
        }
        self.talker.listen(&self.recording);
    }
}

/// The first channel of samples, −1 to 1.
fn mono(samples: &[i16], channels: u8) -> Vec<f32> {
    samples.chunks_exact(usize::from(channels).max(1)).map(|of| f32::from(of[0]) / 32_768.0).collect()
}

/// Whether a moment is one of the call.
pub(super) fn within(times: &Times, plan: &Plan, at: Instant) -> bool {
    at >= times.begin && times.at_s(at) < f64::from(plan.seconds)
}

/// The findings of a call that did not come about.
fn all_missing(told: &Told) -> Vec<Finding> {
    let outwards = Told { way: told.way.map(|_| Way::AToB), ..told.clone() };
    let why = || missing_as(Cause::NoPackets, RemarkCode::NothingOfOtherEnd);
    let towards = TOWARDS_HERE.iter().map(|quantity| told.finding(*quantity, Err(why())));
    towards.chain(FROM_HERE.iter().map(|quantity| outwards.finding(*quantity, Err(why())))).collect()
}

fn notes(afterwards: &Afterwards) -> Vec<Remark> {
    let busy = Remark::of(RemarkCode::NotMeasuredBusy).with("count", afterwards.missed);
    (afterwards.missed > 0).then_some(busy).into_iter().collect()
}
