use super::super::packet::{Body, Direction, Packet};
use super::super::receiving::Receiving;
use super::*;
use std::collections::VecDeque;
use tongke_measure::network::capacity::{Capacity, Report, Row, TEST_LENGTH};

fn plan(pace: Pace, seconds: u64) -> Plan {
    Plan { direction: Direction::Out, pace, length: Duration::from_secs(seconds) }
}

fn search(fastest: u16) -> Pace {
    Pace::Search { fastest: Row::new(fastest) }
}

/// A line that carries `bps` and holds a tenth of a second, 20 ms long each way, in virtual time.
struct Line {
    bps: f64,
    free: Instant,
}

const WAY: Duration = Duration::from_millis(20);
const QUEUE: Duration = Duration::from_millis(100);

impl Line {
    fn carry(&mut self, now: Instant) -> Option<Instant> {
        let begins = self.free.max(now);
        if begins - now > QUEUE {
            return None;
        }
        self.free = begins + Duration::from_secs_f64(PACKET_BITS / self.bps);
        Some(self.free + WAY)
    }
}

/// Both ends over that line; `told` is asked whether a report comes through.
fn run(bps: f64, plan: &Plan, told: impl Fn(Duration) -> bool) -> (Sending, Receiving, Next) {
    let begin = Instant::now();
    let (mut now, mut line) = (begin, Line { bps, free: begin });
    let (mut sending, mut receiving) = (Sending::new(now, plan), Receiving::new(now, plan));
    let mut packets: VecDeque<(Instant, Packet)> = VecDeque::new();
    let mut reports: VecDeque<(Instant, Told)> = VecDeque::new();
    loop {
        let next = loop {
            match sending.poll(now) {
                Next::Send { first, count } => {
                    for seq in first..first + count {
                        let sent_us = (now - begin).as_micros() as u64;
                        let packet = Packet { session: 1, run: 1, seq, sent_us, body: Body::Load };
                        packets.extend(line.carry(now).map(|at| (at, packet)));
                    }
                }
                next => break next,
            }
        };
        if matches!(next, Next::Done | Next::Silent) {
            return (sending, receiving, next);
        }
        now += Duration::from_millis(1);
        while let Some((at, packet)) = packets.pop_front_if(|(at, _)| *at <= now) {
            receiving.on_load(&packet, at, IP_PACKET_BYTES);
        }
        receiving.on_empty(now);
        let report = receiving.poll_report().filter(|_| told(now - begin));
        reports.extend(report.map(|told| (now + WAY, told)));
        while let Some((_, told)) = reports.pop_front_if(|(at, _)| *at <= now) {
            sending.on_report(now, &told);
        }
    }
}

#[test]
fn the_sender_learns_of_every_second_and_finds_what_the_line_carries() {
    for mbps in [1.0, 5.0, 20.0, 50.0, 100.0] {
        let plan = plan(search(120), 10);
        // Nine reports of ten are lost.
        let (sending, receiving, next) = run(mbps * 1e6, &plan, |at| at.as_millis() % 10 < 8);
        assert_eq!(next, Next::Done);
        assert_eq!(sending.seconds(), receiving.seconds());
        assert_eq!(sending.seconds().len(), 10);
        let settings = SearchSettings { fastest: Row::new(120), ..SearchSettings::default() };
        let Capacity::Measured { bps, .. } = Capacity::of(sending.seconds(), &settings) else {
            panic!("{mbps} Mbit/s: {:?}", sending.seconds())
        };
        assert!((bps / 1e6 / mbps - 1.0).abs() < 0.01, "{mbps} Mbit/s: {bps}");
        let announced = Volume::of(&settings, TEST_LENGTH).at_most_bytes;
        assert!(u64::from(sending.sent()) * IP_PACKET_BYTES as u64 <= announced);
        assert!(receiving.sent() > sending.sent() / 10 * 9, "but for the last ones both know what was sent");
    }
}

#[test]
fn a_constant_load_is_what_was_asked_for_and_ends_in_time() {
    let (sending, receiving, next) = run(50e6, &plan(Pace::Fixed { kbps: 4000 }, 5), |_| true);
    assert_eq!(next, Next::Done);
    assert!((1998..=2000).contains(&sending.sent()), "{}", sending.sent());
    let rates: Vec<f64> = receiving.seconds().iter().map(SubInterval::rate_bps).collect();
    assert!(rates.len() == 5 && rates.iter().all(|bps| (bps / 4e6 - 1.0).abs() < 0.01), "{rates:?}");
}

#[test]
fn a_sender_that_hears_nothing_stops_within_a_second() {
    let (sending, _, next) = run(100e6, &plan(search(120), 10), |_| false);
    assert_eq!((next, sending.was_heard()), (Next::Silent, false));
    assert!(sending.sent() <= 51, "it goes no faster either: {}", sending.sent());
    let (sending, _, next) = run(100e6, &plan(search(120), 10), |at| at < Duration::from_secs(4));
    assert_eq!((next, sending.was_heard()), (Next::Silent, true));
    assert!(sending.seconds().len() <= 4);
}

#[test]
fn who_was_kept_from_sending_makes_up_for_little_and_what_did_not_leave_has_no_number() {
    let now = Instant::now();
    let mut sending = Sending::new(now, &plan(Pace::Fixed { kbps: 10_000 }, 5));
    assert_eq!(sending.poll(now), Next::Send { first: 0, count: 1 });
    let late = now + Duration::from_millis(900);
    assert_eq!(sending.poll(late), Next::Send { first: 1, count: 20 });
    sending.take_back(15);
    let Next::Wait(until) = sending.poll(late) else { panic!() };
    assert_eq!(until - late, BUNCH);
    assert_eq!(sending.poll(late + 2 * BUNCH), Next::Send { first: 6, count: 2 });
}

#[test]
fn what_is_told_of_seconds_that_the_run_has_not_is_left_out() {
    let now = Instant::now();
    let mut sending = Sending::new(now, &plan(search(120), 10));
    let report = Report { seq_errors: 0, delay_variation_ms: 0.0, best_bps: 0.0 };
    let second = SubInterval { packets: 1, ..SubInterval::default() };
    for (number, expected) in [(10, 0), (u16::MAX, 0), (9, 10), (3, 10)] {
        sending.on_report(now, &Told { report, newest: Some((number, second)) });
        assert_eq!(sending.seconds().len(), expected);
    }
    assert_eq!((sending.seconds()[3], sending.seconds()[4]), (second, SubInterval::default()));
}
