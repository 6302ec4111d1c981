//! WHIP and WHEP without grants, on a thread of its own that sleeps once all have joined.

use super::{Counters, Join, Place};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tongke_transport::webrtc::sdp::Leg;

/// Joins that may wait for the media thread. Full: the request is answered with 503.
const JOIN_QUEUE: usize = 1_024;
/// The datagram that wakes the media thread; it is nothing of WebRTC, so it is dropped there.
const WAKE: [u8; 1] = [0xFF];

struct Desk {
    joins: SyncSender<Join>,
    /// Connected to the media socket.
    waker: UdpSocket,
    counters: Arc<Counters>,
}

type Parameters = Query<HashMap<String, String>>;

/// Serves HTTP on `address`. Gives where, the joins as they come, and the counters to keep; `media`
/// is woken with a datagram for each join.
///
/// # Errors
/// If the address is not to be had, or no thread.
pub fn serve(
    address: SocketAddr,
    media: SocketAddr,
) -> io::Result<(SocketAddr, Receiver<Join>, Arc<Counters>)> {
    let waker = UdpSocket::bind(SocketAddr::new(media.ip(), 0))?;
    waker.connect(media)?;
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let (sender, receiver) = sync_channel(JOIN_QUEUE);
    let counters = Arc::new(Counters::default());
    let desk = Arc::new(Desk { joins: sender, waker, counters: counters.clone() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("http".to_owned()).spawn(move || {
        runtime.block_on(async move { axum::serve(TcpListener::from_std(listener)?, router(desk)).await })
    })?;
    Ok((address, receiver, counters))
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/whip/{lesson}", post(publish))
        .route("/whep/{lesson}", post(subscribe))
        .route("/readyz", get(|| async { "ready\n" }))
        .route("/metrics", get(metrics))
        .with_state(desk)
}

async fn publish(
    State(desk): State<Arc<Desk>>,
    Path(lesson): Path<String>,
    Query(parameters): Parameters,
    offer: String,
) -> Response {
    join(&desk, place(lesson, &parameters, Leg::Publish), offer).await
}

async fn subscribe(
    State(desk): State<Arc<Desk>>,
    Path(lesson): Path<String>,
    Query(parameters): Parameters,
    offer: String,
) -> Response {
    join(&desk, place(lesson, &parameters, Leg::Subscribe), offer).await
}

fn place(lesson: String, parameters: &HashMap<String, String>, leg: Leg) -> Place {
    Place { lesson, participant: parameters.get("participant").cloned().unwrap_or_default(), leg }
}

async fn join(desk: &Desk, place: Place, offer: String) -> Response {
    let location = format!("/sessions/{}/{}", place.lesson, place.participant);
    let (answer, answered) = oneshot::channel();
    if desk.joins.try_send(Join { place, offer, answer }).is_err() || desk.waker.send(&WAKE).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match answered.await {
        Ok(Ok(sdp)) => {
            let headers =
                [(header::CONTENT_TYPE, "application/sdp".to_owned()), (header::LOCATION, location)];
            (StatusCode::CREATED, headers, sdp).into_response()
        }
        Ok(Err(why)) => (StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn metrics(State(desk): State<Arc<Desk>>) -> String {
    let Counters { send_calls, datagrams_sent, forwarded } = &*desk.counters;
    let values = [
        ("tongke_udp_send_calls_total", send_calls),
        ("tongke_udp_datagrams_sent_total", datagrams_sent),
        ("tongke_packets_forwarded_total", forwarded),
    ];
    let mut text = String::new();
    for (name, value) in values {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# TYPE {name} counter\n{name} {}", value.load(Ordering::Relaxed));
    }
    text
}
