//! The way to the load's thread from others.

use super::Engine;
use crate::LoadError;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::unistd::gettid;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// Something for the thread to do between two turns.
pub(super) type Work = Box<dyn FnOnce(&mut Engine) + Send>;

/// The load's thread; it ends when this is dropped.
pub(crate) struct EngineHandle {
    work: Option<Sender<Work>>,
    wake: Arc<EventFd>,
    thread: Option<JoinHandle<()>>,
    /// The system's number of the thread.
    pub tid: i32,
}

impl EngineHandle {
    /// Starts the thread, on the processors of the calling one.
    pub(crate) fn start() -> Result<Self, LoadError> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let wake = EventFd::from_value_and_flags(0, flags).map_err(LoadError::system("make an eventfd"))?;
        let wake = Arc::new(wake);
        let (work, jobs) = channel();
        let (ready, begun) = channel();
        let of_thread = wake.clone();
        let thread = std::thread::Builder::new().name("load".into()).spawn(move || {
            // Its buffers hold pointers, so it is made where it stays; who started it waits for this.
            match Engine::new(jobs, &of_thread) {
                Ok(engine) => {
                    let _ = ready.send(Ok(gettid().as_raw()));
                    engine.run();
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        });
        let thread = thread.map_err(LoadError::system("start a thread"))?;
        let tid = begun.recv().map_err(|_| LoadError::Ended("it did not begin".to_owned()))??;
        Ok(Self { work: Some(work), wake, thread: Some(thread), tid })
    }

    /// Has the thread do something and waits for the result.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, LoadError> {
        let (reply, answer): (Sender<T>, Receiver<T>) = channel();
        let ended = || LoadError::Ended("it gave no answer".to_owned());
        let work: Work = Box::new(move |engine| {
            // Who asked waits for it.
            let _ = reply.send(job(engine));
        });
        self.work.as_ref().ok_or_else(ended)?.send(work).map_err(|_| ended())?;
        self.wake();
        answer.recv().map_err(|_| ended())
    }

    fn wake(&self) {
        // The count is far from full, and any value wakes.
        let _ = self.wake.write(1);
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        self.work = None;
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic has been told on standard error.
            let _ = thread.join();
        }
    }
}
