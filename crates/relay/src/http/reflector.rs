//! Sessions of the reflector, with which a school tests its line.

use super::Relay;
use super::caller::Caller;
use super::refusal::{HttpRefusal, busy, refuse};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;
use tongke_probe::{LASTS, MOST_PACKETS};
use tongke_protocol::control::ReflectorSession;

/// `POST /lessons/{lesson}/reflector`: opens a session. Testing a line is no presence in the lesson.
pub(super) async fn open(
    State(relay): State<Arc<Relay>>,
    _caller: Caller,
) -> Result<Json<ReflectorSession>, HttpRefusal> {
    if relay.is_draining() {
        return Err(busy());
    }
    let reflector = relay.reflector.as_ref().ok_or_else(|| {
        let text = "this relay tests no lines: it has no port for it; give it one with --reflector";
        refuse(StatusCode::NOT_FOUND, "no_reflector", text)
    })?;
    let opened = reflector.open().ok_or_else(|| {
        let text = "the relay tests as many lines as it can; try again in two minutes";
        refuse(StatusCode::SERVICE_UNAVAILABLE, "reflector_busy", text)
    })?;
    Ok(Json(ReflectorSession {
        port: reflector.address().port(),
        session: opened.session,
        key: URL_SAFE_NO_PAD.encode(opened.key),
        lasts_s: LASTS.as_secs(),
        most_packets: MOST_PACKETS,
        second_address: reflector.second(),
    }))
}
