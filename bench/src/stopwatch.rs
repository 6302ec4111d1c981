//! Time and allocations of the parts of a run that count.

use crate::allocations::allocations;
use std::time::{Duration, Instant};

/// Adds up what was measured; what lies between is free.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stopwatch {
    /// Wall time. On a busy machine only the best of several runs means something.
    pub time: Duration,
    /// Allocations, if [`crate::allocations::Counting`] is the allocator.
    pub allocations: u64,
}

impl Stopwatch {
    /// Measures one part.
    pub fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (allocations_before, start) = (allocations(), Instant::now());
        let result = work();
        self.time += start.elapsed();
        self.allocations += allocations() - allocations_before;
        result
    }

    /// Nanoseconds of each of `count` things.
    pub fn ns_each(&self, count: u64) -> f64 {
        self.time.as_nanos() as f64 / count.max(1) as f64
    }

    /// Allocations of each of `count` things.
    pub fn allocations_each(&self, count: u64) -> f64 {
        self.allocations as f64 / count.max(1) as f64
    }
}

/// Nanoseconds of one call of `work`: the best of seven rounds of `calls`.
pub fn best_ns(calls: u64, mut work: impl FnMut(u64)) -> f64 {
    let round = |_| {
        let mut watch = Stopwatch::default();
        watch.measure(|| (0..calls).for_each(&mut work));
        watch.ns_each(calls)
    };
    (0..7).map(round).fold(f64::INFINITY, f64::min)
}
