//! The relay's end: a thread that sends back what members of a session send.

use crate::packet::{ClassOfService, KEY_LEN, MAX_LEN, turn};
use crate::sessions::Sessions;
use crate::socket::{ProbeSocket, Received, now};
use rand::RngCore as _;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tongke_measure::network::dscp::Dscp;
use tongke_measure::network::stamp::ErrorEstimate;

/// How soon the thread sees that it is to end.
const WAKE: Duration = Duration::from_millis(200);

/// A running reflector. It ends when it is dropped.
pub struct Reflector {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    sessions: Mutex<Sessions>,
    ended: AtomicBool,
}

impl Shared {
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a member of a session must know.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The session's number (SSID, RFC 8972 §3).
    pub session: u16,
    /// What authenticates its packets.
    pub key: [u8; KEY_LEN],
}

impl Reflector {
    /// Reflects on this address; port 0: any that is free.
    pub fn start(address: SocketAddr) -> io::Result<Reflector> {
        let socket = ProbeSocket::bind(address)?;
        let address = socket.address()?;
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = thread::Builder::new()
            .name("tongke-reflector".into())
            .spawn(move || reflect(&socket, &of_thread))?;
        Ok(Reflector { address, shared, thread: Some(thread) })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens a session for [`LASTS`](crate::LASTS); none: there are [`MOST_SESSIONS`](crate::MOST_SESSIONS)
    /// already.
    pub fn open(&self) -> Option<Opened> {
        let mut key = [0; KEY_LEN];
        rand::rng().fill_bytes(&mut key);
        let session = self.shared.sessions().open(Instant::now(), &key)?;
        Some(Opened { session, key })
    }
}

impl Drop for Reflector {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn reflect(socket: &ProbeSocket, shared: &Shared) {
    let mut buffer = [0; MAX_LEN];
    while !shared.ended.load(Ordering::Relaxed) {
        match socket.receive(&mut buffer, WAKE) {
            Ok(None) => {}
            Ok(Some(received)) => answer(socket, shared, &mut buffer, &received),
            Err(error) => {
                tracing::warn!(%error, "the reflector's socket fails");
                thread::sleep(WAKE);
            }
        }
    }
}

fn answer(socket: &ProbeSocket, shared: &Shared, buffer: &mut [u8], received: &Received) {
    let datagram = &mut buffer[..received.len];
    let mut sessions = shared.sessions();
    let Some(taken) = sessions.take(Instant::now(), received.from, datagram) else { return };
    let (session, key, back) = (taken.session, taken.key.clone(), taken.class.back);
    let mut answer =
        taken.packet.reflect(taken.seq, received.at.into(), ErrorEstimate::UNKNOWN, received.ttl);
    drop(sessions);
    let class = ClassOfService { back, came: received.dscp.unwrap_or(Dscp::DEFAULT) };
    answer.sent = now().into();
    turn(datagram, &answer, session, class, &key);
    // Whoever does not get it counts it as lost.
    if let Err(error) = socket.send(datagram, received.from, back) {
        tracing::trace!(%error, to = %received.from, "not reflected");
    }
}
