//! Starting a worker, and what is heard of it when it ends by itself.

use super::audience::Listeners;
use super::dispatches::Senders;
use super::drops::ReceiveDrops;
use super::egress::SharedEgress;
use super::handle::{Running, WorkerHandle};
use super::pinning;
use super::plane::Plane;
use super::quic::{self, Door, EndpointSecrets};
use super::sockets::Sockets;
use super::tcp;
use super::trunk::{self, Trunks};
use super::udp::{self, UdpReceiver, UdpSender};
use super::{INPUT_QUEUE, Input, JOB_QUEUE, Job, Reporter, Worker};
use crate::addresses::advertised;
use crate::certificate::Identity;
use crate::clock::Clock;
use crate::config::RelayConfig;
use crate::error::RelayError;
use crate::journal::{Journal, Restored};
use crate::placement::Placement;
use quinn::{Endpoint, VarInt};
use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tongke_sfu::{Core, CoreConfig};
use tongke_transport::webrtc::Certificate;

/// Time for QUIC connections to be closed properly at the end.
const QUIC_CLOSE_WAIT: Duration = Duration::from_secs(1);
/// Application error code of QUIC connections at the relay's end.
const CODE_ENDING: VarInt = VarInt::from_u32(3);

/// What all workers of a relay share at their start, the first one and any later.
pub(crate) struct Start {
    pub config: RelayConfig,
    pub clock: Clock,
    pub dtls: Arc<Certificate>,
    pub identity: Identity,
    pub journal: Option<Journal>,
    pub placement: Arc<Placement>,
    /// The CPU of each worker; none: they run where there is room.
    pub cpus: Option<Vec<usize>>,
    /// Who hears that a worker ended by itself.
    pub ended: mpsc::Sender<Ended>,
}

/// A worker ended by itself.
#[derive(Debug)]
pub(crate) struct Ended {
    pub worker: usize,
    /// The message of its panic, mostly.
    pub why: String,
}

/// Binds the sockets of worker `index` and starts it; it takes these lessons over from an earlier run.
pub(crate) fn start(start: &Start, index: usize, lessons: Vec<Restored>) -> Result<WorkerHandle, RelayError> {
    let sockets = Sockets::bind(&start.config, index)?;
    let address = |bound: io::Result<SocketAddr>| bound.map_err(system("read a socket's address"));
    let (rtc, quic) = (address(sockets.udp.local_addr())?, address(sockets.quic.local_addr())?);
    let running = run(start, index, &sockets, lessons)?;
    Ok(WorkerHandle::new(rtc, quic, Arc::new(sockets), running))
}

/// Starts a worker in place of one that ended, on the same sockets. It has no lessons yet.
pub(crate) fn start_again(start: &Start, index: usize, sockets: &Sockets) -> Result<Running, RelayError> {
    run(start, index, sockets, Vec::new())
}

fn run(
    start: &Start,
    index: usize,
    sockets: &Sockets,
    lessons: Vec<Restored>,
) -> Result<Running, RelayError> {
    let Start { config, clock, dtls, identity, journal, placement, cpus, ended } = start;
    let Sockets { udp, tcp, quic } = sockets.share().map_err(system("copy a worker's sockets"))?;
    let address = |bound: io::Result<SocketAddr>| bound.map_err(system("read a socket's address"));
    let (rtc_address, quic_address) = (address(udp.local_addr())?, address(quic.local_addr())?);
    let drops = |socket| ReceiveDrops::of(socket).map_err(system("keep account of a socket"));
    let drops = [drops(&udp)?, drops(&quic)?];
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(system("make a worker's runtime"))?;
    let (endpoint, udp, tcp) = {
        let _inside = runtime.enter();
        let endpoint = quic::open(quic, identity, EndpointSecrets::derive(&config.key, index))?;
        let udp = udp::open(udp).map_err(system("set up the UDP port"))?;
        (endpoint, udp, TcpListener::from_std(tcp).map_err(system("set up the TCP port"))?)
    };
    let mut core = CoreConfig::new(dtls.clone());
    core.udp_addresses = advertised(config, rtc_address);
    core.tcp_addresses = core.udp_addresses.clone();
    core.spread_after = config.spread_after;
    tracing::info!(worker = index, rtc = %rtc_address, quic = %quic_address,
        candidates = ?core.udp_addresses, "listening");
    let (inputs_sender, inputs) = mpsc::channel(INPUT_QUEUE);
    let (jobs_sender, jobs) = mpsc::channel(JOB_QUEUE);
    let (trunks, trunk) = trunk::open(inputs_sender.clone());
    let (reporter, status) = Reporter::new(clock.now().instant, index, Arc::clone(placement), drops);
    let door = Door {
        key: config.key.clone(),
        clock: *clock,
        index,
        placement: Arc::clone(placement),
        inputs: inputs_sender,
    };
    let journal = journal.clone();
    let parts = Parts { core, lessons, journal, door, udp, tcp, endpoint, inputs, jobs, reporter, trunks };
    let cpu = cpus.as_ref().and_then(|cpus| cpus.get(index)).copied();
    let ended = ended.clone();
    let life = move || {
        if let Some(cpu) = cpu {
            pinning::pin(index, cpu);
        }
        live(runtime, parts).map_err(|why| {
            // Nobody hears it at the relay's end.
            let _ = ended.blocking_send(Ended { worker: index, why });
        })
    };
    let thread = std::thread::Builder::new().name(format!("relay-{index}")).spawn(move || life().is_ok());
    Ok(Running { jobs: jobs_sender, status, trunk, thread: thread.map_err(system("start a worker thread"))? })
}

/// A worker's whole life; the error is why it ended by itself. All that it had, connections too, has
/// ended with it then.
fn live(runtime: Runtime, parts: Parts) -> Result<(), String> {
    // What a panic leaves half done is dropped with everything else.
    let life = AssertUnwindSafe(move || LocalSet::new().block_on(&runtime, parts.live()));
    match catch_unwind(life) {
        Ok(ended) => ended.map_err(str::to_owned),
        Err(panic) => Err(panic_message(panic.as_ref())),
    }
}

fn system(what: &'static str) -> impl Fn(io::Error) -> RelayError + Copy {
    move |source| RelayError::System { what, source }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

/// Notes where lessons are placed that its worker has ended by itself, before its sessions and event
/// streams end: whoever comes back then must not be sent to it.
pub(super) struct Standing {
    placement: Arc<Placement>,
    worker: usize,
    is_over: bool,
}

impl Standing {
    /// The worker ends because it was told to.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        if !self.is_over {
            self.placement.worker_ended(self.worker);
        }
    }
}

/// What goes into a worker's thread; there it is put together.
struct Parts {
    core: CoreConfig,
    lessons: Vec<Restored>,
    journal: Option<Journal>,
    door: Door,
    udp: (UdpReceiver, UdpSender),
    tcp: TcpListener,
    endpoint: Endpoint,
    inputs: mpsc::Receiver<Input>,
    jobs: mpsc::Receiver<Job>,
    reporter: Reporter,
    trunks: Trunks,
}

impl Parts {
    /// The thread's whole life; the error is why it ended by itself.
    async fn live(self) -> Result<(), &'static str> {
        let Self { core, lessons, journal, door, udp, tcp, endpoint, inputs, jobs, reporter, trunks } = self;
        let inputs_sender = door.inputs.clone();
        let clock = door.clock;
        let mut core = Core::new(core, rand::random::<[u8; 32]>());
        for Restored { lesson, state, people } in lessons {
            core.restore(clock.now(), &lesson, state, people);
        }
        let (receiver, sender) = udp;
        let egress = SharedEgress::new(sender);
        core.carry_with(egress.clone());
        let (index, placement) = (door.index, door.placement.clone());
        let listeners = Listeners::default();
        let plane =
            Plane { core, egress, listeners, senders: Senders::default(), journal, index, placement, trunks };
        let standing = Standing { placement: door.placement.clone(), worker: door.index, is_over: false };
        let mut tcp = tokio::task::spawn_local(tcp::accept(tcp, inputs_sender.clone()));
        let mut quic = tokio::task::spawn_local(quic::accept(endpoint.clone(), door));
        let worker = Worker::new(standing, clock, plane, receiver, (inputs, inputs_sender), jobs, reporter);
        tokio::select! {
            () = worker.run() => {}
            _ = &mut tcp => return Err("it takes no ICE-TCP connections any more"),
            _ = &mut quic => return Err("it takes no QUIC connections any more"),
        }
        tcp.abort();
        quic.abort();
        // The sessions' tasks say farewell and close; whoever does not react in time is cut off.
        let _ = tokio::time::timeout(QUIC_CLOSE_WAIT, endpoint.wait_idle()).await;
        endpoint.close(CODE_ENDING, b"the relay ends");
        let _ = tokio::time::timeout(QUIC_CLOSE_WAIT, endpoint.wait_idle()).await;
        Ok(())
    }
}
