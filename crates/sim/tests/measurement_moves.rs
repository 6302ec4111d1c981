//! Proof that the measurements move: what is done to a lesson is read back from its report.

use std::thread;
use std::time::Duration;
use tongke_protocol::TrackKind;
use tongke_sim::{LinkConfig, Loss, Report, Scenario, run};

const MS: Duration = Duration::from_millis(1);

fn with_way_to_lake(way: Duration) -> Report {
    let mut scenario = Scenario::lesson(5);
    scenario.schools[2].down = LinkConfig { delay: way, ..LinkConfig::default() };
    run(&scenario)
}

/// Lessons of one share of loss. Which words and pictures one lesson loses is chance, and falls otherwise
/// with every change of the order in which packets leave: only what many come to is a measurement.
const LESSONS: u64 = 10;

/// The reports of [`LESSONS`] lessons in which every link loses this share of its packets.
fn with_loss(share: f64) -> Vec<Report> {
    let link = LinkConfig { loss: Loss::Random(share), delay: 40 * MS, ..LinkConfig::default() };
    thread::scope(|scope| {
        let run_one = |seed| scope.spawn(move || run(&Scenario::lesson(seed).over(link)));
        let lessons: Vec<_> = (1..=LESSONS).map(run_one).collect();
        lessons.into_iter().map(|lesson| lesson.join().expect("a run does not panic")).collect()
    })
}

/// How long pictures stood still, all ways of a lesson together, in the mean lesson.
fn frozen(reports: &[Report]) -> Duration {
    let pictures = reports.iter().flat_map(|report| &report.pictures);
    pictures.map(|path| path.freeze_total).sum::<Duration>() / reports.len() as u32
}

/// The longest time any picture stood still, in the mean lesson.
fn longest_gap(reports: &[Report]) -> Duration {
    reports.iter().map(Report::worst_gap).sum::<Duration>() / reports.len() as u32
}

/// Share of speech that was made up, in the mean of all ways.
fn concealed(reports: &[Report]) -> f64 {
    let shares: Vec<f64> = reports
        .iter()
        .flat_map(|report| &report.sounds)
        .map(|path| path.speech_concealed.expect("somebody spoke"))
        .collect();
    shares.iter().sum::<f64>() / shares.len() as f64
}

// The figures in comments are what 200 lessons came to, with the standard deviation of a single one. The
// mean of ten lessons deviates by that over the square root of ten; bounds stand some five such deviations off.
#[test]
fn heavy_loss_is_reported_as_freezes_and_concealment() {
    let shares = [0.0, 0.3, 0.5];
    let [clean, bad, worse] = shares.map(with_loss);
    for (reports, share) in [&clean, &bad, &worse].into_iter().zip(shares) {
        for node in reports.iter().flat_map(|report| &report.nodes) {
            let lost = node.down.lost as f64 / node.down.sent as f64;
            assert!((lost - share).abs() < 0.02, "{lost}");
        }
    }
    assert_eq!((frozen(&clean), concealed(&clean)), (Duration::ZERO, 0.0));
    // 2.42 s, 0.93 s.
    let froze = frozen(&bad);
    assert!(froze > 1_000 * MS && froze < 3_900 * MS, "{froze:?}");
    // 32.3 s, 16.6 s.
    assert!(frozen(&worse) > 3 * froze, "{:?} {froze:?}", frozen(&worse));
    // 13.7 s, 3.7 s; with less loss 0.49 s, 0.20 s.
    assert!(longest_gap(&worse) > 5 * longest_gap(&bad), "{:?} {:?}", longest_gap(&worse), longest_gap(&bad));
    // 1.29 %, 0.32 %: 51 % of the packets are lost on their first way, so repairs must be many and in time.
    let made_up = concealed(&bad);
    assert!(made_up > 0.008 && made_up < 0.018, "{made_up}");
    // 8.1 %, 0.8 %; 75 % of the packets.
    assert!((concealed(&worse) - 0.081).abs() < 0.014, "{}", concealed(&worse));
    assert!(bad.iter().flat_map(|report| &report.nodes).all(|node| node.recovered > 1_000));
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
