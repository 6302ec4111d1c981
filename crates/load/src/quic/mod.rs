//! Participants over QUIC, as nodes are connected: the client's leg of `transport` on a `quinn`
//! connection each, all on one thread. `quinn` tells no kernel stamps, so packets are stamped when they
//! are read here: latencies hold the load's own work too.

mod client;
mod media;
mod tls;

use crate::LoadError;
use crate::engine::clock::wall_ns;
use crate::ledger::{Ledger, PublisherCounts, Session};
use crate::load::LoadConfig;
use crate::shape::Place;
use crate::signal::Signal;
use crate::tally::Account;
use client::Client;
use nix::unistd::gettid;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A session and what it got.
#[derive(Default)]
struct Seat {
    session: Session,
    account: Account,
}

/// What all sessions share. Only their thread takes it often.
#[derive(Default)]
struct State {
    ledger: Ledger,
    seats: Vec<Seat>,
}

/// The thread of all QUIC sessions; they end when this is dropped.
pub(crate) struct QuicPlant {
    runtime: Handle,
    state: Arc<Mutex<State>>,
    config: quinn::ClientConfig,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The system's number of the thread.
    pub tid: i32,
}

impl QuicPlant {
    /// Starts the thread, on the processors of the calling one.
    pub(crate) fn start() -> Result<Self, LoadError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(LoadError::system("make a runtime"))?;
        let handle = runtime.handle().clone();
        let ((stop, stopped), (ready, begun)) = (oneshot::channel::<()>(), channel());
        let thread = std::thread::Builder::new().name("load-quic".into()).spawn(move || {
            // Who started it waits for this.
            let _ = ready.send(gettid().as_raw());
            // It ends when the sender is gone.
            let _ = runtime.block_on(stopped);
        });
        let thread = thread.map_err(LoadError::system("start a thread"))?;
        let tid = begun.recv().map_err(|_| LoadError::Ended("it did not begin".to_owned()))?;
        Ok(Self {
            runtime: handle,
            state: Arc::default(),
            config: tls::client_config()?,
            stop: Some(stop),
            thread: Some(thread),
            tid,
        })
    }

    /// All sessions as they stand.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        let session = |seat: &Seat| Session {
            is_measured: seat.account.is_measured,
            received: seat.account.received,
            ..seat.session
        };
        lock(&self.state).seats.iter().map(session).collect()
    }

    /// Looks into what was counted.
    pub(crate) fn ledger<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(&mut lock(&self.state).ledger)
    }

    /// Begins to measure.
    pub(crate) fn open_window(&self) {
        let mut state = lock(&self.state);
        state.ledger.open_window(wall_ns());
        state.seats.iter_mut().for_each(|seat| seat.account.begin_window());
    }
}

impl Drop for QuicPlant {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been told on standard error.
            let _ = thread.join();
        }
    }
}

/// A participant joins; it receives if it `subscribes`, publishes if its place says so, or both.
pub(crate) async fn join(
    signal: Signal,
    plant: Arc<QuicPlant>,
    config: LoadConfig,
    place: Place,
    subscribes: bool,
) -> Result<(), LoadError> {
    let offered_ns = wall_ns();
    let address = signal.quic_address(place).await?;
    let (hello, state, client_config) =
        (client::hello(&signal, place, subscribes)?, plant.state.clone(), plant.config.clone());
    let joined = plant.runtime.spawn(async move {
        let seat = {
            let mut state = lock(&state);
            let session = Session {
                lesson: place.lesson,
                participant: place.participant,
                publisher: place.publisher,
                subscribes,
                offered_ns,
                ..Session::default()
            };
            state.seats.push(Seat { session, account: Account::default() });
            place.publisher.into_iter().for_each(|publisher| state.ledger.admit(publisher));
            state.seats.len() - 1
        };
        let client = Client::join(address, client_config, hello, (state, seat)).await?;
        tokio::spawn(client.run(config, place.publisher));
        Ok(())
    });
    joined.await.map_err(|error| LoadError::Ended(error.to_string()))?
}

/// A panic elsewhere leaves whole counts behind.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn counts(&mut self, seat: usize) -> Option<&mut PublisherCounts> {
        Some(&mut self.seats.get_mut(seat)?.session.counts)
    }
}
