//! For how long somebody's pictures moved.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A picture that stands longer before the next comes is one that stood still
/// ([`GotFrom::video_ms`](tongke_protocol::record::GotFrom)).
const LONGEST: Duration = Duration::from_millis(500);

/// The time that pictures of one participant covered, camera and courseware together. Shared by the threads that
/// send or show them; locked once per picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pictures(Arc<Mutex<Covered>>);

#[derive(Debug, Default)]
struct Covered {
    last: Option<Instant>,
    total: Duration,
}

impl Pictures {
    /// A picture was sent, or shown.
    pub(crate) fn on_picture(&self, at: Instant) {
        let mut covered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = covered.last.unwrap_or(at);
        let stood = at.saturating_duration_since(last);
        covered.last = Some(at.max(last));
        if stood <= LONGEST {
            covered.total += stood;
        }
    }

    /// The time covered so far.
    pub(crate) fn total(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered_ms(pictures_ms: &[u64]) -> u64 {
        let (pictures, start) = (Pictures::default(), Instant::now());
        pictures_ms.iter().for_each(|ms| pictures.on_picture(start + Duration::from_millis(*ms)));
        pictures.total().as_millis() as u64
    }

    #[test]
    fn a_picture_counts_until_the_next_if_that_comes_within_half_a_second() {
        assert_eq!(covered_ms(&[]), 0);
        assert_eq!(covered_ms(&[7]), 0, "nothing says how long it stood");
        assert_eq!(covered_ms(&[0, 40, 80]), 80);
        assert_eq!(covered_ms(&[0, 500, 1_001, 1_041]), 540, "the second stood too long");
    }

    #[test]
    fn camera_and_courseware_of_one_school_are_not_counted_twice() {
        assert_eq!(covered_ms(&[0, 100, 90, 200, 190, 300]), 300);
        assert_eq!(covered_ms(&[0, 400, 800, 1_200]), 1_200, "two slow tracks by turns");
    }
}
