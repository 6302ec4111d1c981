//! What a request says: its address, its query, its body. As axum's own extractors, but that whatever
//! cannot be read is refused in the registry's words.

use super::refusal::{HttpRefusal, refuse, unfit};
use crate::reporting::MAX_FILE;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::time::Duration;
use tokio::time::timeout;

/// Longest body, in bytes; a report's file may be longer.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// What of a body that is too long is still read and thrown away: a client that is in the middle of sending
/// hears the answer only if somebody listens.
const DISCARDED: usize = 1 << 20;
/// Time for a body to come.
const BODY_WAIT: Duration = Duration::from_secs(60);

/// The parts of the address that have names.
pub(crate) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = HttpRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpRefusal> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let axum::extract::Path(value) = read.map_err(|why: PathRejection| {
            let hint = "look at the address; ids are letters, digits, '_' and '-'";
            let text = why.body_text();
            let message = text.strip_prefix("Invalid URL: ").unwrap_or(&text);
            refuse(StatusCode::BAD_REQUEST, "address_unfit", message, hint)
        })?;
        Ok(Path(value))
    }
}

/// What stands behind the '?'.
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = HttpRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpRefusal> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let axum::extract::Query(value) = read.map_err(|why: QueryRejection| {
            let hint = "/api/openapi.json names what can be asked for here";
            refuse(StatusCode::BAD_REQUEST, "query_unfit", why.body_text(), hint)
        })?;
        Ok(Query(value))
    }
}

/// A body of JSON.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = HttpRefusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, HttpRefusal> {
        let kind = media_type(request.headers());
        if !(kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err(wrong_type(&kind, "application/json"));
        }
        let bytes = read(request, MAX_BODY).await?;
        serde_json::from_slice(&bytes).map(Json).map_err(|why| match why.classify() {
            Category::Data => {
                let hint = "/api/openapi.json describes the body";
                unfit("json_unfit", format!("the body is not what is asked for here: {why}"), hint)
            }
            Category::Syntax | Category::Eof | Category::Io => {
                let message = format!("the body is not JSON: {why}");
                refuse(StatusCode::BAD_REQUEST, "json_broken", message, "send JSON in UTF-8")
            }
        })
    }
}

/// A body that is signed words: a JWS in compact serialisation.
pub(crate) struct Jws(pub String);

impl<S: Send + Sync> FromRequest<S> for Jws {
    type Rejection = HttpRefusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, HttpRefusal> {
        let kind = media_type(request.headers());
        if kind != "application/jose" && kind != "text/plain" {
            return Err(wrong_type(&kind, "application/jose"));
        }
        let text = String::from_utf8(read(request, MAX_BODY).await?.to_vec());
        let text = text.map_err(|_| unfit("malformed", "the body is no text", "send the JWS itself"))?;
        Ok(Jws(text.trim().to_owned()))
    }
}

/// A body that is the file of a report, whatever it holds.
pub(crate) struct ReportFile(pub Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for ReportFile {
    type Rejection = HttpRefusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, HttpRefusal> {
        let kind = media_type(request.headers());
        if kind != "application/json" && kind != "application/octet-stream" {
            return Err(wrong_type(&kind, "application/json"));
        }
        Ok(ReportFile(read(request, MAX_FILE).await?.to_vec()))
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn wrong_type(kind: &str, right: &str) -> HttpRefusal {
    let message = if kind.is_empty() {
        "the body's type is not named".to_owned()
    } else {
        format!("'{kind}' is not taken here")
    };
    let hint = format!("send 'Content-Type: {right}'");
    refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_content_type", message, hint)
}

async fn read(request: Request, most: usize) -> Result<Bytes, HttpRefusal> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let declared: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    if declared > most + DISCARDED {
        return Err(too_large(most));
    }
    let late = |_| {
        let message = format!("the body did not come within {} s", BODY_WAIT.as_secs());
        refuse(StatusCode::REQUEST_TIMEOUT, "body_too_slow", message, "send less at a time")
    };
    timeout(BODY_WAIT, gather(request.into_body(), most)).await.map_err(late)?
}

async fn gather(body: Body, most: usize) -> Result<Bytes, HttpRefusal> {
    let (mut chunks, mut bytes, mut total) = (body.into_data_stream(), Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|why| {
            refuse(StatusCode::BAD_REQUEST, "body_unreadable", why.to_string(), "send the request again")
        })?;
        total = total.saturating_add(chunk.len());
        if total > most + DISCARDED {
            break;
        }
        if total > most {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if total > most { Err(too_large(most)) } else { Ok(bytes.into()) }
}

fn too_large(most: usize) -> HttpRefusal {
    let message = format!("the body has more than {most} bytes");
    refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message, "send it in several requests")
}
