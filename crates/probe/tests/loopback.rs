//! Both ends over real sockets, on one machine and so on one clock.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;
use tongke_measure::network::dscp::{Dscp, DscpFate};
use tongke_measure::network::path_mtu::PathMtu;
use tongke_probe::{Line, MOST_SESSIONS, Opened, Reflector};

fn reflector() -> Reflector {
    Reflector::start(([127, 0, 0, 1], 0).into()).unwrap()
}

fn line(reflector: &Reflector) -> Line {
    Line::open(reflector.address(), &reflector.open().unwrap()).unwrap()
}

#[test]
fn an_idle_line_loses_nothing_and_both_clocks_are_one() {
    let reflector = reflector();
    let mut told = Vec::new();
    let idle = line(&reflector).idle(50, Duration::from_millis(2), &mut |number| told.push(number)).unwrap();
    assert_eq!(told, (0..50).collect::<Vec<_>>());
    let figures = idle.figures;
    assert_eq!((figures.sent, figures.answered, figures.strange, figures.duplicates), (50, 50, 0, 0));
    assert_eq!((figures.out.loss.lost, figures.back.loss.lost), (0, 0));
    assert_eq!(idle.round_trips.len(), 50);
    let clock = idle.clock.expect("every packet is a probe of the clock");
    assert!(clock.offset_us.unsigned_abs() <= clock.bound_us + 1, "{clock:?}");
    assert_eq!(idle.clock_steps, 0);
}

#[test]
fn a_relay_that_is_silent_is_a_result_and_no_error() {
    let reflector = reflector();
    let opened = reflector.open().unwrap();
    let stranger = Opened { key: [0; 32], ..opened };
    let idle = Line::open(reflector.address(), &stranger).unwrap();
    let idle = idle.idle(5, Duration::from_millis(1), &mut |_| {}).unwrap();
    assert_eq!((idle.figures.sent, idle.figures.answered), (5, 0));
    assert_eq!((idle.clock, idle.round_trips.len()), (None, 0));
}

#[test]
fn a_code_point_is_seen_at_both_ends() {
    let reflector = reflector();
    for dscp in [Dscp::EF, Dscp::AF42, Dscp::DEFAULT] {
        let marked = line(&reflector).mark(dscp).unwrap();
        assert_eq!((marked.out, marked.back), (DscpFate::Kept, DscpFate::Kept), "{dscp:?}");
    }
}

#[test]
fn loopback_takes_the_largest_packet_that_is_tried() {
    let reflector = reflector();
    assert_eq!(line(&reflector).path_mtu().unwrap(), PathMtu::Complete { mtu: 1500 });
}

#[test]
fn so_many_sessions_and_no_more() {
    let reflector = reflector();
    assert!((0..MOST_SESSIONS).all(|_| reflector.open().is_some()));
    assert!(reflector.open().is_none());
}

#[test]
fn over_ipv6_too() {
    let reflector = Reflector::start((std::net::Ipv6Addr::LOCALHOST, 0).into()).unwrap();
    let idle = line(&reflector).idle(5, Duration::from_millis(1), &mut |_| {}).unwrap();
    assert_eq!(idle.figures.answered, 5);
    let marked = line(&reflector).mark(Dscp::EF).unwrap();
    assert_eq!((marked.out, marked.back), (DscpFate::Kept, DscpFate::Kept));
}
