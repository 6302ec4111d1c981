//! What an inspector and those whom it inspects tell each other.

use super::Relay;
use super::caller::Caller;
use super::lesson::Body;
use super::refusal::{HttpRefusal, busy};
use crate::worker::DispatchError;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use tongke_protocol::dispatch::Dispatch;

/// `POST /lessons/{lesson}/dispatches`: 204 says that it waits for its addressee to read it, not that it was read.
pub(super) async fn send(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    Body(dispatch): Body<Dispatch>,
) -> Result<StatusCode, HttpRefusal> {
    dispatch.check_length().map_err(DispatchError::from)?;
    let Caller { lesson, grant } = caller.clone();
    let (of, sender) = (lesson.clone(), grant.participant.clone());
    relay.ask_for(&caller, move |plane, now| plane.may_dispatch(now, &of, &sender)).await??;
    let home = relay.placement.home(&lesson);
    let (of, to) = (lesson.clone(), dispatch.to.clone());
    let elsewhere = relay.workers[home].ask(move |plane, _| plane.hears_at(&of, &to)).await;
    let worker = elsewhere.map_err(|_| busy())?.unwrap_or(home);
    let handing = relay.workers[worker].ask(move |plane, _| plane.dispatch(&lesson, &grant, dispatch));
    handing.await.map_err(|_| busy())??;
    Ok(StatusCode::NO_CONTENT)
}
