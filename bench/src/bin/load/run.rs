//! One run: a fresh target, everybody joins, a while is measured.

use crate::args::Args;
use crate::flat::Memory;
use crate::progress::Line;
use crate::target::{self, Kind};
use std::error::Error;
use std::time::{Duration, Instant};
use tongke_load::process::ProcessUse;
use tongke_load::{JoinTimes, Joining, Link, Load, LoadConfig, Seen, Shape};

/// Publishers send so long before the memory without subscribers is read: what is kept for repeats is full.
const ALONE: Duration = Duration::from_secs(2);
/// Subscribers that join at once.
pub const AT_ONCE: usize = 4;

/// What one run showed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Of which target.
    pub target: Kind,
    /// Under which shape.
    pub shape: Shape,
    /// Over which link.
    pub link: Link,
    /// Number of the run; those of one number were made one after the other.
    pub run: usize,
    /// What was seen.
    pub seen: Seen,
    /// How the subscribers' sessions began.
    pub joins: Vec<JoinTimes>,
    /// Memory before anybody came, in bytes.
    pub rss_empty: u64,
    /// Memory when only publishers were there, in bytes.
    pub rss_published: u64,
    /// Memory in the window.
    pub memory: Memory,
}

impl Outcome {
    /// Memory that each subscriber adds, in KiB.
    pub fn kib_per_subscriber(&self) -> Option<f64> {
        let grown = self.seen.target?.rss_bytes.saturating_sub(self.rss_published);
        Some(grown as f64 / 1_024.0 / self.seen.subscribers.max(1) as f64)
    }

    /// Memory that each lesson adds, its subscribers included, in KiB.
    pub fn kib_per_lesson(&self) -> Option<f64> {
        let grown = self.seen.target?.rss_bytes.saturating_sub(self.rss_empty);
        Some(grown as f64 / 1_024.0 / self.shape.lessons() as f64)
    }
}

/// How the load of a shape is made.
pub fn config(args: &Args, shape: Shape, link: Link) -> LoadConfig {
    LoadConfig { shape, link, pace: args.pace, seed: args.seed }
}

/// Measures a target under a shape over a link for `time`.
///
/// # Errors
/// If the target does not run, or does not take everybody in.
pub fn run(
    args: &Args,
    kind: Kind,
    (shape, link, run): (Shape, Link, usize),
    time: Duration,
    line: &mut Line,
) -> Result<Outcome, Box<dyn Error>> {
    let running = target::start(args, kind)?;
    let what = format!("{} {shape} {}", kind.name(), link.name());
    line.say(&format!("{what}: publishers join"));
    let mut load = Load::start(running.target.clone(), config(args, shape, link))?;
    let rss = |load: &Load| load.target_now().map_or(0, |used| used.rss_bytes);
    let rss_empty = rss(&load);
    load.join_publishers()?;
    load.wait(ALONE, &mut |_| {})?;
    let rss_published = rss(&load);
    line.say(&format!("{what}: {} subscribers join", shape.subscribers()));
    load.join_subscribers(Joining::Calmly(AT_ONCE))?;
    load.wait(Duration::from_secs(args.warm_up), &mut |_| line.say(&format!("{what}: warms up")))?;
    let (mut memory, start) = (Memory::default(), Instant::now());
    let seen = load.window(time, &mut |progress| {
        let seconds = start.elapsed().as_secs_f64();
        if let Some(used) = running.target.pid.and_then(ProcessUse::read) {
            memory.note(seconds, used.rss_bytes);
        }
        line.say(&format!(
            "{what}: {seconds:.0} of {} s, {} packets came",
            time.as_secs(),
            progress.received
        ));
    })?;
    let joins = load.joins()?;
    Ok(Outcome { target: kind, shape, link, run, seen, joins, rss_empty, rss_published, memory })
}
