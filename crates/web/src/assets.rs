//! Style sheets, modules and pictures. Their addresses begin with one hash over all of them, so that
//! a module's relative imports stay within the version that its page named, and may be kept for ever.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Bytes of the hash in an address.
const VERSION_LEN: usize = 8;
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What browsers load. Type declarations and settings of the type check stay behind.
#[derive(RustEmbed)]
#[folder = "assets/"]
#[include = "*.css"]
#[include = "*.js"]
#[include = "*.svg"]
#[include = "*.woff2"]
#[exclude = "*.test.js"]
struct Assets;

static EMBEDDED_VERSION: LazyLock<String> = LazyLock::new(version_of_all);

/// Where the assets of the present version are, e.g. `/assets/0123456789abcdef`.
pub(crate) fn folder() -> String {
    format!("/assets/{}", version())
}

/// In debug builds the files may change while the program runs.
fn version() -> String {
    if cfg!(debug_assertions) { version_of_all() } else { EMBEDDED_VERSION.clone() }
}

fn version_of_all() -> String {
    let mut names: Vec<_> = Assets::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        let Some(file) = Assets::get(&name) else { continue };
        hash.update(name.as_bytes());
        hash.update(file.metadata.sha256_hash());
    }
    hex(&hash.finalize()[..VERSION_LEN])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// `GET /assets/{version}/{path}`. A page of an earlier version gets the present file, unkept: better
/// than none, in the moment between an update and the page's reload.
pub(crate) async fn serve(Path((asked, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let (Some(file), Some(kind)) = (Assets::get(&path), content_type(&path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Weak: the same file leaves compressed or not.
    let etag = format!("W/\"{}\"", hex(&file.metadata.sha256_hash()[..VERSION_LEN]));
    let etag = HeaderValue::from_str(&etag).expect("hex is ASCII");
    let cache = if asked == version() { FOR_EVER } else { const { HeaderValue::from_static("no-store") } };
    let fresh: [(HeaderName, HeaderValue); 2] =
        [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, cache)];
    if headers.get(header::IF_NONE_MATCH) == Some(&etag) {
        return (StatusCode::NOT_MODIFIED, fresh).into_response();
    }
    (fresh, [(header::CONTENT_TYPE, kind)], file.data).into_response()
}

fn content_type(path: &str) -> Option<HeaderValue> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(HeaderValue::from_static(match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => return None,
    }))
}
