//! For operators: metrics, liveness, readiness.

use super::Relay;
use crate::handing_on::HandingOn;
use crate::journal::Journal;
use crate::metrics::Page;
use crate::worker::WorkerHandle;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A worker that has not told its status for so long stands still. One that ended is replaced sooner.
const STANDSTILL: Duration = Duration::from_secs(5);
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`, in the OpenMetrics text format.
pub(super) async fn metrics(State(relay): State<Arc<Relay>>) -> impl IntoResponse {
    let page = Page {
        workers: relay.workers.iter().map(|worker| worker.status()).collect(),
        placed: relay.placement.counts(),
        restarts: relay.restarts.load(Ordering::Relaxed),
        journal: relay.journal.as_ref().map(Journal::status),
        handed_on: relay.handing_on.as_ref().map(HandingOn::status),
    };
    ([(header::CONTENT_TYPE, OPENMETRICS)], crate::metrics::text(page))
}

/// `GET /healthz`: whether all workers move; if not, the relay should be started again.
pub(super) async fn healthz(State(relay): State<Arc<Relay>>) -> (StatusCode, String) {
    let now = relay.clock.now().instant;
    let stands = |worker: &WorkerHandle| now.saturating_duration_since(worker.status().written) > STANDSTILL;
    let still = relay.workers.iter().position(stands);
    match still {
        None => (StatusCode::OK, "ok\n".into()),
        Some(index) => (StatusCode::SERVICE_UNAVAILABLE, format!("worker {index} stands still\n")),
    }
}

/// `GET /readyz`: whether new sessions are taken. They are while facts cannot be written or
/// delivered: a lesson without a record is better than none.
pub(super) async fn readyz(State(relay): State<Arc<Relay>>) -> (StatusCode, String) {
    if relay.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n".into());
    }
    let trouble = relay.journal.as_ref().and_then(|journal| journal.status().trouble);
    let undelivered = relay.handing_on.as_ref().and_then(|handing_on| handing_on.status().trouble);
    let (status, mut text) = healthz(State(relay)).await;
    if let Some(trouble) = trouble {
        text += &format!("facts of lessons are not written: {trouble}\n");
    }
    if let Some(trouble) = undelivered {
        text += &format!("facts of lessons wait on disk for the registry: {trouble}\n");
    }
    (status, text)
}
