//! What sessions and lessons hold of the heap, and that they give it back.

#![allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]
#![allow(clippy::print_stderr, reason = "figures are told beside the verdict")]

#[allow(dead_code, reason = "shared with the lessons' tests")]
#[path = "../lesson/support/browser.rs"]
mod browser;
mod heap;
mod world;

use heap::live;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tongke_transport::webrtc::Certificate;
use world::{World, lesson};

static CERTIFICATE: LazyLock<Arc<Certificate>> = LazyLock::new(|| Arc::new(Certificate::generate().unwrap()));

const KIB: i64 = 1024;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_subscriber_takes_less_than_its_share() {
    const SUBSCRIBERS: i64 = 100;
    let mut world = World::new();
    world.join(&lesson(0), "school", true);
    world.run(3 * SECOND);
    world.forget_buffers();
    let before = live();
    for number in 0..SUBSCRIBERS {
        world.offer(&lesson(0), &format!("class-{number}"), false);
    }
    let offered = live();
    world.settle();
    let connected = live();
    world.run(10 * SECOND);
    world.forget_buffers();
    let running = live();
    let each = |bytes: i64| bytes / SUBSCRIBERS;
    eprintln!(
        "bytes a subscriber: offer {}, connected {}, running {}",
        each(offered - before),
        each(connected - before),
        each(running - before)
    );
    assert!(world.clients.values().skip(1).all(|client| client.packets > 3_000));
    // The process needs some more: pages in part, connections of the HTTP interface.
    assert!(each(running - before) <= 20 * KIB);
}

#[test]
fn a_two_way_lesson_takes_less_than_its_share() {
    const LESSONS: i64 = 10;
    let mut world = World::new();
    let before = live();
    for number in 0..LESSONS as usize {
        for name in ["a", "b"] {
            world.join(&lesson(number), name, true);
            world.join(&lesson(number), name, false);
        }
    }
    let connected = live();
    world.run(10 * SECOND);
    let running = live();
    eprintln!(
        "bytes a lesson: connected {}, running {}",
        (connected - before) / LESSONS,
        (running - before) / LESSONS
    );
    assert!((running - before) / LESSONS <= 1600 * KIB);
}

/// So many short lessons, one after the other; what is left of the heap then.
fn hold_lessons(world: &mut World, count: usize) -> i64 {
    for number in 0..count {
        let id = lesson(number);
        let clients = [world.join(&id, "a", true), world.join(&id, "b", false)];
        world.run(SECOND / 20);
        clients.into_iter().for_each(|port| world.leave(port));
    }
    live()
}

#[test]
fn lessons_that_are_over_give_everything_back() {
    let mut world = World::new();
    let after_one = hold_lessons(&mut world, 1);
    let after_all = hold_lessons(&mut world, 1_000);
    let each = (after_all - after_one) / 999;
    eprintln!("bytes left of a lesson that is over: {each}");
    assert!(each <= KIB, "how it was conducted is remembered for hours, and nothing else");
    world.sleep(13 * HOUR);
    let on_the_next_day = hold_lessons(&mut world, 1_000);
    assert!(on_the_next_day <= after_all + 16 * KIB, "{after_all}, then {on_the_next_day}");
}

#[test]
fn a_lesson_of_hours_takes_no_more_than_after_a_minute() {
    let mut world = World::new();
    world.join(&lesson(0), "school", true);
    world.join(&lesson(0), "class", false);
    world.run(60 * SECOND);
    let after_a_minute = live();
    for minute in 2..=120 {
        world.run(60 * SECOND);
        assert!((live() - after_a_minute).abs() <= 64 * KIB, "after {minute} minutes: {}", live());
    }
}
