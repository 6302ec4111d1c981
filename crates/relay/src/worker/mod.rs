//! A worker: one thread that owns the sockets and the core of its lessons, so that no media packet
//! crosses a thread, but over the trunk of a lesson that is spread over workers, and nothing in it
//! takes a lock.
//!
//! Everything that happens comes as one of four: datagrams on the UDP socket, [`Input`]s of the
//! worker's own tasks (TCP connections, QUIC sessions), [`Job`]s of the HTTP interface, and time.
//! A [`turn`](Worker::turn) takes what is there, up to a bound, reads the clock once and sends all
//! that follows from it.

mod audience;
mod dispatches;
mod drops;
mod egress;
mod gather;
mod handle;
mod pinning;
mod plane;
mod quic;
mod sockets;
mod spread;
mod start;
mod status;
mod tcp;
mod trunk;
mod udp;

pub(crate) use dispatches::DispatchError;
pub(crate) use handle::WorkerHandle;
pub(crate) use pinning::cpus;
pub(crate) use plane::{Plane, Resource, ResourceError};
pub(crate) use start::{Ended, Start, start, start_again};
pub(crate) use status::WorkerStatus;

use crate::clock::Clock;
use bytes::Bytes;

use quic::JoinRequest;
use start::Standing;
use status::Reporter;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tongke_protocol::Now;
use tongke_protocol::control::ClientMessage;
use tongke_sfu::{LegId, Site, TrunkBatch};
use tongke_transport::webrtc::Path;
use udp::UdpReceiver;

/// Receive calls in one turn, each up to 32 messages: then the core's outputs are sent.
const RECEIVES_PER_TURN: usize = 4;
/// Inputs of tasks in one turn.
const INPUTS_PER_TURN: usize = 512;
/// Jobs in one turn: each may be a join, which takes as long as a few dozen packets.
const JOBS_PER_TURN: usize = 4;
/// Inputs that may wait. Full: the tasks wait, so TCP peers are slowed by their window and QUIC
/// drops its oldest datagrams.
const INPUT_QUEUE: usize = 4096;
/// Jobs that may wait. Full: the HTTP request is answered with 503.
const JOB_QUEUE: usize = 256;

/// How often it is written down who is there: so much a power cut leaves unknown.
const PRESENCE_PERIOD: Duration = Duration::from_secs(60);

/// Work that the HTTP interface gives a worker; what it returns goes back by a oneshot.
pub(crate) type Job = Box<dyn FnOnce(&mut Plane, Now) + Send>;

/// What a worker's own tasks bring.
pub(crate) enum Input {
    /// Somebody connected to the ICE-TCP port.
    TcpOpened { stream: TcpStream, remote: SocketAddr },
    /// A frame came.
    TcpDatagram { path: Path, datagram: Vec<u8> },
    /// The connection ended.
    TcpClosed { connection: u64, path: Path },
    /// Somebody with a signed grant said hello.
    QuicJoin(Box<JoinRequest>),
    /// Media or RTCP came.
    QuicDatagram { leg: LegId, datagram: Bytes },
    /// A control message came.
    QuicControl { leg: LegId, message: ClientMessage },
    /// The connection ended.
    QuicClosed { leg: LegId, reason: String },
    /// Another worker's core has something for this one's.
    Trunk { from: Site, batch: TrunkBatch },
}

/// Why a turn begins.
enum Wake {
    Udp,
    Input(Input),
    Job(Job),
    Time,
    End,
}

struct Worker {
    /// The first to be dropped: see there.
    standing: Standing,
    clock: Clock,
    plane: Plane,
    udp: UdpReceiver,
    inputs: mpsc::Receiver<Input>,
    /// For new TCP connections.
    inputs_sender: mpsc::Sender<Input>,
    jobs: mpsc::Receiver<Job>,
    reporter: Reporter,
    /// When it is next written down who is there; none: nothing is.
    presence_due: Option<Instant>,
    /// How long datagrams gather between two turns.
    pause: Duration,
}

impl Worker {
    fn new(
        standing: Standing,
        clock: Clock,
        plane: Plane,
        udp: UdpReceiver,
        (inputs, inputs_sender): (mpsc::Receiver<Input>, mpsc::Sender<Input>),
        jobs: mpsc::Receiver<Job>,
        reporter: Reporter,
    ) -> Self {
        let presence_due = plane.journal.is_some().then(|| clock.now().instant + PRESENCE_PERIOD);
        let pause = Duration::ZERO;
        Self { standing, clock, plane, udp, inputs, inputs_sender, jobs, reporter, presence_due, pause }
    }

    /// Works until the last [`WorkerHandle`] is gone.
    async fn run(mut self) {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        let mut is_behind = false;
        loop {
            let due = self.due();
            if timer.deadline().into_std() != due {
                timer.as_mut().reset(due.into());
            }
            let wake = tokio::select! {
                readable = self.udp.readable() => match readable {
                    Ok(()) => Wake::Udp,
                    Err(_) => Wake::Time,
                },
                Some(input) = self.inputs.recv() => Wake::Input(input),
                job = self.jobs.recv() => job.map_or(Wake::End, Wake::Job),
                () = &mut timer => Wake::Time,
                () = std::future::ready(()), if is_behind => Wake::Time,
            };
            if matches!(wake, Wake::End) {
                self.standing.end();
                return;
            }
            is_behind = self.turn(wake);
            if is_behind {
                // The tasks that feed this one and carry its sends live on the same thread.
                tokio::task::yield_now().await;
            } else if !self.pause.is_zero() {
                // The whole thread: QUIC's datagrams are to gather too.
                std::thread::sleep(self.pause);
            }
        }
    }

    fn due(&mut self) -> Instant {
        let others = [self.plane.core.poll_timeout(), self.presence_due];
        others.into_iter().flatten().fold(self.reporter.due(), Instant::min)
    }

    /// One round: takes what came, does what is due, sends what follows from it. True: more came
    /// than one round takes.
    fn turn(&mut self, wake: Wake) -> bool {
        let now = self.clock.now();
        match wake {
            Wake::Input(input) => self.take(now, input),
            Wake::Job(job) => job(&mut self.plane, now),
            Wake::Udp | Wake::Time | Wake::End => {}
        }
        let core = &mut self.plane.core;
        let more_datagrams = (0..RECEIVES_PER_TURN).all(|_| {
            self.udp.receive(|local, remote, datagram| {
                core.handle_datagram(now, Path::Udp { local, remote }, datagram);
            })
        });
        let more_inputs = (0..INPUTS_PER_TURN).all(|_| match self.inputs.try_recv() {
            Ok(input) => {
                self.take(now, input);
                true
            }
            Err(_) => false,
        });
        let more_jobs = (0..JOBS_PER_TURN).all(|_| match self.jobs.try_recv() {
            Ok(job) => {
                job(&mut self.plane, now);
                true
            }
            Err(_) => false,
        });
        if self.plane.core.has_handshakes() {
            // Media goes first.
            self.plane.flush();
        }
        if self.plane.core.poll_timeout().is_some_and(|due| due <= now.instant) {
            self.plane.core.handle_timeout(now);
        }
        if self.presence_due.is_some_and(|due| due <= now.instant) {
            self.presence_due = Some(now.instant + PRESENCE_PERIOD);
            self.plane.core.note_presence(now);
        }
        self.plane.flush();
        if self.reporter.due() <= now.instant {
            self.plane.tidy(now);
            let core = &self.plane.core;
            self.plane.egress.with(|egress| egress.tcp.tidy(now.instant, |path| core.knows_path(path)));
            let load = self.reporter.report(now.instant, &self.plane, self.udp.counters);
            self.plane.core.set_load(load as f32);
            self.pause = gather::pause(load);
        }
        more_datagrams || more_inputs || more_jobs || self.plane.core.has_handshakes()
    }

    fn take(&mut self, now: Now, input: Input) {
        let Plane { core, egress, .. } = &mut self.plane;
        match input {
            Input::TcpOpened { stream, remote } => {
                let inputs = self.inputs_sender.clone();
                egress.with(|egress| egress.tcp.open(now.instant, stream, remote, inputs));
            }
            Input::TcpDatagram { path, mut datagram } => core.handle_datagram(now, path, &mut datagram),
            Input::TcpClosed { connection, path } => {
                egress.with(|egress| egress.tcp.close(connection));
                core.path_lost(path);
            }
            Input::QuicJoin(request) => self.plane.admit(now, *request),
            Input::QuicDatagram { leg, datagram } => core.handle_quic_datagram(now, leg, &datagram),
            Input::QuicControl { leg, message } => core.handle_control(now, leg, &message),
            Input::QuicClosed { leg, reason } => core.leave(now, leg, &reason),
            Input::Trunk { from, mut batch } => {
                core.handle_trunk(now, from, &mut batch);
                self.plane.trunks.give_back(from, batch);
            }
        }
    }
}
