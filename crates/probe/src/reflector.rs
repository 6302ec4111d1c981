//! The relay's end: a thread that sends back what members of a session send.

use crate::key::KEY_LEN;
use crate::load::{self, Asked, LoadSessions, NewRun, Owner, Stopped, Way};
use crate::nat;
use crate::packet::{ClassOfService, MAX_LEN, turn};
use crate::sessions::Sessions;
use crate::socket::{ProbeSocket, Received, now};
use rand::RngCore as _;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tongke_measure::network::capacity::Row;
use tongke_measure::network::dscp::Dscp;
use tongke_measure::network::stamp::ErrorEstimate;

/// How soon the thread sees that it is to end.
const WAKE: Duration = Duration::from_millis(200);

/// A running reflector. It ends when it is dropped.
pub struct Reflector {
    shared: Arc<Shared>,
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    socket: ProbeSocket,
    /// With a second address, tests of NATs can be made.
    second: Option<Second>,
    sessions: Mutex<Sessions>,
    loads: Mutex<LoadSessions>,
    ended: AtomicBool,
}

/// The sockets of a second address (RFC 5780 §3), beside the first one's.
struct Second {
    address: SocketAddr,
    /// The first address, the second port.
    other_port: ProbeSocket,
    /// The second address, the first port.
    other_address: ProbeSocket,
    /// The second address and port.
    other_both: ProbeSocket,
}

impl Second {
    fn bind(first: SocketAddr, address: SocketAddr) -> io::Result<Second> {
        Ok(Second {
            address,
            other_port: ProbeSocket::bind(SocketAddr::new(first.ip(), address.port()))?,
            other_address: ProbeSocket::bind(SocketAddr::new(address.ip(), first.port()))?,
            other_both: ProbeSocket::bind(address)?,
        })
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
    /// Reflects on this address; port 0: any that is free. Tests of load are no faster than
    /// so many Mbit/s.
    /// With a second address, of another host address and port, schools can test their NATs: both are then used
    /// with both ports, and `address` names a host address.
    pub fn start(address: SocketAddr, second: Option<SocketAddr>, load_mbps: u16) -> io::Result<Reflector> {
        let socket = ProbeSocket::bind(address)?;
        let address = socket.address()?;
        let second = second.map(|second| Second::bind(address, second)).transpose()?;
        let loads = LoadSessions::new(&secret(), Row::new(load_mbps));
        let (sessions, loads, ended) = (Mutex::default(), Mutex::new(loads), AtomicBool::new(false));
        let shared = Arc::new(Shared { socket, second, sessions, loads, ended });
        let spawn = |name: &str, work: fn(&Arc<Shared>)| {
            let shared = shared.clone();
            thread::Builder::new().name(name.into()).spawn(move || work(&shared))
        };
        let mut threads = vec![spawn("tongke-reflector", Shared::reflect)?];
        if shared.second.is_some() {
            threads.push(spawn("tongke-second", |shared| shared.answer_at(|second| &second.other_address))?);
            threads.push(spawn("tongke-second", |shared| shared.answer_at(|second| &second.other_both))?);
        }
        Ok(Reflector { shared, address, threads })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its second address, if it has one.
    pub fn second(&self) -> Option<SocketAddr> {
        self.shared.second.as_ref().map(|second| second.address)
    }

    /// Opens a session for [`LASTS`](crate::LASTS); none: there are [`MOST_SESSIONS`](crate::MOST_SESSIONS)
    /// already.
    pub fn open(&self) -> Option<Opened> {
        let key = secret();
        let session = lock(&self.shared.sessions).open(Instant::now(), &key)?;
        Some(Opened { session, key })
    }

    /// Opens a session of load for [`LOAD_LASTS`](crate::LOAD_LASTS); none: there are
    /// [`MOST_LOADS`](crate::MOST_LOADS) already.
    pub fn open_load(&self) -> Option<Opened> {
        let key = secret();
        let session = lock(&self.shared.loads).open(Instant::now(), &key)?;
        Some(Opened { session, key })
    }

    /// Ends a session of load, and tells its other end why.
    pub fn close_load(&self, session: u16, why: Stopped) {
        lock(&self.shared.loads).close(session, why);
    }

    /// The fastest that tests of load are, bits of IP packets a second.
    pub fn fastest_load_bps(&self) -> u64 {
        lock(&self.shared.loads).fastest.rate_bps() as u64
    }
}

impl Drop for Reflector {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn secret() -> [u8; KEY_LEN] {
    let mut secret = [0; KEY_LEN];
    rand::rng().fill_bytes(&mut secret);
    secret
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn reflect(self: &Arc<Self>) {
        self.listen(&self.socket, |datagram, received| self.handle(datagram, received));
    }

    /// At the second address only NATs are tested.
    fn answer_at(&self, which: fn(&Second) -> &ProbeSocket) {
        let Some(socket) = self.second.as_ref().map(which) else { return };
        self.listen(socket, |datagram, received| self.tell_address(socket, datagram, received));
    }

    fn listen(&self, socket: &ProbeSocket, handle: impl Fn(&mut [u8], &Received)) {
        let mut buffer = [0; MAX_LEN];
        while !self.ended.load(Ordering::Relaxed) {
            match socket.receive(&mut buffer, WAKE) {
                Ok(None) => {}
                Ok(Some(received)) => handle(&mut buffer[..received.len], &received),
                Err(error) => {
                    tracing::warn!(%error, "the reflector's socket fails");
                    thread::sleep(WAKE);
                }
            }
        }
    }

    fn handle(self: &Arc<Self>, datagram: &mut [u8], received: &Received) {
        if nat::session_of(datagram).is_some() {
            return self.tell_address(&self.socket, datagram, received);
        }
        if load::session_of(datagram).is_none() {
            return self.answer(datagram, received);
        }
        let asked = lock(&self.loads).take(Instant::now(), received.from, datagram);
        match asked {
            Some(Asked::Answer(bytes)) => self.send(&bytes, received.from, Dscp::DEFAULT),
            Some(Asked::Run(run)) => self.run(run, received.from),
            None => {}
        }
    }

    fn answer(&self, datagram: &mut [u8], received: &Received) {
        let mut sessions = lock(&self.sessions);
        let Some(taken) = sessions.take(Instant::now(), received.from, datagram) else { return };
        let (session, key, back) = (taken.session, taken.key.clone(), taken.class.back);
        let mut answer =
            taken.packet.reflect(taken.seq, received.at.into(), ErrorEstimate::UNKNOWN, received.ttl);
        drop(sessions);
        let class = ClassOfService { back, came: received.dscp.unwrap_or(Dscp::DEFAULT) };
        answer.sent = now().into();
        turn(datagram, &answer, session, class, &key);
        self.send(datagram, received.from, back);
    }

    /// Tells a school whence a question came. Where it wants the answer to come from elsewhere, and this relay has no
    /// second address, there is none.
    fn tell_address(&self, here: &ProbeSocket, datagram: &[u8], received: &Received) {
        let asked = lock(&self.sessions).ask(Instant::now(), received.from, datagram);
        let Some((answer, from)) = asked else { return };
        let socket = match (from, &self.second) {
            (nat::From::Here, _) => here,
            (nat::From::OtherPort, Some(second)) => &second.other_port,
            (nat::From::OtherAddress, Some(second)) => &second.other_both,
            (_, None) => return,
        };
        if let Err(error) = socket.send(&answer, received.from, Dscp::DEFAULT) {
            tracing::trace!(%error, to = %received.from, "not answered");
        }
    }

    /// Whoever does not get it counts it as lost.
    fn send(&self, bytes: &[u8], to: SocketAddr, dscp: Dscp) {
        if let Err(error) = self.socket.send(bytes, to, dscp) {
            tracing::trace!(%error, %to, "not reflected");
        }
    }

    /// Begins a run of load, on a thread of its own.
    fn run(self: &Arc<Self>, new: NewRun, peer: SocketAddr) {
        let shared = self.clone();
        let begin = move |socket: ProbeSocket| {
            let mut way = Way::new(socket, peer, new.session, new.run, new.key.clone());
            let plan = new.plan;
            match load::at_relay(&mut way, &plan, &mut Lender { shared, new }) {
                Ok(ran) => tracing::debug!(%peer, ?plan, packets = ran.packets, "a test of load ended"),
                Err(error) => tracing::warn!(%peer, %error, "a test of load failed"),
            }
        };
        let begun = self.socket.join(peer).and_then(|socket| {
            thread::Builder::new().name("tongke-load".into()).spawn(move || begin(socket)).map(|_| ())
        });
        if let Err(error) = begun {
            tracing::warn!(%peer, %error, "a test of load cannot begin");
        }
    }
}

/// A run's owner at the relay.
struct Lender {
    shared: Arc<Shared>,
    new: NewRun,
}

impl Owner for Lender {
    fn stops(&mut self) -> Option<Stopped> {
        let over = self.shared.ended.load(Ordering::Relaxed) || Instant::now() >= self.new.until;
        self.new.running.stopped().or(over.then_some(Stopped::GivenBack))
    }

    /// It came while the run's socket was not joined to its peer yet.
    fn other(&mut self, bytes: &mut [u8], received: &Received) {
        self.shared.handle(bytes, received);
    }
}
