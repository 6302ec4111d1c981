//! CORS for browser pages from anywhere: what a request may do is decided by its grant, never by
//! its origin or a cookie.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const ACCEPT_POST: HeaderValue = HeaderValue::from_static("application/sdp");

/// Answers OPTIONS and lets pages read our answers, the headers of WHIP included.
pub(super) async fn cors(request: Request, next: Next) -> Response {
    let endpoint = is_endpoint(request.uri().path());
    let mut response = if request.method() == Method::OPTIONS {
        let mut response = StatusCode::NO_CONTENT.into_response();
        allow(response.headers_mut());
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Location, ETag, Link, Accept-Post, Retry-After"),
    );
    if endpoint {
        // RFC 9725 §4.2: how a client learns that this is a WHIP endpoint.
        headers.insert("accept-post", ACCEPT_POST);
    }
    response
}

fn allow(headers: &mut HeaderMap) {
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, If-Match, Accept"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
}

/// Whether a path is `/whip/{lesson}`, `/whep/{lesson}` or `/check/{lesson}`.
fn is_endpoint(path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').split('/');
    matches!(segments.next(), Some("whip" | "whep" | "check"))
        && segments.next().is_some()
        && segments.next().is_none()
}
