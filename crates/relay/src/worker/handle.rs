//! A worker as the rest of the relay sees it, whichever thread it is at the moment.

use super::sockets::Sockets;
use super::trunk::TrunkPort;
use super::{Job, Plane, WorkerStatus};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};
use tongke_protocol::Now;

/// A worker. It ends when this is dropped.
pub(crate) struct WorkerHandle {
    /// Address of WebRTC media, UDP and TCP.
    pub rtc: SocketAddr,
    /// Address of QUIC.
    pub quic: SocketAddr,
    sockets: Arc<Sockets>,
    /// Held to copy an end of a channel, and when the thread is replaced.
    running: Mutex<Running>,
}

/// A worker's thread and the ways to it.
pub(crate) struct Running {
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) status: watch::Receiver<WorkerStatus>,
    /// How other workers reach it.
    pub(super) trunk: TrunkPort,
    /// Returns whether it ended because it was told to.
    pub(super) thread: std::thread::JoinHandle<bool>,
}

/// A worker does not take jobs now: it has too many, or has ended.
#[derive(Debug)]
pub(crate) struct Busy;

impl WorkerHandle {
    pub(super) fn new(rtc: SocketAddr, quic: SocketAddr, sockets: Arc<Sockets>, running: Running) -> Self {
        Self { rtc, quic, sockets, running: Mutex::new(running) }
    }

    /// Has the worker do `job` and returns its result.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Plane, Now) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (job, answer) = answering(job);
        self.running().jobs.try_send(job).map_err(|_| Busy)?;
        answer.await.map_err(|_| Busy)
    }

    /// As [`ask`](Self::ask), and waits while it has too much to do.
    pub(crate) async fn ask_patiently<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Plane, Now) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (job, answer) = answering(job);
        let jobs = self.running().jobs.clone();
        jobs.send(job).await.map_err(|_| Busy)?;
        answer.await.map_err(|_| Busy)
    }

    /// Has the worker do `job` when it comes to it; false: it does not take it.
    pub(crate) fn post(&self, job: impl FnOnce(&mut Plane, Now) + Send + 'static) -> bool {
        self.running().jobs.try_send(Box::new(job)).is_ok()
    }

    /// How other workers reach it.
    pub(crate) fn trunk(&self) -> TrunkPort {
        self.running().trunk.clone()
    }

    /// The worker's last status.
    pub(crate) fn status(&self) -> WorkerStatus {
        self.running().status.borrow().clone()
    }

    /// The sockets that it listens on, whoever runs.
    pub(crate) fn sockets(&self) -> Arc<Sockets> {
        self.sockets.clone()
    }

    /// Goes on with another thread, in place of one that has ended.
    pub(crate) fn replace(&self, running: Running) {
        *self.running() = running;
    }

    /// Lets the worker end and waits for it; false: it ended by itself.
    pub(crate) async fn join(self) -> bool {
        let Running { jobs, thread, .. } = self.running.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop(jobs);
        tokio::task::spawn_blocking(move || thread.join().unwrap_or(false)).await.unwrap_or(false)
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        // It is replaced as a whole.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that sends back what it returns.
fn answering<T: Send + 'static>(
    job: impl FnOnce(&mut Plane, Now) -> T + Send + 'static,
) -> (Job, oneshot::Receiver<T>) {
    let (reply, answer) = oneshot::channel();
    let span = tracing::Span::current();
    let job: Job = Box::new(move |plane, now| {
        // Nobody waits for the answer when the HTTP client has gone.
        let _ = reply.send(span.in_scope(|| job(plane, now)));
    });
    (job, answer)
}
