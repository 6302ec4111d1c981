//! Where the pipelines' packets go: the link that is up, if one is.

use crate::link::LinkCommand;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tongke_protocol::TrackKind;
use tongke_transport::rtp::RtpPacket;

/// Shared by the pipelines' threads and the session, which changes the link behind it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outlet(Arc<Mutex<Option<mpsc::Sender<LinkCommand>>>>);

/// What became of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handed {
    /// The link has them.
    Over,
    /// No link is up.
    Closed,
    /// The link is behind; they are dropped.
    Full,
}

impl Outlet {
    /// A link came up, or went.
    pub(crate) fn set(&self, link: Option<mpsc::Sender<LinkCommand>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = link;
    }

    /// Whether a link is up: without one there is no use in encoding.
    pub(super) fn is_open(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Hands packets of one picture or sound over. Never waits.
    pub(super) fn send(&self, track: TrackKind, packets: Vec<RtpPacket>) -> Handed {
        let link = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(link) = &*link else { return Handed::Closed };
        match link.try_send(LinkCommand::Send { track, packets }) {
            Ok(()) => Handed::Over,
            Err(mpsc::error::TrySendError::Full(_)) => Handed::Full,
            Err(mpsc::error::TrySendError::Closed(_)) => Handed::Closed,
        }
    }
}
