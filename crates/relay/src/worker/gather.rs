//! How long a busy worker lets datagrams gather before it looks again.
//!
//! With many small lessons a datagram comes every few microseconds, each for one or two receivers, and
//! a worker that is quicker than that goes to sleep and is woken for each: most of its time goes into
//! that. A network card's driver does the same against interrupts. Nothing is lost by it, the kernel
//! keeps what comes; everything is later by the pause at most, which is far below what a busy
//! worker's queues cost otherwise.

use std::time::Duration;

/// The longest pause.
const LONGEST: Duration = Duration::from_micros(500);
/// From this share of a processor on there is one.
const BUSY: f64 = 0.08;
/// At this share it is the longest. Far below a full processor: what a wake-up costs is already most of the work
/// there, and half a millisecond is nothing beside the ten that a jitter buffer holds at the least.
const FULL: f64 = 0.25;

/// The pause of a worker that uses this share of a processor, 0 to 1.
pub(super) fn pause(load: f64) -> Duration {
    let busy = ((load - BUSY) / (FULL - BUSY)).clamp(0.0, 1.0);
    // A load that is not known is none.
    Duration::try_from_secs_f64(LONGEST.as_secs_f64() * busy).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_has_time_looks_at_once_and_a_busy_one_every_half_millisecond() {
        assert_eq!(pause(0.0), Duration::ZERO);
        assert_eq!(pause(0.08), Duration::ZERO);
        assert_eq!(pause(0.165).as_micros(), 250);
        assert_eq!(pause(0.25), LONGEST);
        assert_eq!(pause(1.0), LONGEST);
        assert_eq!(pause(f64::NAN), Duration::ZERO);
    }
}
