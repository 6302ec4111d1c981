//! Dispatches: what an inspector tells this node.

use super::Session;
use tongke_protocol::ParticipantId;

impl Session {
    /// Hands a dispatch to whoever runs the node.
    pub(super) fn on_dispatch(&mut self, from: ParticipantId, body: String) {
        let Some(dispatches) = &self.dispatches else { return };
        if dispatches.try_send((from, body)).is_err() {
            tracing::debug!("a dispatch was dropped: nobody takes it");
        }
    }
}
