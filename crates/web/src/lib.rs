//! The pages of a lesson: shells rendered here, and the style sheets and modules that browsers load.
//!
//! A shell carries no lesson's data: what happens in a lesson a page learns from the relay's HTTP
//! interface, with its grant. In debug builds assets and messages are read from their folders at each
//! request; in release builds they are in the binary.

mod assets;
mod headers;
mod language;
mod pages;
mod texts;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

/// All pages and assets. No path of it is one of the relay's, so that both fit one router.
pub fn router() -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/lessons/{lesson}", get(pages::lesson))
        .route("/assets/{version}/{*path}", get(assets::serve))
        .layer(middleware::from_fn(headers::secure))
        .layer(CompressionLayer::new())
}
