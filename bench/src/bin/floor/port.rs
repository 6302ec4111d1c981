//! The media socket: batches in (recvmmsg, GRO), runs of equal datagrams out (GSO), by `quinn-udp`.

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::time::Instant;

/// Room for one received message: a GRO message is at most 64 KiB.
const RECEIVE_BUFFER: usize = 65_536;
/// Largest UDP payload over IPv4; bounds one GSO send.
const MAX_SEND: usize = 65_507;

/// A bound socket and the way to wait for it.
pub struct Port {
    /// Where it is bound.
    pub local: SocketAddr,
    io: UdpSocket,
    state: UdpSocketState,
    poll: Poll,
    events: Events,
}

impl Port {
    /// Takes over a bound socket.
    pub fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let local = socket.local_addr()?;
        // This makes it non-blocking and asks for GRO.
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let mut io = UdpSocket::from_std(socket);
        let poll = Poll::new()?;
        poll.registry().register(&mut io, Token(0), Interest::READABLE)?;
        Ok(Self { local, io, state, poll, events: Events::with_capacity(1) })
    }

    /// Sleeps until a datagram comes, at the latest until `due`.
    pub fn wait(&mut self, due: Instant) -> io::Result<()> {
        let timeout = due.saturating_duration_since(Instant::now());
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            done => done,
        }
    }

    /// How many datagrams of this size one send takes.
    pub fn longest_run(&self, segment: usize) -> usize {
        self.state.max_gso_segments().min(MAX_SEND / segment.max(1)).max(1)
    }

    /// Sends a run of datagrams of `segment` bytes; the last may be shorter. What the kernel does not
    /// take is lost.
    pub fn send(&self, to: SocketAddr, run: &[u8], segment: usize) -> bool {
        let transmit = Transmit {
            destination: to,
            ecn: None,
            contents: run,
            segment_size: (run.len() > segment).then_some(segment),
            src_ip: None,
        };
        self.state.try_send(UdpSockRef::from(&self.io), &transmit).is_ok()
    }
}

/// Buffers for one batch.
pub struct Inbox {
    buffers: Vec<Vec<u8>>,
    meta: Vec<RecvMeta>,
}

impl Inbox {
    /// Empty buffers.
    pub fn new() -> Self {
        Self {
            buffers: (0..BATCH_SIZE).map(|_| vec![0; RECEIVE_BUFFER]).collect(),
            meta: vec![RecvMeta::default(); BATCH_SIZE],
        }
    }

    /// Receives one batch. False: it was not full, so nothing more lies there; what comes from now on
    /// wakes [`Port::wait`].
    pub fn receive(&mut self, port: &Port, mut each: impl FnMut(SocketAddr, &mut [u8])) -> io::Result<bool> {
        let mut rest = self.buffers.iter_mut();
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(rest.next().expect("there are BATCH_SIZE buffers")));
        let messages = match port.state.recv(UdpSockRef::from(&port.io), &mut slices, &mut self.meta) {
            Ok(messages) => messages,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            // The echo of an earlier send to a client that is gone.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(true),
            Err(error) => return Err(error),
        };
        for (meta, buffer) in self.meta.iter().zip(&mut self.buffers).take(messages) {
            for datagram in buffer[..meta.len].chunks_mut(meta.stride.max(1)) {
                each(meta.addr, datagram);
            }
        }
        Ok(messages == BATCH_SIZE)
    }
}
