//! What bursts cost slow lines: the statements of docs/forwarding.md.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

use std::time::Duration;
use tongke_sim::bursts::{Line, Pacing, Seen, Sending, Traffic, Wait, least_queue, study};

const LENGTH: Duration = Duration::from_secs(30);
const MOST: usize = 200;

fn camera(mbps: u64) -> Traffic {
    Traffic { tracks: 1, video_bps: f64::min(2.5e6, mbps as f64 * 0.6e6), pacing: Pacing::Even, others: 0.0 }
}

fn groups(group: usize) -> Sending {
    Sending { wait: Wait::PictureEnd, group }
}

fn queue(mbps: u64, sending: Sending) -> usize {
    least_queue(mbps * 1_000_000, sending, camera(mbps), LENGTH, MOST).unwrap()
}

fn seen(mbps: u64, queue_packets: usize, sending: Sending) -> Seen {
    study(Line { rate_bps: mbps * 1_000_000, queue_packets }, sending, camera(mbps), LENGTH, 1)
}

#[test]
fn where_the_line_is_wider_than_the_pace_a_group_needs_a_queue_of_its_length() {
    for mbps in [8, 20, 100] {
        assert_eq!(queue(mbps, Sending::AT_ONCE), 1, "{mbps} Mbit/s");
        for group in [4, 8, 16, 32] {
            let queue = queue(mbps, groups(group));
            assert!((group - 1..=group).contains(&queue), "{queue} for {group} at {mbps} Mbit/s");
        }
    }
}

#[test]
fn where_it_is_narrower_small_groups_need_a_few_places_more_and_whole_keyframes_dozens() {
    for mbps in [3, 4] {
        let single = queue(mbps, Sending::AT_ONCE);
        let more = |group| queue(mbps, groups(group)) - single;
        assert!(single > 16, "a keyframe fills a short queue whatever the relay does: {single}");
        assert!(more(4) <= 3 && more(8) <= 6, "{} and {}", more(4), more(8));
        assert!(more(48) >= 18, "{}", more(48));
    }
}

#[test]
fn a_queue_shorter_than_the_group_loses_what_single_packets_would_not() {
    let at_once = seen(8, 8, Sending::AT_ONCE);
    assert_eq!((at_once.packets_lost, at_once.sounds_lost), (0, 0));
    assert_eq!(seen(8, 8, groups(8)).packets_lost, 0);
    let whole = seen(8, 8, groups(48));
    assert_eq!(whole.packets, at_once.packets, "the same lesson");
    assert!(whole.packets_lost * 20 > whole.packets, "{} of {}", whole.packets_lost, whole.packets);
}

#[test]
fn what_waits_is_late_by_what_the_line_could_have_sent_meanwhile() {
    let ms = |seen: &Seen| {
        let of = |delays: &tongke_measure::Distribution, q| delays.quantile_ms(q).unwrap();
        [of(&seen.picture_end, 0.5), of(&seen.picture_end, 0.99), of(&seen.sound, 0.99)]
    };
    let [at_once, by_four, by_eight, whole] =
        [Sending::AT_ONCE, groups(4), groups(8), groups(48)].map(|sending| ms(&seen(8, MOST, sending)));
    assert!(at_once[1] < 0.5, "{at_once:?}");
    assert!((2.0..4.5).contains(&by_four[0]) && by_four[2] < 6.0, "{by_four:?}");
    assert!((6.0..9.0).contains(&by_eight[0]) && by_eight[2] < 10.0, "{by_eight:?}");
    assert!(whole[1] > 40.0 && whole[2] > 40.0, "a keyframe in one piece holds up the sound: {whole:?}");
    let fast = ms(&seen(100, MOST, groups(8)));
    assert!(fast[0] < 1.0 && fast[2] < 1.0, "{fast:?}");
}

#[test]
fn a_seed_determines_a_run() {
    let shared = Traffic { tracks: 2, pacing: Pacing::Bursts, others: 0.5, ..camera(4) };
    let run = |seed| {
        let line = Line { rate_bps: 4_000_000, queue_packets: 16 };
        study(line, groups(8), shared, LENGTH, seed).packets_lost
    };
    assert_eq!(run(1), run(1));
    assert!(run(1) > 0 && run(1) != run(2));
}
