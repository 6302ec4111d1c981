//! The HTTP interface: WHIP and WHEP, event streams, clock, slots and actions, dispatches, links, rate, reflector,
//! load, loopback, metrics, health.

mod caller;
mod conduct;
mod cors;
mod dispatches;
mod events;
mod health;
pub(crate) mod https;
mod lesson;
mod load;
mod loopback;
mod rate;
mod reflector;
pub(crate) mod refusal;
mod whip;

use crate::clock::Clock;
use crate::handing_on::HandingOn;
use crate::journal::Journal;
use crate::leases::Leases;
use crate::loopback::Loopbacks;
use crate::placement::Placement;
use crate::worker::{self, WorkerHandle};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::{delete, get, post, put};
use caller::Caller;
use refusal::{HttpRefusal, busy, refuse};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tongke_probe::Reflector;
use tongke_protocol::{GrantKey, LessonId, Now};

/// Longest request body: an offer with 64 media sections of a browser has about 150 KiB.
const MAX_BODY: usize = 256 * 1024;

/// What every request may need.
pub(crate) struct Relay {
    pub key: GrantKey,
    pub clock: Clock,
    /// Emptied when the relay has ended, so that the workers end.
    pub workers: Vec<WorkerHandle>,
    /// Which worker a lesson lives on.
    pub placement: Arc<Placement>,
    /// Whether a lesson may be on several workers.
    pub spreads: bool,
    /// How often a worker was started in place of one that ended by itself.
    pub restarts: AtomicU64,
    /// SHA-256 of the QUIC certificate, hex.
    pub quic_certificate: String,
    /// Where facts are written down, if they are.
    pub journal: Option<Journal>,
    /// The way of what is written down to the registry, if there is one.
    pub handing_on: Option<HandingOn>,
    /// No new sessions: the relay is about to end.
    pub draining: AtomicBool,
    /// Places for measurements of the way's rate.
    pub measurements: Arc<Semaphore>,
    /// With which schools test their lines.
    pub reflector: Option<Reflector>,
    /// Whether they may load them.
    pub takes_load: bool,
    /// Which lines are loaded.
    pub leases: Mutex<Leases>,
    /// In which schools call themselves.
    pub loopbacks: Loopbacks,
}

impl Relay {
    /// The worker for the caller's sessions, and the lesson's home if that is another. `joins`: a session
    /// is about to be opened.
    async fn seat(&self, caller: &Caller, joins: bool) -> Result<(usize, Option<usize>), HttpRefusal> {
        let home = self.placement.home(&caller.lesson);
        if caller.grant.role.may_publish() || !self.spreads {
            return Ok((home, None));
        }
        let (Caller { lesson, grant }, others) = (caller.clone(), self.placement.others(home));
        let job = move |plane: &mut worker::Plane, _| plane.seat(&lesson, &grant, &others, joins);
        let seat = self.workers[home].ask(job).await.map_err(|_| busy())??;
        Ok(seat.map_or((home, None), |worker| (worker, Some(home))))
    }

    /// Has the caller's worker open a session.
    async fn ask_to_join<T: Send + 'static>(
        &self,
        caller: &Caller,
        job: impl FnOnce(&mut worker::Plane, Now) -> T + Send + 'static,
    ) -> Result<T, HttpRefusal> {
        self.ask_at(self.seat(caller, true).await?, caller, job).await
    }

    /// Has the caller's worker do something with its sessions, or with what it hears.
    async fn ask_for<T: Send + 'static>(
        &self,
        caller: &Caller,
        job: impl FnOnce(&mut worker::Plane, Now) -> T + Send + 'static,
    ) -> Result<T, HttpRefusal> {
        self.ask_at(self.seat(caller, false).await?, caller, job).await
    }

    async fn ask_at<T: Send + 'static>(
        &self,
        (worker, home): (usize, Option<usize>),
        caller: &Caller,
        job: impl FnOnce(&mut worker::Plane, Now) -> T + Send + 'static,
    ) -> Result<T, HttpRefusal> {
        let lesson = caller.lesson.clone();
        let job = move |plane: &mut worker::Plane, now| {
            let is_there = home.is_none_or(|home| plane.open_branch(now, &lesson, home));
            is_there.then(|| job(plane, now))
        };
        self.workers[worker].ask(job).await.ok().flatten().ok_or_else(busy)
    }

    /// Has the worker that the lesson lives on do something with it as a whole.
    async fn ask_home<T: Send + 'static>(
        &self,
        lesson: &LessonId,
        job: impl FnOnce(&mut worker::Plane, Now) -> T + Send + 'static,
    ) -> Result<T, HttpRefusal> {
        self.workers[self.placement.home(lesson)].ask(job).await.map_err(|_| busy())
    }

    /// As [`ask_home`](Self::ask_home), for callers with whom no lesson may begin; none: it lives
    /// nowhere.
    async fn ask_if_known<T: Send + 'static>(
        &self,
        lesson: &LessonId,
        job: impl FnOnce(&mut worker::Plane, Now) -> T + Send + 'static,
    ) -> Result<Option<T>, HttpRefusal> {
        let Some(worker) = self.placement.find(lesson) else { return Ok(None) };
        self.workers[worker].ask(job).await.map(Some).map_err(|_| busy())
    }

    /// Places for measurements of the way's rate, all free.
    pub(crate) fn measurements() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(rate::MAX_AT_ONCE))
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// All routes of the relay, and the pages that it serves beside them. Pages are for the same origin
/// only, and what is at neither is answered by the relay.
pub(crate) fn router(relay: Arc<Relay>, pages: Router) -> Router {
    Router::new()
        .route("/whip/{lesson}", post(whip::publish))
        .route("/whep/{lesson}", post(whip::subscribe))
        .route("/check/{lesson}", post(whip::check))
        .route("/whip/{lesson}/{session}", whip::resource())
        .route("/whep/{lesson}/{session}", whip::resource())
        .route("/check/{lesson}/{session}", whip::resource())
        .route("/lessons/{lesson}/events", get(events::stream))
        .route("/lessons/{lesson}/clock", post(lesson::clock_probe).put(lesson::clock_report))
        .route("/lessons/{lesson}/hand", put(conduct::hand))
        .route("/lessons/{lesson}/slots", put(lesson::slots))
        .route("/lessons/{lesson}/links", get(lesson::links))
        .route("/lessons/{lesson}/rate", get(rate::down).post(rate::up))
        .route("/lessons/{lesson}/reflector", post(reflector::open))
        .route("/lessons/{lesson}/load", post(load::take))
        .route("/lessons/{lesson}/load/{lease}", delete(load::give_back))
        .route("/lessons/{lesson}/loopback", post(loopback::open))
        .route("/lessons/{lesson}/self", get(conduct::pass))
        .route("/lessons/{lesson}/actions", post(conduct::act))
        .route("/lessons/{lesson}/flow", post(lesson::flow))
        .route("/lessons/{lesson}/dispatches", post(dispatches::send))
        .route("/metrics", get(health::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(cors::cors))
        .with_state(relay)
        .merge(pages.reset_fallback())
}

async fn no_route(uri: Uri) -> HttpRefusal {
    let text = format!("there is nothing at {}; WHIP is at /whip/LESSON, WHEP at /whep/LESSON", uri.path());
    refuse(StatusCode::NOT_FOUND, "not_found", text)
}

async fn no_method(method: Method, uri: Uri) -> HttpRefusal {
    let text = format!("{method} is not allowed at {}; the Allow header names what is", uri.path());
    refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text)
}
