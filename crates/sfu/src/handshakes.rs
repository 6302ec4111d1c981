//! Handshake datagrams wait here until media is through: each costs a signature or a key exchange, the
//! time of a hundred packets, and a class that joins as one man must not be heard in other lessons.

use crate::core::Core;
use std::collections::VecDeque;
use std::time::Instant;
use tongke_protocol::Now;
use tongke_transport::webrtc::Path;

/// Datagrams taken in one [`Core::handle_timeout`]: less than a millisecond's work.
const AT_ONCE: usize = 2;
/// Most datagrams that wait, and their bytes. Beyond that the newest is dropped: its peer repeats it.
const MAX_WAITING: usize = 1024;
const MAX_BYTES: usize = 1024 * 1024;
/// Most of one leg: twice what the longest flight has.
const MAX_OF_LEG: usize = 16;

struct Waiting {
    leg: u64,
    path: Path,
    datagram: Box<[u8]>,
    since: Instant,
}

/// Datagrams of handshakes in the order in which they came; bounded by [`MAX_WAITING`], [`MAX_BYTES`] and
/// [`MAX_OF_LEG`].
#[derive(Default)]
pub(crate) struct Handshakes {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Handshakes {
    /// Takes a datagram in; false: there is no room for it.
    pub fn push(&mut self, now: Now, leg: u64, path: Path, datagram: &[u8]) -> bool {
        let of_leg = self.waiting.iter().filter(|waiting| waiting.leg == leg).count();
        let has_room = self.waiting.len() < MAX_WAITING && self.bytes + datagram.len() <= MAX_BYTES;
        if of_leg >= MAX_OF_LEG || !has_room {
            return false;
        }
        self.bytes += datagram.len();
        self.waiting.push_back(Waiting { leg, path, datagram: datagram.into(), since: now.instant });
        true
    }

    fn pop(&mut self) -> Option<Waiting> {
        let first = self.waiting.pop_front()?;
        self.bytes -= first.datagram.len();
        if self.waiting.is_empty() {
            // What a crowd needed is not kept for the rest of the day.
            self.waiting.shrink_to(2 * MAX_OF_LEG);
        }
        Some(first)
    }

    /// Since when the first one waits.
    pub fn since(&self) -> Option<Instant> {
        Some(self.waiting.front()?.since)
    }
}

impl Core {
    /// Whether handshakes wait for the next [`Self::handle_timeout`]. Send what is in the outputs before.
    pub fn has_handshakes(&self) -> bool {
        self.handshakes.since().is_some()
    }

    /// Goes on with a few of the handshakes that wait.
    pub(crate) fn shake_hands(&mut self, now: Now) {
        for _ in 0..AT_ONCE {
            let Some(Waiting { leg, path, mut datagram, .. }) = self.handshakes.pop() else { return };
            self.handle_of_leg(now, leg, path, &mut datagram);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_protocol::WallTime;

    fn now() -> Now {
        Now { instant: Instant::now(), wall: WallTime(0) }
    }

    fn path() -> Path {
        Path::Tcp { connection: 1, remote: ([127, 0, 0, 1], 9).into() }
    }

    #[test]
    fn one_leg_cannot_take_the_places_of_the_others() {
        let mut handshakes = Handshakes::default();
        let taken = (0..100).filter(|_| handshakes.push(now(), 1, path(), &[22; 1200])).count();
        assert_eq!(taken, MAX_OF_LEG);
        assert!(handshakes.push(now(), 2, path(), &[22; 1200]));
    }

    #[test]
    fn what_waits_is_bounded_and_comes_in_order() {
        let mut handshakes = Handshakes::default();
        let taken = (0..10_000).filter(|leg| handshakes.push(now(), *leg, path(), &[22; 1500])).count();
        assert_eq!(taken, MAX_BYTES / 1500);
        let legs: Vec<u64> = std::iter::from_fn(|| Some(handshakes.pop()?.leg)).collect();
        assert!(legs.iter().copied().eq(0..taken as u64));
        assert_eq!((handshakes.bytes, handshakes.since()), (0, None));
    }
}
