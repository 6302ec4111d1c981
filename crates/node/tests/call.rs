//! Measured calls through the real relay, all in this process.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod support;

use std::time::Duration;
use support::*;
use tongke_inspection::facts::{Cause, Finding, Measured, OneSided, Outcome, RemarkCode, Scope, Way};
use tongke_inspection::{Criteria, Quantity};
use tongke_node::call::{Call, CallOutcome, Fault, call};
use tongke_node::{LoadPlan, NodeConfig, NodeSettings, SelfTest, selftest};
use tongke_protocol::Role;
use tongke_protocol::inspect::{CallEnd, CallPlan, Sight};
use tongke_relay::Relay;

/// A whole cycle of the program, and what an end may begin late.
const SECONDS: u32 = 13;
/// Three whole turns of each end, wherever in a cycle it begins: buffers that change while sweeps are on their way spoil a turn now and then.
const LONGER: u32 = 41;

/// One end, as a test would have it.
struct End {
    camera: bool,
    microphone: &'static str,
    loudspeaker: &'static str,
    fault: Option<Fault>,
}

impl Default for End {
    fn default() -> Self {
        Self { camera: true, microphone: "test", loudspeaker: "none", fault: None }
    }
}

fn config(relay: &Relay, lesson: &str, id: &str, end: &End) -> NodeConfig {
    let text = |text: &str| Some(text.to_owned());
    let given = NodeSettings {
        token: Some(token_in(lesson, id, format!("学校 {id}"), Role::Receiving)),
        camera: text(if end.camera { "test" } else { "none" }),
        microphone: text(end.microphone),
        sound_out: text(end.loudspeaker),
        ..settings(relay.http_addr(), id, Role::Receiving, "quic")
    };
    NodeConfig::try_from(given).unwrap()
}

async fn end(
    relay: &Relay,
    (lesson, seconds): (&str, u32),
    (id, with): (&str, &str),
    which: CallEnd,
    end: End,
) -> CallOutcome {
    let plan = CallPlan { with: with.parse().unwrap(), end: which, seconds, sight: Sight::Software };
    let what = Call { plan, fault: end.fault, one_clock: None };
    Box::pin(call(config(relay, lesson, id, &end), what, &mut |_| {})).await.unwrap()
}

/// Both ends of a call in a lesson of its own.
async fn hold(lesson: &str, a: End, b: End) -> [CallOutcome; 2] {
    hold_for(SECONDS, lesson, a, b).await
}

async fn hold_for(seconds: u32, lesson: &str, a: End, b: End) -> [CallOutcome; 2] {
    let relay = start_relay();
    let (a, b) = tokio::join!(
        end(&relay, (lesson, seconds), ("a", "b"), CallEnd::A, a),
        end(&relay, (lesson, seconds), ("b", "a"), CallEnd::B, b)
    );
    relay.shutdown("the test is over").await;
    [a, b]
}

fn of(outcome: &CallOutcome, quantity: Quantity, scope: Option<Scope>) -> &Outcome {
    let is = |finding: &&Finding| finding.quantity == quantity && finding.scope == scope;
    let mut found = outcome.findings.iter().filter(is);
    let only = found.next().unwrap_or_else(|| panic!("no {quantity}: {:?}", outcome.notes));
    assert!(found.next().is_none(), "{quantity} stands there twice");
    &only.outcome
}

fn measured(outcome: &CallOutcome, quantity: Quantity, scope: Option<Scope>) -> &Measured {
    match of(outcome, quantity, scope) {
        Outcome::Measured(measured) => measured,
        other => panic!("{quantity}: {other:?}"),
    }
}

fn cause(outcome: &CallOutcome, quantity: Quantity, scope: Option<Scope>) -> Cause {
    match of(outcome, quantity, scope) {
        Outcome::Missing(missing) => missing.cause,
        other => panic!("{quantity}: {other:?}"),
    }
}

const A: Option<Scope> = Some(Scope::A);
const B: Option<Scope> = Some(Scope::B);
/// Sound is stamped before the encoder, which holds back so much of it (RFC 6716 §2.1, at 48 kHz: 312 samples).
const OPUS_LOOKAHEAD_MS: f64 = 6.5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ends_of_a_call_measure_what_comes_towards_them() {
    for outcome in hold("test-clean", End::default(), End::default()).await {
        let picture = measured(&outcome, Quantity::GlassToGlass, A);
        let sound = measured(&outcome, Quantity::MouthToEar, A);
        for (delay, least) in [(picture, 59), (sound, 59)] {
            assert!(delay.n >= least && delay.median.unwrap() > 0.0, "{delay:?}");
            let clock_bound_ms = delay.clock_bound_ms.unwrap();
            assert!(clock_bound_ms > 0.0 && delay.bound.unwrap() >= clock_bound_ms, "{delay:?}");
            assert!(!delay.over_time.is_empty() && delay.histogram.is_some());
        }
        assert!(measured(&outcome, Quantity::MarkerDecode, None).value.unwrap() > 0.95);
        // Only the encoder is between the picture that is drawn again and the one that came.
        let likeness = measured(&outcome, Quantity::Ssim, None).value.unwrap();
        assert!((0.6..1.0).contains(&likeness), "{likeness}");
        let sync = measured(&outcome, Quantity::LipSync, None);
        assert!(sync.median.unwrap().abs() <= 200.0, "{sync:?}");
        for quantity in [Quantity::SpeechRatingFb, Quantity::SpeechMosFb, Quantity::SpeechMosNb] {
            assert!(!measured(&outcome, quantity, None).reference.is_empty());
        }
        assert_eq!(of(&outcome, Quantity::Resolution, None), &Outcome::Found("480×360".into()));
        let towards_here = |finding: &&Finding| finding.way == Some(Way::BToA);
        assert_eq!(outcome.findings.iter().filter(towards_here).count(), 18);
        assert_eq!(cause(&outcome, Quantity::MouthToEar, B), Cause::NoDevice);
        assert_eq!(cause(&outcome, Quantity::Telr, None), Cause::NoDevice);
        assert!(outcome.clock.is_some() && !outcome.clock_stepped);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_that_leaves_early_or_late_is_found_to_ten_milliseconds() {
    let early = |ms| End { fault: Some(Fault::SoundEarly { ms }), ..End::default() };
    let clean = hold("test-sync", End::default(), End::default());
    let ([a, b], [plain, _]) = tokio::join!(hold("test-early", early(200), early(-200)), clean);
    // By how much buffers hold one back longer than the other is another in each call on a busy machine; each call
    // tells it by its delays, which are stamped before the fault.
    for (outcome, early_ms) in [(&b, 200.0), (&a, -200.0), (&plain, 0.0)] {
        let median = |quantity, scope| measured(outcome, quantity, scope).median.unwrap();
        let held_back_ms =
            median(Quantity::GlassToGlass, A) - median(Quantity::MouthToEar, A) - OPUS_LOOKAHEAD_MS;
        let sync_ms = median(Quantity::LipSync, None);
        assert!((sync_ms - held_back_ms - early_ms).abs() <= 10.0, "{sync_ms} {held_back_ms} {early_ms}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rooms_echo_is_a_telr_of_40_and_a_room_without_one_is_at_least() {
    let room = |name| End { microphone: name, loudspeaker: name, ..End::default() };
    let [a, b] = hold_for(
        LONGER,
        "test-room",
        room("room:noise_dbfs=-75"),
        room("room:delay_ms=180,loss_db=30,noise_dbfs=-75"),
    )
    .await;
    let telr = measured(&a, Quantity::Telr, None);
    assert!((telr.value.unwrap() - 40.0).abs() <= 1.5 && telr.one_sided.is_none(), "{telr:?}");
    assert!(measured(&a, Quantity::EchoDelay, None).value.unwrap() > 180.0);
    assert_eq!(measured(&b, Quantity::Telr, None).one_sided, Some(OneSided::AtLeast));
    // What b's room hears of a's sweeps took 180 ms more than to its loudspeaker.
    let (air, line) = (measured(&b, Quantity::MouthToEar, B), measured(&b, Quantity::MouthToEar, A));
    let apart = air.median.unwrap() - line.median.unwrap();
    assert!((apart - 186.5).abs() <= air.bound.unwrap() + 10.0, "{apart} {air:?}");
    assert_eq!(cause(&a, Quantity::MouthToEar, B), Cause::SignalUnreadable);
    // Each spoke at least three times, over a line without loss.
    for outcome in [&a, &b] {
        let heard = measured(outcome, Quantity::SpeechVisqol, None);
        assert!(heard.n >= 3 && heard.median.unwrap() > 4.0, "{heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_canceller_takes_of_its_rooms_talker_while_both_talk_is_its_type_of_p_340() {
    let room = |name| End { camera: false, microphone: name, loudspeaker: name, ..End::default() };
    let call = |lesson, a, b| hold_for(LONGER, lesson, room(a), room(b));
    let ([ducking, quiet], [duplex, _]) = tokio::join!(
        call(
            "test-ducking",
            "room:delay_ms=20,loss_db=25,noise_dbfs=-70,sweeps_dbfs=-30,duck_db=8",
            "room:noise_dbfs=-76"
        ),
        call(
            "test-duplex",
            "room:delay_ms=20,loss_db=25,noise_dbfs=-70,sweeps_dbfs=-30",
            "room:noise_dbfs=-77"
        )
    );
    for (outcome, taken_db, class) in [(&ducking, 8.0, "2b"), (&duplex, 0.0, "1")] {
        let taken = measured(outcome, Quantity::DoubleTalkAttenuation, None);
        assert!((taken.value.unwrap() - taken_db).abs() <= 1.0 && taken.n >= 8, "{taken:?}");
        assert!(taken.bound.unwrap() < 1.0 && taken.one_sided.is_none(), "{taken:?}");
        assert_eq!(of(outcome, Quantity::DoubleTalk, None), &Outcome::Found(class.into()), "{taken:?}");
    }
    for quantity in [Quantity::DoubleTalkAttenuation, Quantity::DoubleTalk] {
        assert_eq!(cause(&quiet, quantity, None), Cause::NoTalker);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenth_of_the_markers_damaged_leaves_too_few_to_judge_a_delay_by() {
    let damaged = End { fault: Some(Fault::MarkersDamaged { one_in: 10 }), ..End::default() };
    let [a, b] = hold("test-damaged", damaged, End::default()).await;
    let share = |outcome: &CallOutcome| measured(outcome, Quantity::MarkerDecode, None).value.unwrap();
    let needed = Criteria::shipped().validity.marker_decode_share_at_least;
    assert!((share(&b) - 0.9).abs() < 0.02 && share(&b) < needed, "{}", share(&b));
    assert!(share(&a) > needed, "{}", share(&a));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_at_the_far_end_is_told_by_its_name_and_never_as_a_number() {
    let broken = |fault| End { fault: Some(fault), ..End::default() };
    let nothing = End { camera: false, microphone: "none", ..End::default() };
    let ([a, b], [c, d]) = tokio::join!(
        hold("test-muted", broken(Fault::Muted), broken(Fault::Black)),
        hold("test-frozen", broken(Fault::Frozen), nothing)
    );
    for quantity in [Quantity::MouthToEar, Quantity::SpeechRatingFb, Quantity::LipSync] {
        let scope = quantity.has_scope().then_some(Scope::A);
        assert_eq!(cause(&b, quantity, scope), Cause::MicrophoneMuted, "{quantity}");
    }
    for (outcome, expected) in [(&a, Cause::CameraBlack), (&d, Cause::CameraFrozen), (&c, Cause::NoPackets)] {
        for quantity in [Quantity::GlassToGlass, Quantity::VideoFps, Quantity::FreezeShare, Quantity::LipSync]
        {
            let scope = quantity.has_scope().then_some(Scope::A);
            assert_eq!(cause(outcome, quantity, scope), expected, "{quantity}");
        }
    }
    assert_eq!(cause(&c, Quantity::SpeechMosFb, None), Cause::NoPackets);
    assert!(c.findings.iter().all(|finding| matches!(finding.outcome, Outcome::Missing(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_not_there_leaves_out_what_needs_it_and_nothing_else() {
    let deaf = End { camera: false, microphone: "room:noise_dbfs=-75", loudspeaker: "nowhere", fault: None };
    let mute = End { microphone: "nowhere", loudspeaker: "room:noise_dbfs=-75", ..End::default() };
    let [a, b] = hold("test-devices", deaf, mute).await;
    for outcome in [&a, &b] {
        for quantity in [Quantity::EchoIdte, Quantity::Telr] {
            assert_eq!(cause(outcome, quantity, None), Cause::NoDevice, "{quantity}");
        }
        let Outcome::Missing(air) = of(outcome, Quantity::MouthToEar, B) else { panic!("no room") };
        assert!(
            air.cause == Cause::NoDevice && air.detail.as_ref().unwrap().to_string().contains("'nowhere'"),
            "{air:?}"
        );
        assert!(measured(outcome, Quantity::MouthToEar, A).n >= 59);
        assert!(measured(outcome, Quantity::SpeechRatingFb, None).value.is_some());
    }
    assert!(measured(&a, Quantity::GlassToGlass, A).n >= 59);
    for quantity in [Quantity::GlassToGlass, Quantity::VideoFps, Quantity::Ssim, Quantity::LipSync] {
        let scope = quantity.has_scope().then_some(Scope::A);
        assert_eq!(cause(&b, quantity, scope), Cause::NoDevice, "{quantity}: no camera is there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_calls_itself_sees_its_line_up_and_down_on_one_clock() {
    let relay = start_relay();
    let alone = End { camera: false, microphone: "none", ..End::default() };
    let config = config(&relay, "maths", "hill", &alone);
    let load = LoadPlan { most_mbps: 0, ..LoadPlan::default() };
    let plan = SelfTest { asked_by: "test".into(), idle: Duration::from_secs(1), attended: false, load };
    let facts = Box::pin(selftest(&config, &plan, &mut |_| {}, std::future::pending())).await.unwrap();
    relay.shutdown("the test is over").await;
    for quantity in [Quantity::GlassToGlass, Quantity::MouthToEar] {
        let Some(finding) = facts.find(quantity, None) else { panic!("{quantity}: {facts:#?}") };
        let Outcome::Measured(delay) = &finding.outcome else { panic!("{finding:?}") };
        assert!(delay.n >= 59 && delay.median.unwrap() > 0.0, "{delay:?}");
        assert_eq!((finding.scope, delay.clock_bound_ms), (A, None), "one clock saw both ends");
        assert_eq!(delay.reference[0].code(), Some(RemarkCode::ThereAndBackOnOneClock));
    }
}
