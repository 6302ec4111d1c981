//! Grants with which a school calls itself.

use super::Relay;
use super::caller::Caller;
use super::refusal::{HttpRefusal, busy, refuse};
use crate::clock::machine_wall;
use crate::loopback::{LASTS, NoLoopback};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use tongke_protocol::control::Loopback;
use tongke_protocol::{Grant, LessonScope, Role};

/// `POST /lessons/{lesson}/loopback`: a fresh test lesson. Whoever may be in a lesson may test its line to it.
pub(super) async fn open(
    State(relay): State<Arc<Relay>>,
    Caller { lesson, grant }: Caller,
) -> Result<Json<Loopback>, HttpRefusal> {
    if relay.is_draining() {
        return Err(busy());
    }
    let opened = relay.loopbacks.open(relay.clock.now().instant, &lesson, &grant.participant);
    let lesson = opened.map_err(refused)?;
    tracing::info!(%lesson, participant = %grant.participant, "a school calls itself");
    let expires_unix_s = machine_wall().as_unix_us() / 1_000_000 + LASTS.as_secs();
    let token = |participant: &str, role: Role| {
        relay.key.sign(&Grant {
            lesson: LessonScope::Only(lesson.clone()),
            participant: participant.parse().expect("four letters"),
            name: grant.name.clone(),
            role,
            expires_unix_s,
        })
    };
    let (near, far) = (token("near", Role::Supporting), token("far", Role::Receiving));
    Ok(Json(Loopback { lesson, near, far }))
}

fn refused(why: NoLoopback) -> HttpRefusal {
    let status = match why {
        NoLoopback::OfLoopback => StatusCode::FORBIDDEN,
        NoLoopback::TooOften => StatusCode::TOO_MANY_REQUESTS,
        NoLoopback::Busy => StatusCode::SERVICE_UNAVAILABLE,
    };
    refuse(status, why.code(), why.to_string())
}
