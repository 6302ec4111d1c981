//! A socket with a peer: packets of one run out and in.

use super::packet::{Body, LEN, Packet};
use crate::key::Key;
use crate::packet::MAX_LEN;
use crate::socket::{ProbeSocket, Received, now};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tongke_measure::network::capacity::IP_PACKET_BYTES;
use tongke_measure::network::dscp::Dscp;

/// Room for what comes while this machine does something else: a tenth of a second at 300 Mbit/s.
const ROOM: usize = 4 << 20;
/// Datagrams handed to the system with one call, at most: they must fit into one IP packet's length.
const BUNCH: usize = 40;
/// Oldest stamp that is believed: a clock that was set meanwhile says what cannot be.
const OLDEST: Duration = Duration::from_secs(1);

pub(crate) struct Way {
    pub socket: ProbeSocket,
    pub peer: SocketAddr,
    pub session: u16,
    pub run: u8,
    pub key: Key,
    began: Instant,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
}

/// What came.
pub(crate) enum Came {
    /// A packet of this run, as an IP packet of so many bytes.
    Packet { packet: Packet, arrived: Instant, ip_bytes: usize },
    /// Something else.
    Other(Received),
}

impl Way {
    pub fn new(socket: ProbeSocket, peer: SocketAddr, session: u16, run: u8, key: Key) -> Way {
        socket.make_room(ROOM);
        let (outgoing, incoming) = (vec![0; BUNCH * IP_PACKET_BYTES], vec![0; MAX_LEN]);
        Way { socket, peer, session, run, key, began: Instant::now(), outgoing, incoming }
    }

    fn packet(&self, seq: u32, body: Body) -> Packet {
        let sent_us = self.began.elapsed().as_micros() as u64;
        Packet { session: self.session, run: self.run, seq, sent_us, body }
    }

    /// Sends a word about the run. One that the network does not take is lost, as it might be later.
    pub fn say(&self, body: Body) -> io::Result<()> {
        let mut bytes = [0; LEN];
        self.packet(0, body).write(&mut bytes, &self.key);
        passing(self.socket.send(&bytes, self.peer, Dscp::DEFAULT)).map(|_| ())
    }

    /// Sends packets of load with these numbers; returns how many left.
    pub fn load(&mut self, first: u32, count: u32) -> io::Result<u32> {
        let len = IP_PACKET_BYTES - self.socket.overhead(self.peer.ip());
        let mut left = 0;
        while left < count {
            let bunch = (count - left).min(self.socket.most_in_bunch().clamp(1, BUNCH) as u32);
            for number in 0..bunch {
                let packet = self.packet(first + left + number, Body::Load);
                let at = number as usize * len;
                packet.write(&mut self.outgoing[at..at + len], &self.key);
            }
            let bytes = &self.outgoing[..bunch as usize * len];
            if !passing(self.socket.send_bunch(bytes, len, self.peer))? {
                break;
            }
            left += bunch;
        }
        Ok(left)
    }

    /// The next datagram; none: there was none until then.
    pub fn next(&mut self, until: Instant) -> io::Result<Option<Came>> {
        let wait = until.saturating_duration_since(Instant::now());
        let Some(received) = self.socket.receive(&mut self.incoming, wait)? else { return Ok(None) };
        let bytes = &self.incoming[..received.len];
        let own = |packet: &Packet| packet.session == self.session && packet.run == self.run;
        let read = Packet::parse(bytes, &self.key).ok().filter(own).filter(|_| received.from == self.peer);
        Ok(Some(match read {
            Some(packet) => Came::Packet {
                packet,
                arrived: arrived(&received),
                ip_bytes: received.len + self.socket.overhead(self.peer.ip()),
            },
            None => Came::Other(received),
        }))
    }

    /// The bytes of what came last.
    pub fn last(&mut self, received: &Received) -> &mut [u8] {
        &mut self.incoming[..received.len]
    }
}

/// When it came, by this machine's steady clock.
fn arrived(received: &Received) -> Instant {
    let age = Duration::from_micros(now().micros_since(received.at).max(0) as u64);
    let now = Instant::now();
    if age < OLDEST { now.checked_sub(age).unwrap_or(now) } else { now }
}

/// False: the machine's own queue is full. What an earlier datagram met is not this one's failure.
fn passing(sent: io::Result<()>) -> io::Result<bool> {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, Interrupted, NetworkUnreachable, WouldBlock};
    match sent {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), WouldBlock | Interrupted | ConnectionRefused) => Ok(false),
        Err(error) if matches!(error.kind(), HostUnreachable | NetworkUnreachable) => Ok(false),
        // ENOBUFS: as full as WouldBlock says.
        Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ENOBUFS as i32) => Ok(false),
        Err(error) => Err(error),
    }
}
