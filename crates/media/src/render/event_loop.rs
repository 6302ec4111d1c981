//! The event loop of this process's windows. winit makes one in a process's life, so it stays, on a thread of its own;
//! windows run on it one after the other.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use winit::event_loop::EventLoop;
use winit::platform::x11::EventLoopBuilderExtX11;

/// What the window's thread is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wake {
    Draw,
    /// The window of that number is to close; another one stays.
    Close(u64),
}

/// A window's life.
type Job = Box<dyn FnOnce(&mut EventLoop<Wake>) + Send>;

/// Where jobs go, or why there is no screen. None: nobody asked yet.
static JOBS: Mutex<Option<Result<Sender<Job>, String>>> = Mutex::new(None);

/// Runs a job on the event loop, once the jobs before it are done. Returns at once.
pub(super) fn run(job: Job) -> Result<(), String> {
    let mut jobs = JOBS.lock().unwrap_or_else(PoisonError::into_inner);
    // winit refuses a second try even if the first one failed, so its reason is kept.
    let jobs = jobs.get_or_insert_with(start).as_ref().map_err(Clone::clone)?;
    jobs.send(job).map_err(|_| "its thread ended".to_owned())
}

fn start() -> Result<Sender<Job>, String> {
    let (jobs, coming) = channel();
    let (started, result) = channel();
    thread::Builder::new()
        .name("window".into())
        .spawn(move || work(&coming, &started))
        .map_err(|error| error.to_string())?;
    result.recv().unwrap_or_else(|_| Err("its thread ended".into()))?;
    Ok(jobs)
}

fn work(coming: &Receiver<Job>, started: &Sender<Result<(), String>>) {
    let mut event_loop = match EventLoop::<Wake>::with_user_event().with_any_thread(true).build() {
        Ok(event_loop) => event_loop,
        Err(error) => {
            let reason = match std::env::var_os("DISPLAY") {
                None => "there is no screen (DISPLAY is not set)".to_owned(),
                Some(display) => format!("no X server at DISPLAY {}: {error}", display.to_string_lossy()),
            };
            let _ = started.send(Err(reason));
            return;
        }
    };
    let _ = started.send(Ok(()));
    for job in coming {
        job(&mut event_loop);
    }
}
