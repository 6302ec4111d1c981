//! Links that machines hold open: when each was last heard of, and how one is woken when there is something to do.
//! They are not kept: after a start every machine comes by itself within a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tongke_pairing::id::NodeId;
use tongke_protocol::WallTime;

/// A link is open if its machine was heard of within this time: twice the longest question, and some.
const OPEN_US: u64 = 60 * 1_000_000;

/// All links. Only machines that are enrolled and proved it have one, so there are no more than machines.
#[derive(Debug, Default)]
pub(crate) struct Links(Mutex<HashMap<NodeId, Link>>);

#[derive(Debug)]
struct Link {
    seen: WallTime,
    woken: Arc<Notify>,
}

/// What is known of a machine's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// When it was last heard of; none: not since the registry was started.
    pub at: Option<WallTime>,
    /// Whether it is open now.
    pub is_open: bool,
}

impl Links {
    /// A machine was heard of. What is given back is notified when there is something for it to do.
    pub(crate) fn heard(&self, machine: &NodeId, now: WallTime) -> Arc<Notify> {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Link { seen: now, woken: Arc::default() };
        let link = links.entry(machine.clone()).or_insert_with(fresh);
        link.seen = now;
        link.woken.clone()
    }

    /// Wakes a machine that waits, or that asks next.
    pub(crate) fn wake(&self, machine: &NodeId) {
        let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = links.get(machine) {
            link.woken.notify_one();
        }
    }

    /// Whether a machine's link is open.
    pub(crate) fn seen(&self, machine: &NodeId, now: WallTime) -> Seen {
        let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = links.get(machine).map(|link| link.seen);
        Seen { at, is_open: at.is_some_and(|at| now.0.saturating_sub(at.0) < OPEN_US) }
    }
}
