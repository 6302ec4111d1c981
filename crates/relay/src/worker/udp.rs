//! The worker's UDP socket: batches in (GRO), runs of equal packets out (GSO), by `quinn-udp`.

use crate::error::RelayError;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Kernel buffer asked for in each direction: at 100 Mbit/s it bridges 300 ms.
const SOCKET_BUFFER: usize = 4 << 20;
/// Largest UDP payload over IPv4; bounds one GSO send.
const MAX_SEND: usize = 65_507;
/// Room for one received message: a GRO message is at most 64 KiB.
const RECEIVE_BUFFER: usize = 65_536;

/// Counters of receiving, cumulative.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UdpReceived {
    /// Datagrams received.
    pub datagrams: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Receive calls that brought something; `datagrams / calls` is the batch.
    pub calls: u64,
}

/// Counters of sending, cumulative.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UdpSent {
    /// Datagrams sent.
    pub datagrams: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Send calls.
    pub calls: u64,
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
struct Port {
    io: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
}

/// Takes over a bound socket; call it inside the worker's runtime.
pub(crate) fn open(socket: std::net::UdpSocket) -> io::Result<(UdpReceiver, UdpSender)> {
    let local = socket.local_addr()?;
    let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
    let port = Arc::new(Port { io: UdpSocket::from_std(socket)?, state, local });
    Ok((UdpReceiver::new(port.clone()), UdpSender { port, counters: UdpSent::default() }))
}

/// The receiving half of the socket.
pub(crate) struct UdpReceiver {
    port: Arc<Port>,
    /// One buffer for each message of a batch.
    buffers: Vec<Vec<u8>>,
    meta: Vec<RecvMeta>,
    /// What happened so far.
    pub counters: UdpReceived,
}

impl UdpReceiver {
    fn new(port: Arc<Port>) -> Self {
        Self {
            port,
            buffers: (0..BATCH_SIZE).map(|_| vec![0; RECEIVE_BUFFER]).collect(),
            meta: vec![RecvMeta::default(); BATCH_SIZE],
            counters: UdpReceived::default(),
        }
    }

    /// Waits until a datagram lies there.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.port.io.readable().await
    }

    /// Receives one batch and hands over each datagram with its local and remote address. False:
    /// nothing more lay there.
    pub(crate) fn receive(&mut self, mut each: impl FnMut(SocketAddr, SocketAddr, &mut [u8])) -> bool {
        let Self { port, buffers, meta, counters } = self;
        let Port { io, state, local } = &**port;
        let mut rest = buffers.iter_mut();
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(rest.next().expect("there are BATCH_SIZE buffers")));
        let got = io.try_io(Interest::READABLE, || state.recv(UdpSockRef::from(io), &mut slices, meta));
        // Anything but "would block" is the echo of an earlier send (ICMP); the next call goes on.
        let messages = match got {
            Ok(messages) => messages,
            Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
        };
        counters.calls += 1;
        for (meta, buffer) in meta.iter().zip(buffers.iter_mut()).take(messages) {
            let ip = meta.dst_ip.unwrap_or(local.ip()).to_canonical();
            let here = SocketAddr::new(ip, local.port());
            let there = canonical(meta.addr);
            counters.bytes += meta.len as u64;
            for datagram in buffer[..meta.len].chunks_mut(meta.stride.max(1)) {
                counters.datagrams += 1;
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
}

/// The sending half of the socket.
pub(crate) struct UdpSender {
    port: Arc<Port>,
    /// What happened so far.
    pub counters: UdpSent,
}

impl UdpSender {
    /// Sends a datagram, or with `segment` a run of datagrams of that size (the last may be
    /// shorter). Never waits: what the kernel does not take now is dropped and counted, since a
    /// packet sent late helps nobody and the receiver asks again for what it misses.
    pub(crate) fn send(&mut self, from: IpAddr, to: SocketAddr, run: &[u8], segment: Option<usize>) {
        let segment = segment.filter(|&size| size > 0 && size < run.len()).unwrap_or(run.len().max(1));
        let most = self.port.state.max_gso_segments().max(1).min((MAX_SEND / segment).max(1));
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
            destination: self.port.mapped(to),
            ecn: None,
            contents: chunk,
            segment_size: (datagrams > 1).then_some(segment),
            src_ip: self.port.source(from),
        };
        let Self { port, counters } = self;
        let Port { io, state, .. } = &**port;
        counters.calls += 1;
        let sent = io.try_io(Interest::WRITABLE, || state.try_send(UdpSockRef::from(io), &transmit));
        match &sent {
            Ok(()) => {
                counters.datagrams += datagrams;
                counters.bytes += chunk.len() as u64;
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
}

impl Port {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_kernel_does_not_take_now_is_dropped_and_counted_and_sending_goes_on_later() {
        let address = "127.0.0.1:0".parse().unwrap();
        let (_receiver, mut sender) = open(bind("test", "rtc", address).unwrap()).unwrap();
        let peer = std::net::UdpSocket::bind(address).unwrap();
        let (ip, to) = (address.ip(), peer.local_addr().unwrap());
        // Not writable, as a socket with a full send buffer is: the runtime has not looked at it yet.
        sender.send(ip, to, &[1; 2500], Some(1000));
        sender.send(ip, to, &[2; 100], None);
        assert_eq!((sender.counters.dropped_full, sender.counters.datagrams), (4, 0));
        sender.port.io.writable().await.unwrap();
        sender.send(ip, to, &[3; 2500], Some(1000));
        assert_eq!((sender.counters.dropped_full, sender.counters.datagrams), (4, 3));
        let mut buffer = [0; 2000];
        assert_eq!(peer.recv(&mut buffer).unwrap(), 1000);
        assert_eq!(buffer[0], 3, "what was dropped does not come late");
    }
}
