//! What a machine can carry, from a few stages of load. Pure: measured numbers in, numbers out.
//!
//! The model: near its full use, a core's use grows by the same for each lesson, and memory likewise. A
//! packet costs less the more lessons there are, since packets come and go in larger batches: each lesson
//! adds less than the one before. So the line through the two largest stages, gone on straight, tells
//! rather too few lessons than too many. That is checked: the largest stage must not be above what the
//! smaller ones foretold.

use serde::Serialize;

/// Use of a core up to which lessons run without waiting for each other.
pub const SAFE_CORE: f64 = 0.7;
/// What several cores do, as a share of the sum of what each does alone.
pub const SHARE_OF_SUM: f64 = 0.9;
/// Share of the free memory that lessons may take.
pub const SAFE_MEMORY: f64 = 0.8;
/// Share of a line's speed that lessons may take: keyframes and repairs come on top of the mean.
pub const SAFE_LINE: f64 = 0.7;
/// The end of 99 of 100 pictures is forwarded within this time.
pub const FRAME_END_MS: f64 = 5.0;
/// Share of packets that may be lost inside the relay.
pub const LOSS: f64 = 0.000_1;
/// Share of its CPU time that a relay may wait for its core before its delays are those of others.
pub const WAITED: f64 = 0.05;

/// One stage: some lessons, or some subscribers of one lesson, for a while.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// Lessons, or subscribers.
    pub count: usize,
    /// Use of the relay's core, 0 to 1.
    pub core: f64,
    /// CPU time for each packet forwarded.
    pub cpu_us_per_packet: f64,
    /// Memory of the relay's process.
    pub memory_bytes: u64,
    /// Added latency of the last packet of 99 of 100 pictures.
    pub frame_end_p99_ms: f64,
    /// Share of packets lost.
    pub loss: f64,
    /// Time that the relay waited for its core while others had it, as a share of its CPU time.
    pub waited: f64,
    /// Why the stage tells of the load rather than of the relay, if it does.
    pub load_limit: Option<String>,
}

impl Stage {
    /// Whether its delays and losses are the relay's own.
    pub fn is_undisturbed(&self) -> bool {
        self.load_limit.is_none() && self.waited <= WAITED
    }

    /// Whether pictures came in time and whole.
    pub fn is_good(&self) -> bool {
        self.frame_end_p99_ms <= FRAME_END_MS && self.loss <= LOSS
    }
}

/// Something that grows evenly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// Without any.
    pub base: f64,
    /// For each.
    pub each: f64,
}

impl Line {
    /// The line nearest to points; through the origin where a slope or a beginning below zero says
    /// that the points are noise.
    pub fn through(points: &[(f64, f64)]) -> Self {
        let n = points.len() as f64;
        let sum = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>();
        let (x, y, xx, xy) = (sum(|p| p.0), sum(|p| p.1), sum(|p| p.0 * p.0), sum(|p| p.0 * p.1));
        let each = (n * xy - x * y) / (n * xx - x * x);
        let base = (y - each * x) / n;
        // Not a number, if all points have the same x.
        if each > 0.0 && base >= 0.0 { Self { base, each } } else { Self { base: 0.0, each: xy / xx } }
    }

    /// Its value there.
    pub fn at(&self, count: usize) -> f64 {
        self.base + self.each * count as f64
    }

    /// The greatest count whose value is not above `limit`.
    pub fn most(&self, limit: f64) -> usize {
        // A little more, so that what fits exactly is not lost to rounding.
        ((limit - self.base) / self.each + 1e-6).max(0.0) as usize
    }
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Two-way lessons, by number.
    pub lessons: Vec<Stage>,
    /// One lesson with subscribers, by number.
    pub demonstration: Vec<Stage>,
    /// Bits a second on the wire of one publisher's picture and sound.
    pub stream_bps: f64,
}

/// What there is to carry it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Means {
    /// Cores, each for one worker.
    pub cores: usize,
    /// Memory that is free.
    pub free_memory_bytes: u64,
    /// Speed of the line, each way; none: unknown.
    pub line_bps: Option<f64>,
}

/// What ends first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The cores are used as far as is safe.
    Processor,
    /// Pictures are late or incomplete before that.
    Delay,
    /// The free memory.
    Memory,
    /// The line.
    Network,
}

/// What the machine can carry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capacity {
    /// A core's use by two-way lessons.
    pub core_by_lessons: Line,
    /// A core's use by subscribers of one lesson.
    pub core_by_subscribers: Line,
    /// Memory by two-way lessons.
    pub memory_by_lessons: Line,
    /// Memory by subscribers of one lesson.
    pub memory_by_subscribers: Line,
    /// The largest stage's use of the core as the smaller ones foretold it, and as it was.
    pub check: Option<(f64, f64)>,
    /// Two-way lessons on one core.
    pub lessons_per_core: usize,
    /// On all cores, as far as the processor goes.
    pub lessons_by_processor: usize,
    /// As far as memory goes.
    pub lessons_by_memory: usize,
    /// As far as the line goes.
    pub lessons_by_line: Option<usize>,
    /// All limits together.
    pub lessons: usize,
    /// Which of them comes first.
    pub first_limit: Limit,
    /// Subscribers of one demonstration lesson on one core.
    pub subscribers: usize,
    /// What those lessons need of the line, each way, in bits a second.
    pub needed_bps: f64,
    /// What they need of memory.
    pub needed_memory_bytes: u64,
}

/// Bits a second, each way, of a two-way lesson: both schools' streams come in and go out.
pub fn lesson_bps(measured: &Measured) -> f64 {
    2.0 * measured.stream_bps
}

/// Works out what a machine can carry.
pub fn capacity(measured: &Measured, means: &Means) -> Capacity {
    let Measured { lessons, demonstration, stream_bps } = measured;
    let core = line(largest_two(lessons), |stage| stage.core);
    let memory = line(lessons, |stage| stage.memory_bytes as f64);
    let core_by_subscribers = line(demonstration, |stage| stage.core);
    let memory_by_subscribers = line(demonstration, |stage| stage.memory_bytes as f64);
    let (lessons_per_core, is_by_delay) = within_delay(lessons, core.most(SAFE_CORE));
    let lessons_by_processor = on_all(lessons_per_core, means.cores);
    let free = means.free_memory_bytes as f64 * SAFE_MEMORY;
    let lessons_by_memory = memory.most(free);
    let lessons_by_line = means.line_bps.map(|line| (line * SAFE_LINE / lesson_bps(measured)) as usize);
    let processor = if is_by_delay { Limit::Delay } else { Limit::Processor };
    let limits = [
        Some((lessons_by_processor, processor)),
        Some((lessons_by_memory, Limit::Memory)),
        lessons_by_line.map(|lessons| (lessons, Limit::Network)),
    ];
    let first = limits.into_iter().flatten().min_by_key(|(lessons, _)| *lessons);
    let (most, first_limit) = first.unwrap_or((0, processor));
    let by_line = means.line_bps.map_or(usize::MAX, |line| (line * SAFE_LINE / stream_bps) as usize);
    let subscribers = within_delay(demonstration, core_by_subscribers.most(SAFE_CORE)).0;
    Capacity {
        core_by_lessons: core,
        core_by_subscribers,
        memory_by_lessons: memory,
        memory_by_subscribers,
        check: check(lessons),
        lessons_per_core,
        lessons_by_processor,
        lessons_by_memory,
        lessons_by_line,
        lessons: most,
        first_limit,
        subscribers: subscribers.min(memory_by_subscribers.most(free)).min(by_line),
        needed_bps: most as f64 * lesson_bps(measured),
        needed_memory_bytes: memory.at(most) as u64,
    }
}

fn largest_two(stages: &[Stage]) -> &[Stage] {
    &stages[stages.len().saturating_sub(2)..]
}

fn line(stages: &[Stage], of: impl Fn(&Stage) -> f64) -> Line {
    Line::through(&stages.iter().map(|stage| (stage.count as f64, of(stage))).collect::<Vec<_>>())
}

/// Not more than the last stage before one that was late or lossy by the relay's own fault.
fn within_delay(stages: &[Stage], most: usize) -> (usize, bool) {
    let bad = stages.iter().position(|stage| stage.is_undisturbed() && !stage.is_good());
    let good = bad.map(|at| at.checked_sub(1).map_or(0, |before| stages[before].count));
    match good {
        Some(good) if good < most => (good, true),
        _ => (most, false),
    }
}

fn on_all(per_core: usize, cores: usize) -> usize {
    if cores < 2 { per_core } else { (per_core as f64 * cores as f64 * SHARE_OF_SUM) as usize }
}

fn check(stages: &[Stage]) -> Option<(f64, f64)> {
    let (largest, smaller) = stages.split_last()?;
    (smaller.len() > 1).then(|| (line(smaller, |stage| stage.core).at(largest.count), largest.core))
}

#[cfg(test)]
mod tests;
