//! A UDP socket that tells of each datagram when the kernel received it, with which DSCP and which TTL, and
//! that never lets one be cut in pieces on its way.

use nix::cmsg_space;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::sockopt::{
    Ipv4RecvTtl, Ipv6RecvTClass, Ipv6Ttl, Ipv6V6Only, ReceiveTimestampns, ReusePort, UdpGroSegment,
};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, SockaddrStorage, bind,
    getsockopt, recvmsg, sendmsg, setsockopt, socket,
};
use nix::sys::time::TimeSpec;
use quinn_udp::{Transmit, UdpSockRef, UdpSocketState};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tongke_measure::network::dscp::Dscp;
use tongke_protocol::WallTime;

/// With which packets leave, so that the far end sees how many routers there were (RFC 8762 §4.2.1).
const TTL: u8 = 255;

pub(crate) struct ProbeSocket {
    socket: UdpSocket,
    bunches: UdpSocketState,
    v6: bool,
}

/// What came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub len: usize,
    pub from: SocketAddr,
    /// By the kernel's stamp, on this machine's clock.
    pub at: WallTime,
    /// None: this host does not tell.
    pub dscp: Option<Dscp>,
    /// TTL or hop limit; 0: this host does not tell.
    pub ttl: u8,
}

impl ProbeSocket {
    pub fn bind(address: SocketAddr) -> io::Result<ProbeSocket> {
        ProbeSocket::of(UdpSocket::bind(address)?, address.is_ipv6())
    }

    /// Another socket at the address of this one, to which the kernel gives what comes from `peer`, and no queue is
    /// shared. Datagrams of others that come just now may be in it too.
    pub fn join(&self, peer: SocketAddr) -> io::Result<ProbeSocket> {
        let address = self.address()?;
        // Only now, so that no second reflector could be bound there by mistake.
        setsockopt(&self.socket, ReusePort, &true)?;
        let family = if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
        let joined = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
        if address.is_ipv6() {
            setsockopt(&joined, Ipv6V6Only, &getsockopt(&self.socket, Ipv6V6Only)?)?;
        }
        setsockopt(&joined, ReusePort, &true)?;
        bind(joined.as_raw_fd(), &SockaddrStorage::from(address))?;
        let joined = UdpSocket::from(joined);
        joined.connect(peer)?;
        ProbeSocket::of(joined, address.is_ipv6())
    }

    fn of(socket: UdpSocket, v6: bool) -> io::Result<ProbeSocket> {
        // "Don't fragment", and the DSCP of what comes. It also lets datagrams come together, which hides sizes.
        let bunches = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let _ = setsockopt(&socket, UdpGroSegment, &false);
        setsockopt(&socket, ReceiveTimestampns, &true)?;
        if v6 {
            setsockopt(&socket, Ipv6RecvTClass, &true)?;
            setsockopt(&socket, Ipv6Ttl, &i32::from(TTL))?;
        } else {
            setsockopt(&socket, Ipv4RecvTtl, &true)?;
            socket.set_ttl(u32::from(TTL))?;
        }
        socket.set_nonblocking(true)?;
        Ok(ProbeSocket { socket, bunches, v6 })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Bytes of the headers before a payload, IP and UDP, on the way to this address.
    pub fn overhead(&self, peer: IpAddr) -> usize {
        if peer.to_canonical().is_ipv6() { 48 } else { 28 }
    }

    /// Asks for room for so many bytes that come and are not read yet; the system may give less.
    pub fn make_room(&self, bytes: usize) {
        let _ = self.bunches.set_recv_buffer_size(UdpSockRef::from(&self.socket), bytes);
    }

    /// How many datagrams [`send_bunch`](Self::send_bunch) takes.
    pub fn most_in_bunch(&self) -> usize {
        self.bunches.max_gso_segments()
    }

    /// Sends datagrams of `len` bytes each that stand one after the other, with one call.
    pub fn send_bunch(&self, bytes: &[u8], len: usize, to: SocketAddr) -> io::Result<()> {
        let transmit = Transmit {
            destination: to,
            ecn: None,
            contents: bytes,
            segment_size: (bytes.len() > len).then_some(len),
            src_ip: None,
        };
        self.bunches.try_send(UdpSockRef::from(&self.socket), &transmit)
    }

    /// Sends a datagram with this code point. What is larger than the interface or a router took before is
    /// refused ([`io::ErrorKind::Other`] with `EMSGSIZE`).
    pub fn send(&self, bytes: &[u8], to: SocketAddr, dscp: Dscp) -> io::Result<()> {
        let (v4, v6) = (dscp.tos(), i32::from(dscp.tos()));
        let class = if self.v6 { ControlMessage::Ipv6TClass(&v6) } else { ControlMessage::Ipv4Tos(&v4) };
        let to = SockaddrStorage::from(to);
        sendmsg(self.socket.as_raw_fd(), &[IoSlice::new(bytes)], &[class], MsgFlags::empty(), Some(&to))?;
        Ok(())
    }

    /// Waits for a datagram for so long at most; none: there was none.
    pub fn receive(&self, buffer: &mut [u8], wait: Duration) -> io::Result<Option<Received>> {
        // Under load one is there already, and the wait would be a call for nothing.
        if let Some(received) = self.read_next(buffer)? {
            return Ok(Some(received));
        }
        let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut ready, Some(TimeSpec::from_duration(wait)), None) {
            Ok(0) | Err(Errno::EINTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        self.read_next(buffer)
    }

    fn read_next(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        match self.read(buffer) {
            // What an ICMP message says of an earlier datagram is not this one's failure.
            Err(error) if refers_to_another(&error) => Ok(None),
            read => read,
        }
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        let mut space = cmsg_space!(nix::libc::timespec, [i32; 4], [u8; 64]);
        let mut slices = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::empty();
        let message =
            recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut slices, Some(&mut space), flags)?;
        let Some(from) = message.address.as_ref().and_then(address_of) else { return Ok(None) };
        let mut received = Received { len: message.bytes, from, at: now(), dscp: None, ttl: 0 };
        for part in message.cmsgs()? {
            match part {
                ControlMessageOwned::ScmTimestampns(at) => received.at = wall(at),
                ControlMessageOwned::Ipv4Tos(tos) => received.dscp = Some(Dscp::of_tos(tos)),
                ControlMessageOwned::Ipv6TClass(class) => received.dscp = Some(Dscp::of_tos(class as u8)),
                ControlMessageOwned::Ipv4Ttl(ttl) => received.ttl = ttl as u8,
                ControlMessageOwned::Ipv6HopLimit(limit) => received.ttl = limit as u8,
                _ => {}
            }
        }
        Ok(Some(received))
    }
}

/// This machine's clock, the one of the kernel's stamps.
pub(crate) fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(since.as_micros() as u64)
}

fn wall(at: TimeSpec) -> WallTime {
    WallTime(Duration::from(at).as_micros() as u64)
}

fn address_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4).into());
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into()))
}

fn refers_to_another(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    ) || is_too_large(error)
}

/// Whether a datagram was refused for its size.
pub(crate) fn is_too_large(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EMSGSIZE as i32)
}
