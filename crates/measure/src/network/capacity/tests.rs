use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

/// A line that carries `rate_bps`, holds `queue_ms` of packets and drops what comes on top, in virtual time.
struct Line {
    rate_bps: f64,
    queue_ms: f64,
    way_us: u64,
    free_at_us: f64,
}

impl Line {
    fn new(rate_bps: f64, queue_ms: f64) -> Self {
        Self { rate_bps, queue_ms, way_us: 15_000, free_at_us: 0.0 }
    }

    /// When a packet sent now arrives; none if it is dropped.
    fn carry(&mut self, now_us: f64) -> Option<u64> {
        let begins_us = self.free_at_us.max(now_us);
        if begins_us - now_us > self.queue_ms * 1000.0 {
            return None;
        }
        self.free_at_us = begins_us + IP_PACKET_BYTES as f64 * 8e6 / self.rate_bps;
        Some(self.free_at_us as u64 + self.way_us)
    }
}

/// A whole test over that line: what the receiver made of it, and the bytes sent. Reports take the same time back.
fn test(line: &mut Line, settings: &SearchSettings) -> (CapacityReceiver, u64) {
    let (mut search, mut receiver) = (RateSearch::new(settings.clone()), CapacityReceiver::new());
    let (mut seq, mut packets, mut owed) = (0, 0u64, 0.0);
    let mut on_the_way: VecDeque<(u64, u32, u64)> = VecDeque::new();
    let mut reports: VecDeque<(u64, Report)> = VecDeque::new();
    let mut heard_us = 0;
    let tick = Duration::from_millis(1);
    for now_us in (0..11_500_000u64).step_by(1000) {
        if now_us < TEST_LENGTH.as_micros() as u64 {
            owed += search.row().packets_in(tick);
            for i in 0..owed as u64 {
                // A sender's clock that is a day behind.
                let at_us = now_us as f64 + i as f64 * 1000.0 / owed;
                if let Some(arrives_us) = line.carry(at_us) {
                    on_the_way.push_back((arrives_us, seq, at_us as u64));
                }
                seq += 1;
                packets += 1;
            }
            owed = owed.fract();
        }
        while let Some((at_us, seq, sent_us)) = on_the_way.pop_front_if(|(at_us, ..)| *at_us <= now_us) {
            receiver.on_packet(seq, sent_us, at_us + 86_400_000_000, IP_PACKET_BYTES);
        }
        if let Some(report) = receiver.poll_report(now_us + 86_400_000_000) {
            reports.push_back((now_us + line.way_us, report));
        }
        while let Some((_, report)) = reports.pop_front_if(|(at_us, _)| *at_us <= now_us) {
            search.on_report(report.seq_errors, report.delay_variation_ms);
            if now_us >= HOLD_AFTER.as_micros() as u64 {
                search.hold(report.best_bps);
            }
            heard_us = now_us;
        }
        if now_us.saturating_sub(heard_us) >= WATCHDOG.as_micros() as u64 && heard_us > 0 {
            search.on_silence();
            heard_us = now_us;
        }
    }
    (receiver, packets * IP_PACKET_BYTES as u64)
}

#[test]
fn a_line_of_any_rate_is_measured_within_one_percent_and_within_the_announced_volume() {
    for mbps in [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0] {
        for queue_ms in [20.0, 50.0, 300.0, 1000.0] {
            let settings = SearchSettings::default();
            let (receiver, sent_bytes) = test(&mut Line::new(mbps * 1e6, queue_ms), &settings);
            let Capacity::Measured { bps, .. } = receiver.capacity(&settings) else {
                panic!("{mbps} Mbit/s: {:?}", receiver.capacity(&settings));
            };
            assert!((bps / 1e6 / mbps - 1.0).abs() < 0.01, "{mbps} Mbit/s, {queue_ms} ms: {bps}");
            let announced = Volume::of(&settings, TEST_LENGTH);
            assert!(sent_bytes <= announced.at_most_bytes, "{sent_bytes} of {announced}");
        }
    }
}

#[test]
fn a_line_faster_than_the_test_is_at_least_as_fast() {
    let settings = SearchSettings { fastest: Row::for_metered_line(4e6), ..SearchSettings::default() };
    assert_eq!(settings.fastest.rate_bps(), 8e6);
    let (receiver, sent_bytes) = test(&mut Line::new(50e6, 100.0), &settings);
    let Capacity::AtLeast { bps, .. } = receiver.capacity(&settings) else {
        panic!("{:?}", receiver.capacity(&settings))
    };
    assert!((bps / 8e6 - 1.0).abs() < 0.01, "{bps}");
    let announced = Volume::of(&settings, TEST_LENGTH);
    assert_eq!(announced.to_string(), "up to 10 MB");
    assert!(
        (announced.at_most_bytes - 100_000..=announced.at_most_bytes).contains(&sent_bytes),
        "{sent_bytes}"
    );
}

#[test]
fn nothing_received_is_no_capacity() {
    let mut receiver = CapacityReceiver::new();
    assert_eq!(receiver.capacity(&SearchSettings::default()), Capacity::Unknown);
    assert_eq!(receiver.poll_report(10_000_000), None);
    receiver.on_packet(0, 0, 0, IP_PACKET_BYTES);
    assert_eq!(receiver.capacity(&SearchSettings::default()), Capacity::Unknown, "not a whole second");
}

#[test]
fn a_sender_that_is_too_slow_is_no_limit_of_the_path() {
    let second = SubInterval { packets: 4000, ip_bytes: 5_000_000, ..SubInterval::default() };
    let settings = SearchSettings { fastest: Row::new(120), ..SearchSettings::default() };
    let capacity = |of: SubInterval| Capacity::of(&[SubInterval::default(), second, of], &settings);
    assert_eq!(capacity(second), Capacity::AtLeast { bps: 40e6, sub_interval: 2 });
    let measured = Capacity::Measured { bps: 40e6, sub_interval: 2 };
    assert_eq!(capacity(SubInterval { delay_variation_ms: 31.0, ..second }), measured);
    assert_eq!(capacity(SubInterval { lost: 11, ..second }), measured);
}

#[test]
fn a_second_counts_what_was_lost_late_and_doubled() {
    let mut receiver = CapacityReceiver::new();
    for (i, seq) in [0, 1, 4, 3, 3, 5, 80].into_iter().enumerate() {
        receiver.on_packet(seq, i as u64 * 1000, i as u64 * 1000 + 20_000 + u64::from(seq) * 10, 1000);
    }
    let report = receiver.poll_report(80_000).unwrap();
    // Lost: 2, 3 (came late), 6 to 79; then one late and one copy.
    assert_eq!(report.seq_errors, 75 + 1 + 1);
    assert!((report.delay_variation_ms - 0.8).abs() < 1e-9);
    assert_eq!(receiver.poll_report(80_001), None);
    receiver.poll_report(1_100_000);
    let second = receiver.sub_intervals()[0];
    assert_eq!((second.packets, second.lost, second.reordered, second.duplicates), (7, 75, 1, 1));
    assert_eq!(second.rate_bps(), 56_000.0);
}

#[test]
fn the_table_of_rates_goes_from_half_a_megabit_to_ten_gigabits() {
    let rates = [0, 1, 100, 1000, 1001, 1090].map(|number| Row::new(number).rate_bps());
    assert_eq!(rates, [0.5e6, 1e6, 100e6, 1e9, 1.1e9, 10e9]);
    assert_eq!(Row::new(5000), Row::LAST);
    assert_eq!(Row::not_above(99.9e6).number(), 99);
    assert_eq!(Row::not_above(0.0), Row::FIRST);
    assert_eq!(Row::new(1).packets_in(Duration::from_secs(1)), 100.0);
}

#[test]
fn silence_slows_down_and_high_speed_is_approached_in_single_rows() {
    let mut search = RateSearch::new(SearchSettings::default());
    let rows: Vec<u16> = (0..102).map(|_| search.on_report(0, 0.0).number()).collect();
    assert_eq!(rows[98..], [990, 1000, 1001, 1002]);
    assert_eq!(search.on_silence().number(), 1001);
}

#[test]
fn the_rate_is_held_above_the_best_second_whatever_is_reported() {
    let mut search = RateSearch::new(SearchSettings::default());
    assert_eq!(search.hold(0.0), Row::FIRST, "no whole second yet");
    search.on_report(0, 0.0);
    assert_eq!(search.hold(8e6).number(), 11);
    assert_eq!([search.on_report(99, 500.0), search.on_silence(), search.hold(90e6)], [Row::new(11); 3]);
    let slow = SearchSettings { fastest: Row::new(9), ..SearchSettings::default() };
    assert_eq!(RateSearch::new(slow).hold(8e6).number(), 9);
}

proptest! {
    #[test]
    fn no_reports_take_the_search_out_of_its_table(
        reports in proptest::collection::vec((0u64..40, 0.0f64..200.0), 0..400),
        fastest in 0u16..1200,
    ) {
        let settings = SearchSettings { fastest: Row::new(fastest), ..SearchSettings::default() };
        let mut search = RateSearch::new(settings.clone());
        for (seq_errors, delay_ms) in reports {
            prop_assert!(search.on_report(seq_errors, delay_ms) <= settings.fastest);
        }
    }

    #[test]
    fn any_packets_leave_the_receiver_in_order(
        packets in proptest::collection::vec((any::<u32>(), any::<u64>(), 0u64..200_000_000), 0..200),
    ) {
        let mut receiver = CapacityReceiver::new();
        for (seq, sent_us, arrived_us) in packets {
            receiver.on_packet(seq, sent_us, arrived_us, 1250);
            receiver.poll_report(arrived_us);
        }
        prop_assert!(receiver.sub_intervals().len() <= 120);
    }
}
