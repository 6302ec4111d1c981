//! The relay stands still for a while: stopped, swapped out, asleep with its machine.

use super::support::{Browser, Lesson, grant, lesson_id};
use std::time::Duration;
use tongke_protocol::Role;

/// Time passes in which the relay does nothing, and then the first that it sees is that time.
fn stand_still(lesson: &mut Lesson, seconds: u64) {
    lesson.settle();
    lesson.now = lesson.now.plus(Duration::from_secs(seconds));
    lesson.core.handle_timeout(lesson.now);
}

#[test]
fn nobody_is_thrown_out_for_a_silence_in_which_nothing_was_read() {
    let mut lesson = Lesson::new();
    lesson.publish("a", Role::Supporting);
    lesson.watch("b", Role::Receiving, 1, 1);
    lesson.pass(5_000);
    for browser in &mut lesson.browsers {
        browser.check();
    }
    // Their checks wait in a socket that nobody reads.
    lesson.now = lesson.now.plus(Duration::from_secs(60));
    lesson.core.handle_timeout(lesson.now);
    // Each tick looks at some of the sessions only: the others' turn must not come too early either.
    for _ in 0..5 {
        let due = lesson.core.poll_timeout().unwrap();
        lesson.now = lesson.now.plus(due.saturating_duration_since(lesson.now.instant));
        lesson.core.handle_timeout(lesson.now);
    }
    lesson.settle();
    assert!(lesson.closed.is_empty(), "{:?}", lesson.closed);
    lesson.pass(5_000);
    assert!(lesson.closed.is_empty(), "what had waited was read: {:?}", lesson.closed);
}

#[test]
fn whoever_is_silent_still_after_that_is_thrown_out_in_its_time() {
    let mut lesson = Lesson::new();
    lesson.watch("b", Role::Receiving, 1, 1);
    stand_still(&mut lesson, 3_600);
    assert!(lesson.closed.is_empty());
    lesson.pass(5_000);
    assert!(lesson.closed.is_empty());
    lesson.pass(1_500);
    assert_eq!(lesson.closed.len(), 1);
}

#[test]
fn a_browser_that_was_about_to_connect_still_may() {
    let mut lesson = Lesson::new();
    let mut browser = Browser::watching(2000, 1, 1);
    let offer = browser.offer.clone();
    let grant = grant("b", Role::Receiving);
    let joined = lesson.core.join_whep(lesson.now, &lesson_id(), &grant, &offer).unwrap();
    stand_still(&mut lesson, 60);
    browser.connect(lesson.now, joined);
    lesson.browsers.push(browser);
    lesson.settle();
    assert!(lesson.browsers[0].is_connected());
}

#[test]
fn after_a_stall_the_core_wakes_as_often_as_before() {
    let mut lesson = Lesson::new();
    lesson.watch("b", Role::Receiving, 1, 1);
    lesson.pass(1_000);
    stand_still(&mut lesson, 600);
    lesson.browsers[0].check();
    lesson.settle();
    let until = lesson.now.instant + Duration::from_secs(1);
    let mut wakes = 0;
    while let Some(due) = lesson.core.poll_timeout().filter(|due| *due < until) {
        lesson.now = lesson.now.plus(due.saturating_duration_since(lesson.now.instant));
        lesson.core.handle_timeout(lesson.now);
        wakes += 1;
    }
    assert!((5..=50).contains(&wakes), "missed ticks are not made up for: {wakes}");
}
