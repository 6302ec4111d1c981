//! Who comes late, who leaves, who vanishes.

use std::time::Duration;
use tongke_protocol::TrackKind;
use tongke_sim::{Leaving, LinkConfig, Report, Scenario, School, run};

fn leaving(leaving: Leaving) -> Report {
    let mut scenario = Scenario::lesson(2);
    scenario.schools[1].leaves = Some((Duration::from_secs(8), leaving));
    run(&scenario)
}

#[test]
fn a_late_joiner_has_a_picture_within_a_hundred_milliseconds() {
    for seed in 1..=20 {
        let mut scenario = Scenario::lesson(seed);
        // A second or two after the last keyframe, or much later: replayed or asked for.
        scenario.schools[2].joins = Duration::from_millis(1_000 + 613 * seed);
        let report = run(&scenario);
        for from in ["support", "hill"] {
            let path = report.picture(from, "lake", TrackKind::Camera).unwrap();
            assert!(path.first_after.unwrap() <= Duration::from_millis(100), "seed {seed}: {path:?}");
            assert_eq!(path.undecodable, 0, "{path:?}");
            // What was replayed from the past does not delay what comes now.
            assert!(path.delay.quantile_ms(0.95).unwrap() <= 40.0, "seed {seed}: {path:?}");
            assert!(path.longest_gap <= Duration::from_millis(200), "seed {seed}: {path:?}");
        }
        let sound = report.sound("support", "lake").unwrap();
        assert!(sound.first_after.unwrap() <= Duration::from_millis(100), "{sound:?}");
        // Those who were there before notice nothing.
        let before = report.picture("support", "hill", TrackKind::Camera).unwrap();
        assert!(before.longest_gap <= Duration::from_millis(80), "{before:?}");
    }
}

#[test]
fn who_says_bye_is_gone_at_once_and_the_others_go_on() {
    let report = leaving(Leaving::Bye);
    check_left(&report, Duration::from_millis(8_010));
}

#[test]
fn who_vanishes_is_gone_after_the_idle_timeout_and_the_others_go_on() {
    let report = leaving(Leaving::Vanish);
    check_left(&report, Duration::from_millis(13_010));
}

#[track_caller]
fn check_left(report: &Report, latest: Duration) {
    for node in [&report.nodes[0], &report.nodes[2]] {
        let left: Vec<_> = node.events.iter().filter(|(_, name)| *name == "left").collect();
        assert_eq!(left.len(), 1, "{}: {left:?}", node.name);
        assert!(left[0].0 <= latest, "{}: {left:?}", node.name);
    }
    for path in report.pictures.iter().filter(|path| path.from != "hill" && path.to != "hill") {
        assert_eq!(path.freezes, 0, "{path:?}");
        assert!(path.since_last.is_some_and(|since| since < Duration::from_millis(150)), "{path:?}");
    }
    let others = report.sounds.iter().filter(|path| path.from != "hill" && path.to != "hill");
    assert!(others.filter_map(|path| path.speech_concealed).all(|share| share == 0.0));
}

#[test]
fn eight_receiving_schools_see_and_hear_the_supporting_one() {
    let mut scenario = Scenario { lasts: Duration::from_secs(6), ..Scenario::lesson(1) };
    scenario.schools.truncate(1);
    scenario.schools.extend((0..8).map(|n| School {
        joins: Duration::from_millis(100 * n),
        ..School::receiving(&format!("school-{n}"))
    }));
    let report = run(&scenario);
    for n in 0..8 {
        let to = format!("school-{n}");
        for track in [TrackKind::Camera, TrackKind::Screen] {
            let path = report.picture("support", &to, track).unwrap();
            assert!(path.decoded >= 45 && path.freezes == 0, "{path:?}");
        }
        assert!(report.sound("support", &to).unwrap().stats.decoded > 230);
        let heard_back = report.sound(&to, "support");
        assert_eq!(heard_back.is_some(), n < 4, "{to}: as many microphones as slots were asked for");
    }
}

#[test]
fn a_seed_determines_a_lesson_to_the_last_packet() {
    let lossy = LinkConfig {
        loss: tongke_sim::Loss::bursts(0.03, 3.0),
        jitter: Duration::from_millis(8),
        duplicate: 0.01,
        ..LinkConfig::default()
    };
    let trace =
        |seed| run(&Scenario { lasts: Duration::from_secs(8), ..Scenario::lesson(seed).over(lossy) }).trace;
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}
