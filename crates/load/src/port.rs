//! A peer connection's UDP socket: kernel receive stamps, batches in, single datagrams out. No GRO, as
//! browsers have none.

use crate::LoadError;
use crate::engine::clock::wall_ns;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, TimestampingFlag, Timestamps, recvmmsg, setsockopt,
    sockopt::{RcvBuf, SndBuf, Timestamping},
};
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;

/// Kernel buffers asked for: a stall of the load's thread must not look like the target's loss.
const SOCKET_BUFFER: usize = 4 << 20;
/// Datagrams of one receive call.
const BATCH: usize = 64;
/// Above every datagram on an Ethernet path.
const DATAGRAM: usize = 2_048;

/// A socket bound to a free port and connected to `to`.
pub(crate) fn open(to: SocketAddr) -> Result<UdpSocket, LoadError> {
    let failed = LoadError::system("open a UDP socket");
    let any = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).map_err(&failed)?;
    // The kernel gives what it allows.
    let _ = setsockopt(&socket, RcvBuf, &SOCKET_BUFFER);
    let _ = setsockopt(&socket, SndBuf, &SOCKET_BUFFER);
    // Unlike SO_TIMESTAMPNS it does not make up a stamp where there is none.
    let stamps = TimestampingFlag::SOF_TIMESTAMPING_RX_SOFTWARE | TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE;
    setsockopt(&socket, Timestamping, &stamps).map_err(std::io::Error::from).map_err(&failed)?;
    socket.set_nonblocking(true).map_err(&failed)?;
    socket.connect(to).map_err(&failed)?;
    Ok(socket)
}

/// Room for what one receive call brings; all sockets share it.
pub(crate) struct Batch {
    headers: MultiHeaders<()>,
    buffers: Vec<[u8; DATAGRAM]>,
    /// Datagrams that came without the kernel's stamp.
    unstamped: u64,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self { headers: headers(), buffers: vec![[0; DATAGRAM]; BATCH], unstamped: 0 }
    }

    /// Receives once and hands over each datagram with the moment of its arrival, in ns on the machine's
    /// wall clock. Gives their number; 0: nothing lay there.
    ///
    /// The moment is the kernel's stamp. The kernel begins to stamp, on a work queue of its own, some time
    /// after the first socket of the machine asks for it; until then it is the moment of reading.
    pub(crate) fn receive(&mut self, socket: &UdpSocket, mut each: impl FnMut(&[u8], u64)) -> usize {
        let mut buffers = self.buffers.iter_mut();
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(buffers.next().expect("there are BATCH buffers"))]);
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = recvmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter_mut(), flags, None);
        let (mut count, mut unstamped) = (0, 0);
        // An error is the echo of an earlier send (ICMP), or nothing was there.
        for message in received.into_iter().flatten() {
            count += 1;
            let stamp = message.cmsgs().into_iter().flatten().find_map(|message| match message {
                ControlMessageOwned::ScmTimestampsns(Timestamps { system, .. }) => Some(system),
                _ => None,
            });
            let at = stamp.map(|at| at.tv_sec() as u64 * 1_000_000_000 + at.tv_nsec() as u64);
            unstamped += u64::from(at.is_none());
            if let Some(datagram) = message.iovs().next() {
                each(datagram, at.unwrap_or_else(wall_ns));
            }
        }
        if unstamped > 0 {
            // A message without a stamp leaves its header without room for the next one's.
            self.headers = headers();
            self.unstamped += unstamped;
        }
        count
    }
}

/// Room for the stamp alone: nix does not give back what a shorter message left unused.
fn headers() -> MultiHeaders<()> {
    MultiHeaders::preallocate(BATCH, Some(nix::cmsg_space!(Timestamps)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends so many datagrams to a socket and reads them: all come, in order, with a moment between the
    /// first one's sending and their being read. Gives the moment when all had been sent, and the last stamp.
    fn pass(count: u8, target: &UdpSocket, socket: &UdpSocket, batch: &mut Batch) -> (u64, u64) {
        let to = (Ipv4Addr::LOCALHOST, socket.local_addr().unwrap().port());
        let before = wall_ns();
        (0..count).for_each(|number| assert_eq!(target.send_to(&[number], to).unwrap(), 1));
        let after = wall_ns();
        let (mut came, mut last) = (Vec::new(), before);
        while batch.receive(socket, |datagram, at| {
            assert!((before..=wall_ns()).contains(&at));
            last = last.max(at);
            came.push(datagram.to_vec());
        }) > 0
        {}
        assert!(came.into_iter().eq((0..count).map(|number| vec![number])));
        (after, last)
    }

    #[test]
    fn datagrams_come_with_the_moment_of_their_arrival() {
        let target = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let socket = open(target.local_addr().unwrap()).unwrap();
        let mut batch = Batch::new();
        assert_eq!(batch.receive(&socket, |_, _| panic!()), 0);
        let begins = (0..1_000_000).any(|_| {
            let unstamped = batch.unstamped;
            pass(1, &target, &socket, &mut batch);
            batch.unstamped == unstamped
        });
        assert!(begins, "the kernel stamps");
        // From now on every one, for as long as this socket is open.
        let unstamped = batch.unstamped;
        for _ in 0..3 {
            let (after, last) = pass(100, &target, &socket, &mut batch);
            assert!(last <= after, "stamped on arrival, however late they are read");
        }
        assert_eq!(batch.unstamped, unstamped);
    }

    #[test]
    fn datagrams_without_a_stamp_come_with_the_moment_of_reading_and_take_no_room_from_later_ones() {
        let target = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let plain = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut batch = Batch::new();
        let (after, last) = pass(100, &target, &plain, &mut batch);
        assert!(batch.unstamped == 100 && last >= after);
        let room = |batch: &Batch| format!("{:?}", batch.headers).matches("msg_controllen: 0,").count();
        assert_eq!(room(&batch), 0);
    }
}
