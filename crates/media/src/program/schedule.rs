//! When, on the relay's clock, which end does what.

use crate::beat;
use std::ops::Range;
use std::time::Duration;
use tongke_protocol::{LessonId, WallTime};

/// After this long the turns begin again; what is drawn by lot in them differs.
pub const CYCLE: Duration = Duration::from_secs(12);
const CYCLE_US: u64 = CYCLE.as_micros() as u64;
/// Both ends' turns: speaking, then sweeping.
const SPEAKING_US: u64 = 2_200_000;
const SWEEPING_US: u64 = 2_800_000;
/// Then, for the rest of the cycle, both speak.
const TURN_US: u64 = SPEAKING_US + SWEEPING_US;
/// Where in its speaking an end beeps at the earliest, and by how much later at the latest.
const BEEP_FROM_US: u64 = 800_000;
const BEEP_SPREAD_US: u64 = 600_000;
/// Where in a turn's sweeping its two sweeps are at the earliest, and by how much later at the latest: after the echo
/// of the words, and so far from each other and from the turn's end that no echo up to 0.7 s meets the next sound.
const SWEEPS_FROM_US: [u64; 2] = [700_000, 1_750_000];
const SWEEP_SPREAD_US: u64 = 200_000;

/// Which end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Speaks first.
    A,
    /// Answers.
    B,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
}

/// What an end does for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// It speaks alone.
    Speaks,
    /// It sends sweeps.
    Sweeps,
    /// It is silent.
    Silent,
    /// Both speak.
    Together,
}

/// The turns of a lesson's test call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    seed: u64,
}

impl Schedule {
    /// From the lesson's name.
    pub fn new(lesson: &LessonId) -> Self {
        // FNV-1a: it only has to be the same at both ends.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self { seed: lesson.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, mix) }
    }

    /// What an end does at a moment.
    pub fn stretch(&self, side: Side, relay: WallTime) -> Stretch {
        let in_cycle = relay.as_unix_us() % CYCLE_US;
        if in_cycle >= 2 * TURN_US {
            return Stretch::Together;
        }
        match in_cycle.checked_sub(turn(side)) {
            Some(since) if since < SPEAKING_US => Stretch::Speaks,
            Some(since) if since < TURN_US => Stretch::Sweeps,
            _ => Stretch::Silent,
        }
    }

    /// Where the stretch begins in which an end speaks at a moment, and the seed of what it says in it: other words each
    /// time.
    pub(super) fn words(&self, side: Side, relay: WallTime) -> (WallTime, u16) {
        let (cycle, in_cycle) = (relay.as_unix_us() / CYCLE_US, relay.as_unix_us() % CYCLE_US);
        let together = in_cycle >= 2 * TURN_US;
        let begin = if together { 2 * TURN_US } else { turn(side) };
        let seed = self.draw(side, cycle, 3, 1 << 15) * 2 + u64::from(together);
        (WallTime(cycle * CYCLE_US + begin), seed as u16)
    }

    /// When an end flashes and beeps, from the cycle of one moment to that of another, in order.
    pub fn beats(&self, side: Side, from: WallTime, until: WallTime) -> impl Iterator<Item = WallTime> {
        let this = *self;
        cycles(from, until).flat_map(move |cycle| {
            let in_speech = BEEP_FROM_US + this.draw(side, cycle, 0, BEEP_SPREAD_US);
            [turn(side), 2 * TURN_US].map(|begin| WallTime(cycle * CYCLE_US + begin + in_speech))
        })
    }

    /// When an end's sweeps begin, from the cycle of one moment to that of another, in order.
    pub fn sweeps(&self, side: Side, from: WallTime, until: WallTime) -> impl Iterator<Item = WallTime> {
        let this = *self;
        cycles(from, until).flat_map(move |cycle| {
            let begin = cycle * CYCLE_US + turn(side) + SPEAKING_US;
            [0, 1].map(|n| {
                let late = this.draw(side, cycle, 1 + n as u64, SWEEP_SPREAD_US);
                WallTime(begin + SWEEPS_FROM_US[n] + late)
            })
        })
    }

    /// When an end speaks alone in the cycle of a moment.
    pub fn speaking(&self, side: Side, relay: WallTime) -> Range<WallTime> {
        let begin = relay.as_unix_us() / CYCLE_US * CYCLE_US + turn(side);
        WallTime(begin)..WallTime(begin + SPEAKING_US)
    }

    /// When an end sweeps in the cycle of a moment, to the end of its turn.
    pub fn sweeping(&self, side: Side, relay: WallTime) -> Range<WallTime> {
        let begin = relay.as_unix_us() / CYCLE_US * CYCLE_US + turn(side);
        WallTime(begin + SPEAKING_US)..WallTime(begin + TURN_US)
    }

    /// Whether an end flashes at a moment.
    pub fn flashes_at(&self, side: Side, relay: WallTime) -> bool {
        let lasting = 0..beat::DURATION.as_micros() as i64;
        self.beats(side, relay, relay).any(|start| lasting.contains(&relay.micros_since(start)))
    }

    /// A number below `below`, by lot: SplitMix64 of the lesson, the end, the cycle and what it is for.
    fn draw(&self, side: Side, cycle: u64, what: u64, below: u64) -> u64 {
        let place = cycle.wrapping_mul(8).wrapping_add(what * 2 + u64::from(side == Side::B));
        let mut x = self.seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % below
    }
}

/// Where in a cycle an end's turn begins, µs.
fn turn(side: Side) -> u64 {
    match side {
        Side::A => 0,
        Side::B => TURN_US,
    }
}

fn cycles(from: WallTime, until: WallTime) -> impl Iterator<Item = u64> {
    from.as_unix_us() / CYCLE_US..=until.as_unix_us() / CYCLE_US
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 150_000_000 * CYCLE_US;

    fn schedule() -> Schedule {
        Schedule::new(&"test-1".parse().unwrap())
    }

    #[test]
    fn each_end_speaks_and_sweeps_while_the_other_is_silent_and_then_both_speak() {
        let at = |side, s: f64| schedule().stretch(side, WallTime(START + (s * 1e6) as u64));
        assert_eq!((at(Side::A, 0.0), at(Side::B, 0.0)), (Stretch::Speaks, Stretch::Silent));
        assert_eq!((at(Side::A, 2.2), at(Side::B, 4.9)), (Stretch::Sweeps, Stretch::Silent));
        assert_eq!((at(Side::A, 5.0), at(Side::B, 5.0)), (Stretch::Silent, Stretch::Speaks));
        assert_eq!((at(Side::A, 9.9), at(Side::B, 9.9)), (Stretch::Silent, Stretch::Sweeps));
        assert_eq!((at(Side::A, 11.0), at(Side::B, 11.0)), (Stretch::Together, at(Side::A, 11.0)));
    }

    #[test]
    fn beeps_and_sweeps_lie_within_their_stretch_and_differ_from_cycle_to_cycle() {
        let schedule = schedule();
        let (from, until) = (WallTime(START), WallTime(START + 100 * CYCLE_US - 1));
        for side in [Side::A, Side::B] {
            let beats: Vec<WallTime> = schedule.beats(side, from, until).collect();
            assert_eq!(beats.len(), 200);
            for beat in &beats {
                for at_us in [0, 119_999] {
                    let at = beat.offset_by_us(at_us);
                    assert!(schedule.flashes_at(side, at));
                    assert!(
                        matches!(schedule.stretch(side, at), Stretch::Speaks | Stretch::Together),
                        "{at:?}"
                    );
                }
                assert!(!schedule.flashes_at(side, beat.offset_by_us(-1)));
                assert!(!schedule.flashes_at(side, beat.offset_by_us(120_000)));
            }
            let sweeps: Vec<WallTime> = schedule.sweeps(side, from, until).collect();
            assert_eq!(sweeps.len(), 200);
            for (n, sweep) in sweeps.iter().enumerate() {
                assert!(matches!(schedule.stretch(side, *sweep), Stretch::Sweeps));
                let Some(next) = sweeps.get(n + 1) else { continue };
                assert!(next.micros_since(*sweep) >= 850_000, "{n}");
            }
            let apart: std::collections::BTreeSet<i64> =
                sweeps.windows(2).map(|two| two[1].micros_since(two[0])).collect();
            assert!(apart.len() > 190, "spacings repeat");
        }
        let other = Schedule::new(&"test-2".parse().unwrap());
        assert_ne!(schedule.beats(Side::A, from, from).next(), other.beats(Side::A, from, from).next());
    }
}
