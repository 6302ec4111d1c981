//! Facts on their way to the disk, in a thread of their own: disks are slow, and lessons never wait for them.

use crate::error::NodeError;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;
use tongke_outbox::{Outbox, PutError, Worth};

/// Facts that the thread may leave unread. Full: a further one is lost, and told.
const QUEUE: usize = 64;
/// Facts that wait for a disk that does not take them, two hours' worth. Full: the oldest are lost, and told.
const MAX_WAITING: usize = 128;
/// Time between two attempts while nothing new comes.
const RETRY_PERIOD: Duration = Duration::from_secs(10);

/// A fact as JSON, and what becomes of it when room is short.
type Fact = (Worth, Vec<u8>);

/// The way to the disk.
pub(super) struct Keeping {
    facts: SyncSender<Fact>,
    ended: oneshot::Receiver<()>,
}

impl Keeping {
    /// Starts the thread.
    pub(super) fn start(outbox: Outbox) -> Result<Keeping, NodeError> {
        let (facts, queue) = sync_channel(QUEUE);
        let (ending, ended) = oneshot::channel();
        let put = move |(worth, fact): &Fact| outbox.put(*worth, fact);
        std::thread::Builder::new()
            .name("record".into())
            .spawn(move || {
                Keeper { put, waiting: VecDeque::new(), is_told: false }.run(&queue);
                let _ = ending.send(());
            })
            .map_err(|error| NodeError::System { what: "start a thread", reason: error.to_string() })?;
        Ok(Keeping { facts, ended })
    }

    /// Hands a fact over. Never waits.
    pub(super) fn keep(&self, worth: Worth, fact: Vec<u8>) {
        if self.facts.try_send((worth, fact)).is_err() {
            tracing::error!("the disk is too slow, a fact about this lesson is lost");
        }
    }

    /// Waits until all facts are on disk, or given up, but no longer than `patience`.
    pub(super) async fn finish(self, patience: Duration) {
        let Keeping { facts, ended } = self;
        drop(facts);
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::error!("the disk does not take the last facts in time");
        }
    }
}

struct Keeper<P> {
    put: P,
    /// Bounded by [`MAX_WAITING`].
    waiting: VecDeque<Fact>,
    is_told: bool,
}

impl<P: FnMut(&Fact) -> Result<(), PutError>> Keeper<P> {
    fn run(mut self, queue: &Receiver<Fact>) {
        loop {
            let next = if self.waiting.is_empty() {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                queue.recv_timeout(RETRY_PERIOD)
            };
            match next {
                Ok(fact) => self.waiting.push_back(fact),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.write();
        }
        self.write();
        if !self.waiting.is_empty() {
            tracing::error!(
                facts = self.waiting.len(),
                "facts about this lesson are lost: the disk took none"
            );
        }
    }

    /// Puts what waits, in order, as far as the disk takes it.
    fn write(&mut self) {
        while let Some(fact) = self.waiting.front() {
            match (self.put)(fact) {
                Ok(()) => {
                    self.waiting.pop_front();
                    if std::mem::take(&mut self.is_told) {
                        tracing::info!("facts about this lesson are written again");
                    }
                }
                Err(error @ PutError::TooLong(_)) => {
                    tracing::error!(%error, "a fact about this lesson is lost");
                    self.waiting.pop_front();
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.is_told, true) {
                        tracing::error!(%error, "facts about this lesson cannot be written; it goes on without");
                    }
                    break;
                }
            }
        }
        let excess = self.waiting.len().saturating_sub(MAX_WAITING);
        if excess > 0 {
            tracing::error!(facts = excess, "facts about this lesson are lost: the disk takes none");
            self.waiting.drain(..excess);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn fact(number: u8) -> Fact {
        (Worth::Attendance, vec![number])
    }

    /// A disk, and whether it is full.
    type Disk = Arc<Mutex<(bool, Vec<u8>)>>;

    fn keeper(disk: &Disk) -> Keeper<impl FnMut(&Fact) -> Result<(), PutError>> {
        let disk = disk.clone();
        let put = move |(_, fact): &Fact| {
            let (is_full, kept) = &mut *disk.lock().unwrap();
            if *is_full {
                return Err(PutError::Disk(std::io::ErrorKind::StorageFull.into()));
            }
            kept.push(fact[0]);
            Ok(())
        };
        Keeper { put, waiting: VecDeque::new(), is_told: false }
    }

    #[test]
    fn facts_that_a_full_disk_did_not_take_are_written_in_order_when_it_has_room() {
        let disk = Disk::default();
        let mut keeper = keeper(&disk);
        for number in 0..5 {
            disk.lock().unwrap().0 = (1..4).contains(&number);
            keeper.waiting.push_back(fact(number));
            keeper.write();
        }
        assert_eq!(disk.lock().unwrap().1, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_waits_is_bounded_and_the_newest_stay() {
        let disk = Disk::default();
        disk.lock().unwrap().0 = true;
        let mut keeper = keeper(&disk);
        for number in 0..=MAX_WAITING as u8 {
            keeper.waiting.push_back(fact(number));
            keeper.write();
        }
        disk.lock().unwrap().0 = false;
        keeper.write();
        assert_eq!(disk.lock().unwrap().1, (1..=MAX_WAITING as u8).collect::<Vec<_>>());
    }
}
