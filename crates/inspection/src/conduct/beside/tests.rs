use super::*;
use crate::conduct::tests::town::head;
use crate::facts::{Kind, Outcome, RemarkCode, Way};
use crate::judge::{Grade, Verdict, Why};
use crate::{Criteria, Quantity, judge};
use tongke_protocol::facts::{
    AvSkew, ConcealedSeconds, DistributionMs, ReceivedSound, ReceivedTrack, SpeechRating,
};
use tongke_protocol::{Role, TrackKind, WallTime};

const EVERY: Duration = Duration::from_secs(10);

fn plan() -> BesidePlan {
    BesidePlan { head: head("beside-1".into(), u32::MAX), every: EVERY }
}

/// A node that has been in the lesson for so long: each second 50 packets of sound came, of which one in a hundred was
/// lost for good, and 25 pictures that stood still for 10 ms; one second in fifty had something invented in it.
fn node(name: &str, from: &str, seconds: u64) -> NodeFacts {
    let ms = DistributionMs {
        n: 3_000,
        p50: 120.0,
        p95: 150.0,
        p99: Some(180.0),
        max: 300.0,
        clock_bound_ms: Some(1.5),
    };
    let sound = ReceivedSound {
        seconds: ConcealedSeconds {
            unimpaired: seconds - seconds / 50,
            concealed: seconds / 50,
            severely_concealed: 0,
        },
        bitrate_bps: Some(31_400.0),
        rating: SpeechRating::Fullband { of_hundred: 82.0, bound: false },
    };
    let track = |track| ReceivedTrack {
        sound: (track == TrackKind::Microphone).then(|| sound.clone()),
        from: from.parse().unwrap(),
        track,
        packets: seconds * 99 / 2,
        lost_before_repair: seconds,
        lost_after_repair: seconds / 2,
        frames_decoded: seconds * 25,
        freezes: seconds / 20,
        freeze_ms: seconds as f64 * 10.0,
        concealed_ratio: None,
        capture_to_render_ms: Some(ms),
        markers_read: 0,
        markers_unreadable: 0,
        stages: Vec::new(),
        resolution: Some((1280, 720)),
    };
    NodeFacts {
        lesson: "math".parse().unwrap(),
        participant: name.parse().unwrap(),
        role: Role::Supporting,
        transport: "quic".into(),
        seconds: seconds as f64,
        reconnects: 0,
        cpu_seconds: Some(seconds as f64 * 0.4),
        first_picture_ms: None,
        sent: Vec::new(),
        received: vec![track(TrackKind::Camera), track(TrackKind::Microphone)],
        av_skew: vec![AvSkew { from: from.parse().unwrap(), p50_ms: -12.0, p95_ms: 30.0, n: 50 }],
        notes: Vec::new(),
    }
}

/// Runs until it has ended; `answers` says what a node of this name answers at this second.
fn run(end_s: u64, mut answers: impl FnMut(&str, u64) -> Option<NodeFacts>) -> (Facts, usize) {
    let start = Now { instant: Instant::now(), wall: WallTime(1_796_000_000_000_000) };
    let mut beside = Beside::new(plan(), start);
    let mut asks = 0;
    for second in 0..end_s + 20 {
        let now = start.plus(Duration::from_secs(second));
        if second == end_s {
            beside.end(now);
        }
        beside.handle_timeout(now);
        while let Some((to, ask)) = beside.poll_ask(now.instant) {
            asks += 1;
            assert_eq!(ask.what, Task::Facts);
            if let Some(facts) = answers(to.as_str(), second) {
                let says = Answer::Facts(Box::new(facts));
                beside.on_reply(now, &to, Reply { id: ask.id, says });
            }
        }
    }
    let facts = beside.facts().expect("it ends").clone();
    (Facts::parse(&facts.to_json().unwrap()).unwrap(), asks)
}

fn both(name: &str, second: u64) -> Option<NodeFacts> {
    let from = if name == "hill" { "valley" } else { "hill" };
    Some(node(name, from, 600 + second))
}

fn value(facts: &Facts, quantity: Quantity, way: Way) -> Option<f64> {
    match &facts.find(quantity, Some(way))?.outcome {
        Outcome::Measured(measured) => measured.value.or(measured.median),
        _ => None,
    }
}

#[test]
fn what_was_counted_meanwhile_is_told_and_what_was_before_is_not() {
    let (facts, asks) = run(300, both);
    assert_eq!(facts.kind, Kind::BesideLesson);
    for way in [Way::AToB, Way::BToA] {
        assert!((value(&facts, Quantity::AudioLoss, way).unwrap() - 0.01).abs() < 1e-3);
        assert!((value(&facts, Quantity::FreezeShare, way).unwrap() - 0.01).abs() < 1e-9);
        assert!((value(&facts, Quantity::VideoFps, way).unwrap() - 25.0).abs() < 1e-9);
        assert_eq!(value(&facts, Quantity::Freezes, way), Some(15.0));
        assert_eq!(value(&facts, Quantity::GlassToGlass, way), Some(120.0));
        assert_eq!(value(&facts, Quantity::LipSync, way), Some(-12.0));
    }
    assert!((value(&facts, Quantity::Cpu, Way::AtB).unwrap() - 0.4).abs() < 1e-9);
    assert_eq!(asks, 2 * 31, "every ten seconds, and at the end");
    let Outcome::Measured(loss) = &facts.find(Quantity::AudioLoss, Some(Way::AToB)).unwrap().outcome else {
        panic!()
    };
    assert_eq!((loss.n, loss.over_time.len()), (300 * 50, 30));
}

/// The lesson, but for what is changed of its sound.
fn with_sound(change: impl Fn(&mut Option<ReceivedSound>)) -> Facts {
    let answers = |name: &str, second| {
        let mut facts = both(name, second)?;
        let sounds = facts.received.iter_mut().filter(|track| track.track == TrackKind::Microphone);
        sounds.for_each(|track| change(&mut track.sound));
        Some(facts)
    };
    run(300, answers).0
}

#[test]
fn a_healthy_lesson_passes_and_one_whose_sound_is_invented_does_not() {
    let overall = |facts: &Facts| judge(facts, &Criteria::shipped()).overall;
    let healthy = with_sound(|_| ());
    assert!((value(&healthy, Quantity::ConcealedSeconds, Way::AToB).unwrap() - 0.02).abs() < 1e-9);
    assert_eq!(value(&healthy, Quantity::SeverelyConcealedSeconds, Way::BToA), Some(0.0));
    assert_eq!(value(&healthy, Quantity::SpeechRatingFb, Way::AToB), Some(82.0));
    assert_eq!(overall(&healthy).missing, Vec::<usize>::new());
    assert_eq!(overall(&healthy).verdict.counts_as(), Some(Grade::Good));
    let invented = with_sound(|sound| {
        let seconds = &mut sound.as_mut().unwrap().seconds;
        seconds.severely_concealed = seconds.concealed;
    });
    assert_eq!(overall(&invented).verdict.counts_as(), Some(Grade::Fail));
}

#[test]
fn a_muted_microphone_and_a_node_that_does_not_count_leave_a_lesson_undecided() {
    let cause = |facts: &Facts, quantity| match &facts.find(quantity, Some(Way::AToB)).unwrap().outcome {
        Outcome::Missing(missing) => missing.cause,
        other => panic!("{quantity}: {other:?}"),
    };
    let muted = with_sound(|sound| sound.as_mut().unwrap().rating = SpeechRating::Muted);
    assert_eq!(cause(&muted, Quantity::SpeechRatingFb), Cause::MicrophoneMuted);
    let older = with_sound(|sound| *sound = None);
    for quantity in [Quantity::ConcealedSeconds, Quantity::SeverelyConcealedSeconds, Quantity::SpeechRatingFb]
    {
        assert_eq!(cause(&older, quantity), Cause::NotAsked, "{quantity}");
    }
    for facts in [muted, older] {
        let overall = judge(&facts, &Criteria::shipped()).overall;
        assert_eq!(overall.verdict, Verdict::Undecided(Why::MandatoryMissing));
    }
}

#[test]
fn a_node_that_began_anew_is_counted_on() {
    let (facts, _) = run(300, |name, second| {
        let from = if name == "hill" { "valley" } else { "hill" };
        let seconds = if second < 150 { 600 + second } else { second - 140 };
        Some(node(name, from, seconds))
    });
    let Outcome::Measured(loss) = &facts.find(Quantity::AudioLoss, Some(Way::AToB)).unwrap().outcome else {
        panic!()
    };
    assert_eq!(loss.n, 300 * 50);
}

#[test]
fn whoever_answers_nothing_leaves_its_way_unknown() {
    let (facts, _) = run(120, |name, second| (name == "valley").then(|| both(name, second)).flatten());
    let missing = &facts.find(Quantity::AudioLoss, Some(Way::AToB)).unwrap().outcome;
    assert!(matches!(missing, Outcome::Missing(missing) if missing.cause == Cause::FarSideAsleep));
    assert!(value(&facts, Quantity::AudioLoss, Way::BToA).is_some());
    let overall = judge(&facts, &Criteria::shipped()).overall;
    assert_eq!(overall.verdict, Verdict::Undecided(Why::MandatoryMissing));
}

#[test]
fn of_a_node_that_disappears_stays_what_it_counted() {
    let (facts, _) =
        run(120, |name, second| (name == "valley" || second < 60).then(|| both(name, second)).flatten());
    let Outcome::Measured(loss) = &facts.find(Quantity::AudioLoss, Some(Way::AToB)).unwrap().outcome else {
        panic!()
    };
    assert_eq!(loss.n, 50 * 50);
    assert!(
        facts.notes.iter().any(|note| note.code() == Some(RemarkCode::NodeDisappeared)),
        "{:?}",
        facts.notes
    );
}

#[test]
fn a_school_that_sends_nothing_leaves_no_figure_but_a_reason() {
    let (facts, _) = run(60, |name, second| {
        let facts = both(name, second)?;
        Some(NodeFacts { received: Vec::new(), av_skew: Vec::new(), ..facts })
    });
    for quantity in [Quantity::AudioLoss, Quantity::GlassToGlass, Quantity::FreezeShare, Quantity::LipSync] {
        let outcome = &facts.find(quantity, Some(Way::AToB)).unwrap().outcome;
        assert!(
            matches!(outcome, Outcome::Missing(missing) if missing.cause == Cause::NoPackets),
            "{quantity}"
        );
    }
}

#[test]
fn a_clock_that_is_set_during_the_lesson_is_seen_and_one_that_drifts_is_none() {
    let start = Now { instant: Instant::now(), wall: WallTime(1_796_000_000_000_000) };
    let mut beside = Beside::new(plan(), start);
    let Head { a: valley, b: hill, .. } = plan().head;
    let at = |offset_us| Some(ClockReport { offset_us, bound_us: 500 });
    beside.on_told(&valley, Some("谷小"), at(0));
    beside.on_told(&valley, None, at(1_200));
    beside.on_told(&hill, None, at(0));
    beside.on_told(&hill, None, at(500_000));
    assert_eq!((beside.nodes[0].stepped, beside.nodes[1].stepped), (false, true));
    assert_eq!(beside.nodes[0].school.as_deref(), Some("谷小"));
}
