//! The link: made, kept, and made again.

use super::{Session, Wire};
use crate::error::NodeError;
use crate::link::reconnect::connect;
use crate::link::{Link, LinkDown, LinkFailure, describe_failures};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A link that held this long was a good one: the next loss begins with the shortest wait.
const GOOD_LINK: Duration = Duration::from_secs(5);

impl Session {
    /// Starts trying: first the way that worked last, then the others in order.
    pub(super) fn attempt(&mut self) {
        let mut kinds = self.config.links.clone();
        if let Some(last) = self.last_kind {
            kinds.sort_by_key(|kind| *kind != last);
        }
        let (plan, http, clock) = (self.plan.clone(), self.http.clone(), self.clock);
        let mut attempt = JoinSet::new();
        attempt.spawn(async move { connect(&kinds, &plan, &http, clock).await });
        self.wire = Wire::Connecting(attempt);
    }

    pub(super) fn on_up(&mut self, now: Instant, link: Link, failures: &[LinkFailure]) {
        if failures.is_empty() {
            tracing::info!(link = %link.kind, "connected to {}", self.config.relay);
        } else {
            tracing::info!(link = %link.kind, "connected to {}; before that failed:{}",
                self.config.relay, describe_failures(failures));
        }
        self.first_asked.get_or_insert(link.asked);
        self.links_made += 1;
        self.last_kind = Some(link.kind);
        self.outage_told = false;
        self.receiving.on_link(&link.slots);
        self.keeper.on_link(now);
        self.sending.outlet.set(Some(link.to_relay.clone()));
        self.sending.request_all_keyframes();
        self.wire = Wire::Up(link, now);
        let totals = self.totals();
        if let Some(record) = &mut self.record {
            record.on_up(now, totals);
        }
    }

    pub(super) fn on_failed(&mut self, now: Instant, failures: Vec<LinkFailure>) -> Result<(), NodeError> {
        if let Some(refusal) = failures.iter().find_map(|failure| failure.error.is_final()) {
            return Err(NodeError::Refused(refusal.clone()));
        }
        let never = self.links_made == 0;
        let waited = now.saturating_duration_since(self.clock.origin().instant);
        if never && waited >= self.config.connect_timeout {
            return Err(NodeError::Unreachable { relay: self.config.relay.to_string(), failures });
        }
        if !std::mem::replace(&mut self.outage_told, true) {
            tracing::warn!(
                "the relay {} cannot be reached, trying on:{}",
                self.config.relay,
                describe_failures(&failures)
            );
        }
        self.wire = Wire::Waiting(now + self.backoff.wait(rand::random()));
        Ok(())
    }

    /// The link is gone. False: the lesson is over.
    pub(super) fn on_down(&mut self, now: Instant, down: &LinkDown) -> bool {
        self.sending.outlet.set(None);
        self.keeper.on_link_down();
        if let Wire::Up(_, since) = &self.wire
            && now.saturating_duration_since(*since) >= GOOD_LINK
        {
            self.backoff.reset();
        }
        self.wire = Wire::Waiting(now + self.backoff.wait(rand::random()));
        if down.reconnect {
            tracing::warn!("the link is lost: {}; connecting again", down.reason);
        } else {
            tracing::info!("{}", down.reason);
            self.notes.push(format!("ended by the relay: {}", down.reason));
        }
        down.reconnect
    }
}
