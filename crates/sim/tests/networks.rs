//! One lesson over networks of every bad kind: what must hold, and what it may cost.

use std::time::Duration;
use tongke_protocol::TrackKind;
use tongke_sim::{LinkChange, LinkConfig, Loss, Report, Scenario, run};

const MS: Duration = Duration::from_millis(1);

fn over(seed: u64, link: LinkConfig) -> Report {
    run(&Scenario::lesson(seed).over(link))
}

fn wan() -> LinkConfig {
    LinkConfig { delay: 20 * MS, ..LinkConfig::default() }
}

/// Whatever the network does: nothing undecodable reaches a decoder, and everybody is seen and heard
/// to the end.
#[track_caller]
fn check_whole(report: &Report) {
    assert_eq!((report.pictures.len(), report.sounds.len()), (8, 6));
    for path in &report.pictures {
        assert!(path.since_last.is_some_and(|since| since < 500 * MS), "{path:?}");
        assert!(path.undecodable <= 3, "{path:?}");
    }
    for path in &report.sounds {
        assert!(path.stats.decoded > 900, "{path:?}");
    }
}

#[test]
fn a_clean_network_adds_nothing() {
    let report = over(1, LinkConfig::default());
    check_whole(&report);
    for path in &report.pictures {
        assert_eq!((path.freezes, path.undecodable, path.stats.lost_packets), (0, 0, 0));
        // 8 ms of encoding and 0.4 ms of way; the buffer adds nothing.
        assert!(path.delay.quantile_ms(0.95).unwrap() <= 12.0, "{path:?}");
        assert!(path.buffered.quantile_ms(0.95).unwrap() <= 1.0, "{path:?}");
    }
    for path in &report.sounds {
        assert_eq!((path.speech_concealed, path.stats.late_packets), (Some(0.0), 0), "{path:?}");
        // 20 ms of frame, up to one of buffer.
        assert!(path.delay.quantile_ms(0.95).unwrap() <= 60.0, "{path:?}");
        assert!(path.av_skew.unwrap().p95 <= 45.0, "{path:?}");
    }
    assert_eq!(report.nodes.iter().map(|node| node.lost + node.recovered).sum::<u64>(), 0);
}

#[test]
fn packets_that_overtake_each_other_are_put_in_order_without_loss() {
    for seed in 1..=5 {
        let report = over(seed, LinkConfig { jitter: 15 * MS, ..wan() });
        check_whole(&report);
        for path in &report.pictures {
            assert!(path.longest_gap <= 250 * MS, "{path:?}");
        }
        assert!(report.worst_concealed() <= 0.005, "seed {seed}: {}", report.worst_concealed());
    }
}

#[test]
fn doubled_packets_are_taken_once() {
    let clean = over(1, wan());
    let doubled = over(1, LinkConfig { duplicate: 0.2, ..wan() });
    check_whole(&doubled);
    assert!(doubled.nodes.iter().all(|node| node.down.duplicated > 500));
    for (a, b) in clean.pictures.iter().zip(&doubled.pictures) {
        assert!(a.decoded.abs_diff(b.decoded) <= 2, "{a:?} {b:?}");
        assert_eq!(b.freezes, 0);
    }
    assert_eq!(doubled.worst_concealed(), 0.0);
}

#[test]
fn bursts_of_loss_are_repaired() {
    for seed in 1..=5 {
        let report = over(seed, LinkConfig { loss: Loss::bursts(0.02, 4.0), ..wan() });
        check_whole(&report);
        assert!(report.worst_gap() <= 500 * MS, "seed {seed}: {:?}", report.worst_gap());
        assert!(report.worst_concealed() <= 0.01, "seed {seed}: {}", report.worst_concealed());
    }
}

#[test]
fn a_squeezed_link_loses_pictures_there_and_nowhere_else() {
    // 'lake' receives 2.2 Mbit/s with headers; for 5 s it has 1.5 Mbit/s and a queue of 200 ms.
    let narrow = LinkConfig { rate_bps: Some(1_500_000), ..wan() };
    let change = |at: u64, down| LinkChange { at: Duration::from_secs(at), school: 2, up: None, down };
    let scenario = Scenario {
        changes: vec![change(8, Some(narrow)), change(13, Some(wan()))],
        lasts: Duration::from_secs(30),
        ..Scenario::lesson(3).over(wan())
    };
    let report = run(&scenario);
    check_whole(&report);
    assert!(report.nodes[2].down.queue_dropped > 100, "{:?}", report.nodes[2]);
    assert!(report.pictures.iter().filter(|path| path.to == "lake").any(|path| path.freezes > 0));
    for path in report.pictures.iter().filter(|path| path.to != "lake") {
        assert_eq!(path.freezes, 0, "{path:?}");
    }
    let elsewhere = report.sounds.iter().filter(|path| path.to != "lake");
    assert!(elsewhere.filter_map(|path| path.speech_concealed).all(|share| share == 0.0));
}

#[test]
fn after_an_outage_of_a_second_everything_goes_on() {
    let dead = LinkConfig { loss: Loss::Random(1.0), ..wan() };
    let change = |at_ms: u64, link| LinkChange {
        at: Duration::from_millis(at_ms),
        school: 1,
        up: Some(link),
        down: Some(link),
    };
    let scenario = Scenario {
        changes: vec![change(10_000, dead), change(11_000, wan())],
        ..Scenario::lesson(4).over(wan())
    };
    let report = run(&scenario);
    check_whole(&report);
    for path in &report.pictures {
        let most = if path.from == "hill" || path.to == "hill" { 2_000 } else { 150 };
        assert!(path.longest_gap <= most * MS, "{path:?}");
    }
    // The delay that the outage needed does not stay.
    let camera = report.picture("support", "hill", TrackKind::Camera).unwrap();
    assert!(camera.delay.quantile_ms(0.9).unwrap() < 120.0, "{camera:?}");
}
