//! The worker's UDP socket: batches in (GRO), runs of equal packets out (GSO), by `quinn-udp`.

use crate::error::RelayError;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Kernel buffer asked for in each direction: at 100 Mbit/s it bridges 300 ms.
const SOCKET_BUFFER: usize = 4 << 20;
/// Largest UDP payload over IPv4; bounds one GSO send.
const MAX_SEND: usize = 65_507;
/// Room for one received message: a GRO message is at most 64 KiB.
const RECEIVE_BUFFER: usize = 65_536;

/// Counters of the socket, cumulative.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UdpCounters {
    /// Datagrams received.
    pub received: u64,
    /// Bytes received.
    pub received_bytes: u64,
    /// Receive calls that brought something; `received / receive_calls` is the batch.
    pub receive_calls: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Bytes sent.
    pub sent_bytes: u64,
    /// Send calls.
    pub send_calls: u64,
    /// Datagrams not sent because the kernel's send buffer was full.
    pub dropped_full: u64,
    /// Datagrams not sent because the system refused (no route, too large for the path).
    pub dropped_refused: u64,
}

/// Binds a UDP socket with large kernel buffers and warns when the kernel gives less.
pub(crate) fn bind(
    what: &'static str,
    flag: &'static str,
    address: SocketAddr,
) -> Result<std::net::UdpSocket, RelayError> {
    let fail = |source| RelayError::Bind { what, address, flag, source };
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP)).map_err(fail)?;
    if address.is_ipv6() {
        // One socket for both families; refused only where IPv4 does not exist.
        let _ = socket.set_only_v6(false);
    }
    socket.set_nonblocking(true).map_err(fail)?;
    socket.bind(&address.into()).map_err(fail)?;
    enlarge(&socket, what);
    Ok(socket.into())
}

fn enlarge(socket: &Socket, what: &'static str) {
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    let receive = socket.recv_buffer_size().unwrap_or(0);
    let send = socket.send_buffer_size().unwrap_or(0);
    if receive.min(send) < SOCKET_BUFFER {
        tracing::warn!(
            what,
            receive_bytes = receive,
            send_bytes = send,
            wanted_bytes = SOCKET_BUFFER,
            "the kernel gives smaller socket buffers than asked for, so bursts may be lost; raise them with: \
             sysctl -w net.core.rmem_max={SOCKET_BUFFER} net.core.wmem_max={SOCKET_BUFFER}"
        );
    }
}

/// The worker's socket for WebRTC media.
pub(crate) struct UdpPort {
    io: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    /// One buffer for each message of a batch.
    buffers: Vec<Vec<u8>>,
    meta: Vec<RecvMeta>,
    /// What happened so far.
    pub counters: UdpCounters,
}

impl UdpPort {
    /// Takes over a bound socket; call it inside the worker's runtime.
    pub(crate) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let local = socket.local_addr()?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        Ok(Self {
            io: UdpSocket::from_std(socket)?,
            state,
            local,
            buffers: (0..BATCH_SIZE).map(|_| vec![0; RECEIVE_BUFFER]).collect(),
            meta: vec![RecvMeta::default(); BATCH_SIZE],
            counters: UdpCounters::default(),
        })
    }

    /// Waits until a datagram lies there.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Receives one batch and hands over each datagram with its local and remote address. False:
    /// nothing more lay there.
    pub(crate) fn receive(&mut self, mut each: impl FnMut(SocketAddr, SocketAddr, &mut [u8])) -> bool {
        let Self { io, state, local, buffers, meta, counters } = self;
        let mut rest = buffers.iter_mut();
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(rest.next().expect("there are BATCH_SIZE buffers")));
        let got = io.try_io(Interest::READABLE, || state.recv(UdpSockRef::from(&*io), &mut slices, meta));
        // Anything but "would block" is the echo of an earlier send (ICMP); the next call goes on.
        let messages = match got {
            Ok(messages) => messages,
            Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
        };
        counters.receive_calls += 1;
        for (meta, buffer) in meta.iter().zip(buffers.iter_mut()).take(messages) {
            let ip = meta.dst_ip.unwrap_or(local.ip()).to_canonical();
            let here = SocketAddr::new(ip, local.port());
            let there = canonical(meta.addr);
            counters.received_bytes += meta.len as u64;
            for datagram in buffer[..meta.len].chunks_mut(meta.stride.max(1)) {
                counters.received += 1;
                each(here, there, datagram);
            }
        }
        if messages < BATCH_SIZE {
            // A batch that is not full has emptied the socket. Said to tokio, this spares the call
            // that would only find that out; what comes from now on raises a new event.
            let _ = io.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
        messages == BATCH_SIZE
    }

    /// Sends a datagram, or with `segment` a run of datagrams of that size (the last may be
    /// shorter). Never waits: what the kernel does not take now is dropped and counted, since a
    /// packet sent late helps nobody and the receiver asks again for what it misses.
    pub(crate) fn send(&mut self, from: IpAddr, to: SocketAddr, run: &[u8], segment: Option<usize>) {
        let segment = segment.filter(|&size| size > 0 && size < run.len()).unwrap_or(run.len().max(1));
        let most = self.state.max_gso_segments().max(1).min((MAX_SEND / segment).max(1));
        for chunk in run.chunks(segment * most) {
            if self.send_chunk(from, to, chunk, segment).is_err() && chunk.len() > segment {
                // A network card without GSO refuses the first run; `quinn-udp` then stops using it.
                for datagram in chunk.chunks(segment) {
                    let _ = self.send_chunk(from, to, datagram, segment);
                }
            }
        }
    }

    fn send_chunk(&mut self, from: IpAddr, to: SocketAddr, chunk: &[u8], segment: usize) -> io::Result<()> {
        let datagrams = chunk.len().div_ceil(segment) as u64;
        let transmit = Transmit {
            destination: self.mapped(to),
            ecn: None,
            contents: chunk,
            segment_size: (datagrams > 1).then_some(segment),
            src_ip: self.source(from),
        };
        let Self { io, state, counters, .. } = self;
        counters.send_calls += 1;
        let sent = io.try_io(Interest::WRITABLE, || state.try_send(UdpSockRef::from(&*io), &transmit));
        match &sent {
            Ok(()) => {
                counters.sent += datagrams;
                counters.sent_bytes += chunk.len() as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                counters.dropped_full += datagrams;
                return Ok(());
            }
            Err(_) if datagrams == 1 => counters.dropped_refused += 1,
            Err(_) => {}
        }
        sent
    }

    /// The source address to send from: the one that the peer wrote to, where there is a choice.
    fn source(&self, from: IpAddr) -> Option<IpAddr> {
        (self.local.ip().is_unspecified() && !from.is_unspecified()).then(|| match (self.local, from) {
            (SocketAddr::V6(_), IpAddr::V4(v4)) => IpAddr::V6(v4.to_ipv6_mapped()),
            _ => from,
        })
    }

    fn mapped(&self, to: SocketAddr) -> SocketAddr {
        match (self.local, to.ip()) {
            (SocketAddr::V6(_), IpAddr::V4(v4)) => SocketAddr::new(v4.to_ipv6_mapped().into(), to.port()),
            _ => to,
        }
    }
}

/// An IPv4 address that came through an IPv6 socket, as IPv4.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
