//! What the kernel dropped of a socket's datagrams because nobody read them in time. The one unsafe door of
//! this crate: the socket option that tells it has no safe name.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Places of SO_MEMINFO's answer (`linux/sock_diag.h`): how many there are, and which counts the drops.
const MEMINFO_WORDS: usize = 9;
const MEMINFO_DROPS: usize = 8;

/// Keeps account of one socket.
pub(crate) struct ReceiveDrops {
    /// The same socket, under a descriptor of our own.
    socket: OwnedFd,
    /// The kernel's count at the last look, which wraps.
    last: u32,
    total: u64,
}

impl ReceiveDrops {
    /// Of a socket that goes on to be somebody else's.
    pub(crate) fn of(socket: &impl AsFd) -> io::Result<Self> {
        Ok(Self { socket: socket.as_fd().try_clone_to_owned()?, last: 0, total: 0 })
    }

    /// Datagrams dropped since the start. Where the kernel does not tell (before Linux 4.12, in some sandboxes)
    /// none.
    pub(crate) fn read(&mut self) -> u64 {
        if let Some(count) = drops(&self.socket) {
            self.total += u64::from(count.wrapping_sub(self.last));
            self.last = count;
        }
        self.total
    }
}

fn drops(socket: &OwnedFd) -> Option<u32> {
    let mut words = [0_u32; MEMINFO_WORDS];
    let mut len = size_of_val(&words) as libc::socklen_t;
    // SAFETY: the descriptor is open, being borrowed; the kernel writes at most `len` bytes to `words`, which is
    // that long and may hold any bits, and the written length to `len`.
    let status = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            words.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    (status == 0 && len as usize >= size_of_val(&words)).then(|| words[MEMINFO_DROPS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn what_does_not_fit_into_the_receive_buffer_is_counted_to_the_last_datagram() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket2::SockRef::from(&receiver).set_recv_buffer_size(8 * 1024).unwrap();
        receiver.set_nonblocking(true).unwrap();
        let mut drops = ReceiveDrops::of(&receiver).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut sent = 0;
        for round in 1..=3 {
            for _ in 0..100 {
                sender.send_to(&[7; 1200], receiver.local_addr().unwrap()).unwrap();
                sent += 1;
            }
            let mut buffer = [0; 2048];
            let mut received = 0;
            while receiver.recv(&mut buffer).is_ok() {
                received += 1;
            }
            assert!((1..100).contains(&received), "{received} of 100");
            sent -= received;
            assert_eq!(drops.read(), sent, "round {round}");
        }
    }
}
