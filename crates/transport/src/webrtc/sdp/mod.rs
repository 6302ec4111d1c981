//! The text of offer and answer (RFC 8866, RFC 8829, RFC 9429) and of trickle fragments (RFC 8840),
//! as far as WHIP and WHEP need them: one offer by the client, one answer by the relay, no
//! renegotiation.
//!
//! [`Offer::parse`] reads what browsers, OBS, GStreamer, aiortc and webrtc-rs write; [`answer()`] takes
//! of it what the relay can forward. An [`SdpError`] says which line is at fault and what to do.

mod answer;
mod codec;
mod fragment;
mod lines;
mod offer;
mod section;
mod simulcast;
#[cfg(test)]
mod tests;
mod text;

pub use answer::{AnswerParams, Candidate, Leg, NegotiatedMedia, SendStream, answer};
pub use codec::{NegotiatedCodec, OfferedCodec};
pub use fragment::{TrickleFragment, restart_fragment};
pub use offer::{Direction, Offer, OfferedMedia, Setup};
pub use simulcast::MAX_RIDS;

use std::fmt;

/// Longest text read, in bytes: about ten times a browser's offer with 64 receive slots.
pub const MAX_SDP_LEN: usize = 2 * 1024 * 1024;
/// Most media sections of an offer.
pub const MAX_MEDIA: usize = 128;

/// Whose fault an [`SdpError`] is, and so which HTTP status answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SdpErrorKind {
    /// The text is no valid session description.
    Malformed,
    /// It is valid, but asks for what this relay does not do.
    Unsupported,
}

/// What is wrong with an offer, for the person who has to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdpError {
    /// Malformed or unsupported.
    pub kind: SdpErrorKind,
    /// The line at fault, counted from 1; none if something is missing altogether.
    pub line: Option<usize>,
    /// What is wrong with it and what to do.
    pub message: String,
}

impl SdpError {
    fn malformed(line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        SdpError { kind: SdpErrorKind::Malformed, line: line.into(), message: message.into() }
    }

    fn unsupported(line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        SdpError { kind: SdpErrorKind::Unsupported, line: line.into(), message: message.into() }
    }
}

impl fmt::Display for SdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line} of the SDP: {}", self.message),
            None => write!(f, "the SDP: {}", self.message),
        }
    }
}

impl std::error::Error for SdpError {}
