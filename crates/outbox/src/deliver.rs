//! The one owner of attempts to deliver: brings what waits, one request's worth after the other, and tries again
//! later if it must.

use crate::backoff::{Backoff, Pace};
use crate::errand::{Brought, Errand, Later};
use crate::machine::Machine;
use crate::post::Post;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How delivery goes. Counters are since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// Facts or reports that were new to the registry.
    pub new: u64,
    /// Those that the registry had before.
    pub known: u64,
    /// Those that it did not take, or that have another's id: put aside.
    pub refused: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Why the last attempt failed; none: it did not.
    pub trouble: Option<String>,
    /// Bytes that wait.
    pub waiting_bytes: u64,
}

/// Delivery in the background. Ends when it is dropped; what has no answer by then is sent again.
pub struct Delivery {
    task: JoinHandle<()>,
    status: watch::Receiver<DeliveryStatus>,
    waiting_bytes: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Delivery {
    /// Runs an errand for `machine`. `waiting_bytes`: what is still to be brought.
    pub(crate) fn start(
        errand: impl Errand,
        machine: Arc<Machine>,
        pace: Pace,
        waiting_bytes: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Delivery {
        let (told, status) = watch::channel(DeliveryStatus::default());
        let carrier = Carrier { errand, machine, told, backoff: Backoff::new(pace) };
        Delivery { task: tokio::spawn(carrier.run()), status, waiting_bytes: Box::new(waiting_bytes) }
    }

    /// How it goes.
    pub fn status(&self) -> DeliveryStatus {
        let waiting_bytes = (self.waiting_bytes)();
        DeliveryStatus { waiting_bytes, ..self.status.borrow().clone() }
    }

    /// Waits until nothing is left to deliver, but no longer than `patience`. True: nothing is.
    pub async fn finish(&self, patience: Duration) -> bool {
        let mut status = self.status.clone();
        // Each request that has its answers is told in the status.
        let done = status.wait_for(|_| (self.waiting_bytes)() == 0);
        matches!(tokio::time::timeout(patience, done).await, Ok(Ok(_)))
    }
}

struct Carrier<E> {
    errand: E,
    machine: Arc<Machine>,
    told: watch::Sender<DeliveryStatus>,
    backoff: Backoff,
}

impl<E: Errand> Carrier<E> {
    async fn run(mut self) {
        let post = match self.machine.post() {
            Ok(post) => post,
            Err(why) => return self.on_trouble(&format!("nothing can be sent: {why}")),
        };
        loop {
            match self.turn(&post).await {
                Ok(true) => {}
                Ok(false) => self.errand.news().await,
                Err(Later { why, after }) => {
                    self.on_trouble(&why);
                    let wait = self.backoff.wait(rand::random());
                    tokio::time::sleep(after.map_or(wait, |after| after.max(wait))).await;
                }
            }
        }
    }

    /// Delivers one request's worth. False: there was nothing.
    async fn turn(&mut self, post: &Post) -> Result<bool, Later> {
        let Some(Brought { new, known, refused, mark }) = self.errand.bring(post).await? else {
            // What seemed to wait may be nothing that can be sent.
            self.told.send_modify(|_| {});
            return Ok(false);
        };
        // Told before it is settled: whoever sees that nothing waits sees also what became of it.
        self.on_success();
        self.told.send_modify(|status| {
            status.new += new;
            status.known += known;
            status.refused += refused;
        });
        self.errand.settle(mark).await?;
        // Whoever waits for the end looks again.
        self.told.send_modify(|_| {});
        Ok(true)
    }

    fn on_success(&mut self) {
        self.backoff.reset();
        if self.told.borrow().trouble.is_some() {
            tracing::info!(registry = self.machine.registry(), "{} are delivered again", E::WHAT);
            self.told.send_modify(|status| status.trouble = None);
        }
    }

    fn on_trouble(&mut self, why: &str) {
        if self.told.borrow().trouble.as_deref() != Some(why) {
            let registry = self.machine.registry();
            tracing::warn!(registry, why, "{} cannot be delivered; they wait on disk", E::WHAT);
        }
        self.told.send_modify(|status| {
            status.failures += 1;
            status.trouble = Some(why.to_owned());
        });
    }
}
