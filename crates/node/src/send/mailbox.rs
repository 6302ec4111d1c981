//! Room for one picture between the capture and the encoder thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Holds at most one item; a newer one replaces it. So an encoder that is behind skips pictures, and
/// what it encodes is never old.
#[derive(Debug)]
pub(super) struct Mailbox<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    item: Option<T>,
    closed: bool,
}

impl<T> Mailbox<T> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { item: None, closed: false }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing under this lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item in. True: another one lay there and is dropped.
    pub(super) fn put(&self, item: T) -> bool {
        let replaced = self.lock().item.replace(item).is_some();
        self.changed.notify_one();
        replaced
    }

    /// Waits for an item; none once the box is closed.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(item) = state.item.take() {
                return Some(item);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the waiting, now and for all.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_newest_item_replaces_the_one_that_waits() {
        let mailbox = Mailbox::new();
        assert!(!mailbox.put(1));
        assert!(mailbox.put(2));
        assert_eq!(mailbox.take(), Some(2));
        assert!(!mailbox.put(3));
    }

    #[test]
    fn closing_ends_a_wait() {
        let mailbox = Arc::new(Mailbox::<u8>::new());
        let waiting = std::thread::spawn({
            let mailbox = mailbox.clone();
            move || mailbox.take()
        });
        mailbox.close();
        assert_eq!(waiting.join().unwrap(), None);
    }
}
