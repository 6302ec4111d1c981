//! A running relay: its beginning and its end.

use crate::certificate::Identity;
use crate::clock::Clock;
use crate::config::RelayConfig;
use crate::error::RelayError;
use crate::handing_on::{HandingOn, machine_of};
use crate::http;
use crate::http::https::HttpsAcceptor;
use crate::journal::{self, Restored};
use crate::loopback::Loopbacks;
use crate::placement::Placement;
use crate::reflector;
use crate::supervisor;
use crate::worker::{self, Start, WorkerHandle};
use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tongke_probe::Reflector;
use tongke_transport::webrtc::Certificate;

/// Time for HTTP requests under way at the end.
const HTTP_CLOSE_WAIT: Duration = Duration::from_secs(3);
/// Time for a worker to tell its clients.
const WORKER_WAIT: Duration = Duration::from_secs(1);
/// Time for the last facts to be on disk.
const JOURNAL_WAIT: Duration = Duration::from_secs(5);
/// Time for a request's head.
const HTTP_HEADER_WAIT: Duration = Duration::from_secs(10);
/// How often an HTTP/2 client is asked whether it is there.
const HTTP_PING_PERIOD: Duration = Duration::from_secs(10);

/// Runs a relay until `shutdown` is ready, then tells all clients and ends.
pub async fn run(config: RelayConfig, shutdown: impl Future<Output = ()>) -> Result<(), RelayError> {
    run_with(config, Router::new(), shutdown).await
}

/// As [`run`], with these pages on the relay's HTTP port; see [`Relay::start_with`].
pub async fn run_with(
    config: RelayConfig,
    pages: Router,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RelayError> {
    let mut relay = Relay::start_with(&config, pages)?;
    tokio::select! {
        () = shutdown => {
            relay.shutdown("the relay is being restarted").await;
            Ok(())
        }
        ended = relay.failed() => Err(ended),
    }
}

/// A running relay. Dropping it ends it without telling the clients; see [`Relay::shutdown`].
pub struct Relay {
    shared: Arc<http::Relay>,
    server: JoinHandle<io::Result<()>>,
    serving: Serving,
    supervising: Supervising,
    http: SocketAddr,
    /// Ends when nobody is left to write.
    journal_thread: Option<std::thread::JoinHandle<()>>,
}

/// Ends the HTTP interface, and with it the workers, when it is dropped.
struct Serving(Handle<SocketAddr>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

/// Ends the watch over the workers when it is dropped.
struct Supervising(JoinHandle<RelayError>);

impl Supervising {
    /// Ends it, and with it all that it holds.
    async fn end(mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Drop for Supervising {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Relay {
    /// Binds all addresses and starts the workers and the HTTP interface on the current tokio
    /// runtime.
    pub fn start(config: &RelayConfig) -> Result<Relay, RelayError> {
        Self::start_with(config, Router::new())
    }

    /// As [`start`](Self::start), and the HTTP interface also serves `pages`. They must not have a
    /// route that the relay has; their fallback is not used.
    pub fn start_with(config: &RelayConfig, pages: Router) -> Result<Relay, RelayError> {
        let listener = bind_http(config.http)?;
        let bound = |source| RelayError::System { what: "read the HTTP socket's address", source };
        let http = listener.local_addr().map_err(bound)?;
        let identity = match &config.tls {
            Some(files) => Identity::read(files)?,
            None => Identity::make()?,
        };
        let clock = Clock::start();
        let (mut journal, mut handing_on, mut journal_thread, mut lessons) = (None, None, None, Vec::new());
        if let Some(directory) = &config.data {
            let machine = machine_of(directory)?;
            let opened = journal::open(directory, clock.now().wall, machine.is_some())?;
            handing_on =
                opened.follow.zip(machine).map(|(follow, machine)| HandingOn::start(&follow, machine));
            (journal, journal_thread, lessons) = (Some(opened.journal), Some(opened.thread), opened.lessons);
        }
        let placement = Arc::new(Placement::new(usize::from(config.workers)));
        let quic_certificate = identity.sha256_hex();
        let tls = config.tls.is_some().then(|| https(&identity)).transpose()?;
        let (ended_sender, ended) = mpsc::channel(usize::from(config.workers));
        let start = Start {
            config: config.clone(),
            clock,
            placement: placement.clone(),
            cpus: if config.pin_workers { worker::cpus(usize::from(config.workers)) } else { None },
            journal: journal.clone(),
            dtls: Arc::new(dtls_certificate()?),
            identity,
            ended: ended_sender,
        };
        let workers = start_workers(&start, lessons)?;
        (0..workers.len()).for_each(|new| introduce(&workers[..=new], new));
        let shared = Arc::new(http::Relay {
            clock,
            workers,
            placement,
            spreads: config.workers > 1 && config.spread_after > 0,
            journal,
            handing_on,
            restarts: AtomicU64::new(0),
            quic_certificate,
            key: config.key.clone(),
            draining: AtomicBool::new(false),
            measurements: http::Relay::measurements(),
            reflector: reflector::start(config)?,
            takes_load: config.load_mbps > 0,
            leases: Mutex::default(),
            loopbacks: Loopbacks::default(),
        });
        let serving = Serving(Handle::new());
        let is_https = tls.is_some();
        let server = serve(listener, tls, &serving.0, http::router(shared.clone(), pages))?;
        tracing::info!(%http, https = is_https, workers = config.workers, "relay started");
        let supervising = Supervising(tokio::spawn(supervisor::watch(shared.clone(), start, ended)));
        Ok(Relay { shared, server, serving, supervising, http, journal_thread })
    }

    /// Where the HTTP interface listens.
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// Where the workers take WebRTC media, UDP and TCP.
    pub fn rtc_addrs(&self) -> Vec<SocketAddr> {
        self.shared.workers.iter().map(|worker| worker.rtc).collect()
    }

    /// Where the workers take QUIC sessions.
    pub fn quic_addrs(&self) -> Vec<SocketAddr> {
        self.shared.workers.iter().map(|worker| worker.quic).collect()
    }

    /// Where lines are tested, if they are.
    pub fn reflector_addr(&self) -> Option<SocketAddr> {
        self.shared.reflector.as_ref().map(Reflector::address)
    }

    /// SHA-256 of the QUIC endpoint's certificate, lower-case hex.
    pub fn quic_certificate_sha256(&self) -> &str {
        &self.shared.quic_certificate
    }

    /// Waits for ever, or until a part of the relay has ended by itself.
    pub async fn failed(&mut self) -> RelayError {
        tokio::select! {
            watched = &mut self.supervising.0 => watched.unwrap_or_else(|error| {
                RelayError::System { what: "go on watching the workers", source: io::Error::other(error) }
            }),
            served = &mut self.server => {
                let source = match served {
                    Ok(Err(error)) => error,
                    Ok(Ok(())) => io::Error::other("it ended"),
                    Err(error) => io::Error::other(error),
                };
                RelayError::System { what: "go on serving HTTP", source }
            }
        }
    }

    /// Makes a worker panic, for tests of what follows.
    #[doc(hidden)]
    pub async fn break_worker(&self, index: usize) {
        let broken: Result<(), _> =
            self.shared.workers[index].ask(|_, _| -> () { panic!("broken by a test") }).await;
        debug_assert!(broken.is_err());
    }

    /// Takes no new sessions, tells all clients that the relay will be back, waits (within bounds)
    /// until they know, and ends.
    pub async fn shutdown(self, reason: &str) {
        let Relay { shared, server, serving, supervising, journal_thread, .. } = self;
        tracing::info!(reason, "shutting down");
        shared.draining.store(true, Ordering::Relaxed);
        for worker in &shared.workers {
            let reason = reason.to_owned();
            let told = worker.ask(move |plane, now| plane.shutdown(now, &reason));
            // A worker that does not answer has ended or stands still; the others go on.
            let _ = tokio::time::timeout(WORKER_WAIT, told).await;
        }
        if let Some(handing_on) = &shared.handing_on {
            // While HTTP is still served: the registry may be among the pages.
            handing_on.finish(shared.journal.as_ref()).await;
        }
        serving.0.graceful_shutdown(Some(HTTP_CLOSE_WAIT));
        if let Err(error) = server.await {
            tracing::warn!(%error, "the HTTP interface did not end cleanly");
        }
        supervising.end().await;
        // All requests are over, so nobody else holds the workers.
        let workers = Arc::try_unwrap(shared).map(|shared| shared.workers).unwrap_or_default();
        for (index, worker) in workers.into_iter().enumerate() {
            if !worker.join().await {
                tracing::error!(worker = index, "a worker ended by a panic");
            }
        }
        if let Some(thread) = journal_thread {
            let written = tokio::task::spawn_blocking(move || thread.join());
            if tokio::time::timeout(JOURNAL_WAIT, written).await.is_err() {
                tracing::error!("the disk does not take the last facts in time");
            }
        }
        tracing::info!("relay ended");
    }
}

/// Starts all workers; each takes over the lessons that live on it.
fn start_workers(start: &Start, lessons: Vec<Restored>) -> Result<Vec<WorkerHandle>, RelayError> {
    let count = usize::from(start.config.workers);
    let mut of_workers: Vec<Vec<Restored>> = (0..count).map(|_| Vec::new()).collect();
    for restored in lessons {
        of_workers[start.placement.restore(&restored.lesson)].push(restored);
    }
    of_workers.into_iter().enumerate().map(|(index, lessons)| worker::start(start, index, lessons)).collect()
}

/// Lets a worker that was started, or started again, and all others know how they are reached.
fn introduce(workers: &[WorkerHandle], new: usize) {
    let meet = |who: &WorkerHandle, whom: usize| {
        let port = workers[whom].trunk();
        who.post(move |plane, now| plane.meet(now, whom, port));
    };
    for (other, worker) in workers.iter().enumerate().filter(|(other, _)| *other != new) {
        meet(worker, new);
        meet(&workers[new], other);
    }
}

fn bind_http(address: SocketAddr) -> Result<TcpListener, RelayError> {
    let fail = |source| RelayError::Bind { what: "HTTP", address, flag: "http", source };
    let listener = TcpListener::bind(address).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    Ok(listener)
}

fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    handle: &Handle<SocketAddr>,
    routes: Router,
) -> Result<JoinHandle<io::Result<()>>, RelayError> {
    let fail = |source| RelayError::System { what: "serve HTTP", source };
    // The pages may ask where a request comes from.
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum_server::from_tcp(listener).map_err(fail)?.handle(handle.clone());
    match tls {
        None => {
            let mut server = server.acceptor(NoDelayAcceptor::new());
            limit_waiting(server.http_builder());
            Ok(tokio::spawn(server.serve(service)))
        }
        Some(config) => {
            let mut server = server.acceptor(HttpsAcceptor::new(config));
            limit_waiting(server.http_builder());
            Ok(tokio::spawn(server.serve(service)))
        }
    }
}

/// No HTTP/2: a page would send everything over one connection, and after a network's outage TCP's own
/// waits, by then many seconds long, would hold up every attempt to come back.
fn https(identity: &Identity) -> Result<RustlsConfig, RelayError> {
    let fail = |error| RelayError::System { what: "serve HTTP", source: io::Error::other(error) };
    Ok(RustlsConfig::from_config(Arc::new(identity.server_config(&[b"http/1.1"]).map_err(fail)?)))
}

/// A client that never finishes its request, or is no longer there, must not hold a connection.
fn limit_waiting(http: &mut Builder<TokioExecutor>) {
    http.http1().timer(TokioTimer::new()).header_read_timeout(HTTP_HEADER_WAIT);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(HTTP_PING_PERIOD);
}

fn dtls_certificate() -> Result<Certificate, RelayError> {
    Certificate::generate().map_err(|error| RelayError::System {
        what: "make the DTLS certificate",
        source: io::Error::other(error.to_string()),
    })
}
