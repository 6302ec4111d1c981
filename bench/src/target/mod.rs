//! What the two programs share that are measured beside the relay, the floor and the peer: their HTTP
//! interface ([`http`]), their counters, and who gets whose media.

pub mod http;

pub use http::serve;

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;
use tongke_transport::webrtc::sdp::Leg;

/// Kernel buffer asked for in each direction, as the relay asks for it.
const SOCKET_BUFFER: usize = 4 << 20;

/// Whose session it is and which way its media flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The lesson.
    pub lesson: String,
    /// Who asks; nobody gets media of their own.
    pub participant: String,
    /// Whether the client publishes or subscribes.
    pub leg: Leg,
}

impl Place {
    /// Whether media of `publisher` goes here.
    pub fn gets(&self, publisher: &Place) -> bool {
        self.leg == Leg::Subscribe
            && publisher.leg == Leg::Publish
            && self.lesson == publisher.lesson
            && (self.participant.is_empty() || self.participant != publisher.participant)
    }
}

/// A request of the HTTP thread to the media thread.
#[derive(Debug)]
pub struct Join {
    /// Where the session belongs.
    pub place: Place,
    /// The client's offer.
    pub offer: String,
    /// Takes the answer, or why there is none.
    pub answer: oneshot::Sender<Result<String, String>>,
}

/// What `/metrics` tells. One thread writes, so plain loads and stores do.
#[derive(Debug, Default)]
pub struct Counters {
    send_calls: AtomicU64,
    datagrams_sent: AtomicU64,
    forwarded: AtomicU64,
}

impl Counters {
    /// Counts a send call that took this many datagrams.
    pub fn sent(&self, datagrams: u64) {
        add(&self.send_calls, 1);
        add(&self.datagrams_sent, datagrams);
    }

    /// Counts media packets forwarded.
    pub fn forwarded(&self, packets: u64) {
        add(&self.forwarded, packets);
    }
}

fn add(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed) + by, Ordering::Relaxed);
}

/// Binds the media socket, with large kernel buffers.
///
/// # Errors
/// If the address is not to be had.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // Smaller buffers lose bursts, which the bench then shows.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(participant: &str, leg: Leg) -> Place {
        Place { lesson: "l".to_owned(), participant: participant.to_owned(), leg }
    }

    #[test]
    fn everybody_but_oneself_is_heard() {
        let teacher = place("teacher", Leg::Publish);
        assert!(place("class", Leg::Subscribe).gets(&teacher));
        assert!(place("", Leg::Subscribe).gets(&place("", Leg::Publish)));
        assert!(!place("teacher", Leg::Subscribe).gets(&teacher));
        assert!(!place("class", Leg::Publish).gets(&teacher));
        let other = Place { lesson: "m".to_owned(), ..place("class", Leg::Subscribe) };
        assert!(!other.gets(&teacher));
    }
}
