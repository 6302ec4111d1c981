use super::*;

const MINUTE_US: u64 = 60 * SECOND_US;
const HOUR_US: u64 = 60 * MINUTE_US;
/// Midnight of the second of September 2019, by the schools' clocks.
const MIDNIGHT: u64 = 1_567_353_600 * SECOND_US;

fn at(hour: u64, minute: u64) -> WallTime {
    WallTime(MIDNIGHT + hour * HOUR_US + minute * MINUTE_US)
}

fn lesson(from: WallTime, minutes: u64) -> PlannedLesson {
    let lesson = format!("l-{}", from.0).parse().unwrap();
    PlannedLesson { lesson, start_us: from.0, end_us: from.0 + minutes * MINUTE_US }
}

/// What was due when the clock showed what, looked at each ten seconds.
fn watch(schedule: &mut Schedule, from: WallTime, until: WallTime) -> Vec<(WallTime, Due)> {
    let looks = (from.0..until.0).step_by(10 * SECOND_US as usize).map(WallTime);
    looks.filter_map(|now| schedule.due(now).map(|due| (now, due))).collect()
}

#[test]
fn each_night_has_one_test_and_the_machines_of_a_county_spread_over_it() {
    let mut moments = Vec::new();
    for number in 0..400 {
        let mut schedule = Schedule::new(&format!("node-{number}"), at(0, 0));
        let nights = watch(&mut schedule, at(0, 0), at(72, 0));
        assert_eq!(nights.len(), 3, "node-{number}");
        assert!(nights.iter().all(|(_, due)| *due == Due::Night));
        assert_eq!(nights[1].0.0 - nights[0].0.0, 24 * HOUR_US, "at the same time each night");
        moments.push(nights[0].0);
    }
    assert!(moments.iter().all(|moment| (at(0, 30)..=at(4, 31)).contains(moment)));
    for quarter in 0..16 {
        let (from, until) = (at(0, 30 + quarter * 15), at(0, 45 + quarter * 15));
        let there = moments.iter().filter(|moment| (from..until).contains(moment)).count();
        assert!((8..50).contains(&there), "{there} of 400 machines in one of 16 quarters of an hour");
    }
}

#[test]
fn a_lesson_is_preceded_by_a_test_unless_another_one_runs_then() {
    let mut schedule = Schedule::new("node-1", at(7, 0));
    let second = lesson(at(9, 5), 40);
    schedule.set_lessons(vec![lesson(at(8, 20), 40), second, lesson(at(14, 0), 40)]);
    let due = watch(&mut schedule, at(7, 0), at(16, 0));
    let kinds: Vec<Due> = due.iter().map(|(_, due)| *due).collect();
    assert_eq!(kinds, [Due::Lesson, Due::Lesson], "none in the first lesson, for the second");
    for ((moment, _), start) in due.iter().zip([at(8, 20), at(14, 0)]) {
        let before = (start.0 - moment.0) / MINUTE_US;
        assert!((6..=10).contains(&before), "{before} minutes before");
    }
    assert_eq!(watch(&mut schedule, at(16, 0), at(23, 59)), []);
}

#[test]
fn a_clock_that_is_set_back_an_hour_repeats_nothing_and_loses_nothing() {
    let mut schedule = Schedule::new("node-1", at(7, 0));
    schedule.set_lessons(vec![lesson(at(8, 20), 40), lesson(at(9, 30), 40)]);
    assert_eq!(watch(&mut schedule, at(7, 0), at(8, 30)).len(), 1);
    let again = watch(&mut schedule, at(7, 30), at(10, 30));
    assert_eq!(again.len(), 1, "the first one not again, the second one once: {again:?}");
    assert!(again[0].0 > at(9, 15));
}

#[test]
fn a_clock_that_was_years_ahead_and_is_put_right_does_not_end_the_tests() {
    let mut schedule = Schedule::new("node-1", WallTime(MIDNIGHT * 2));
    assert_eq!(schedule.due(at(0, 0)), None);
    assert_eq!(watch(&mut schedule, at(0, 0), at(24, 0)).len(), 1);
}

#[test]
fn what_was_missed_is_not_made_up_for() {
    let mut schedule = Schedule::new("node-1", at(6, 0));
    assert_eq!(watch(&mut schedule, at(6, 0), at(24, 0)), [], "started after its time of the night");
    // Asleep for three nights, awake at noon.
    assert_eq!(schedule.due(at(4 * 24 + 12, 0)), None);
    assert_eq!(watch(&mut schedule, at(4 * 24 + 12, 0), at(6 * 24, 0)).len(), 1);
}

#[test]
fn it_is_known_how_long_nothing_is_due() {
    let mut schedule = Schedule::new("node-1", at(6, 0));
    let day = Duration::from_hours(48);
    let night = schedule.quiet(at(6, 0), day);
    assert_eq!(schedule.due(WallTime(at(6, 0).0 + night.as_micros() as u64 - 1)), None);
    assert_eq!(schedule.due(WallTime(at(6, 0).0 + night.as_micros() as u64)), Some(Due::Night));
    schedule.set_lessons(vec![lesson(at(32, 20), 40)]);
    let before = schedule.quiet(at(31, 0), day);
    assert!((70..=80).contains(&(before.as_secs() / 60)), "{before:?}");
    assert_eq!(schedule.quiet(at(31, 0), Duration::from_secs(30)), Duration::from_secs(30));
}

#[test]
fn a_nightly_test_that_found_no_room_is_tried_again_until_the_morning_and_not_all_at_once() {
    let mut first_again = Vec::new();
    for number in 0..60 {
        let mut schedule = Schedule::new(&format!("node-{number}"), at(0, 0));
        let mut tried = Vec::new();
        for now in (at(0, 0).0..at(24, 0).0).step_by(10 * SECOND_US as usize).map(WallTime) {
            if let Some(due) = schedule.due(now) {
                tried.push(now);
                schedule.put_off(due, now);
            }
        }
        assert!(tried.len() > 2, "{tried:?}");
        let apart = |pair: &[WallTime]| (20 * MINUTE_US..36 * MINUTE_US).contains(&(pair[1].0 - pair[0].0));
        assert!(tried.windows(2).all(apart) && tried.iter().all(|moment| *moment <= at(6, 0)), "{tried:?}");
        first_again.push(tried[1].0 - tried[0].0);
    }
    first_again.sort_unstable();
    first_again.dedup();
    assert!(first_again.len() > 20, "machines that met do not all meet again");
}

#[test]
fn what_is_put_off_is_done_once_and_a_test_before_a_lesson_is_not_put_off() {
    let mut schedule = Schedule::new("node-1", at(0, 0));
    let (night, due) = watch(&mut schedule, at(0, 0), at(5, 0))[0];
    schedule.put_off(due, night);
    assert_eq!(watch(&mut schedule, at(5, 0), at(23, 0)), [], "that was longer past than five minutes");
    let (night, _) = watch(&mut schedule, at(23, 0), at(29, 0))[0];
    schedule.put_off(Due::Lesson, night);
    assert_eq!(watch(&mut schedule, night, at(30, 0)), []);
    schedule.put_off(Due::Night, at(48, 10));
    assert_eq!(schedule.quiet(at(48, 10), Duration::from_secs(86_400)).as_secs() / 60, schedule.again_s / 60);
}
