//! What the end-to-end tests share: the real binary as relay and nodes, their facts, and waiting for
//! something to be so.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

pub mod http;
pub mod https;
pub mod node;
pub mod process;
pub mod registry;
pub mod relay;
pub mod scratch;
pub mod serve;
pub mod taught;

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until `condition` gives something, and gives it; after `within`, fails with `what`.
pub fn eventually<T>(what: &str, within: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(begun.elapsed() < within, "waited {within:?} in vain until {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Seconds, for deadlines.
pub const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
