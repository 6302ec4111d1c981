//! ICE-TCP, passive (RFC 6544): each datagram behind its length in two bytes (RFC 4571).
//!
//! A connection is two tasks, one of which writes from a bounded queue; what the other reads becomes the worker's
//! input. Both end with the connection, whatever the peer does or leaves undone.

use super::Input;
use super::udp::canonical;
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tongke_transport::webrtc::Path;

/// Connections at once; further ones are closed at once.
const MAX_CONNECTIONS: usize = 1024;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 256;
/// Longest datagram taken: STUN, DTLS and RTP stay below an Ethernet frame, so more is no ICE peer.
const MAX_FRAME: usize = 2048;
/// A peer that sends nothing for so long is gone; ICE consent checks come every 5 s (RFC 7675).
const IDLE: Duration = Duration::from_secs(30);
/// A connection that no session uses is closed after this long: before the first good check, and after the
/// session's end.
const UNUSED: Duration = Duration::from_secs(5);
/// Bytes that may wait for one peer; what comes then is dropped: half a second at 4 Mbit/s.
const MAX_QUEUED: usize = 256 * 1024;
/// Runs that may wait for one peer, each one packet or many.
const MAX_QUEUED_RUNS: usize = 1024;

struct Connection {
    queue: mpsc::Sender<Vec<u8>>,
    queued_bytes: Rc<Cell<usize>>,
    path: Path,
    /// When it was last known to be a session's.
    used: Instant,
    tasks: [AbortHandle; 2],
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The writer may wait for a peer that never reads, for ever.
        self.tasks.iter().for_each(AbortHandle::abort);
    }
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
    pub(crate) fn open(
        &mut self,
        now: Instant,
        stream: TcpStream,
        remote: SocketAddr,
        inputs: mpsc::Sender<Input>,
    ) {
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
        let path = Path::Tcp { connection: id, remote: canonical(remote) };
        let tasks = [
            tokio::task::spawn_local(write_runs(write, runs, queued_bytes.clone())).abort_handle(),
            tokio::task::spawn_local(read_frames(read, id, path, inputs)).abort_handle(),
        ];
        self.connections.insert(id, Connection { queue, queued_bytes, path, used: now, tasks });
    }

    /// Ends a connection.
    pub(crate) fn close(&mut self, connection: u64) {
        self.connections.remove(&connection);
    }

    /// Ends connections that have been no session's for a while: strangers must not hold all that there may be.
    pub(crate) fn tidy(&mut self, now: Instant, is_used: impl Fn(Path) -> bool) {
        self.connections.retain(|_, connection| {
            if is_used(connection.path) {
                connection.used = now;
            }
            now.saturating_duration_since(connection.used) < UNUSED
        });
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
        let Some(Connection { queue, queued_bytes, .. }) = self.connections.get(&connection) else {
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

async fn read_frames(read: OwnedReadHalf, connection: u64, path: Path, inputs: mpsc::Sender<Input>) {
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

    /// A port with one connection, and the other end of it, which reads nothing by itself.
    async fn connected(now: Instant) -> (TcpPort, TcpStream, mpsc::Receiver<Input>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, remote) = listener.accept().await.unwrap();
        let (sender, inputs) = mpsc::channel(16);
        let mut port = TcpPort::default();
        port.open(now, stream, remote, sender);
        (port, peer, inputs)
    }

    /// Reads until the connection ends, cleanly or not.
    async fn read_to_end(peer: &mut TcpStream) {
        let mut buffer = vec![0; 1 << 20];
        let ended = async { while peer.read(&mut buffer).await.is_ok_and(|length| length > 0) {} };
        tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the connection ends");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_peer_that_never_reads_costs_its_queue_and_what_does_not_fit_is_counted() {
        let tasks = async {
            let (mut port, mut peer, _inputs) = connected(Instant::now()).await;
            let packet = [7; 1200];
            let mut offered = 0;
            // More than the sockets of both ends hold, too; the writer gets its turn after each run.
            while port.dropped < 1000 {
                port.send(0, std::iter::repeat_n(&packet[..], 40));
                offered += 40;
                assert!(port.connections[&0].queued_bytes.get() <= MAX_QUEUED);
                tokio::task::yield_now().await;
            }
            assert_eq!(port.sent + port.dropped, offered);
            // The writer waits for the peer; the connection is given up, and nothing of it stays behind, though
            // the peer has still read nothing.
            let tasks = port.connections[&0].tasks.clone();
            port.close(0);
            let ended = async {
                while !tasks.iter().all(AbortHandle::is_finished) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), ended).await.expect("both tasks end");
            read_to_end(&mut peer).await;
        };
        tokio::task::LocalSet::new().run_until(tasks).await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_connection_that_no_session_uses_is_closed_and_one_in_use_is_not() {
        let tasks = async {
            let start = Instant::now();
            let (mut port, mut peer, _inputs) = connected(start).await;
            port.tidy(start + UNUSED / 2, |_| false);
            assert_eq!(port.count(), 1, "its first check may still be on its way");
            port.tidy(start + UNUSED, |_| true);
            port.tidy(start + 2 * UNUSED - Duration::from_millis(1), |_| false);
            assert_eq!(port.count(), 1, "its session ended a moment ago");
            port.tidy(start + 2 * UNUSED, |_| false);
            assert_eq!(port.count(), 0);
            read_to_end(&mut peer).await;
        };
        tokio::task::LocalSet::new().run_until(tasks).await;
    }
}
