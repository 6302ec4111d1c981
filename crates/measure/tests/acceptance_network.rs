//! What the meter must show of a path and of clocks that are known, as a school's line would have them.

use tongke_measure::delay::{DelayRun, Invalid, OneWay, Refresh};
use tongke_measure::marker::MarkerStatistics;
use tongke_measure::{ClockOffset, ClockSample, SampleVerdict};

const SECOND_US: u64 = 1_000_000;
const START_US: u64 = 1_796_000_000 * SECOND_US;

/// Two machines and the path between them: what each of their clocks shows, and how long the ways take.
struct Machines {
    out_us: u64,
    back_us: u64,
    /// Far clock minus near clock at the start, and how much faster it is.
    ahead_us: i64,
    skew_ppm: f64,
}

impl Machines {
    fn symmetric(way_us: u64) -> Self {
        Self { out_us: way_us, back_us: way_us, ahead_us: -7_654_321, skew_ppm: 0.0 }
    }

    /// Far clock minus near clock, µs.
    fn offset_us(&self, near_us: u64) -> i64 {
        self.ahead_us + ((near_us - START_US) as f64 * self.skew_ppm / 1e6).round() as i64
    }

    fn far_us(&self, near_us: u64) -> u64 {
        near_us.saturating_add_signed(self.offset_us(near_us))
    }

    /// A probe that waits so long in a queue on the way out.
    fn probe(&self, near_us: u64, queue_us: u64) -> ClockSample {
        let arrives_us = near_us + self.out_us + queue_us;
        ClockSample {
            t1_us: near_us,
            t2_us: self.far_us(arrives_us),
            t3_us: self.far_us(arrives_us + 300),
            t4_us: arrives_us + 300 + self.back_us,
        }
    }

    /// Probes the far clock four times a second; queues of up to 20 ms come and go.
    fn probe_for(&self, clock: &mut ClockOffset, from_us: u64, seconds: u64) {
        for i in 0..4 * seconds {
            let queue_us = (i * 7_919) % 20 * 1_000;
            let verdict = clock.add(self.probe(from_us + i * SECOND_US / 4, queue_us));
            assert_eq!(verdict, SampleVerdict::Taken);
        }
    }

    /// A picture every 40 ms for so long, stamped there and read here `delay_us` later.
    fn pictures(&self, clock: &ClockOffset, run: &mut DelayRun, from_us: u64, n: u64, delay_us: u64) {
        for i in 0..n {
            let stamped_us = from_us + i * 40_000;
            let estimate = clock.estimate_at(stamped_us).expect("the clock was probed");
            run.record_stamped(self.far_us(stamped_us), stamped_us + delay_us, &estimate);
        }
    }
}

#[test]
fn a_known_delay_is_read_within_the_bound() {
    for delay_ms in [0, 40, 150, 250, 400] {
        let machines = Machines::symmetric(8_000);
        let mut clock = ClockOffset::new();
        machines.probe_for(&mut clock, START_US, 16);
        let mut run = DelayRun::software();
        let base_us = 12_300;
        machines.pictures(&clock, &mut run, START_US + 16 * SECOND_US, 100, delay_ms * 1000 + base_us);
        let outcome = run.outcome();
        let summary = outcome.judgeable().expect("a bound of 8 ms may be judged");
        let (low_ms, high_ms) = summary.p50.interval_ms();
        let truth_ms = (delay_ms * 1000 + base_us) as f64 / 1000.0;
        assert!(low_ms <= truth_ms && truth_ms <= high_ms, "{truth_ms}: {}", summary.p50);
        assert!(summary.p50.bound_ms() <= 10.0, "{}", summary.p50);
    }
}

#[test]
fn an_asymmetric_path_prints_its_bound_and_is_not_judged_while_one_clock_does_not_care() {
    let machines = Machines { out_us: 10_000, back_us: 90_000, ..Machines::symmetric(0) };
    let mut clock = ClockOffset::new();
    for i in 0..64 {
        clock.add(machines.probe(START_US + i * SECOND_US / 4, 0));
    }
    let estimate = clock.estimate().unwrap();
    let error_us = estimate.offset_us - machines.offset_us(START_US);
    assert_eq!((error_us, estimate.bound_us), (-40_000, 50_000), "off by 40 ms, and said to be within 50");

    let mut run = DelayRun::software();
    machines.pictures(&clock, &mut run, START_US + 16 * SECOND_US, 100, 90_000);
    let outcome = run.outcome();
    assert!(matches!(outcome, OneWay::Invalid { reason: Invalid::ClockBound { .. }, summary: Some(_) }));
    assert_eq!(outcome.judgeable(), None);
    let printed = outcome.to_string();
    assert!(printed.starts_with("50 ± 51 ms (scope A"), "no false precision: {printed}");

    let mut one_clock = DelayRun::one_clock_loop(None);
    (0..100).for_each(|_| one_clock.record_loop(100.0));
    let half = one_clock.outcome().judgeable().unwrap().p50;
    assert_eq!((half.value_ms(), half.scope().letter()), (50.0, 'C'));
}

#[test]
fn a_clock_that_steps_half_a_second_voids_the_run() {
    let mut machines = Machines::symmetric(20_000);
    let (mut clock, mut run) = (ClockOffset::new(), DelayRun::software());
    machines.probe_for(&mut clock, START_US, 30);
    machines.pictures(&clock, &mut run, START_US + 30 * SECOND_US, 50, 90_000);
    machines.ahead_us += 500_000;
    let after_us = START_US + 32 * SECOND_US;
    assert_eq!(clock.add(machines.probe(after_us, 0)), SampleVerdict::Step);
    machines.pictures(&clock, &mut run, after_us, 50, 90_000);
    run.clock_steps(clock.steps());
    assert_eq!(run.outcome(), OneWay::Invalid { reason: Invalid::ClockSet { steps: 1 }, summary: None });
}

#[test]
fn a_clock_set_back_an_hour_voids_the_run_whichever_of_the_two_it_is() {
    const HOUR_US: u64 = 3_600 * SECOND_US;
    let set_back = |far: bool, near: bool| {
        let mut machines = Machines::symmetric(20_000);
        let mut clock = ClockOffset::new();
        machines.probe_for(&mut clock, START_US + HOUR_US, 90);
        let at_us = START_US + HOUR_US + 91 * SECOND_US - if near { HOUR_US } else { 0 };
        machines.ahead_us += if near { HOUR_US as i64 } else { 0 } - if far { HOUR_US as i64 } else { 0 };
        let verdict = clock.add(machines.probe(at_us, 0));
        // It goes on with the new time.
        machines.probe_for(&mut clock, at_us + SECOND_US, 90);
        let estimate = clock.estimate().unwrap();
        assert!(estimate.offset_us.abs_diff(machines.ahead_us) <= estimate.bound_us, "{estimate:?}");
        (verdict, clock.steps())
    };
    for (far, near) in [(true, false), (false, true), (true, true)] {
        assert_eq!(set_back(far, near), (SampleVerdict::Step, 1), "far {far}, near {near}");
    }
}

#[test]
fn a_hundred_ppm_leave_less_than_two_milliseconds_over_five_minutes() {
    for skew_ppm in [-100.0, 100.0] {
        let machines = Machines { skew_ppm, ..Machines::symmetric(5_000) };
        let mut clock = ClockOffset::new();
        let mut worst_us = 0;
        for second in 0..300 {
            let at_us = START_US + second * SECOND_US;
            // Every seventh probe finds the queue empty.
            let queue_us = second % 7 * 1_500;
            assert_eq!(clock.add(machines.probe(at_us, queue_us)), SampleVerdict::Taken);
            // Until the next probe the offset is drawn on.
            for part_us in [0, 500_000, 999_000] {
                let estimate = clock.estimate_at(at_us + part_us).unwrap();
                let error_us = estimate.offset_us.abs_diff(machines.offset_us(at_us + part_us));
                assert!(error_us <= estimate.bound_us, "second {second}: {estimate:?}");
                worst_us = worst_us.max(error_us);
            }
        }
        assert!(worst_us < 2_000, "{worst_us} µs");
        assert!((clock.estimate().unwrap().skew_ppm.unwrap() - skew_ppm).abs() < 5.0);
        // A minute in which no probe comes back: the skew carries on.
        let later_us = START_US + 360 * SECOND_US;
        let estimate = clock.estimate_at(later_us).unwrap();
        assert!(estimate.offset_us.abs_diff(machines.offset_us(later_us)) < 2_000, "{estimate:?}");
    }
}

#[test]
fn a_tenth_of_the_markers_damaged_invalidates_the_delay() {
    let mut run = DelayRun::optical(Some(Refresh { camera_period_ms: 33.3, display_period_ms: 16.7 }));
    let machines = Machines::symmetric(1_000);
    let mut clock = ClockOffset::new();
    machines.probe_for(&mut clock, START_US, 16);
    let mut markers = MarkerStatistics::new();
    for i in 0..1000u32 {
        if i % 10 == 4 {
            markers.on_checksum_error();
        } else {
            markers.on_read(i);
            let at_us = START_US + 16 * SECOND_US + u64::from(i) * 40_000;
            machines.pictures(&clock, &mut run, at_us, 1, 120_000);
        }
    }
    run.markers(markers);
    let OneWay::Invalid { reason: Invalid::MarkersUnread { decode_rate }, summary: Some(_) } = run.outcome()
    else {
        panic!("{:?}", run.outcome())
    };
    assert_eq!(decode_rate, 0.9);
    assert_eq!((markers.checksum_errors, markers.gaps, markers.skipped), (100, 100, 100));
}
