//! A province that is made up, and how long the registry takes with it.
//!
//!     province fill DATABASE COUNTIES      enters it: 50 pairs a county, 2 terms, 102 lessons a pair, 98 facts a lesson
//!     province settle DATABASE             works out what follows from it
//!     province measure DATABASE COUNTIES   asks what people ask, and says how long that takes
//!     province post DATABASE COUNTIES N    enters the timetable, and brings N facts over HTTP; on an empty database
//!
//! 20 counties are 1,000 pairs, 102,000 lessons and 10 million facts. docs/registry-store.md has the figures.

#![allow(clippy::print_stdout, reason = "its output is the figures")]

mod asks;
mod lessons;
mod posting;
mod timetable;

use std::error::Error;
use std::time::{Duration, Instant};
use tongke_protocol::WallTime;
use tongke_registry::store::{IncomingFact, Kept, Store};

/// Whatever goes wrong ends it.
type Trouble = Box<dyn Error + Send + Sync>;

/// Facts in a batch: as many as the interface takes in one request.
const BATCH: usize = 1000;
/// Relays that deliver at the same time.
const RELAYS: usize = 4;

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["fill", database, counties] => fill(&Store::open(database).await?, counties.parse()?).await,
        ["settle", database] => settle(&Store::open(database).await?).await,
        ["measure", database, counties] => {
            asks::measure(&Store::open(database).await?, counties.parse()?).await
        }
        ["post", database, counties, facts] => {
            let (store, counties) = (Store::open(database).await?, counties.parse()?);
            enter(&store, counties).await?;
            posting::measure(store, counties, facts.parse()?).await
        }
        _ => Err("usage: province fill|settle|measure|post DATABASE [COUNTIES [FACTS]]".into()),
    }
}

/// The schools, their pairs and the timetable, and the lessons planned by it.
async fn enter(store: &Store, counties: u32) -> Result<(), Trouble> {
    let begin = Instant::now();
    let entries = timetable::entries(counties);
    for entries in entries.chunks(BATCH) {
        store.keep_entries(entries, timetable::before()).await?;
    }
    println!("entries: {} in {:.1} s", entries.len(), begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let settled = store.settle(timetable::before()).await?;
    println!("planned: {} lessons in {:.1} s", settled.lessons, begin.elapsed().as_secs_f64());
    Ok(())
}

async fn fill(store: &Store, counties: u32) -> Result<(), Trouble> {
    enter(store, counties).await?;
    let begin = Instant::now();
    let relays = (0..RELAYS).map(|relay| tokio::spawn(deliver(store.clone(), counties, relay)));
    let (mut facts, mut slowest) = (0, Duration::ZERO);
    for relay in relays.collect::<Vec<_>>() {
        let (kept, longest) = relay.await??;
        facts += kept;
        slowest = slowest.max(longest);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let rate = facts as f64 / seconds;
    println!("intake: {facts} facts in {seconds:.1} s, {rate:.0} facts/s, slowest batch {slowest:.0?}");
    Ok(())
}

/// What one relay tells of its lessons, in batches, each after the answer to the one before.
async fn deliver(store: Store, counties: u32, relay: usize) -> Result<(u64, Duration), Trouble> {
    let (mut batch, mut kept, mut slowest) = (Vec::with_capacity(BATCH), 0, Duration::ZERO);
    let lessons = lessons::all(counties).enumerate().filter(|(number, _)| number % RELAYS == relay);
    for (_, lesson) in lessons {
        for fact in lesson.facts() {
            batch.push(fact);
            if batch.len() == BATCH {
                slowest = slowest.max(keep(&store, &batch).await?);
                kept += batch.len() as u64;
                batch.clear();
            }
        }
    }
    keep(&store, &batch).await?;
    Ok((kept + batch.len() as u64, slowest))
}

async fn keep(store: &Store, batch: &[IncomingFact]) -> Result<Duration, Trouble> {
    let begin = Instant::now();
    let kept = store.keep_facts(batch, timetable::after()).await?;
    if kept.iter().any(|kept| *kept != Kept::New) {
        return Err("some facts were there already; use an empty database".into());
    }
    Ok(begin.elapsed())
}

async fn settle(store: &Store) -> Result<(), Trouble> {
    let begin = Instant::now();
    let settled = store.settle(timetable::after()).await?;
    let (seconds, lessons) = (begin.elapsed().as_secs_f64(), settled.lessons);
    println!("settled: {lessons} lessons in {seconds:.1} s, {:.0} lessons/s", lessons as f64 / seconds);
    Ok(())
}

/// A moment of a day, by the schools' clocks.
fn moment(day: jiff::civil::Date, hour: i8) -> WallTime {
    tongke_pairing::calendar::moment(day.at(hour, 0, 0, 0))
}
