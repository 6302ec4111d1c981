//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): one offer in, one answer out; PATCH for trickle
//! ICE and ICE restarts, DELETE to leave. In the same form: a check of the way, which carries nothing.

use super::Relay;
use super::caller::Caller;
use super::refusal::{HttpRefusal, busy, refuse};
use crate::worker::{Plane, ResourceError};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, patch};
use std::sync::Arc;
use tongke_protocol::{Grant, LessonId, Now};
use tongke_sfu::{JoinError, Joined, PatchError, Patched};
use tongke_transport::webrtc::sdp::{Offer, SdpErrorKind};
use tracing::Instrument as _;

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

type Join = fn(&mut Plane, Now, &LessonId, &Grant, &str) -> Result<Joined, JoinError>;

/// `POST /whip/{lesson}`
pub(super) async fn publish(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, HttpRefusal> {
    let join: Join = |plane, now, lesson, grant, offer| plane.core.join_whip(now, lesson, grant, offer);
    answer(&relay, "whip", join, caller, &headers, body).await
}

/// `POST /whep/{lesson}`
pub(super) async fn subscribe(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, HttpRefusal> {
    let join: Join = |plane, now, lesson, grant, offer| plane.core.join_whep(now, lesson, grant, offer);
    answer(&relay, "whep", join, caller, &headers, body).await
}

/// `POST /check/{lesson}`
pub(super) async fn check(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, HttpRefusal> {
    let join: Join = |plane, now, lesson, grant, offer| plane.core.join_check(now, lesson, grant, offer);
    answer(&relay, "check", join, caller, &headers, body).await
}

/// The methods of a session's resource.
pub(super) fn resource() -> MethodRouter<Arc<Relay>> {
    patch(change).delete(leave)
}

async fn answer(
    relay: &Relay,
    endpoint: &'static str,
    join: Join,
    caller: Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, HttpRefusal> {
    if relay.is_draining() {
        return Err(busy());
    }
    expect_type(headers, SDP)?;
    expect_accepts(headers, SDP)?;
    let offer = text(body)?;
    let Caller { lesson, grant } = caller.clone();
    let span = tracing::info_span!("join", endpoint, %lesson, participant = %grant.participant);
    let job = move |plane: &mut Plane, now| {
        join(plane, now, &lesson, &grant, &offer).map_err(|error| (malformed(&error, &offer), error))
    };
    let joined = relay.ask_to_join(&caller, job).instrument(span.clone()).await?;
    let lesson = caller.lesson;
    let _inside = span.enter();
    match joined {
        Ok(Joined { session, etag, answer, .. }) => {
            tracing::info!(session, "joined");
            let location = format!("/{endpoint}/{lesson}/{session}");
            let headers =
                [(header::CONTENT_TYPE, SDP.to_owned()), (header::LOCATION, location), (header::ETAG, etag)];
            Ok((StatusCode::CREATED, headers, answer).into_response())
        }
        Err((malformed, error)) => {
            tracing::info!(code = error.code(), "refused: {error}");
            Err(malformed.unwrap_or_else(|| error.into()))
        }
    }
}

/// The refusal of an offer that is no SDP at all, which has a status of its own.
fn malformed(error: &JoinError, offer: &str) -> Option<HttpRefusal> {
    let JoinError::Offer(message) = error else { return None };
    let kind = Offer::parse(offer).err()?.kind;
    (kind == SdpErrorKind::Malformed)
        .then(|| refuse(StatusCode::BAD_REQUEST, "offer_malformed", message.clone()))
}

/// `PATCH /whip|whep|check/{lesson}/{session}`
async fn change(
    State(relay): State<Arc<Relay>>,
    Path((_, session)): Path<(String, String)>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, HttpRefusal> {
    expect_type(&headers, FRAGMENT)?;
    let fragment = text(body)?;
    let if_match = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let target = caller.resource(session);
    let patched = relay
        .ask_for(&caller, move |plane, now| plane.patch(now, &target, &fragment, if_match.as_deref()))
        .await??;
    Ok(match patched {
        Patched::NoContent => StatusCode::NO_CONTENT.into_response(),
        Patched::Restarted { fragment, etag } => {
            let headers = [(header::CONTENT_TYPE, FRAGMENT.to_owned()), (header::ETAG, etag)];
            (StatusCode::OK, headers, fragment).into_response()
        }
    })
}

/// `DELETE /whip|whep|check/{lesson}/{session}`
async fn leave(
    State(relay): State<Arc<Relay>>,
    Path((_, session)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, HttpRefusal> {
    // No lesson begins by it: the grant's time may be over.
    if relay.placement.find(&caller.lesson).is_none() {
        return Err(PatchError::NoSession.into());
    }
    let target = caller.resource(session);
    relay.ask_for(&caller, move |plane, now| plane.delete(now, &target)).await??;
    Ok(StatusCode::OK)
}

impl From<ResourceError> for HttpRefusal {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::NotYours => refuse(
                StatusCode::FORBIDDEN,
                "session_of_another",
                "this session belongs to another participant; use the grant that began it",
            ),
            ResourceError::Patch(error) => error.into(),
        }
    }
}

fn expect_type(headers: &HeaderMap, wanted: &str) -> Result<(), HttpRefusal> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if media_type(given).eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let text = format!("the Content-Type is '{given}', but this takes {wanted}");
    Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", text))
}

/// RFC 9110 §12.5.1: without Accept anything goes.
fn expect_accepts(headers: &HeaderMap, offered: &str) -> Result<(), HttpRefusal> {
    let values: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let fits = |range: &str| ["*/*", "application/*", offered].contains(&media_type(range));
    if values.is_empty() || values.iter().flat_map(|value| value.split(',')).any(fits) {
        return Ok(());
    }
    let text = format!("the Accept header asks for {}, but the answer is {offered}", values.join(", "));
    Err(refuse(StatusCode::NOT_ACCEPTABLE, "not_acceptable", text))
}

fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or("").trim()
}

fn text(body: Result<Bytes, BytesRejection>) -> Result<String, HttpRefusal> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let text = format!("the body has more than {} bytes", super::MAX_BODY);
            refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", text)
        }
        _ => refuse(StatusCode::BAD_REQUEST, "body_unreadable", rejection.body_text()),
    })?;
    String::from_utf8(body.into())
        .map_err(|_| refuse(StatusCode::BAD_REQUEST, "body_unreadable", "the body is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, value.parse().unwrap());
        expect_accepts(&headers, SDP).is_ok()
    }

    #[test]
    fn an_answer_is_given_to_whoever_takes_sdp() {
        assert!(expect_accepts(&HeaderMap::new(), SDP).is_ok());
        assert!(accepts("application/sdp") && accepts("*/*") && accepts("text/html, application/*;q=0.5"));
        assert!(!accepts("application/json"));
    }

    #[test]
    fn parameters_of_a_content_type_do_not_matter() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "Application/SDP; charset=utf-8".parse().unwrap());
        assert!(expect_type(&headers, SDP).is_ok());
        assert!(expect_type(&headers, FRAGMENT).is_err());
    }
}
