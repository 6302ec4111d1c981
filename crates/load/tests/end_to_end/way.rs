//! A relay's core on a socket of its own thread, with WHIP and WHEP before it and faults behind it.

use axum::extract::{Path as UrlPath, Query, State};
use axum::routing::{get, post};
use axum::{Router, http::StatusCode};
use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use tongke_load::Target;
use tongke_protocol::{Grant, LessonId, LessonScope, Now, Role, WallTime};
use tongke_sfu::{Core, CoreConfig};
use tongke_transport::rtp::is_rtcp;
use tongke_transport::webrtc::{Certificate, Path};

/// The thread looks for work and for the test's word this often.
const TURN: Duration = Duration::from_millis(1);

/// What happens to media on its way to subscribers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    None,
    /// So many packets are lost, one in ten.
    Drop {
        packets: u32,
    },
    /// So many packets come twice, one in ten.
    Repeat {
        packets: u32,
    },
    /// One in so many comes late.
    Delay {
        every: u32,
        by: Duration,
    },
}

/// A session that wants to join: endpoint, lesson, participant, offer, and where the answer goes.
struct Join {
    is_publisher: bool,
    lesson: LessonId,
    participant: String,
    offer: String,
    answer: oneshot::Sender<Option<String>>,
}

/// The core with its way; all ends with this.
pub struct Way {
    url: String,
    fault: Arc<Mutex<Fault>>,
    _end: oneshot::Sender<()>,
    joins: Option<Sender<Join>>,
    core: Option<JoinHandle<()>>,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.joins = None;
        // The HTTP thread has the other sender; it ends with `_end`, and the core with both.
        drop(self.core.take());
    }
}

impl Way {
    pub fn start() -> Self {
        let (joins, wanted) = channel();
        let fault = Arc::new(Mutex::new(Fault::None));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(TURN)).unwrap();
        let of_core = fault.clone();
        let core = std::thread::spawn(move || Relay::new(socket, of_core).run(&wanted));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (end, ended) = oneshot::channel();
        let desk = joins.clone();
        std::thread::spawn(move || serve(listener, desk, ended));
        Self { url, fault, _end: end, joins: Some(joins), core: Some(core) }
    }

    pub fn target(&self) -> Target {
        Target { url: self.url.clone(), key: None, pid: None }
    }

    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }
}

fn serve(listener: std::net::TcpListener, joins: Sender<Join>, ended: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let router = Router::new()
            .route("/{endpoint}/{lesson}", post(join))
            .route("/readyz", get(|| async { "ready\n" }))
            .with_state(joins);
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        tokio::select! {
            _ = ended => {}
            _ = axum::serve(listener, router) => {}
        }
    });
}

async fn join(
    State(joins): State<Sender<Join>>,
    UrlPath((endpoint, lesson)): UrlPath<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    offer: String,
) -> Result<(StatusCode, String), StatusCode> {
    let (answer, answered) = oneshot::channel();
    let wanted = Join {
        is_publisher: endpoint == "whip",
        lesson: lesson.parse().unwrap(),
        participant: query["participant"].clone(),
        offer,
        answer,
    };
    joins.send(wanted).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let answer = answered.await.ok().flatten().ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok((StatusCode::CREATED, answer))
}

struct Relay {
    core: Core,
    socket: UdpSocket,
    local: SocketAddr,
    fault: Arc<Mutex<Fault>>,
    /// Media packets that the fault has seen, and those that it has hit.
    passed: u32,
    hit: u32,
    late: VecDeque<(Instant, SocketAddr, Vec<u8>)>,
}

impl Relay {
    fn new(socket: UdpSocket, fault: Arc<Mutex<Fault>>) -> Self {
        let local = socket.local_addr().unwrap();
        let mut config = CoreConfig::new(Arc::new(Certificate::generate().unwrap()));
        config.udp_addresses = vec![local];
        let core = Core::new(config, 7);
        Self { core, socket, local, fault, passed: 0, hit: 0, late: VecDeque::new() }
    }

    /// Works until nobody can join any more.
    fn run(mut self, joins: &Receiver<Join>) {
        let mut buffer = [0; 2_048];
        loop {
            match joins.try_recv() {
                Ok(join) => self.join(join),
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
                Err(std::sync::mpsc::TryRecvError::Empty) => {}
            }
            if let Ok((len, remote)) = self.socket.recv_from(&mut buffer) {
                let path = Path::Udp { local: self.local, remote };
                self.core.handle_datagram(now(), path, &mut buffer[..len]);
            }
            let now = now();
            if self.core.poll_timeout().is_some_and(|due| due <= now.instant) {
                self.core.handle_timeout(now);
            }
            self.send();
        }
    }

    fn join(&mut self, join: Join) {
        let grant = Grant {
            lesson: LessonScope::Any,
            participant: join.participant.parse().unwrap(),
            name: join.participant,
            role: if join.is_publisher { Role::Supporting } else { Role::Observer },
            expires_unix_s: u64::MAX,
        };
        let joined = if join.is_publisher {
            self.core.join_whip(now(), &join.lesson, &grant, &join.offer)
        } else {
            self.core.join_whep(now(), &join.lesson, &grant, &join.offer)
        };
        let _ = join.answer.send(joined.ok().map(|joined| joined.answer));
    }

    fn send(&mut self) {
        let outputs = std::mem::take(self.core.outputs());
        for transmit in &outputs.udp {
            for datagram in transmit.segments(&outputs.arena) {
                let to = transmit.path.remote();
                if self.is_let_through(to, datagram) {
                    let _ = self.socket.send_to(datagram, to);
                }
            }
        }
        while self.late.front().is_some_and(|(at, ..)| *at <= Instant::now()) {
            let (_, to, datagram) = self.late.pop_front().unwrap();
            let _ = self.socket.send_to(&datagram, to);
        }
    }

    /// Whether the datagram goes its way now; sends it a second time or later itself, if that is the fault.
    fn is_let_through(&mut self, to: SocketAddr, datagram: &[u8]) -> bool {
        let fault = *self.fault.lock().unwrap();
        let is_media = datagram.first().is_some_and(|first| (128..192).contains(first)) && !is_rtcp(datagram);
        if !is_media || fault == Fault::None {
            return true;
        }
        self.passed += 1;
        match fault {
            Fault::Drop { packets } if self.passed.is_multiple_of(10) && self.hit < packets => {
                self.hit += 1;
                false
            }
            Fault::Repeat { packets } if self.passed.is_multiple_of(10) && self.hit < packets => {
                self.hit += 1;
                let _ = self.socket.send_to(datagram, to);
                true
            }
            Fault::Delay { every, by } if self.passed.is_multiple_of(every) => {
                self.late.push_back((Instant::now() + by, to, datagram.to_vec()));
                false
            }
            _ => true,
        }
    }
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Now { instant: Instant::now(), wall: WallTime(unix.as_micros() as u64) }
}
