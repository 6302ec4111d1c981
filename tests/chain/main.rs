//! The whole chain under fire: rooms, relay and registry are killed at 1,000 random moments while they report over
//! a line that breaks, and in the end the registry counts what took place, no more and no less.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod books;
mod chance;
mod county;
#[path = "../../crates/outbox/tests/outbox/dying.rs"]
mod dying;
mod line;
mod live;
mod reporter;
#[path = "../support/mod.rs"]
mod support;

use books::Books;
use chance::Chance;
use county::{County, LESSONS, killed_again_and_again};
use live::Live;
use reporter::{FACTS, Reporter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use support::scratch::Scratch;

/// Kills of each of the four reporting machines, of the registry, the relay and each of two nodes: 1,000 in all.
const OF_REPORTER: u32 = 160;
const OF_REGISTRY: u32 = 240;
const OF_RELAY: u32 = 60;
const OF_NODE: u32 = 30;

#[test]
fn nothing_is_lost_and_nothing_counted_twice_whoever_is_killed_and_whenever() {
    let scratch = Scratch::new("chain");
    let county = County::found(&scratch);
    let reporters = Reporter::all(&county, &scratch);
    let live = Live::prepare(&county, &scratch);
    let (folder, all_done) = (county.folder.clone(), Arc::new(AtomicBool::new(false)));

    let registry = {
        let (scratch, done) = (scratch.path().to_owned(), all_done.clone());
        thread::spawn(move || killed_again_and_again(county, OF_REGISTRY, &done, &scratch))
    };
    let living = thread::spawn(move || live.under_fire(OF_RELAY, OF_NODE));
    let dying = reporters.into_iter().map(|reporter| thread::spawn(move || reporter.under_fire(OF_REPORTER)));
    let reporters: Vec<Reporter> =
        dying.collect::<Vec<_>>().into_iter().map(|reporter| reporter.join().unwrap()).collect();
    let live = living.join().unwrap();
    all_done.store(true, Ordering::Relaxed);
    let (county, kills) = registry.join().unwrap();
    assert_eq!(kills, OF_REGISTRY, "the registry was to be killed more often");

    let journal = live.end_well(&county);
    reporters.into_iter().for_each(Reporter::tell_the_rest);
    county.say_again_in_any_order(&mut Chance::new(0x5eed_0a6a));
    let totals_by_http = county.totals();
    county.end();

    let books = Books::open(&folder);
    books.every_lesson_has_its_facts_once(FACTS);
    books.every_lesson_is_held_for_both_schools();
    assert_eq!(books.totals(), totals_by_http);
    assert_eq!(books.totals(), (LESSONS as u64, 2 * LESSONS as u64));
    books.have_every_line_of(&journal);
    books.stretches_of_live_rooms_have_no_gap();
    books.fit_together();
}

#[test]
fn a_registry_whose_disk_is_full_takes_nothing_that_it_does_not_keep() {
    let scratch = Scratch::new("chain-full");
    let county = County::found(&scratch);
    let folder = county.folder.clone();
    let reporters = Reporter::all(&county, &scratch);
    let county = county.restarted_with_files_of_at_most(&scratch, 320);
    let waiting: Vec<_> = reporters.into_iter().map(Reporter::tell_until_refused).collect();
    let county = county.restarted(&scratch);
    waiting.into_iter().for_each(|waiting| waiting.finish());
    assert_eq!(county.totals(), (LESSONS as u64, 2 * LESSONS as u64));
    county.end();
    let books = Books::open(&folder);
    books.every_lesson_has_its_facts_once(FACTS);
    books.every_lesson_is_held_for_both_schools();
    books.fit_together();
}
