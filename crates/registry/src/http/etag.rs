//! Strong ETags (RFC 9110 §8.8.3): the digest of the body. Whoever has it already is told so in a few bytes.

use super::refusal::{HttpRefusal, internal};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ring::digest::{SHA256, digest};

/// Longest answer, in bytes; all of them are made in memory, from lists that have bounds.
const MAX_ANSWER: usize = 64 << 20;
/// Bytes of the digest that stand in an ETag: two bodies that share them do not come by chance.
const TAG_LEN: usize = 16;

/// Gives every successful GET an ETag, and answers 304 to `If-None-Match`.
pub(super) async fn etag(mut request: Request, next: Next) -> Result<Response, HttpRefusal> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    if !asks {
        return Ok(next.run(request).await);
    }
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    // The answer to HEAD has the ETag of the answer to GET; its body is left out further outside.
    *request.method_mut() = Method::GET;
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ANSWER).await.map_err(|error| {
        tracing::error!(%error, "an answer cannot be made");
        internal()
    })?;
    let tag = tag_of(&bytes);
    let is_known = known.is_some_and(|known| matches(&known, &tag));
    insert(&mut parts.headers, tag);
    if is_known {
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Ok((StatusCode::NOT_MODIFIED, parts.headers).into_response());
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn insert(headers: &mut HeaderMap, tag: String) {
    // Hexadecimal digits and quotes always can stand in a header.
    let tag = HeaderValue::try_from(tag).expect("an ETag is ASCII");
    headers.insert(header::ETAG, tag);
    // What is shown is for whoever has the token, and asked for again before it is shown again.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}

fn tag_of(body: &[u8]) -> String {
    let hash = digest(&SHA256, body);
    let digits: String = hash.as_ref()[..TAG_LEN].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Weak comparison (RFC 9110 §13.1.2): a proxy may have made the tag a weak one.
fn matches(known: &HeaderValue, tag: &str) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_by_itself_in_a_list_weak_or_as_a_star() {
        let tag = tag_of(b"body");
        let known = |text: &str| matches(&HeaderValue::from_str(text).unwrap(), &tag);
        assert!(known(&tag) && known("*") && known(&format!("W/{tag}")) && known(&format!("\"a\", {tag}")));
        assert!(!known("\"a\"") && !known(&tag_of(b"other")));
    }
}
