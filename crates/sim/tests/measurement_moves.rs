//! Proof that the measurements move: what is done to a lesson is read back from its report.

use std::time::Duration;
use tongke_protocol::TrackKind;
use tongke_sim::{LinkConfig, Loss, Report, Scenario, run};

const MS: Duration = Duration::from_millis(1);

fn with_way_to_lake(way: Duration) -> Report {
    let mut scenario = Scenario::lesson(5);
    scenario.schools[2].down = LinkConfig { delay: way, ..LinkConfig::default() };
    run(&scenario)
}

fn with_loss(share: f64) -> Report {
    let link = LinkConfig { loss: Loss::Random(share), delay: 40 * MS, ..LinkConfig::default() };
    run(&Scenario::lesson(1).over(link))
}

fn frozen(report: &Report) -> Duration {
    report.pictures.iter().map(|path| path.freeze_total).sum()
}

#[test]
fn heavy_loss_is_reported_as_freezes_and_concealment() {
    let reports = [0.0, 0.3, 0.5].map(with_loss);
    for (report, share) in reports.iter().zip([0.0, 0.3, 0.5]) {
        for node in &report.nodes {
            let lost = node.down.lost as f64 / node.down.sent as f64;
            assert!((lost - share).abs() < 0.02, "{lost}");
        }
    }
    let [clean, bad, worse] = reports;
    assert_eq!((frozen(&clean), clean.worst_concealed()), (Duration::ZERO, 0.0));
    assert!(
        frozen(&bad) > 500 * MS && frozen(&worse) > 2 * frozen(&bad),
        "{:?} {:?}",
        frozen(&bad),
        frozen(&worse)
    );
    assert!(bad.worst_concealed() > 0.02, "{}", bad.worst_concealed());
    assert!(worse.worst_concealed() > 2.0 * bad.worst_concealed(), "{}", worse.worst_concealed());
    assert!(worse.worst_gap() > 500 * MS, "{:?}", worse.worst_gap());
    assert!(bad.nodes.iter().all(|node| node.recovered > 1_000));
}

// The least delay is looked at: on top of it comes what the buffers add, which differs.
#[test]
fn a_delay_put_in_is_read_back() {
    let near = with_way_to_lake(Duration::from_micros(200));
    let far = with_way_to_lake(Duration::from_micros(70_200));
    for track in [TrackKind::Camera, TrackKind::Screen] {
        let delay =
            |report: &Report| report.picture("support", "lake", track).unwrap().delay.min_ms().unwrap();
        let more = delay(&far) - delay(&near);
        // The way back is as short as before: the clocks are wrong by half of the difference, as
        // much as their bound says.
        assert!((more - 35.0).abs() < 1.0, "{track}: {more}");
        let (_, bound_us) = far.nodes[2].clock_us.unwrap();
        assert!(bound_us.abs_diff(35_200) < 300, "{bound_us}");
        assert!((70.0 - more) * 1000.0 <= bound_us as f64 + 300.0);
        // Elsewhere nothing changed.
        let same = |report: &Report| report.picture("support", "hill", track).unwrap().delay.min_ms();
        assert_eq!(same(&near), same(&far));
    }
}

#[test]
fn the_same_delay_both_ways_is_read_back_whole_whatever_the_clocks_say() {
    let mut scenario = Scenario::lesson(6);
    let far = LinkConfig { delay: 60 * MS, ..LinkConfig::default() };
    (scenario.schools[2].up, scenario.schools[2].down) = (far, far);
    (scenario.schools[0].clock_ahead_us, scenario.schools[2].clock_ahead_us) = (-3_700_000, 12_345_678);
    let report = run(&scenario);
    assert_eq!(report.nodes[2].clock_us, Some((-12_345_678, 60_000)));
    assert_eq!(report.nodes[0].clock_us, Some((3_700_000, 200)));
    let camera = report.picture("support", "lake", TrackKind::Camera).unwrap();
    // 8 ms of encoding, 0.2 ms up, 60 ms down.
    assert!((camera.delay.min_ms().unwrap() - 68.2).abs() < 0.5, "{camera:?}");
    let back = report.picture("lake", "support", TrackKind::Camera).unwrap();
    assert!((back.delay.min_ms().unwrap() - 68.2).abs() < 0.5, "{back:?}");
}

#[test]
fn slow_encoding_of_pictures_is_read_back_as_sound_that_is_early() {
    let mut scenario = Scenario::lesson(7);
    if let Some(camera) = &mut scenario.schools[0].camera {
        camera.encode = 30 * MS;
    }
    let slow = run(&scenario);
    let quick = run(&Scenario::lesson(7));
    let skew = |report: &Report| report.sound("support", "lake").unwrap().av_skew.unwrap().p50;
    let moved = skew(&slow) - skew(&quick);
    assert!((moved - 22.0).abs() < 1.0, "{moved}");
}
