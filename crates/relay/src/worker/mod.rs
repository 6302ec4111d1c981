//! A worker: one thread that owns the sockets and the core of its lessons, so that no media packet
//! crosses a thread and nothing in it takes a lock.
//!
//! Everything that happens comes as one of four: datagrams on the UDP socket, [`Input`]s of the
//! worker's own tasks (TCP connections, QUIC sessions), [`Job`]s of the HTTP interface, and time.
//! A [`turn`](Worker::turn) takes what is there, up to a bound, reads the clock once and sends all
//! that follows from it.

mod audience;
mod plane;
mod quic;
mod start;
mod status;
mod tcp;
mod udp;

pub(crate) use plane::{Plane, Resource, ResourceError};
pub(crate) use start::{Start, WorkerHandle, start};
pub(crate) use status::WorkerStatus;

use crate::clock::Clock;
use bytes::Bytes;

use quic::JoinRequest;
use status::Reporter;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tongke_protocol::control::ClientMessage;
use tongke_protocol::{LessonId, Now};
use tongke_sfu::LegId;
use tongke_transport::webrtc::Path;

/// Receive calls in one turn, each up to 32 messages: then the core's outputs are sent.
const RECEIVES_PER_TURN: usize = 4;
/// Inputs of tasks in one turn.
const INPUTS_PER_TURN: usize = 512;
/// Jobs in one turn.
const JOBS_PER_TURN: usize = 32;
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
}

/// The worker that a lesson lives on.
pub(crate) fn of_lesson(lesson: &LessonId, workers: usize) -> usize {
    // Without a random key, so that links, QUIC sessions and HTTP agree on it.
    let mut hasher = DefaultHasher::new();
    lesson.as_str().hash(&mut hasher);
    (hasher.finish() % workers as u64) as usize
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
    clock: Clock,
    plane: Plane,
    inputs: mpsc::Receiver<Input>,
    /// For new TCP connections.
    inputs_sender: mpsc::Sender<Input>,
    jobs: mpsc::Receiver<Job>,
    reporter: Reporter,
    /// When it is next written down who is there; none: nothing is.
    presence_due: Option<Instant>,
}

impl Worker {
    fn new(
        clock: Clock,
        plane: Plane,
        (inputs, inputs_sender): (mpsc::Receiver<Input>, mpsc::Sender<Input>),
        jobs: mpsc::Receiver<Job>,
        reporter: Reporter,
    ) -> Self {
        let presence_due = plane.journal.is_some().then(|| clock.now().instant + PRESENCE_PERIOD);
        Self { clock, plane, inputs, inputs_sender, jobs, reporter, presence_due }
    }

    /// Works until the last [`WorkerHandle`] is gone.
    async fn run(mut self) {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        loop {
            let due = self.due();
            if timer.deadline().into_std() != due {
                timer.as_mut().reset(due.into());
            }
            let wake = tokio::select! {
                readable = self.plane.udp.readable() => match readable {
                    Ok(()) => Wake::Udp,
                    Err(_) => Wake::Time,
                },
                Some(input) = self.inputs.recv() => Wake::Input(input),
                job = self.jobs.recv() => job.map_or(Wake::End, Wake::Job),
                () = &mut timer => Wake::Time,
            };
            if matches!(wake, Wake::End) {
                return;
            }
            if self.turn(wake) {
                // The tasks that feed this one and carry its sends live on the same thread.
                tokio::task::yield_now().await;
            }
        }
    }

    fn due(&self) -> Instant {
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
        let Plane { core, udp, .. } = &mut self.plane;
        let more_datagrams = (0..RECEIVES_PER_TURN).all(|_| {
            udp.receive(|local, remote, datagram| {
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
        for _ in 0..JOBS_PER_TURN {
            let Ok(job) = self.jobs.try_recv() else { break };
            job(&mut self.plane, now);
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
            self.plane.listeners.tidy(&self.plane.core);
            self.reporter.report(now.instant, &self.plane);
        }
        more_datagrams || more_inputs
    }

    fn take(&mut self, now: Now, input: Input) {
        let Plane { core, tcp, .. } = &mut self.plane;
        match input {
            Input::TcpOpened { stream, remote } => tcp.open(stream, remote, self.inputs_sender.clone()),
            Input::TcpDatagram { path, mut datagram } => core.handle_datagram(now, path, &mut datagram),
            Input::TcpClosed { connection, path } => {
                tcp.close(connection);
                core.path_lost(path);
            }
            Input::QuicJoin(request) => self.plane.admit(now, *request),
            Input::QuicDatagram { leg, datagram } => core.handle_quic_datagram(now, leg, &datagram),
            Input::QuicControl { leg, message } => core.handle_control(now, leg, &message),
            Input::QuicClosed { leg, reason } => core.leave(now, leg, &reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_always_lives_on_the_same_worker_and_lessons_spread() {
        let mut seen = [0; 4];
        for n in 0..400 {
            let lesson: LessonId = format!("lesson-{n}").parse().unwrap();
            let index = of_lesson(&lesson, 4);
            assert_eq!(index, of_lesson(&lesson, 4));
            seen[index] += 1;
        }
        assert!(seen.iter().all(|&count| count > 50), "{seen:?}");
    }
}
