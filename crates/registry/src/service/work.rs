//! What a registry does by itself: it works out what follows from what came, and tells whoever wants to
//! know.

use super::Service;
use crate::telling::Teller;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How often at the least: time alone changes what lessons are worth.
const PERIOD: Duration = Duration::from_secs(60);
/// How long things are gathered before they are worked out together. A relay sends its facts in bursts, and
/// working out a lesson once for all of them costs as much as for one.
const GATHER: Duration = Duration::from_millis(300);
/// The wait after the database failed.
const PAUSE: Duration = Duration::from_secs(5);

impl Service {
    /// Works for as long as it is polled. Whatever it is in the middle of when it is dropped is undone, and
    /// done when it works again.
    pub async fn work(self: Arc<Self>) {
        tokio::join!(self.settle_as_it_comes(), self.tell_as_it_is_due());
    }

    async fn settle_as_it_comes(&self) {
        loop {
            let begin = Instant::now();
            self.settle().await;
            // Nobody came: it is time all the same.
            let _ = timeout(PERIOD, self.came.notified()).await;
            sleep_until(begin + GATHER).await;
        }
    }

    /// Works out what is marked. What fails stays marked, and is tried again with the next round.
    async fn settle(&self) {
        match self.store.settle(self.now()).await {
            Ok(settled) if settled.changed > 0 => {
                tracing::info!(lessons = settled.lessons, changed = settled.changed, "lessons worked out");
                self.decided.notify_one();
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "lessons cannot be worked out now"),
        }
    }

    async fn tell_as_it_is_due(&self) {
        let teller = match Teller::new() {
            Ok(teller) => teller,
            Err(error) => return tracing::error!(%error, "nobody can be told anything"),
        };
        loop {
            let wait = match Box::pin(teller.round(self)).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(%error, "messages cannot be looked for now");
                    PAUSE
                }
            };
            let _ = timeout(wait, self.decided.notified()).await;
        }
    }
}
