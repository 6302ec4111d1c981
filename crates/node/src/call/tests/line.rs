//! A far end that is drawn and spoken here, and a line to this end without a network, in virtual time.

use super::super::end::{Afterwards, End, Plan};
use super::super::findings::{Told, missing_as};
use super::super::likeness::Drawn;
use super::super::times::Times;
use crate::clock::MachineClock;
use crate::receive::{PieceKind, SeenClock, Source, Tapped, TappedPicture, TappedSound};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Missing, Outcome, Scope, Way};
use tongke_measure::evidence::LossShare;
use tongke_media::capture::Identity;
use tongke_media::capture::video::Scene;
use tongke_media::program::{Program, ProgramSound, RelayClock, Side};
use tongke_media::sound::{FRAME_DURATION, FRAME_SAMPLES};
use tongke_media::{Picture, SoundFrame, VideoFormat};
use tongke_protocol::event::ClockReport;
use tongke_protocol::{Now, ParticipantId, TrackKind, WallTime};

/// The relay's time at the begin: that of a cycle of the program.
const BEGIN: WallTime = WallTime(150_000_000 * 12_000_000);
pub(super) const FORMAT: VideoFormat = VideoFormat { width: 320, height: 240, fps: 30 };
/// The clocks' bound on this line, µs.
pub(super) const BOUND_US: u64 = 700;

/// What becomes of a picture on its way; none: it does not come.
type OnPicture = Box<dyn FnMut(u32, Picture) -> Option<Picture>>;
/// What becomes of a piece of sound on its way, by its number.
type OnSound = Box<dyn FnMut(u32, Vec<i16>) -> (Vec<i16>, PieceKind)>;

pub(super) struct Line {
    pub picture_ms: i64,
    /// When the first picture is captured, after the begin.
    pub first: Duration,
    pub sound_ms: i64,
    pub on_picture: OnPicture,
    pub on_sound: OnSound,
    /// What this end's microphone hears in each piece.
    pub microphone: Option<Box<dyn FnMut(u32) -> Vec<i16>>>,
    pub rooms: bool,
    pub clock_steps: u64,
    pub packets: LossShare,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            picture_ms: 90,
            first: Duration::ZERO,
            sound_ms: 70,
            on_picture: Box::new(|_, picture| Some(picture)),
            on_sound: Box::new(|_, samples| (samples, PieceKind::Received)),
            microphone: None,
            rooms: false,
            clock_steps: 0,
            packets: LossShare { lost: 0, n: 1_000 },
        }
    }
}

/// One end's part in the program, and the clock it goes by.
pub(super) fn program(side: Side, clock: MachineClock) -> Program {
    let program = Program::new(&"test-line".parse().unwrap(), side);
    program.clock.set(BEGIN.micros_since(clock.origin().wall));
    program
}

/// What an end sounds: piece after piece, with the hiss of its microphone.
pub(super) fn sound(program: Program, clock: MachineClock) -> impl FnMut(u32) -> Vec<i16> {
    let mut sound = ProgramSound::new(program, clock.origin());
    let mut random = 1_u32;
    move |number| {
        let captured = clock.origin().instant + FRAME_DURATION * number;
        let hiss = (0..FRAME_SAMPLES).map(|_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) as i16 % 7
        });
        let mut frame = SoundFrame { samples: hiss.collect(), channels: 1, captured };
        sound.add(&mut frame);
        frame.samples
    }
}

impl Line {
    /// Holds a call of so many seconds as end A, from a machine's clock on.
    pub(super) fn hold(mut self, clock: MachineClock, seconds: u32) -> Vec<Finding> {
        let origin = clock.origin();
        let near = program(Side::A, clock);
        let mut end = self.end(&near, clock, seconds);
        let far = program(Side::B, clock);
        let identity = Identity { session: 7, label: "B".into(), clock: origin, program: Some(far.clone()) };
        let mut scene = Scene::new(FORMAT, identity);
        let mut spoken = sound(far, clock);
        let mut waiting: VecDeque<(Instant, Tapped)> = VecDeque::new();
        let mut pictures = 0;
        for number in 0..(seconds + 2) * 50 {
            let now = origin.instant + FRAME_DURATION * number;
            while origin.instant + self.first + Duration::from_secs(1) * pictures / FORMAT.fps <= now {
                let captured = origin.instant + self.first + Duration::from_secs(1) * pictures / FORMAT.fps;
                let picture = (self.on_picture)(pictures, scene.draw(captured));
                waiting.extend(picture.map(|picture| shown(picture, origin, captured, self.picture_ms)));
                pictures += 1;
            }
            let (samples, kind) = (self.on_sound)(number, spoken(number));
            waiting.push_back(heard(samples, kind, now, self.sound_ms));
            if let Some(microphone) = &mut self.microphone {
                let frame = SoundFrame { samples: microphone(number), channels: 1, captured: now };
                waiting.push_back((now, Tapped::Heard(frame)));
            }
            // What is shown and heard by now, in its order.
            waiting.make_contiguous().sort_by_key(|(at, _)| *at);
            while waiting.front().is_some_and(|(at, _)| *at <= now) {
                waiting.pop_front().into_iter().for_each(|(_, what)| end.take(what));
            }
        }
        let report = Some(ClockReport { offset_us: 0, bound_us: BOUND_US });
        let clock = SeenClock { report, steps: self.clock_steps };
        end.findings(&Afterwards { packets: self.packets, tracks: Vec::new(), clock, missed: 0 }).0
    }

    fn end(&self, near: &Program, clock: MachineClock, seconds: u32) -> End {
        let plan = Plan {
            with: far_end(),
            seconds,
            room: if self.rooms { Ok(()) } else { Err(missing_as(Cause::NoDevice, "no room")) },
            kbps: 32.0,
            told: Told { way: Some(Way::BToA), by: "a".into(), one_clock: false },
            drawn: Drawn { schedule: near.schedule, side: Side::B },
            filming: None,
        };
        let relay: RelayClock = near.clock.clone();
        let begin = clock.origin().instant;
        let times = Times { begin, clock, relay, schedule: near.schedule, side: Side::A };
        End::new(plan, times, watch::channel(None).0)
    }
}

fn far_end() -> ParticipantId {
    "b".parse().unwrap()
}

/// The moment `ms` after another, or before it.
fn after(at: Instant, ms: i64) -> Instant {
    let by = Duration::from_millis(ms.unsigned_abs());
    if ms >= 0 { at + by } else { at - by }
}

fn shown(picture: Picture, origin: Now, captured: Instant, ms: i64) -> (Instant, Tapped) {
    let at = after(captured, ms);
    let source = Source { participant: far_end(), track: TrackKind::Camera };
    let stamped = Some((origin.wall_of(captured), captured, BOUND_US));
    let name = "B".to_owned();
    (at, Tapped::Picture(TappedPicture { source, name, picture, stamped, at, shown: true }))
}

fn heard(samples: Vec<i16>, kind: PieceKind, captured: Instant, ms: i64) -> (Instant, Tapped) {
    let heard = after(captured, ms);
    let delay_us = (kind == PieceKind::Received).then_some((ms * 1000, BOUND_US));
    let sound = TappedSound { from: far_end(), samples, channels: 1, heard, kind, delay_us };
    (heard, Tapped::Sound(sound))
}

/// The finding of a quantity, of scope A if it has scopes.
pub(super) fn of(findings: &[Finding], quantity: Quantity) -> &Outcome {
    let of = |it: &&Finding| it.quantity == quantity && it.scope.is_none_or(|scope| scope == Scope::A);
    let mut all = findings.iter().filter(of);
    let outcome = &all.next().unwrap_or_else(|| panic!("no finding of {quantity}")).outcome;
    assert!(all.next().is_none(), "{quantity} stands there twice");
    outcome
}

pub(super) fn measured(findings: &[Finding], quantity: Quantity) -> &Measured {
    match of(findings, quantity) {
        Outcome::Measured(measured) => measured,
        other => panic!("{quantity}: {other:?}"),
    }
}

pub(super) fn missing(findings: &[Finding], quantity: Quantity) -> &Missing {
    match of(findings, quantity) {
        Outcome::Missing(missing) => missing,
        other => panic!("{quantity}: {other:?}"),
    }
}
