//! What is being done and how long it still takes.

use super::Piece;
use std::time::Duration;

/// Told once a second, and whenever another piece begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub doing: Piece,
    /// How long it still takes, as planned.
    pub left: Duration,
    /// How long the whole self-test still takes, as planned.
    pub whole_left: Duration,
    /// The data that the piece takes, at most, in bytes; 0: next to nothing.
    pub at_most_bytes: u64,
}

impl Progress {
    /// Of a piece among those that are done, which has been going on for so long; `idle` is how long the idle line is
    /// watched.
    pub(super) fn of(which: &[Piece], doing: Piece, for_: Duration, idle: Duration) -> Progress {
        let left = doing.lasts(idle).saturating_sub(for_);
        let later = which.iter().filter(|piece| **piece > doing).map(|piece| piece.lasts(idle));
        Progress { doing, left, whole_left: left + later.sum::<Duration>(), at_most_bytes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(20);

    #[test]
    fn pieces_are_done_in_the_order_that_the_time_left_is_reckoned_by() {
        assert!(Piece::ALL.is_sorted());
    }

    #[test]
    fn the_time_left_falls_with_each_second_and_never_below_what_is_yet_to_come() {
        let at = |s| Progress::of(&Piece::ALL, Piece::IdleLine, Duration::from_secs(s), IDLE);
        assert_eq!(at(0).left, Duration::from_secs(21));
        assert_eq!(at(3).whole_left + Duration::from_secs(3), at(0).whole_left);
        assert_eq!((at(60).left, at(60).whole_left), (Duration::ZERO, Duration::from_secs(51)));
    }

    #[test]
    fn a_whole_self_test_is_planned_to_end_in_time() {
        assert!(
            Progress::of(&Piece::ALL, Piece::Reach, Duration::ZERO, IDLE).whole_left <= super::super::WHOLE
        );
    }
}
