//! The lesson that the project promises to survive: 5 % random loss and 80 ms round trip.
//!
//! Both are meant per link, that is between each node and the relay: 5 % of the packets are lost in
//! each direction, each way takes 40 ms. From classroom to classroom 9.75 % are lost and the quickest
//! packet takes 80 ms, as long as a repair on one link.

use std::num::NonZero;
use std::thread;
use std::time::Duration;
use tongke_measure::Distribution;
use tongke_protocol::TrackKind;
use tongke_sim::{LinkConfig, Loss, Report, Scenario, run};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=100;

// How much speech is made up is chance: a way loses a word where a packet's repairs are lost too, and where that
// is falls otherwise with every change of the order in which packets are sent. What stays is the distribution.
// In 4,500 lessons, 27,000 ways of sound, the mean was 0.055 %, with a standard deviation of 0.037 % between
// lessons; 53 ways were above 0.5 %, nine of them above 0.6 %, one above 0.7 %.

/// Most that is made up in the mean of all ways: five standard deviations of a mean of 100 lessons above the
/// mean. This is what notices worse repairs.
const MEAN_CONCEALED: f64 = 0.00075;
/// What a classroom may count on; one way in 500 is worse.
const CONCEALED: f64 = 0.005;
/// Most ways of the 600 that may be worse: one is to be expected, seven come in one of 4,000 orders.
const UNLUCKY: usize = 6;
/// The worst that any way may be: four times fewer ways are above each further 0.1 %.
const MOST_CONCEALED: f64 = 0.01;

fn link() -> LinkConfig {
    LinkConfig { loss: Loss::Random(0.05), delay: Duration::from_millis(40), ..LinkConfig::default() }
}

/// One report per seed, in the order of the seeds. Runs share nothing, so threads change nothing.
fn run_all() -> Vec<Report> {
    let seeds: Vec<u64> = SEEDS.collect();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let parts: Vec<_> = seeds
            .chunks(seeds.len().div_ceil(threads))
            .map(|seeds| {
                let run_one = |seed: &u64| run(&Scenario::lesson(*seed).over(link()));
                scope.spawn(move || seeds.iter().map(run_one).collect::<Vec<_>>())
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("a run does not panic")).collect()
    })
}

#[track_caller]
fn check_pictures(report: &Report) {
    assert_eq!(report.pictures.len(), 8, "seed {}: 3 cameras at 2 others, a screen at 2", report.seed);
    for path in &report.pictures {
        let who = format!("seed {}: {} at {}, {}: {path:?}", report.seed, path.from, path.to, path.track);
        let least = if path.track == TrackKind::Camera { 650 } else { 200 };
        assert!(path.decoded >= least, "{who}");
        assert!(path.first_after.is_some_and(|after| after < Duration::from_millis(2_500)), "{who}");
        assert!(path.longest_gap <= Duration::from_millis(500), "{who}");
        assert!(path.since_last.is_some_and(|since| since <= Duration::from_millis(500)), "{who}");
    }
}

#[track_caller]
fn check_sounds(report: &Report) {
    assert_eq!(report.sounds.len(), 6, "seed {}", report.seed);
    for path in &report.sounds {
        let who = format!("seed {}: {} at {}: {path:?}", report.seed, path.from, path.to);
        assert!(path.stats.decoded >= 1_100, "{who}");
        assert!(path.speech_concealed.is_some_and(|share| share <= MOST_CONCEALED), "{who}");
        assert!(path.speech_cut <= 3, "{who}");
    }
}

#[test]
fn five_percent_loss_at_eighty_milliseconds_freezes_no_picture_and_swallows_no_word() {
    let reports = run_all();
    let (mut camera, mut sound) = (Distribution::new(), Distribution::new());
    for report in &reports {
        report.pictures.iter().filter(|path| path.track == TrackKind::Camera).for_each(|path| {
            camera.merge(&path.delay);
        });
        report.sounds.iter().for_each(|path| sound.merge(&path.delay));
    }
    let worst_gap = reports.iter().map(Report::worst_gap).max();
    let worst_concealed = reports.iter().map(Report::worst_concealed).fold(0.0, f64::max);
    println!("worst gap {worst_gap:?}, worst share of concealed speech {:.3} %", worst_concealed * 100.0);
    println!("capture to render {:?}", camera.summary(None));
    println!("mouth to ear      {:?}", sound.summary(None));
    for report in &reports {
        check_pictures(report);
        check_sounds(report);
    }
    let shares: Vec<f64> =
        reports.iter().flat_map(|report| &report.sounds).filter_map(|path| path.speech_concealed).collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    assert!(mean <= MEAN_CONCEALED, "{:.4} % in the mean of {} ways", mean * 100.0, shares.len());
    let unlucky = shares.iter().filter(|share| **share > CONCEALED).count();
    assert!(unlucky <= UNLUCKY, "{unlucky} of {} ways conceal more than 0.5 %", shares.len());
    // What this costs: a repair's round trip beyond the 80 ms of the way, and not much more.
    assert!(camera.quantile_ms(0.5).unwrap() < 350.0);
    assert!(sound.quantile_ms(0.5).unwrap() < 330.0);
}
