//! Both halves of the control stream.

use quinn::{RecvStream, SendStream};
use tongke_protocol::control::{ClientMessage, RelayMessage};
use tongke_transport::quic::control::{ControlError, ControlReader, write_control};

/// What we say.
pub(super) struct ControlSender {
    stream: SendStream,
    framed: Vec<u8>,
}

impl ControlSender {
    pub(super) fn new(stream: SendStream) -> Self {
        Self { stream, framed: Vec::new() }
    }

    pub(super) async fn write(&mut self, message: &ClientMessage) -> Result<(), String> {
        self.framed.clear();
        write_control(&mut self.framed, message).map_err(|error| error.to_string())?;
        self.stream.write_all(&self.framed).await.map_err(|error| error.to_string())
    }

    /// Ends the stream and waits until the relay has all of it.
    pub(super) async fn finish(&mut self) {
        if self.stream.finish().is_ok() {
            let _ = self.stream.stopped().await;
        }
    }
}

/// What the relay says.
pub(super) struct ControlReceiver {
    stream: RecvStream,
    reader: ControlReader,
    buffer: Box<[u8; 4096]>,
}

impl ControlReceiver {
    pub(super) fn new(stream: RecvStream) -> Self {
        Self { stream, reader: ControlReader::default(), buffer: Box::new([0; 4096]) }
    }

    /// The next message that we know. Safe to cancel: bytes go to the reader as soon as they are read.
    pub(super) async fn next(&mut self) -> Result<RelayMessage, String> {
        loop {
            match self.reader.next_message() {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                // A word of a newer relay is passed over.
                Err(ControlError::Json(_)) => continue,
                Err(error) => return Err(error.to_string()),
            }
            let read = self.stream.read(&mut self.buffer[..]).await.map_err(|error| error.to_string())?;
            let length = read.ok_or("the relay ended the control stream")?;
            self.reader.push(&self.buffer[..length]);
        }
    }
}
