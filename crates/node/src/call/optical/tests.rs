use super::*;
use crate::call::findings::missing_as;
use crate::call::likeness::Drawn;
use crate::clock::MachineClock;
use crate::receive::Source;
use std::time::Duration;
use tongke_inspection::facts::{Cause, RemarkCode};
use tongke_media::VideoFormat;
use tongke_media::capture::Identity;
use tongke_media::capture::video::Scene;
use tongke_media::program::{RelayClock, Schedule, Side};
use tongke_protocol::{Now, WallTime};

const FORMAT: VideoFormat = VideoFormat { width: 320, height: 240, fps: 30 };
/// From one picture of a camera to the next: a little less than from one of the scene to the next.
const CAMERA: Duration = Duration::from_micros(32_900);
const CAMERA_MS: f64 = 32.9;
/// A display that shows what came, and the camera's way to it.
const SCREEN_MS: u64 = 60;
const BOUND_US: u64 = 700;
const SECONDS: u32 = 8;

/// The line between this end and the other one.
#[derive(Clone, Copy)]
struct Line {
    there_ms: u64,
    back_ms: u64,
    /// The other end's clock is ahead by this.
    ahead_us: i64,
    /// This much of it is not known here.
    unknown_us: u64,
}

const LINE: Line = Line { there_ms: 50, back_ms: 50, ahead_us: 0, unknown_us: 0 };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn plan() -> Plan {
    let schedule = Schedule::new(&"test-line".parse().unwrap());
    Plan {
        with: "b".parse().unwrap(),
        seconds: SECONDS,
        room: Err(missing_as(Cause::NoDevice, RemarkCode::NoRoom)),
        kbps: 32.0,
        told: told(),
        drawn: Drawn { schedule, side: Side::B },
        filming: Some(WITH),
    }
}

fn told() -> Told {
    Told { way: Some(Way::BToA), by: "a".into(), one_clock: false }
}

const WITH: Equipment = Equipment { camera: true, display: true };

/// When each picture of a scene is captured, and the picture.
fn drawn(origin: Now, session: u16) -> Vec<(Instant, Picture)> {
    let identity = Identity { session, label: "B".into(), clock: origin, program: None };
    let mut scene = Scene::new(FORMAT, identity);
    let at = |n: u32| origin.instant + Duration::from_secs(1) * n / FORMAT.fps;
    (0..SECONDS * FORMAT.fps).map(|n| (at(n), scene.draw(at(n)))).collect()
}

/// What a camera films of pictures that come so much later: at each of its moments the last that is seen.
fn filmed(of: &[(Instant, Picture)], later: Duration) -> Vec<(Instant, Picture)> {
    let first = of[0].0;
    let moments =
        (0..).map(|n| first + CAMERA * n).take_while(|at| *at < first + Duration::from_secs(SECONDS.into()));
    let last = |at: Instant| of.iter().rev().find(|(captured, _)| *captured + later <= at);
    moments.filter_map(|at| Some((at, last(at)?.1.clone()))).collect()
}

fn shown(
    track: TrackKind,
    picture: Picture,
    stamped: Option<(WallTime, Instant, u64)>,
    at: Instant,
) -> TappedPicture {
    let source = Source { participant: "b".parse().unwrap(), track };
    TappedPicture { source, name: "B".into(), picture, stamped, at, shown: true }
}

enum Event {
    Captured(TrackKind, Picture),
    Shown(TappedPicture),
}

/// All that happens at this end.
fn events(line: Line, origin: Now) -> Vec<(Instant, Event)> {
    let far = Now { instant: origin.instant, wall: origin.wall.offset_by_us(line.ahead_us) };
    let (ours, theirs) = (drawn(origin, 1), drawn(far, 2));
    let mut all = Vec::new();
    for (at, picture) in &ours {
        all.push((*at, Event::Captured(TrackKind::Screen, picture.clone())));
    }
    for (at, picture) in &theirs {
        let came = *at + ms(line.back_ms);
        let believed = *at + Duration::from_micros(line.unknown_us);
        let stamped = Some((far.wall_of(*at), believed, BOUND_US));
        all.push((came, Event::Shown(shown(TrackKind::Screen, picture.clone(), stamped, came))));
    }
    for (at, mut picture) in filmed(&theirs, ms(line.back_ms + SCREEN_MS)) {
        picture.captured = at;
        all.push((at, Event::Captured(TrackKind::Camera, picture)));
    }
    for (at, picture) in filmed(&ours, ms(line.there_ms + SCREEN_MS)) {
        let came = at + ms(line.back_ms);
        all.push((came, Event::Shown(shown(TrackKind::Camera, picture, None, came))));
    }
    all.sort_by_key(|(at, _)| *at);
    all
}

fn measured(line: Line) -> [Measured; 2] {
    let clock = MachineClock::start();
    let plan = plan();
    let times = Times {
        begin: clock.origin().instant,
        clock,
        relay: RelayClock::default(),
        schedule: plan.drawn.schedule,
        side: Side::A,
    };
    let mut optical = Optical::default();
    for (_, event) in events(line, clock.origin()) {
        match event {
            Event::Captured(track, picture) => {
                optical.on_captured(&times, &plan, track, Captured::Picture(picture));
            }
            Event::Shown(tapped) => optical.on_picture(&times, &plan, &tapped),
        }
    }
    let findings = optical.findings(&WITH, 0, &told());
    let places = findings.each_ref().map(|finding| (finding.scope, finding.way));
    assert_eq!(places, [(Some(Scope::B), Some(Way::BToA)), (Some(Scope::C), Some(Way::AToB))]);
    findings.map(|finding| match finding.outcome {
        Outcome::Measured(measured) => *measured,
        other => panic!("{other:?}"),
    })
}

fn near(measured: &Measured, ms: f64) -> bool {
    (measured.median.unwrap() - ms).abs() <= 2.0
}

#[test]
fn scope_b_holds_the_way_here_and_the_screen_and_scope_c_both_ways_on_one_clock() {
    let half_ms = CAMERA_MS / 2.0;
    for (there_ms, back_ms) in [(50, 50), (10, 90), (90, 10)] {
        let [here, back] = measured(Line { there_ms, back_ms, ..LINE });
        assert!(near(&here, back_ms as f64 + 60.0 + half_ms), "{here:?}");
        assert!(near(&back, 160.0 + half_ms), "the loop is the same however it is shared: {back:?}");
        let quantised_ms = CAMERA_MS.hypot(DISPLAY_MS) / 12f64.sqrt();
        let bounds = [&here, &back].map(|measured| measured.bound.unwrap());
        assert!((bounds[0] - 0.7 - 1.0 - quantised_ms).abs() < 0.1, "{bounds:?}");
        assert!((bounds[1] - 1.0 - quantised_ms).abs() < 0.1, "{bounds:?}");
        assert_eq!((here.clock_bound_ms, back.clock_bound_ms), (Some(0.7), None));
        assert!(here.n > 200 && back.n > 200);
    }
}

#[test]
fn a_clock_that_is_wrong_moves_scope_b_by_as_much_and_the_loop_not_at_all() {
    let [here, back] = measured(LINE);
    let [hour, hour_back] = measured(Line { ahead_us: 3_600_000_000, ..LINE });
    assert_eq!((here.median, back.median), (hour.median, hour_back.median));
    // What an asymmetric path hides of the clocks' offset: 10 ms there, 90 ms back.
    let [wrong, same] = measured(Line { unknown_us: 40_000, ..LINE });
    assert!((here.median.unwrap() - wrong.median.unwrap() - 40.0).abs() < 0.01);
    assert_eq!(back.median, same.median);
}

#[test]
fn a_marker_of_a_picture_that_was_never_sent_is_not_a_sample() {
    let (clock, plan) = (MachineClock::start(), plan());
    let origin = clock.origin();
    let times = Times {
        begin: origin.instant,
        clock,
        relay: RelayClock::default(),
        schedule: plan.drawn.schedule,
        side: Side::A,
    };
    let mut optical = Optical::default();
    let late = Now { instant: origin.instant, wall: origin.wall.offset_by_us(7_000) };
    for ((at, sent), (_, other)) in drawn(origin, 1).into_iter().zip(drawn(late, 1)) {
        optical.on_captured(&times, &plan, TrackKind::Screen, Captured::Picture(sent));
        optical.on_picture(&times, &plan, &shown(TrackKind::Camera, other, None, at));
    }
    let [_, back] = optical.findings(&WITH, 0, &told());
    let Outcome::Missing(missing) = back.outcome else { panic!("{back:?}") };
    assert_eq!(missing.detail.and_then(|detail| detail.code()), Some(RemarkCode::NoMarkerReturned));
}
