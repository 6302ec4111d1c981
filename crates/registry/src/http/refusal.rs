//! What every answer that refuses says, in one shape.

use crate::access::AccessError;
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tongke_pairing::check::Notice;
use utoipa::ToSchema;

/// Why something was refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"code": "lesson_unknown", "message": "there is no lesson 's1-20190902'",
    "hint": "look at the id; GET /lessons lists what there is"}))]
pub struct Refusal {
    /// Stable, for programs: `lesson_unknown`.
    pub code: &'static str,
    /// What is wrong, in English.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// All that is wrong with what was entered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub problems: Vec<Notice>,
}

/// An answer that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpRefusal {
    pub(super) status: StatusCode,
    pub(super) body: Box<Refusal>,
    /// When to try again.
    after_s: Option<u64>,
}

/// A refusal with this status, code, message and hint.
pub(crate) fn refuse(
    status: StatusCode,
    code: &'static str,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> HttpRefusal {
    let body = Refusal { code, message: message.into(), hint: hint.into(), problems: Vec::new() };
    HttpRefusal { status, body: Box::new(body), after_s: None }
}

/// Nothing of that name is there.
pub(crate) fn unknown(code: &'static str, message: impl Into<String>, hint: &str) -> HttpRefusal {
    refuse(StatusCode::NOT_FOUND, code, message, hint)
}

/// What was asked for can be read, but not be meant.
pub(crate) fn unfit(code: &'static str, message: impl Into<String>, hint: &str) -> HttpRefusal {
    refuse(StatusCode::UNPROCESSABLE_ENTITY, code, message, hint)
}

/// Something is wrong here, and nobody outside can do anything about it.
pub(crate) fn internal() -> HttpRefusal {
    let hint = "try again; if it stays so, tell whoever runs the registry: its log says why";
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the registry failed", hint)
}

impl HttpRefusal {
    pub(crate) fn with_problems(mut self, problems: Vec<Notice>) -> HttpRefusal {
        self.body.problems = problems;
        self
    }

    /// Tells when to try again.
    pub(crate) fn after(mut self, seconds: u64) -> HttpRefusal {
        self.after_s = Some(seconds);
        self
    }
}

impl From<StoreError> for HttpRefusal {
    fn from(error: StoreError) -> HttpRefusal {
        if error.is_outside() {
            tracing::error!(%error, "the database cannot be used");
            let hint = "try again later; nothing of this request was kept";
            let message = "the registry's database cannot be used now";
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", message, hint).after(5);
        }
        tracing::error!(%error, "the store failed");
        internal()
    }
}

impl From<AccessError> for HttpRefusal {
    fn from(error: AccessError) -> HttpRefusal {
        let (status, code, hint) = match &error {
            AccessError::Missing => (
                StatusCode::UNAUTHORIZED,
                "access_missing",
                "send it as 'Authorization: Bearer TOKEN'; `tongke registry token` makes one",
            ),
            AccessError::Malformed => (
                StatusCode::UNAUTHORIZED,
                "access_malformed",
                "copy the whole token and nothing else; a grant for a lesson is none",
            ),
            AccessError::Signature => {
                (StatusCode::UNAUTHORIZED, "access_signature", "use a token that this registry made")
            }
            AccessError::Expired { .. } => (StatusCode::UNAUTHORIZED, "access_expired", "ask for a new one"),
            AccessError::Scope { .. } => {
                (StatusCode::FORBIDDEN, "access_scope", "ask whoever runs the registry for such a token")
            }
        };
        refuse(status, code, error.to_string(), hint)
    }
}

impl IntoResponse for HttpRefusal {
    fn into_response(self) -> Response {
        let HttpRefusal { status, body, after_s } = self;
        let challenge = (status == StatusCode::UNAUTHORIZED).then(|| challenge(body.code));
        let mut response = (status, Json(body)).into_response();
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// RFC 6750 §3: an error is named only if a token was sent.
fn challenge(code: &str) -> HeaderValue {
    HeaderValue::from_static(if code == "access_missing" {
        r#"Bearer realm="tongke registry""#
    } else {
        r#"Bearer realm="tongke registry", error="invalid_token""#
    })
}
