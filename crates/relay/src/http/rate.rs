//! How much the way to the relay carries, measured by the page before the lesson: noise down, anything
//! up. Bounded in size, time and number, so that measuring never crowds out a lesson.

use super::Relay;
use super::caller::Caller;
use super::refusal::{HttpRefusal, busy, refuse};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// Measurements at one time; each further one is refused.
pub(super) const MAX_AT_ONCE: usize = 8;
/// Bytes of one measurement.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Time for one measurement; whoever is slower makes room for others.
const MAX_TIME: Duration = Duration::from_secs(20);
/// Bytes made at a time.
const CHUNK: usize = 64 * 1024;
const NO_STORE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// The query of `GET /lessons/{lesson}/rate`.
#[derive(Deserialize)]
pub(super) struct Wanted {
    bytes: usize,
}

/// What came with `POST /lessons/{lesson}/rate`.
#[derive(Serialize)]
struct Swallowed {
    bytes: usize,
}

/// `GET /lessons/{lesson}/rate?bytes=N`
pub(super) async fn down(
    State(relay): State<Arc<Relay>>,
    _caller: Caller,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, HttpRefusal> {
    let wanted = wanted.ok().map(|Query(wanted)| wanted.bytes).filter(|bytes| *bytes <= MAX_BYTES);
    let bytes = wanted.ok_or_else(|| {
        let text = format!("the query must name the wanted number of bytes, ?bytes=0 to {MAX_BYTES}");
        refuse(StatusCode::UNPROCESSABLE_ENTITY, "bytes_invalid", text)
    })?;
    let place = Place::take(&relay)?;
    let headers = [
        NO_STORE,
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_LENGTH, HeaderValue::from(bytes)),
    ];
    Ok((headers, Body::from_stream(noise(bytes, place))).into_response())
}

/// `POST /lessons/{lesson}/rate`
pub(super) async fn up(
    State(relay): State<Arc<Relay>>,
    _caller: Caller,
    body: Body,
) -> Result<Response, HttpRefusal> {
    let _place = Place::take(&relay)?;
    let late = |_| {
        let text = format!("the body did not come within {} s; send less", MAX_TIME.as_secs());
        refuse(StatusCode::REQUEST_TIMEOUT, "body_too_slow", text)
    };
    let bytes = timeout(MAX_TIME, swallow(body)).await.map_err(late)??;
    Ok(([NO_STORE], Json(Swallowed { bytes })).into_response())
}

async fn swallow(body: Body) -> Result<usize, HttpRefusal> {
    let mut chunks = body.into_data_stream();
    let mut total = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|error| refuse(StatusCode::BAD_REQUEST, "body_unreadable", error.to_string()))?;
        total += chunk.len();
        if total > MAX_BYTES {
            let text = format!("the body has more than {MAX_BYTES} bytes");
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", text));
        }
    }
    Ok(total)
}

/// So many bytes that nothing on the way can compress.
fn noise(bytes: usize, place: Place) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let start = (bytes, StdRng::from_seed(rand::random()), place);
    stream::unfold(start, |(left, mut random, place)| async move {
        if left == 0 {
            return None;
        }
        let mut chunk = vec![0; left.min(CHUNK)];
        random.fill_bytes(&mut chunk);
        Some((Ok(chunk.into()), (left - left.min(CHUNK), random, place)))
    })
}

/// One of the measurements at a time. It is free again when this is dropped, or after [`MAX_TIME`]:
/// a client that stops reading would hold its response, and so this, for as long as it likes.
struct Place {
    permit: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
    overdue: AbortHandle,
}

impl Place {
    fn take(relay: &Relay) -> Result<Self, HttpRefusal> {
        if relay.is_draining() {
            return Err(busy());
        }
        let permit = relay.measurements.clone().try_acquire_owned().map_err(|_| {
            let text = "the relay measures for others now; try again in a few seconds";
            refuse(StatusCode::SERVICE_UNAVAILABLE, "rate_busy", text)
        })?;
        let permit = Arc::new(Mutex::new(Some(permit)));
        let held = permit.clone();
        let overdue = tokio::spawn(async move {
            sleep(MAX_TIME).await;
            free(&held);
        });
        Ok(Self { permit, overdue: overdue.abort_handle() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.overdue.abort();
        // Here and now: whoever has its answer may ask again at once.
        free(&self.permit);
    }
}

fn free(permit: &Mutex<Option<OwnedSemaphorePermit>>) {
    permit.lock().unwrap_or_else(PoisonError::into_inner).take();
}
