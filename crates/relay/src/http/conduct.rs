//! How a lesson is conducted: who am I in it, and what I ask of it.

use super::Relay;
use super::caller::Caller;
use super::lesson::Body;
use super::refusal::{HttpRefusal, refuse};
use crate::journal::NotKept;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use tongke_protocol::conduct::{LessonAction, Pass};

/// `GET /lessons/{lesson}/self`
pub(super) async fn pass(
    State(relay): State<Arc<Relay>>,
    Caller { lesson, grant }: Caller,
) -> Result<Json<Pass>, HttpRefusal> {
    let of = lesson.clone();
    let pass = relay.ask_home(&lesson, move |plane, _| plane.core.pass(&of, &grant)).await??;
    Ok(Json(pass))
}

/// `POST /lessons/{lesson}/actions`
pub(super) async fn act(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    Body(action): Body<LessonAction>,
) -> Result<StatusCode, HttpRefusal> {
    carry_out(&relay, caller, action).await
}

/// The body of `PUT /lessons/{lesson}/hand`.
#[derive(Debug, Deserialize)]
pub(super) struct Hand {
    raised: bool,
}

/// `PUT /lessons/{lesson}/hand`, for clients that know no other action.
pub(super) async fn hand(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    Body(Hand { raised }): Body<Hand>,
) -> Result<StatusCode, HttpRefusal> {
    carry_out(&relay, caller, LessonAction::Hand { raised }).await
}

async fn carry_out(relay: &Relay, caller: Caller, action: LessonAction) -> Result<StatusCode, HttpRefusal> {
    let Caller { lesson, grant } = caller;
    let of = lesson.clone();
    let keeping = relay.ask_home(&lesson, move |plane, now| plane.act(now, &of, &grant, &action)).await??;
    if let Some(keeping) = keeping {
        keeping.on_disk().await.map_err(|NotKept| not_kept())?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn not_kept() -> HttpRefusal {
    let text = "it was done, but could not be written down: a relay that is started again will not know of \
                it; ask again when the disk has room";
    refuse(StatusCode::SERVICE_UNAVAILABLE, "not_kept", text)
}
