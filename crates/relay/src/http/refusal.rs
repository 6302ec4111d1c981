//! Errors of the HTTP interface: a status and a [`Refusal`] as JSON.

use crate::worker::DispatchError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tongke_protocol::GrantError;
use tongke_protocol::control::Refusal;
use tongke_sfu::{ActionError, FlowError, JoinError, PatchError};

/// An answer that refuses.
#[derive(Debug)]
pub(crate) struct HttpRefusal {
    status: StatusCode,
    refusal: Refusal,
}

/// A refusal with this status, code and text.
pub(crate) fn refuse(status: StatusCode, code: &str, message: impl Into<String>) -> HttpRefusal {
    HttpRefusal { status, refusal: Refusal { code: code.to_owned(), message: message.into() } }
}

/// What a bad grant is refused with, on any transport.
pub(crate) fn of_grant(error: &GrantError) -> Refusal {
    let code = match error {
        GrantError::Missing => "grant_missing",
        GrantError::Malformed => "grant_malformed",
        GrantError::Signature => "grant_signature",
        GrantError::Expired { .. } => "grant_expired",
        GrantError::OtherLesson { .. } => "grant_other_lesson",
        GrantError::Role { .. } => "grant_role",
    };
    Refusal { code: code.to_owned(), message: error.to_string() }
}

/// The relay cannot do it now, but soon.
pub(crate) fn busy() -> HttpRefusal {
    refuse(
        StatusCode::SERVICE_UNAVAILABLE,
        "relay_busy",
        "the relay is shutting down or has too much to do; try again in a few seconds",
    )
}

impl From<GrantError> for HttpRefusal {
    fn from(error: GrantError) -> Self {
        let status = match error {
            GrantError::Missing
            | GrantError::Malformed
            | GrantError::Signature
            | GrantError::Expired { .. } => StatusCode::UNAUTHORIZED,
            GrantError::OtherLesson { .. } | GrantError::Role { .. } => StatusCode::FORBIDDEN,
        };
        HttpRefusal { status, refusal: of_grant(&error) }
    }
}

impl From<JoinError> for HttpRefusal {
    fn from(error: JoinError) -> Self {
        let status = match error {
            JoinError::OtherLesson { .. } | JoinError::MayNotPublish(_) => StatusCode::FORBIDDEN,
            JoinError::Offer(_) => StatusCode::UNPROCESSABLE_ENTITY,
            JoinError::Hello(_) => StatusCode::BAD_REQUEST,
            JoinError::Locked => StatusCode::LOCKED,
            JoinError::Ended => StatusCode::GONE,
            JoinError::RelayFull(_) | JoinError::LessonFull(_) | JoinError::ShuttingDown => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        HttpRefusal { status, refusal: Refusal::from(&error) }
    }
}

impl From<ActionError> for HttpRefusal {
    fn from(error: ActionError) -> Self {
        let status = match error {
            ActionError::Role { .. } => StatusCode::FORBIDDEN,
            ActionError::NotInLesson => StatusCode::CONFLICT,
            ActionError::ParticipantUnknown(_) => StatusCode::NOT_FOUND,
            ActionError::Text(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ActionError::Ended => StatusCode::GONE,
        };
        HttpRefusal { status, refusal: Refusal::from(&error) }
    }
}

impl From<FlowError> for HttpRefusal {
    fn from(error: FlowError) -> Self {
        let status = match error {
            FlowError::Role(_) => StatusCode::FORBIDDEN,
            FlowError::NotInLesson => StatusCode::CONFLICT,
            FlowError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            FlowError::Unreasonable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        HttpRefusal { status, refusal: Refusal::from(&error) }
    }
}

impl From<DispatchError> for HttpRefusal {
    fn from(error: DispatchError) -> Self {
        let status = match error {
            DispatchError::Role(_) => StatusCode::FORBIDDEN,
            DispatchError::NotInLesson => StatusCode::CONFLICT,
            DispatchError::Away(_) => StatusCode::NOT_FOUND,
            DispatchError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            DispatchError::TooMany => StatusCode::TOO_MANY_REQUESTS,
            DispatchError::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        refuse(status, error.code(), error.to_string())
    }
}

impl From<PatchError> for HttpRefusal {
    fn from(error: PatchError) -> Self {
        let status = match error {
            PatchError::NoSession => StatusCode::NOT_FOUND,
            PatchError::OtherEtag { .. } => StatusCode::PRECONDITION_FAILED,
            PatchError::NoEtag => StatusCode::PRECONDITION_REQUIRED,
            PatchError::Fragment(_) => StatusCode::BAD_REQUEST,
        };
        HttpRefusal { status, refusal: Refusal::from(&error) }
    }
}

impl IntoResponse for HttpRefusal {
    fn into_response(self) -> Response {
        let Self { status, refusal } = self;
        let code = refusal.code.clone();
        let mut response = (status, Json(refusal)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, challenge(&code));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

/// RFC 6750 §3: an error is named only if a token was sent.
fn challenge(code: &str) -> HeaderValue {
    HeaderValue::from_static(if code == "grant_missing" {
        r#"Bearer realm="tongke""#
    } else {
        r#"Bearer realm="tongke", error="invalid_token""#
    })
}
