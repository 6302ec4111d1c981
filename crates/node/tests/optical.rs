//! Calls whose screens are filmed, through the real relay, all in this process: displays and cameras are in memory.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod support;

use support::*;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Outcome, RemarkCode, Scope, Way};
use tongke_node::call::{Call, CallOutcome, call};
use tongke_node::{NodeConfig, NodeSettings};
use tongke_protocol::inspect::{CallEnd, CallPlan, Sight};
use tongke_protocol::{Role, TrackKind};
use tongke_relay::Relay;

/// The camera drifts through all moments of a picture's time twice in this.
const SECONDS: u32 = 14;

fn config(relay: &Relay, lesson: &str, id: &str, camera: &str, display: &str) -> NodeConfig {
    let text = |text: &str| Some(text.to_owned());
    let given = NodeSettings {
        token: Some(token_in(lesson, id, format!("学校 {id}"), Role::Receiving)),
        camera: text(camera),
        video_out: text(display),
        width: Some(640),
        ..settings(relay.http_addr(), id, Role::Receiving, "quic")
    };
    NodeConfig::try_from(given).unwrap()
}

/// One end, by its camera and its display.
async fn end(
    relay: &Relay,
    lesson: &str,
    (id, with): (&str, &str),
    which: CallEnd,
    with_what: [&str; 2],
) -> CallOutcome {
    let plan = CallPlan { with: with.parse().unwrap(), end: which, seconds: SECONDS, sight: Sight::Screen };
    let what = Call { plan, fault: None, one_clock: None };
    let [camera, display] = with_what;
    Box::pin(call(config(relay, lesson, id, camera, display), what, &mut |_| {})).await.unwrap()
}

async fn hold(lesson: &str, a: [&str; 2], b: [&str; 2]) -> [CallOutcome; 2] {
    let relay = start_relay();
    let (a, b) = tokio::join!(
        end(&relay, lesson, ("a", "b"), CallEnd::A, a),
        end(&relay, lesson, ("b", "a"), CallEnd::B, b)
    );
    relay.shutdown("the test is over").await;
    [a, b]
}

fn of(outcome: &CallOutcome, scope: Scope, way: Way) -> &Outcome {
    let is = |finding: &&Finding| {
        (finding.quantity, finding.scope, finding.way) == (Quantity::GlassToGlass, Some(scope), Some(way))
    };
    let found: Vec<_> = outcome.findings.iter().filter(is).collect();
    let [only] = found[..] else { panic!("{scope:?} {way:?}: {found:?}") };
    &only.outcome
}

fn measured(outcome: &CallOutcome, scope: Scope, way: Way) -> &Measured {
    match of(outcome, scope, way) {
        Outcome::Measured(measured) => measured,
        other => panic!("{scope:?} {way:?}: {other:?}"),
    }
}

fn missing(outcome: &CallOutcome, scope: Scope, way: Way) -> (Cause, Option<RemarkCode>) {
    match of(outcome, scope, way) {
        Outcome::Missing(missing) => {
            (missing.cause, missing.detail.as_ref().and_then(|detail| detail.code()))
        }
        other => panic!("{scope:?} {way:?}: {other:?}"),
    }
}

/// How long the pictures of the other end's camera took to this display, ms.
fn camera_ms(outcome: &CallOutcome) -> f64 {
    let track = outcome.facts.received.iter().find(|track| track.track == TrackKind::Camera).unwrap();
    track.capture_to_render_ms.as_ref().unwrap().p50
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filmed_screen_adds_what_it_adds_and_the_loop_is_both_ways() {
    const CAMERA_MS: f64 = 1000.0 / 15.2;
    let walls =
        ["wall:delay_ms=60,size=0.8,lean_deg=10,noise=6", "wall:delay_ms=140,size=0.9,turn_deg=4,noise=6"];
    let [a, b] = hold("test-walls", [walls[0]; 2], [walls[1]; 2]).await;
    for (end, display_ms) in [(&a, 60.0), (&b, 140.0)] {
        let software = measured(end, Scope::A, Way::BToA);
        let filmed = measured(end, Scope::B, Way::BToA);
        let added = filmed.median.unwrap() - software.median.unwrap();
        let bound_ms = filmed.bound.unwrap();
        assert!((added - display_ms - CAMERA_MS / 2.0).abs() <= bound_ms, "{added} {filmed:?}");
        assert!(filmed.n >= 59 && (19.0..30.0).contains(&bound_ms), "{filmed:?}");
        assert!(filmed.clock_bound_ms.unwrap() > 0.0);
    }
    for (here, far) in [(&a, &b), (&b, &a)] {
        let there_and_back = measured(here, Scope::C, Way::AToB);
        let ways_ms = measured(far, Scope::B, Way::BToA).median.unwrap() + camera_ms(here);
        let apart_ms = there_and_back.median.unwrap() - ways_ms;
        assert!(apart_ms.abs() <= there_and_back.bound.unwrap(), "{apart_ms} {there_and_back:?}");
        assert_eq!(there_and_back.clock_bound_ms, None, "one clock saw both ends");
        assert!(there_and_back.n >= 59);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_room_lacks_to_film_its_screen_is_named() {
    let wall = "wall:delay_ms=20,size=0.85";
    let ([a, b], [c, d]) = tokio::join!(
        hold("test-no-camera", [wall; 2], ["none", "none"]),
        hold("test-elsewhere", ["test", "none"], ["wall:size=0.7", "wall:size=0.71"])
    );
    assert_eq!(missing(&b, Scope::B, Way::BToA), (Cause::NoDevice, Some(RemarkCode::NoCameraForScreen)));
    assert_eq!(missing(&a, Scope::C, Way::AToB), (Cause::NoPackets, Some(RemarkCode::NoCameraOfOtherEnd)));
    assert!(measured(&a, Scope::B, Way::BToA).n > 30, "a films its own screen all the same");
    assert!(measured(&b, Scope::C, Way::AToB).n > 30);
    assert_eq!(missing(&c, Scope::B, Way::BToA), (Cause::NoDevice, Some(RemarkCode::NoDisplayForCamera)));
    assert_eq!(missing(&d, Scope::B, Way::BToA), (Cause::SignalUnreadable, Some(RemarkCode::NoMarkerFilmed)));
    assert_eq!(
        missing(&c, Scope::C, Way::AToB),
        (Cause::SignalUnreadable, Some(RemarkCode::NoMarkerReturned))
    );
}
