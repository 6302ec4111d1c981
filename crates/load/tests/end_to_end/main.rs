//! A load on a relay's core behind a way that loses and delays what the test says: what is measured moves
//! with it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed, as it should")]

mod way;

use std::time::Duration;
use tongke_load::{Joining, Link, Load, LoadConfig, Pace, Seen, Shape};
use way::{Fault, Way};

/// Measures one publisher and two subscribers for a second, the way having this fault in it.
fn measured(fault: Fault) -> Seen {
    let way = Way::start();
    let config = LoadConfig {
        shape: Shape::Spread { lessons: 1, subscribers: 2 },
        link: Link::Webrtc,
        pace: Pace::Even,
        seed: 1,
    };
    let mut load = Load::start(way.target(), config).unwrap();
    load.join_publishers().unwrap();
    load.join_subscribers(Joining::Calmly(2)).unwrap();
    load.window_while(|load| {
        // What was sent before the window began has passed.
        load.wait(Duration::from_millis(200), &mut |_| {})?;
        way.set(fault);
        load.wait(Duration::from_secs(1), &mut |_| {})?;
        way.set(Fault::None);
        Ok(())
    })
    .unwrap()
}

#[test]
fn everything_comes_and_is_known() {
    let seen = measured(Fault::None);
    assert_eq!((seen.publishers, seen.subscribers), (1, 2));
    assert!(seen.expected > 400, "{seen:?}");
    assert_eq!((seen.received, seen.lost), (seen.expected, 0));
    assert_eq!((seen.mismapped, seen.unopened, seen.duplicates), (0, 0, 0));
    assert_eq!(seen.all.count, seen.received);
    assert!(seen.frame_end.count >= 40 && seen.audio.count >= 80, "{seen:?}");
}

#[test]
fn each_dropped_packet_is_counted_as_lost() {
    let seen = measured(Fault::Drop { packets: 7 });
    assert_eq!((seen.lost, seen.received + 7), (7, seen.expected));
    assert_eq!(seen.mismapped, 0);
}

#[test]
fn a_packet_that_comes_twice_is_counted_once() {
    let seen = measured(Fault::Repeat { packets: 5 });
    assert_eq!((seen.lost, seen.duplicates), (0, 5));
    assert_eq!(seen.received, seen.expected);
}

#[test]
fn delayed_packets_show_in_the_percentiles() {
    let seen = measured(Fault::Delay { every: 20, by: Duration::from_millis(80) });
    assert!(seen.all.p99_ms >= 80.0, "{seen:?}");
    assert!(seen.all.p50_ms < seen.all.p99_ms);
    assert_eq!(seen.lost, 0);
}
