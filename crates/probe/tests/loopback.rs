//! Both ends over real sockets, on one machine and so on one clock.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;
use tongke_measure::network::capacity::{Capacity, Row, SearchSettings, TEST_LENGTH, Volume};
use tongke_measure::network::dscp::{Dscp, DscpFate};
use tongke_measure::network::nat::{Filtering, Mapping, TestResult};
use tongke_measure::network::path_mtu::PathMtu;
use tongke_probe::{Direction, Line, LoadError, LoadLine, MOST_SESSIONS, Opened, Reflector, Stopped, nat};

fn reflector() -> Reflector {
    Reflector::start(([127, 0, 0, 1], 0).into(), None, 120).unwrap()
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
    let reflector = Reflector::start((std::net::Ipv6Addr::LOCALHOST, 0).into(), None, 120).unwrap();
    let idle = line(&reflector).idle(5, Duration::from_millis(1), &mut |_| {}).unwrap();
    assert_eq!(idle.figures.answered, 5);
    let marked = line(&reflector).mark(Dscp::EF).unwrap();
    assert_eq!((marked.out, marked.back), (DscpFate::Kept, DscpFate::Kept));
}

fn load_line(reflector: &Reflector) -> LoadLine {
    LoadLine::new(reflector.address(), reflector.open_load().unwrap())
}

fn settings() -> SearchSettings {
    SearchSettings { fastest: Row::new(20), ..SearchSettings::default() }
}

#[test]
fn a_machine_s_own_loopback_carries_more_than_is_tried_in_both_directions() {
    let reflector = reflector();
    let mut line = load_line(&reflector);
    for direction in [Direction::Out, Direction::Back] {
        let mut left = Vec::new();
        let run = line.capacity(direction, &settings(), &mut |time| left.push(time)).unwrap();
        let Capacity::AtLeast { bps, .. } = run.capacity else { panic!("{direction:?}: {:?}", run.seconds) };
        assert!(bps > 15e6, "{direction:?}: {bps}");
        assert!(bps < 21.5e6, "{direction:?}: {bps}");
        assert_eq!(run.seconds.len(), 10);
        let announced = Volume::of(&settings(), TEST_LENGTH).at_most_bytes;
        assert!((announced / 2..=announced).contains(&run.bytes), "{} of {announced}", run.bytes);
        assert!(left.is_sorted_by(|a, b| a >= b) && left.last().unwrap().is_zero());
    }
}

#[test]
fn reflected_packets_go_on_while_another_line_is_loaded() {
    let reflector = reflector();
    let figures = thread::scope(|scope| {
        let loading =
            scope.spawn(|| load_line(&reflector).hold(Direction::Out, 20e6, 2, &mut |_| {}).unwrap());
        let idle = line(&reflector).idle(150, Duration::from_millis(10), &mut |_| {}).unwrap();
        assert!(loading.join().unwrap().seconds.iter().all(|second| second.rate_bps() > 15e6));
        idle.figures
    });
    assert_eq!((figures.answered, figures.out.loss.lost, figures.back.loss.lost), (150, 0, 0));
}

#[test]
fn a_line_that_is_taken_away_is_no_longer_loaded() {
    let reflector = reflector();
    let opened = reflector.open_load().unwrap();
    for direction in [Direction::Out, Direction::Back] {
        let mut line = LoadLine::new(reflector.address(), opened.clone());
        let mut closed = false;
        let stopped = line.hold(direction, 1e6, 12, &mut |left| {
            if left < Duration::from_millis(11_500) && !closed {
                reflector.close_load(opened.session, Stopped::LessonLive);
                closed = true;
            }
        });
        // The second time the session is closed before.
        match (direction, stopped.unwrap_err()) {
            (Direction::Out, LoadError::Stopped(why)) => assert_eq!(why, Stopped::LessonLive),
            (Direction::Back, LoadError::NoAnswer) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn nobody_without_the_session_s_key_loads_a_line() {
    let reflector = reflector();
    let stranger = Opened { key: [0; 32], ..reflector.open_load().unwrap() };
    let mut line = LoadLine::new(reflector.address(), stranger);
    let refused = line.hold(Direction::Back, 1e6, 1, &mut |_| {});
    assert!(matches!(refused, Err(LoadError::NoAnswer)), "{refused:?}");
    assert!(reflector.open_load().is_some() && reflector.open_load().is_none(), "two lines at once");
}

#[test]
fn without_a_nat_the_relay_sees_the_socket_s_own_address_and_answers_come_from_anywhere() {
    // A port that is free on both addresses: the reflector must have it on each.
    let free = UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let second = SocketAddr::from(([127, 0, 0, 2], free));
    let reflector = Reflector::start(([127, 0, 0, 1], 0).into(), Some(second), 120).unwrap();
    let seen = nat(reflector.address(), reflector.second(), &reflector.open().unwrap()).unwrap();
    assert_eq!(
        (seen.tests.mapping(), seen.tests.filtering()),
        (Mapping::NoNat, Filtering::EndpointIndependent)
    );
    let mapped = TestResult::Answer { mapped: seen.tests.local };
    assert_eq!([seen.tests.primary, seen.tests.alternate_address, seen.tests.alternate_both], [mapped; 3]);
    assert_eq!(seen.mapped_at_end, Some(seen.tests.local));
}

#[test]
fn without_a_second_address_nothing_is_guessed_of_filtering() {
    let reflector = reflector();
    let seen = nat(reflector.address(), reflector.second(), &reflector.open().unwrap()).unwrap();
    assert_eq!((seen.tests.mapping(), seen.tests.filtering()), (Mapping::NoNat, Filtering::NotTested));
    let stranger = Opened { key: [0; 32], ..reflector.open().unwrap() };
    let seen = nat(reflector.address(), reflector.second(), &stranger).unwrap();
    assert_eq!((seen.tests.mapping(), seen.mapped_at_end), (Mapping::UdpBlocked, None));
}
