//! What a participant tells and asks besides its media: clock, sizes of slots, what flowed, links.

use super::Relay;
use super::caller::Caller;
use super::refusal::{HttpRefusal, refuse};
use crate::worker::Plane;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tongke_protocol::conduct::SlotSizes;
use tongke_protocol::control::{ClockEcho, ClockProbe, Links};
use tongke_protocol::event::ClockReport;
use tongke_protocol::record::ToldFlow;
use tongke_sfu::ActionError;

/// A JSON body; what is wrong with it is told as a refusal.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Relay>> for Body<T> {
    type Rejection = HttpRefusal;

    async fn from_request(request: Request, relay: &Arc<Relay>) -> Result<Self, HttpRefusal> {
        let Json(body) = Json::from_request(request, relay)
            .await
            .map_err(|error: JsonRejection| refuse(error.status(), "body_unreadable", error.body_text()))?;
        Ok(Self(body))
    }
}

/// `POST /lessons/{lesson}/clock`: answered here, without a way through the worker.
pub(super) async fn clock_probe(
    State(relay): State<Arc<Relay>>,
    _caller: Caller,
    Body(probe): Body<ClockProbe>,
) -> Json<ClockEcho> {
    let t2_us = relay.clock.now().wall.as_unix_us();
    let t3_us = relay.clock.now().wall.as_unix_us();
    Json(ClockEcho { t1_us: probe.t1_us, t2_us, t3_us })
}

/// `PUT /lessons/{lesson}/clock`
pub(super) async fn clock_report(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    Body(report): Body<ClockReport>,
) -> Result<StatusCode, HttpRefusal> {
    let Caller { lesson, grant } = caller.clone();
    let job = move |plane: &mut Plane, _| plane.core.report_clock(&lesson, &grant.participant, report);
    let told = relay.ask_for(&caller, job).await?;
    told.then_some(StatusCode::NO_CONTENT).ok_or_else(|| ActionError::NotInLesson.into())
}

/// `PUT /lessons/{lesson}/slots`
pub(super) async fn slots(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    Body(SlotSizes { session, sizes }): Body<SlotSizes>,
) -> Result<StatusCode, HttpRefusal> {
    let target = caller.resource(session);
    relay.ask_for(&caller, move |plane, now| plane.set_slot_sizes(now, &target, &sizes)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /lessons/{lesson}/flow`: what the caller's room sent and played, by its own browser's word. Nobody waits
/// for the disk.
pub(super) async fn flow(
    State(relay): State<Arc<Relay>>,
    Caller { lesson, grant }: Caller,
    Body(told): Body<ToldFlow>,
) -> Result<StatusCode, HttpRefusal> {
    let of = lesson.clone();
    relay.ask_home(&lesson, move |plane, now| plane.core.note_flow(now, &of, &grant, told)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /lessons/{lesson}/links`
pub(super) async fn links(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
) -> Result<Json<Links>, HttpRefusal> {
    let (worker, _) = relay.seat(&caller, false).await?;
    Ok(Json(Links {
        quic_port: Some(relay.workers[worker].quic.port()),
        quic_certificate_sha256: Some(relay.quic_certificate.clone()),
    }))
}
