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
pub(crate) struct Assets;

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path as File, PathBuf};

    fn files_below(folder: &File) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
    }

    /// What the include and exclude lines let in is the same in debug and release builds.
    #[test]
    fn the_folder_holds_what_browsers_load_and_nothing_else() {
        let root = File::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let name = |path: PathBuf| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let there: BTreeSet<String> = files_below(&root).into_iter().map(name).collect();
        let embedded: BTreeSet<String> = Assets::iter().map(String::from).collect();
        assert_eq!(there, embedded);
        assert!(embedded.iter().all(|name| content_type(name).is_some()));
    }

    #[test]
    fn the_version_is_the_files_own_and_safe_in_an_address() {
        let version = version_of_all();
        assert_eq!(version, version_of_all());
        assert!(version.len() == 2 * VERSION_LEN && version.chars().all(|c| c.is_ascii_hexdigit()));
    }
}
