//! The journal's way to the registry, of a relay that is enrolled there. Lessons never wait for it.

use crate::error::RelayError;
use crate::journal::Journal;
use std::path::Path;
use std::time::Duration;
use tongke_outbox::{Delivery, DeliveryStatus, Follow, Machine, Pace};

/// Time at the end for the last facts to be on disk.
const JOURNAL_WAIT: Duration = Duration::from_secs(1);
/// Time at the end for them to be delivered; the next start delivers the rest.
const DELIVERY_WAIT: Duration = Duration::from_secs(2);

/// The machine that a data folder is enrolled as; none: it is not.
pub(crate) fn machine_of(data: &Path) -> Result<Option<Machine>, RelayError> {
    Machine::load(data).map_err(|error| RelayError::Setting { key: "data", why: error.to_string() })
}

/// Hands the journal on.
pub(crate) struct HandingOn(Delivery);

impl HandingOn {
    /// Begins, on the current tokio runtime.
    pub(crate) fn start(follow: &Follow, machine: Machine) -> HandingOn {
        tracing::info!(
            machine = machine.node(),
            registry = machine.registry(),
            waiting_bytes = follow.waiting_bytes(),
            "facts of lessons are delivered to the registry"
        );
        HandingOn(follow.deliver(machine, Pace::default()))
    }

    /// How it goes.
    pub(crate) fn status(&self) -> DeliveryStatus {
        self.0.status()
    }

    /// At the end: a short time for what is left, if the registry answers at all.
    pub(crate) async fn finish(&self, journal: Option<&Journal>) {
        if self.status().trouble.is_some() {
            return;
        }
        if let Some(journal) = journal {
            // Facts are written in order: when these none are, all before are.
            let written = journal.keep(Vec::new()).on_disk();
            let _ = tokio::time::timeout(JOURNAL_WAIT, written).await;
        }
        if !self.0.finish(DELIVERY_WAIT).await {
            let waiting_bytes = self.status().waiting_bytes;
            tracing::info!(waiting_bytes, "the next start delivers the rest to the registry");
        }
    }
}
