use super::*;

fn of_seconds(schedule: &mut Schedule, seconds: u64) -> Vec<Due> {
    std::iter::from_fn(|| (schedule.peek_ns() < seconds * SECOND_NS).then(|| schedule.take())).collect()
}

#[test]
fn a_publisher_sends_338_packets_a_second_at_its_bit_rate() {
    let packets = of_seconds(&mut Schedule::new(3, 7, Pace::Even), 20);
    assert!((6_730..6_790).contains(&packets.len()), "{}", packets.len());
    let video: usize = packets.iter().filter(|due| due.track == Track::Video).map(|due| due.len).sum();
    let bits_per_s = video * 8 / 20;
    assert!((2_480_000..2_560_000).contains(&bits_per_s), "{bits_per_s}");
    assert_eq!(packets.iter().filter(|due| due.flags & AUDIO != 0).count(), 1_000);
    let keyframes = packets.iter().filter(|due| due.flags & KEYFRAME_START != 0).count();
    assert!((10..=11).contains(&keyframes), "{keyframes}");
}

#[test]
fn packets_are_due_in_order_and_numbered_in_their_track() {
    for pace in [Pace::Even, Pace::Bursts] {
        let packets = of_seconds(&mut Schedule::new(5, 1, pace), 5);
        assert!(packets.is_sorted_by_key(|due| due.at_ns));
        for track in [Track::Video, Track::Audio] {
            let numbers = packets.iter().filter(|due| due.track == track).map(|due| due.number);
            assert!(numbers.eq(0..packets.iter().filter(|due| due.track == track).count() as u32));
        }
    }
}

#[test]
fn packets_of_a_picture_differ_by_at_most_a_byte_and_end_with_the_marker() {
    let packets = of_seconds(&mut Schedule::new(0, 1, Pace::Even), 3);
    let video: Vec<_> = packets.iter().filter(|due| due.track == Track::Video).collect();
    for picture in video.chunk_by(|a, b| a.media_time == b.media_time) {
        let lens = picture.iter().map(|due| due.len);
        let (least, most) = (lens.clone().min().unwrap(), lens.clone().max().unwrap());
        assert!(most - least <= 1 && most <= 1_160 && lens.is_sorted());
        let flags = picture.iter().map(|due| due.flags & LAST_OF_PICTURE);
        assert_eq!(flags.sum::<u16>(), picture.last().unwrap().flags & LAST_OF_PICTURE);
        assert!(picture.len() == 9 || picture.len() == 43, "{}", picture.len());
    }
}

#[test]
fn even_packets_keep_their_distance_and_bursts_come_every_5_ms() {
    let distances = |pace| {
        let packets = of_seconds(&mut Schedule::new(0, 1, pace), 3);
        let video: Vec<u64> =
            packets.iter().filter(|due| due.track == Track::Video).map(|due| due.at_ns).collect();
        video.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    assert!(distances(Pace::Even).iter().all(|distance| *distance > 1_300_000));
    let bursts = distances(Pace::Bursts);
    let together = bursts.iter().filter(|distance| **distance == 0).count();
    assert!(together * 2 > bursts.len(), "{together} of {}", bursts.len());
}

#[test]
fn a_wanted_keyframe_is_the_next_picture_that_begins() {
    for wanted_ms in 1_000..1_100 {
        let mut schedule = Schedule::new(0, 1, Pace::Even);
        let wanted_ns = wanted_ms * 1_000_000;
        while schedule.peek_ns() < wanted_ns {
            schedule.take();
        }
        schedule.want_keyframe();
        let video = of_seconds(&mut schedule, 2);
        let first = video.iter().find(|due| due.flags & KEYFRAME_START != 0).unwrap();
        assert!(first.at_ns <= wanted_ns + SECOND_NS / PICTURES, "{wanted_ms} ms: {}", first.at_ns);
    }
}

#[test]
fn publishers_are_out_of_step_and_always_the_same() {
    let phases: Vec<u64> = (0..20).map(|of| Schedule::new(of, 1, Pace::Even).picture_phase_ns).collect();
    let mut sorted = phases.clone();
    sorted.sort_unstable();
    assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] > 500_000), "{sorted:?}");
    let again: Vec<u64> = (0..20).map(|of| Schedule::new(of, 1, Pace::Even).picture_phase_ns).collect();
    assert_eq!(phases, again);
    assert_ne!(phases[0], Schedule::new(0, 2, Pace::Even).picture_phase_ns);
}
