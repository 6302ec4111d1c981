//! Where facts wait to be delivered.

use std::io;
use tokio::sync::Notify;
use tongke_protocol::signed::MAX_JWS_LEN;

/// Longest fact, in bytes: signed it still is a JWS that is read.
pub(crate) const MAX_FACT_LEN: usize = (MAX_JWS_LEN - SIGNED_EXTRA) / 4 * 3;
/// Most facts of a request.
const MAX_FACTS: usize = 1_000;
/// Most bytes of a request, below the registry's bound of 1 MiB.
const MAX_REQUEST_LEN: usize = 1_000_000;
/// What a signature, a header with a machine's name, and the marks between facts add, in bytes.
const SIGNED_EXTRA: usize = 256;

/// Facts that are sent together, and what is to be told when all of them have an answer.
pub(crate) struct Taken<M> {
    /// Each as it was written down: JSON.
    pub facts: Vec<Vec<u8>>,
    pub mark: M,
}

/// Facts on disk.
pub(crate) trait Source: Send + Sync + 'static {
    /// Says which facts were taken.
    type Mark: Send + 'static;
    /// The oldest facts that have no answer yet, as many as go into a request; none: nothing waits.
    /// Blocks for the disk.
    fn take(&self) -> io::Result<Option<Taken<Self::Mark>>>;
    /// These facts have answers: they need not be sent again. Blocks for the disk.
    fn settle(&self, mark: Self::Mark);
    /// Told when there may be something to take.
    fn news(&self) -> &Notify;
    /// Bytes that wait.
    fn waiting_bytes(&self) -> u64;
}

/// What still goes into a request.
pub(crate) struct Room {
    facts: usize,
    bytes: usize,
}

impl Room {
    pub(crate) fn of_a_request() -> Self {
        Self { facts: MAX_FACTS, bytes: MAX_REQUEST_LEN }
    }

    /// Whether a fact of this length goes in too; then it does.
    pub(crate) fn fits(&mut self, len: usize) -> bool {
        let signed = len.div_ceil(3) * 4 + SIGNED_EXTRA;
        // A fact that is too long for any request is dealt with by itself.
        if self.facts == 0 || (signed > self.bytes && self.bytes < MAX_REQUEST_LEN) {
            return false;
        }
        self.facts -= 1;
        self.bytes = self.bytes.saturating_sub(signed);
        true
    }
}
