//! The registry inside `tongke serve`. Lessons do not wait for it and go on without it: while its database cannot
//! be used its interface says so, facts stay on disk, and it is tried again.

use super::OwnRelay;
use crate::failure::Failure;
use crate::registry::{Place, Running, now, unusable};
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tongke_protocol::GrantKey;
use tongke_registry::Service;
use tongke_registry::store::Store;
use tower::ServiceExt as _;

/// How long it is waited for before people are told how it is.
const FIRST_WAIT: Duration = Duration::from_secs(3);
/// Until it is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// What a registry inside is made of.
#[derive(Debug)]
pub struct Inside {
    /// Where its database is.
    pub place: Place,
    /// What signs grants and tokens.
    pub key: GrantKey,
    /// Where classrooms find the relay.
    pub relay_url: Option<String>,
    /// The relay, if it reports to this registry.
    pub own_relay: Option<OwnRelay>,
}

/// A registry that works, or tries to.
#[derive(Debug)]
pub struct Working {
    opened: Opened,
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
}

/// The store that is open and the interface to it; none: not yet.
#[derive(Debug, Clone, Default)]
struct Opened(Arc<Mutex<Option<(Store, Router)>>>);

impl Opened {
    fn replace(&self, by: Option<(Store, Router)>) -> Option<(Store, Router)> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), by)
    }

    fn router(&self) -> Option<Router> {
        let opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().map(|(_, router)| router.clone())
    }

    async fn close(&self) {
        if let Some((store, _)) = self.replace(None) {
            store.close().await;
        }
    }
}

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Starting,
    Works,
    Trouble(String),
}

impl Inside {
    /// Begins to work, on the current tokio runtime.
    pub fn start(self) -> Working {
        let opened = Opened::default();
        let (told, state) = watch::channel(State::Starting);
        let task = tokio::spawn(self.work(opened.clone(), told));
        Working { opened, state, task }
    }

    async fn work(self, opened: Opened, told: watch::Sender<State>) {
        loop {
            let trouble = match self.open().await {
                Ok(running) => {
                    let router = tongke_registry::router(running.service.clone());
                    opened.replace(Some((running.store, router)));
                    told.send_replace(State::Works);
                    tracing::info!(database = self.place.shown(), "the registry works");
                    let ended = until_it_ends(running.service).await;
                    opened.close().await;
                    ended
                }
                Err(failure) => failure.in_one_line(),
            };
            if *told.borrow() != State::Trouble(trouble.clone()) {
                tracing::error!(trouble, "the registry does not work; lessons do, and their facts are kept");
            }
            told.send_replace(State::Trouble(trouble));
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn open(&self) -> Result<Running, Failure> {
        let running = Running::open(&self.place, self.key.clone(), self.relay_url.clone()).await?;
        if let Some(relay) = &self.own_relay {
            relay.enrol(&running.store, now()).await.map_err(unusable)?;
        }
        Ok(running)
    }
}

/// Works in the background. That ends by a mistake of the program only, which is told.
async fn until_it_ends(service: Arc<Service>) -> String {
    // Dropped, it takes the task with it.
    let mut task = JoinSet::new();
    task.spawn(service.work());
    match task.join_next().await {
        Some(Err(error)) => error.to_string(),
        Some(Ok(())) | None => "its work ended".to_owned(),
    }
}

impl Working {
    /// Its interface, whether it works or not.
    pub fn routes(&self) -> Router {
        let opened = self.opened.clone();
        let answer = move |request: Request| answer(opened.clone(), request);
        Router::new().route("/api/{*rest}", axum::routing::any(answer))
    }

    /// Why it does not work; none: it does, or takes long to open.
    pub async fn trouble(&self) -> Option<String> {
        let mut state = self.state.clone();
        let known = state.wait_for(|state| *state != State::Starting);
        match tokio::time::timeout(FIRST_WAIT, known).await {
            Ok(Ok(state)) => match &*state {
                State::Trouble(trouble) => Some(trouble.clone()),
                State::Starting | State::Works => None,
            },
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// Ends it. Whatever it is in the middle of is undone, and is done at the next start.
    pub async fn end(self) {
        self.task.abort();
        let _ = self.task.await;
        self.opened.close().await;
    }
}

async fn answer(opened: Opened, mut request: Request) -> Response {
    // What the way to here made of the path is not the interface's; where the request comes from is.
    let from = request.extensions_mut().remove::<ConnectInfo<SocketAddr>>();
    request.extensions_mut().clear();
    from.map(|from| request.extensions_mut().insert(from));
    match opened.router() {
        Some(router) => match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        None => not_now(),
    }
}

/// What whoever asks is told meanwhile; machines try again.
fn not_now() -> Response {
    const BODY: &str = concat!(
        r#"{"code":"registry_unavailable","message":"the registry of this 'tongke serve' does not work yet","#,
        r#""hint":"its log says why; try again in a minute"}"#
    );
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::RETRY_AFTER, "30")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, BODY).into_response()
}
