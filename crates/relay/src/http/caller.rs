//! Who asks: the lesson of the path and the grant of the request.

use super::Relay;
use super::refusal::{HttpRefusal, busy, refuse};
use crate::clock::machine_wall;
use crate::worker::{Plane, Resource};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tongke_protocol::grant::bearer;
use tongke_protocol::{Grant, GrantError, LessonId};

/// Time for a lesson whose worker ended by itself to be on another one.
const MOVE_WAIT: Duration = Duration::from_secs(3);

/// A request for a lesson with a grant that covers it.
#[derive(Clone)]
pub(super) struct Caller {
    /// The lesson of the path.
    pub lesson: LessonId,
    /// The grant, verified for the lesson.
    pub grant: Grant,
}

impl Caller {
    /// A WHIP or WHEP resource, as this caller asks for it.
    pub(super) fn resource(&self, session: String) -> Resource {
        Resource { lesson: self.lesson.clone(), session, participant: self.grant.participant.clone() }
    }
}

impl FromRequestParts<Arc<Relay>> for Caller {
    type Rejection = HttpRefusal;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, HttpRefusal> {
        let lesson = lesson_of(parts, relay).await?;
        let from_query = (parts.method == Method::GET).then(|| query_grant(parts)).flatten();
        let from_header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = from_header.and_then(bearer).or(from_query).ok_or(GrantError::Missing)?;
        let grant = relay.key.verify_signature(token)?;
        grant.check_lesson(&lesson)?;
        // Whoever comes back from a worker that ended by itself finds its lesson a moment later.
        timeout(MOVE_WAIT, relay.placement.settled(&lesson)).await.map_err(|_| busy())?;
        // Whoever was let in may leave: an expired grant still ends its own session.
        if parts.method != Method::DELETE
            && let Err(over) = grant.check_time(machine_wall())
        {
            let (of, ended) = (lesson.clone(), grant.clone());
            let job = move |plane: &mut Plane, _| plane.check_time(&of, &ended);
            relay.ask_if_known(&lesson, job).await?.unwrap_or(Err(over))?;
        }
        Ok(Self { lesson, grant })
    }
}

async fn lesson_of(parts: &mut Parts, relay: &Arc<Relay>) -> Result<LessonId, HttpRefusal> {
    let not_found = |why: String| refuse(StatusCode::NOT_FOUND, "lesson_unknown", why);
    let params = RawPathParams::from_request_parts(parts, relay)
        .await
        .map_err(|error| not_found(format!("the path cannot be read: {error}")))?;
    let (_, text) = params
        .iter()
        .find(|(name, _)| *name == "lesson")
        .ok_or_else(|| not_found("the path names no lesson".into()))?;
    text.parse().map_err(|error| not_found(format!("'{text}' cannot be a lesson: {error}")))
}

/// The token of `?grant=`, since a browser's EventSource can send no header. Tokens need no
/// percent-encoding.
fn query_grant(parts: &Parts) -> Option<&str> {
    parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("grant="))
}
