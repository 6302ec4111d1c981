//! Starting a worker: its sockets are bound before its thread runs, so that a port in use is told
//! to whoever starts the relay.

use super::audience::Listeners;
use super::plane::Plane;
use super::quic::{self, Door, EndpointSecrets, QuicLegs};
use super::tcp::{self, TcpPort};
use super::udp::{self, UdpPort};
use super::{INPUT_QUEUE, Input, JOB_QUEUE, Job, Reporter, Worker, WorkerStatus};
use crate::addresses::advertised;
use crate::certificate::Identity;
use crate::clock::Clock;
use crate::config::{RelayConfig, worker_address};
use crate::error::RelayError;
use crate::journal::{Journal, Restored};
use quinn::{Endpoint, VarInt};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, LocalSet};
use tongke_protocol::Now;
use tongke_sfu::{Core, CoreConfig};
use tongke_transport::webrtc::Certificate;

/// How often a free port is tried that is free for UDP and TCP alike.
const PORT_TRIES: usize = 16;
/// Time for QUIC connections to be closed properly at the end.
const QUIC_CLOSE_WAIT: Duration = Duration::from_secs(1);
/// Application error code of QUIC connections at the relay's end.
const CODE_ENDING: VarInt = VarInt::from_u32(3);

/// What all workers of a relay share at their start.
pub(crate) struct Start<'a> {
    pub config: &'a RelayConfig,
    pub clock: Clock,
    pub dtls: Arc<Certificate>,
    pub identity: &'a Identity,
    pub journal: Option<&'a Journal>,
}

/// A running worker, as the rest of the relay sees it. The worker ends when this is dropped.
pub(crate) struct WorkerHandle {
    jobs: mpsc::Sender<Job>,
    status: watch::Receiver<WorkerStatus>,
    /// Address of WebRTC media, UDP and TCP.
    pub rtc: SocketAddr,
    /// Address of QUIC.
    pub quic: SocketAddr,
    thread: std::thread::JoinHandle<()>,
}

/// A worker does not take jobs now: it has too many, or has ended.
#[derive(Debug)]
pub(crate) struct Busy;

impl WorkerHandle {
    /// Has the worker do `job` and returns its result.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Plane, Now) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        let job: Job = Box::new(move |plane, now| {
            // Nobody waits for the answer when the HTTP client has gone.
            let _ = reply.send(span.in_scope(|| job(plane, now)));
        });
        self.jobs.try_send(job).map_err(|_| Busy)?;
        answer.await.map_err(|_| Busy)
    }

    /// The worker's last status.
    pub(crate) fn status(&self) -> WorkerStatus {
        self.status.borrow().clone()
    }

    /// Whether the thread has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Lets the worker end and waits for it; false: it panicked.
    pub(crate) async fn join(self) -> bool {
        drop(self.jobs);
        tokio::task::spawn_blocking(move || self.thread.join().is_ok()).await.unwrap_or(false)
    }
}

/// Starts worker `index`, which takes these lessons over from an earlier run.
pub(crate) fn start(
    start: &Start<'_>,
    index: usize,
    lessons: Vec<Restored>,
) -> Result<WorkerHandle, RelayError> {
    let Start { config, clock, dtls, identity, journal } = start;
    let system = |what| move |source| RelayError::System { what, source };
    let (udp, tcp) = bind_rtc(worker_address(config.rtc, index))?;
    let quic = udp::bind("QUIC", "quic", worker_address(config.quic, index))?;
    let address = |bound: io::Result<SocketAddr>| bound.map_err(system("read a socket's address"));
    let rtc_address = address(udp.local_addr())?;
    let quic_address = address(quic.local_addr())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(system("make a worker's runtime"))?;
    let (endpoint, udp, tcp) = {
        let _inside = runtime.enter();
        let endpoint = quic::open(quic, identity, EndpointSecrets::derive(&config.key, index))?;
        let udp = UdpPort::new(udp).map_err(system("set up the UDP port"))?;
        (endpoint, udp, TcpListener::from_std(tcp).map_err(system("set up the TCP port"))?)
    };
    let mut core = CoreConfig::new(dtls.clone());
    core.udp_addresses = advertised(config, rtc_address);
    core.tcp_addresses = core.udp_addresses.clone();
    tracing::info!(worker = index, rtc = %rtc_address, quic = %quic_address,
        candidates = ?core.udp_addresses, "listening");
    let (inputs_sender, inputs) = mpsc::channel(INPUT_QUEUE);
    let (jobs_sender, jobs) = mpsc::channel(JOB_QUEUE);
    let (reporter, status) = Reporter::new(clock.now().instant);
    let door = Door {
        key: config.key.clone(),
        clock: *clock,
        index,
        workers: usize::from(config.workers),
        inputs: inputs_sender,
    };
    let journal = journal.cloned();
    let parts = Parts { core, lessons, journal, door, udp, tcp, endpoint, inputs, jobs, reporter };
    let thread = std::thread::Builder::new()
        .name(format!("relay-{index}"))
        .spawn(move || LocalSet::new().block_on(&runtime, parts.live()))
        .map_err(system("start a worker thread"))?;
    Ok(WorkerHandle { jobs: jobs_sender, status, rtc: rtc_address, quic: quic_address, thread })
}

/// What goes into a worker's thread; there it is put together.
struct Parts {
    core: CoreConfig,
    lessons: Vec<Restored>,
    journal: Option<Journal>,
    door: Door,
    udp: UdpPort,
    tcp: TcpListener,
    endpoint: Endpoint,
    inputs: mpsc::Receiver<Input>,
    jobs: mpsc::Receiver<Job>,
    reporter: Reporter,
}

impl Parts {
    /// The thread's whole life.
    async fn live(self) {
        let Self { core, lessons, journal, door, udp, tcp, endpoint, inputs, jobs, reporter } = self;
        let inputs_sender = door.inputs.clone();
        let clock = door.clock;
        let mut core = Core::new(core, rand::random::<[u8; 32]>());
        for Restored { lesson, state, people } in lessons {
            core.restore(clock.now(), &lesson, state, people);
        }
        let plane = Plane {
            core,
            udp,
            tcp: TcpPort::default(),
            quic: QuicLegs::default(),
            listeners: Listeners::default(),
            journal,
        };
        let acceptors = [
            tokio::task::spawn_local(tcp::accept(tcp, inputs_sender.clone())),
            tokio::task::spawn_local(quic::accept(endpoint.clone(), door)),
        ];
        Worker::new(clock, plane, (inputs, inputs_sender), jobs, reporter).run().await;
        acceptors.iter().for_each(JoinHandle::abort);
        // The sessions' tasks say farewell and close; whoever does not react in time is cut off.
        let _ = tokio::time::timeout(QUIC_CLOSE_WAIT, endpoint.wait_idle()).await;
        endpoint.close(CODE_ENDING, b"the relay ends");
        let _ = tokio::time::timeout(QUIC_CLOSE_WAIT, endpoint.wait_idle()).await;
    }
}

/// Binds UDP and TCP on the same port; with port 0 on one that is free for both.
fn bind_rtc(address: SocketAddr) -> Result<(std::net::UdpSocket, std::net::TcpListener), RelayError> {
    let mut tries = PORT_TRIES;
    loop {
        let udp = udp::bind("WebRTC media (UDP)", "rtc", address)?;
        let bound = udp.local_addr().map_err(|source| bind_error(address, source))?;
        match tcp::bind(bound) {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(_) if address.port() == 0 && tries > 0 => tries -= 1,
            Err(source) => return Err(bind_error(bound, source)),
        }
    }
}

fn bind_error(address: SocketAddr, source: io::Error) -> RelayError {
    RelayError::Bind { what: "WebRTC media (TCP)", address, flag: "rtc", source }
}
