use super::*;

fn lesson(n: usize) -> LessonId {
    format!("lesson-{n}").parse().unwrap()
}

fn busy(shares: &[f64]) -> Vec<Told> {
    shares.iter().map(|busy| Told { busy: *busy, running: 0 }).collect()
}

fn counts(table: &Table) -> Vec<usize> {
    table.seats.iter().map(|seat| seat.lessons).collect()
}

#[test]
fn a_lesson_stays_where_it_began_however_busy_that_worker_becomes() {
    let now = Instant::now();
    let mut table = Table::new(now, 3);
    let home = table.home(now, &lesson(0), || busy(&[0.5, 0.2, 0.3]));
    assert_eq!(home, 1);
    assert_eq!(table.home(now + Duration::from_secs(3600), &lesson(0), || busy(&[0.0, 0.9, 0.0])), 1);
    assert_eq!(table.find(&lesson(0)), Some(1));
    assert_eq!(table.find(&lesson(1)), None);
}

#[test]
fn new_lessons_between_two_reports_spread_over_the_workers() {
    let now = Instant::now();
    let mut table = Table::new(now, 4);
    for n in 0..100 {
        table.home(now, &lesson(n), || busy(&[0.0, 0.001, 0.002, 0.0]));
    }
    assert_eq!(counts(&table), [25, 25, 25, 25]);
}

#[test]
fn a_burst_fills_up_the_idle_worker_until_both_have_as_much_to_expect() {
    let now = Instant::now();
    let mut table = Table::new(now, 2);
    // 20 lessons that run take a fifth of a CPU: a hundredth each.
    let told = || vec![Told { busy: 0.2, running: 20 }, Told::default()];
    for n in 0..30 {
        table.home(now, &lesson(n), told);
    }
    assert!((24..=26).contains(&counts(&table)[1]), "20 to catch up, then half: {:?}", counts(&table));
}

#[test]
fn after_a_while_what_a_worker_tells_counts_more_than_what_was_placed_on_it() {
    let start = Instant::now();
    let mut table = Table::new(start, 2);
    for n in 0..10 {
        table.home(start, &lesson(n), || busy(&[0.9, 0.0]));
    }
    assert_eq!(counts(&table), [0, 10]);
    let later = start + 8 * HALF_LIFE;
    assert_eq!(table.home(later, &lesson(10), || busy(&[0.01, 0.0])), 1, "its ten lessons were never held");
}

#[test]
fn lessons_of_an_earlier_run_spread_and_are_expected_to_cost_nothing() {
    let now = Instant::now();
    let mut table = Table::new(now, 2);
    for n in 0..10 {
        table.restore(now, &lesson(n));
    }
    assert_eq!(counts(&table), [5, 5]);
    assert!(table.seats.iter().all(|seat| seat.expected == 0.0));
}

#[test]
fn a_lesson_is_released_when_its_worker_forgot_it_and_nobody_has_asked_lately() {
    let start = Instant::now();
    let mut table = Table::new(start, 2);
    let home = table.home(start, &lesson(0), || busy(&[0.0, 0.0]));
    table.release(start + MIN_NOTED / 2, &lesson(0));
    assert_eq!(table.find(&lesson(0)), Some(home), "whatever asked may still be on its way");
    assert_eq!(table.idle(start + MIN_NOTED / 2, home), []);
    let later = start + MIN_NOTED;
    assert_eq!(table.idle(later, home), [lesson(0)]);
    table.home(later, &lesson(0), || busy(&[0.0, 0.0]));
    table.release(later, &lesson(0));
    assert_eq!(table.find(&lesson(0)), Some(home), "somebody asked in the meantime");
    table.release(later + MIN_NOTED, &lesson(0));
    assert_eq!((table.find(&lesson(0)), counts(&table)), (None, vec![0, 0]));
}

#[test]
fn a_table_that_is_full_finds_further_lessons_by_their_name_from_then_on() {
    let now = Instant::now();
    let mut table = Table::new(now, 3);
    for n in 0..MAX_LESSONS {
        table.restore(now, &lesson(n));
    }
    let first = table.home(now, &lesson(MAX_LESSONS), || busy(&[0.9, 0.9, 0.0]));
    assert_eq!(table.lessons.len(), MAX_LESSONS);
    table.release(now + MIN_NOTED, &lesson(0));
    assert_eq!(table.home(now, &lesson(MAX_LESSONS), || busy(&[0.0, 0.9, 0.9])), first);
    assert_eq!(table.find(&lesson(MAX_LESSONS)), Some(first));
}

#[test]
fn the_lessons_of_a_worker_that_ended_go_to_those_that_live() {
    let now = Instant::now();
    let mut table = Table::new(now, 3);
    for n in 0..30 {
        table.home(now, &lesson(n), || busy(&[0.0; 3]));
    }
    let fallen = table.end(1);
    assert_eq!(fallen.len(), 10);
    for lesson in &fallen {
        assert_eq!((table.home(now, lesson, Vec::new), table.is_settled(lesson)), (1, false));
        let refuge = table.refuge(now, lesson, &busy(&[0.0; 3]));
        assert_ne!(refuge, 1);
        table.set_home(lesson, refuge);
        assert!(table.is_settled(lesson));
    }
    assert_eq!(counts(&table), [15, 0, 15]);
    for n in 30..40 {
        assert_ne!(table.home(now, &lesson(n), || busy(&[0.9, 0.0, 0.9])), 1, "nothing begins on it");
    }
}

#[test]
fn the_lessons_of_the_only_worker_wait_for_the_one_that_replaces_it() {
    let now = Instant::now();
    let mut table = Table::new(now, 1);
    table.home(now, &lesson(0), || busy(&[0.0]));
    assert_eq!(table.end(0), [lesson(0)]);
    assert_eq!(table.refuge(now, &lesson(0), &busy(&[0.0])), 0);
    assert!(!table.is_settled(&lesson(0)) && !table.is_settled(&lesson(1)));
    table.seats[0].lives = true;
    assert!(table.is_settled(&lesson(0)) && table.is_settled(&lesson(1)));
}

#[test]
fn a_lesson_that_ended_two_workers_does_not_get_to_a_third() {
    let now = Instant::now();
    let told = || busy(&[0.0; 3]);
    let mut table = Table::new(now, 3);
    let first = table.home(now, &lesson(0), told);
    table.end(first);
    let second = table.refuge(now, &lesson(0), &told());
    table.set_home(&lesson(0), second);
    table.seats[first].lives = true;
    table.end(second);
    assert_eq!(table.refuge(now + SUSPICION / 2, &lesson(0), &told()), second);
}
