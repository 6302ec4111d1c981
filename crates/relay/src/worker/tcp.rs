//! ICE-TCP, passive (RFC 6544): each datagram behind its length in two bytes (RFC 4571).
//!
//! A connection is a task with a bounded write queue; what it reads becomes the worker's input.

use super::Input;
use super::udp::canonical;
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tongke_transport::webrtc::Path;

/// Connections at once; further ones are closed at once.
const MAX_CONNECTIONS: usize = 1024;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 256;
/// Longest datagram taken: STUN, DTLS and RTP stay below an Ethernet frame, so more is no ICE peer.
const MAX_FRAME: usize = 2048;
/// A peer that sends nothing for so long is gone; ICE consent checks come every 5 s (RFC 7675).
const IDLE: Duration = Duration::from_secs(30);
/// Bytes that may wait for one peer; what comes then is dropped: half a second at 4 Mbit/s.
const MAX_QUEUED: usize = 256 * 1024;
/// Runs that may wait for one peer, each one packet or many.
const MAX_QUEUED_RUNS: usize = 1024;

struct Connection {
    queue: mpsc::Sender<Vec<u8>>,
    queued_bytes: Rc<Cell<usize>>,
}

/// The open connections of a worker, by their number.
#[derive(Default)]
pub(crate) struct TcpPort {
    connections: HashMap<u64, Connection>,
    next: u64,
    /// Datagrams not sent because their peer reads too slowly or is gone.
    pub dropped: u64,
    /// Connections refused because there are too many.
    pub refused: u64,
    /// Datagrams sent.
    pub sent: u64,
}

impl TcpPort {
    /// Starts the tasks of a new connection.
    pub(crate) fn open(&mut self, stream: TcpStream, remote: SocketAddr, inputs: mpsc::Sender<Input>) {
        if self.connections.len() >= MAX_CONNECTIONS {
            self.refused += 1;
            return;
        }
        let id = self.next;
        self.next += 1;
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        let (queue, runs) = mpsc::channel(MAX_QUEUED_RUNS);
        let queued_bytes = Rc::new(Cell::new(0));
        tokio::task::spawn_local(write_runs(write, runs, queued_bytes.clone()));
        tokio::task::spawn_local(read_frames(read, id, canonical(remote), inputs));
        self.connections.insert(id, Connection { queue, queued_bytes });
    }

    /// Forgets a connection; its writer ends with its queue.
    pub(crate) fn close(&mut self, connection: u64) {
        self.connections.remove(&connection);
    }

    /// Open connections.
    pub(crate) fn count(&self) -> usize {
        self.connections.len()
    }

    /// Frames and queues datagrams; full: dropped and counted.
    pub(crate) fn send<'a>(&mut self, connection: u64, datagrams: impl Iterator<Item = &'a [u8]>) {
        let mut run = Vec::new();
        let mut count = 0;
        for datagram in datagrams {
            let Ok(length) = u16::try_from(datagram.len()) else { continue };
            run.extend_from_slice(&length.to_be_bytes());
            run.extend_from_slice(datagram);
            count += 1;
        }
        let Some(Connection { queue, queued_bytes }) = self.connections.get(&connection) else {
            self.dropped += count;
            return;
        };
        let length = run.len();
        if queued_bytes.get() + length > MAX_QUEUED || queue.try_send(run).is_err() {
            self.dropped += count;
            return;
        }
        queued_bytes.set(queued_bytes.get() + length);
        self.sent += count;
    }
}

/// Binds the ICE-TCP port.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // As for UDP: one socket for both families where IPv4 exists.
        let _ = socket.set_only_v6(false);
    }
    // Connections of the relay before this one, still in TIME_WAIT, must not keep it from starting.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Accepts connections for ever and hands them to the worker.
pub(crate) async fn accept(listener: TcpListener, inputs: mpsc::Sender<Input>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                if inputs.send(Input::TcpOpened { stream, remote }).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                // Out of file descriptors, mostly: trying at once again would spin.
                tracing::warn!(%error, "cannot accept an ICE-TCP connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn write_runs(
    mut write: OwnedWriteHalf,
    mut runs: mpsc::Receiver<Vec<u8>>,
    queued_bytes: Rc<Cell<usize>>,
) {
    while let Some(run) = runs.recv().await {
        let written = write.write_all(&run).await;
        queued_bytes.set(queued_bytes.get().saturating_sub(run.len()));
        if written.is_err() {
            return;
        }
    }
}

async fn read_frames(read: OwnedReadHalf, connection: u64, remote: SocketAddr, inputs: mpsc::Sender<Input>) {
    let path = Path::Tcp { connection, remote };
    let mut read = tokio::io::BufReader::with_capacity(64 * 1024, read);
    while let Ok(Some(datagram)) = tokio::time::timeout(IDLE, read_frame(&mut read)).await.unwrap_or(Ok(None))
    {
        if inputs.send(Input::TcpDatagram { path, datagram }).await.is_err() {
            return;
        }
    }
    let _ = inputs.send(Input::TcpClosed { connection, path }).await;
}

/// One frame; none: the peer ended, or speaks something else.
async fn read_frame(read: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<Option<Vec<u8>>> {
    let length = usize::from(read.read_u16().await?);
    if length == 0 || length > MAX_FRAME {
        return Ok(None);
    }
    let mut datagram = vec![0; length];
    read.read_exact(&mut datagram).await?;
    Ok(Some(datagram))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn frames_are_cut_at_their_length_and_what_is_no_frame_ends_the_connection() {
        let mut good: &[u8] = &[0, 2, 7, 8, 0, 1, 9];
        assert_eq!(read_frame(&mut good).await.unwrap(), Some(vec![7, 8]));
        assert_eq!(read_frame(&mut good).await.unwrap(), Some(vec![9]));
        assert!(read_frame(&mut good).await.is_err(), "end of stream");
        let mut http: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
        assert_eq!(read_frame(&mut http).await.unwrap(), None);
        let mut truncated: &[u8] = &[0, 5, 1];
        assert!(read_frame(&mut truncated).await.is_err());
    }
}
