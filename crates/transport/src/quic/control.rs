//! Control messages on the bidirectional stream: JSON behind a `u32` big-endian length.

use bytes::{Buf, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tongke_protocol::control::MAX_CONTROL_LEN;

/// Why a control message cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Longer than [`MAX_CONTROL_LEN`].
    #[error("a control message of {0} bytes is longer than {MAX_CONTROL_LEN}")]
    TooLong(usize),
    /// Not the JSON of such a message.
    #[error("a control message cannot be understood: {0}")]
    Json(#[from] serde_json::Error),
}

/// Appends a message with its length.
pub fn write_control<M: Serialize>(out: &mut Vec<u8>, message: &M) -> Result<(), ControlError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *out, message)?;
    let len = out.len() - start - 4;
    if len > MAX_CONTROL_LEN {
        out.truncate(start);
        return Err(ControlError::TooLong(len));
    }
    out[start..start + 4].copy_from_slice(&(len as u32).to_be_bytes());
    Ok(())
}

/// Takes the bytes of the control stream as they come. Holds at most one unfinished message and
/// what was pushed last.
#[derive(Debug, Default)]
pub struct ControlReader {
    buffer: BytesMut,
}

impl ControlReader {
    /// A reader at the start of a stream.
    pub fn new() -> ControlReader {
        ControlReader::default()
    }

    /// Takes the next bytes. Call [`Self::next_message`] until it has none before the next push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message; none until more bytes come. A message that is not understood is taken out,
    /// so the next one can be read; one that is too long ends the use of the stream.
    pub fn next_message<M: DeserializeOwned>(&mut self) -> Result<Option<M>, ControlError> {
        let Some(length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let len = u32::from_be_bytes(*length) as usize;
        if len > MAX_CONTROL_LEN {
            return Err(ControlError::TooLong(len));
        }
        if self.buffer.len() < 4 + len {
            return Ok(None);
        }
        self.buffer.advance(4);
        let json = self.buffer.split_to(len);
        Ok(Some(serde_json::from_slice(&json)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::mutation::storm;
    use tongke_protocol::control::{ClientMessage, ClockProbe};

    fn two_messages() -> Vec<u8> {
        let mut out = Vec::new();
        write_control(&mut out, &ClientMessage::ClockProbe(ClockProbe { t1_us: 5 })).unwrap();
        write_control(&mut out, &ClientMessage::Bye).unwrap();
        out
    }

    #[test]
    fn messages_come_back_however_the_stream_is_cut() {
        let stream = two_messages();
        for piece in [1, 5, stream.len()] {
            let mut reader = ControlReader::new();
            let mut back = Vec::new();
            for bytes in stream.chunks(piece) {
                reader.push(bytes);
                while let Some(message) = reader.next_message::<ClientMessage>().unwrap() {
                    back.push(message);
                }
            }
            assert_eq!(back, [ClientMessage::ClockProbe(ClockProbe { t1_us: 5 }), ClientMessage::Bye]);
        }
    }

    #[test]
    fn a_message_that_is_not_understood_does_not_block_the_next() {
        let mut stream = Vec::new();
        write_control(&mut stream, &"what?").unwrap();
        stream.extend(two_messages());
        let mut reader = ControlReader::new();
        reader.push(&stream);
        assert!(matches!(reader.next_message::<ClientMessage>(), Err(ControlError::Json(_))));
        assert!(reader.next_message::<ClientMessage>().unwrap().is_some());
    }

    #[test]
    fn a_message_that_is_too_long_is_refused_by_its_length() {
        let mut reader = ControlReader::new();
        reader.push(&[0, 1, 0, 1]);
        assert!(matches!(reader.next_message::<ClientMessage>(), Err(ControlError::TooLong(65_537))));
        let mut out = vec![9];
        let long = "x".repeat(MAX_CONTROL_LEN);
        assert!(matches!(write_control(&mut out, &long), Err(ControlError::TooLong(_))));
        assert_eq!(out, [9]);
    }

    #[test]
    fn mutated_messages_never_panic() {
        storm(&[two_messages()], |bytes| {
            let mut reader = ControlReader::new();
            for piece in bytes.chunks(7) {
                reader.push(piece);
                for _ in 0..4 {
                    let _ = reader.next_message::<ClientMessage>();
                }
            }
        });
    }
}
