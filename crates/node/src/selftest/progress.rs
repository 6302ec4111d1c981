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
    /// yet to be watched from now on, beside the pieces that send nothing.
    pub(super) fn of(which: &[Piece], doing: Piece, for_: Duration, idle: Duration) -> Progress {
        let left = match doing {
            Piece::IdleLine => idle,
            doing => doing.lasts(idle).saturating_sub(for_),
        };
        let later = || which.iter().copied().filter(|piece| *piece > doing);
        let beside: Duration =
            later().filter(|piece| piece.is_beside_idle_line()).map(|piece| piece.lasts(idle)).sum();
        let beside = beside + if doing.is_beside_idle_line() { left } else { Duration::ZERO };
        let rest = idle.saturating_sub(beside);
        let later: Duration = later().map(|piece| piece.lasts(rest)).sum();
        Progress { doing, left, whole_left: left + later, at_most_bytes: 0 }
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
    fn the_time_left_falls_with_each_second() {
        let at = |s| {
            Progress::of(&Piece::ALL, Piece::IdleLine, Duration::from_secs(s), IDLE - Duration::from_secs(s))
        };
        assert_eq!(at(0).left, IDLE);
        assert_eq!(at(3).whole_left + Duration::from_secs(3), at(0).whole_left);
        let over = Progress::of(&Piece::ALL, Piece::PathMtu, Duration::from_secs(60), Duration::ZERO);
        assert_eq!((over.left, over.whole_left), (Duration::ZERO, Duration::from_secs(60)));
    }

    #[test]
    fn the_idle_line_is_watched_beside_the_devices() {
        let at = |piece, idle_s| {
            Progress::of(&Piece::ALL, piece, Duration::ZERO, Duration::from_secs(idle_s)).whole_left
        };
        assert_eq!(at(Piece::Camera, 20), at(Piece::IdleLine, 20), "20 s are longer than the devices take");
        assert_eq!(at(Piece::Camera, 5), at(Piece::Camera, 0), "the devices take longer than 5 s");
    }

    #[test]
    fn a_whole_self_test_is_planned_to_end_in_time() {
        let whole = Progress::of(&Piece::ALL, Piece::Reach, Duration::ZERO, IDLE).whole_left;
        assert!(whole <= super::super::WHOLE, "{whole:?}");
    }
}
