//! Dispatches: what an inspector and those whom it inspects tell each other, through the relay.
//!
//! `POST /lessons/{lesson}/dispatches` with a [`Dispatch`]; the addressee hears
//! [`LessonEvent::Dispatch`](crate::event::LessonEvent::Dispatch). One of the two must be an inspector, and both must be
//! in the lesson: hear its events, over HTTP or on a QUIC control stream.

use crate::control::MAX_CONTROL_LEN;
use crate::id::ParticipantId;
use serde::{Deserialize, Serialize};

/// Longest body, in bytes.
pub const MAX_DISPATCH_LEN: usize = 48 * 1024;
/// Longest body as it stands in JSON, in bytes: it must fit on a control stream with what goes around it.
const MAX_WRITTEN_LEN: usize = MAX_CONTROL_LEN - 512;

/// A message to one participant of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    /// To whom.
    pub to: ParticipantId,
    /// What, at most [`MAX_DISPATCH_LEN`] bytes; the relay does not look into it.
    pub body: String,
}

/// A dispatch does not fit on the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a dispatch has at most {MAX_DISPATCH_LEN} bytes, and {MAX_WRITTEN_LEN} as JSON; this one has {len} and {written}"
)]
pub struct DispatchTooLong {
    /// Bytes of the body.
    pub len: usize,
    /// Bytes of it in JSON.
    pub written: usize,
}

impl Dispatch {
    /// Whether it fits on every way. JSON in a body is longer on the way, since its quotes are marked there: by about
    /// a sixth.
    pub fn check_length(&self) -> Result<(), DispatchTooLong> {
        let written = self.body.bytes().map(written_len).sum();
        let len = self.body.len();
        if len > MAX_DISPATCH_LEN || written > MAX_WRITTEN_LEN {
            return Err(DispatchTooLong { len, written });
        }
        Ok(())
    }
}

/// Bytes of a byte of text in a JSON string (RFC 8259 §7).
fn written_len(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::RelayMessage;
    use crate::event::LessonEvent;

    fn dispatch(body: &str) -> Dispatch {
        Dispatch { to: "hill".parse().unwrap(), body: body.to_owned() }
    }

    #[test]
    fn what_may_be_sent_fits_on_a_control_stream_whatever_is_in_it() {
        let long = "x".repeat(64);
        for text in ["x", "\"", "\\", "\n", "\u{1}", "é", "山", "{\"a\":1}", "\u{7f}\u{2028}"] {
            let fits = |times: usize| dispatch(&text.repeat(times)).check_length().is_ok();
            let most =
                (0..=16).rev().fold(0, |most, bit| most + (usize::from(fits(most + (1 << bit))) << bit));
            assert!(most > 10_000 / text.len() && !fits(most + 1), "{text:?}: {most}");
            let body = text.repeat(most);
            let from = long.parse().unwrap();
            let message = RelayMessage::Event { of: LessonEvent::Dispatch { from, body } };
            let written = serde_json::to_string(&message).unwrap().len();
            assert!(written <= MAX_CONTROL_LEN, "{text:?}: {written}");
        }
    }

    #[test]
    fn bodies_are_bounded_by_their_bytes_and_by_what_they_have_as_json() {
        assert!(dispatch(&"x".repeat(MAX_DISPATCH_LEN)).check_length().is_ok());
        let error = dispatch(&"x".repeat(MAX_DISPATCH_LEN + 1)).check_length().unwrap_err();
        assert_eq!((error.len, error.written), (MAX_DISPATCH_LEN + 1, MAX_DISPATCH_LEN + 1));
        let error = dispatch(&"\"".repeat(40_000)).check_length().unwrap_err();
        assert_eq!((error.len, error.written), (40_000, 80_000));
    }
}
