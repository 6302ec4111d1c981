//! When which room wants to be woken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Moments and the rooms that want to be woken then, the earliest first.
///
/// A room puts in a moment when it is earlier than the one that it has here already, and leaves it
/// here when it is no longer of use: whoever takes the first moment asks the room whether it still
/// is. So a packet costs nothing here but in a room that begins to wait, and a thousand rooms that
/// wait cost no packet of another anything. Bounded by rooms times the moments that each still has
/// here, which are at most as many as pictures begin within the longest wait.
#[derive(Debug, Default)]
pub(crate) struct Wakes(BinaryHeap<Reverse<(Instant, u64)>>);

impl Wakes {
    pub fn add(&mut self, at: Instant, room: u64) {
        self.0.push(Reverse((at, room)));
    }

    /// The first moment and its room.
    pub fn first(&self) -> Option<(Instant, u64)> {
        self.0.peek().map(|Reverse(first)| *first)
    }

    pub fn remove_first(&mut self) {
        self.0.pop();
    }
}
