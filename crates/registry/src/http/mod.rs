//! The HTTP interface. Routes are thin: they read what is asked, ask the store, and say what came of it.
//!
//! Every route is written down together with its description ([`utoipa::path`]); the router is made from
//! both at once, so there is nothing that is not described and nothing described that is not there.

mod asked;
mod audit;
mod caller;
mod checks;
mod described;
mod description;
mod entries;
mod etag;
mod facts;
mod grants;
mod judged;
mod lessons;
mod links;
mod list;
mod machines;
mod orders;
mod pupils;
mod questions;
mod refusal;
mod reports;
mod signed;
mod status;
mod things;
mod timetable;
mod tries;
mod webhooks;

use crate::service::Service;
use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use described::Described as _;
use description::BASE;
use futures_util::FutureExt as _;
use refusal::{HttpRefusal, internal, refuse};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use refusal::Refusal;
pub(crate) use tries::Tries;

/// All routes of the interface, below `/api`. May be merged into a router that has others.
pub fn router(service: Arc<Service>) -> Router {
    let (routes, api) = described().split_for_parts();
    // Serialized once: it is the same for everybody.
    let text = description::complete(api).to_json().unwrap_or_else(|error| {
        tracing::error!(%error, "the description of the interface cannot be written");
        String::new()
    });
    let routes = routes
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn(etag::etag))
        .layer(middleware::from_fn(guard))
        .with_state(service);
    let described = get(move || async move { ([(header::CONTENT_TYPE, "application/json")], text) });
    let described = described.fallback(no_method).layer(middleware::from_fn(etag::etag));
    Router::new().nest(BASE, routes).route("/api/openapi.json", described).fallback(no_route)
}

/// The description of the interface, OpenAPI 3.1, as `/api/openapi.json` has it.
pub fn description() -> OpenApi {
    description::complete(described().into_openapi())
}

fn described() -> OpenApiRouter<Arc<Service>> {
    let all = [
        status::routes(),
        facts::routes(),
        machines::routes(),
        entries::routes(),
        things::routes(),
        timetable::routes(),
        lessons::routes(),
        grants::routes(),
        webhooks::routes(),
        reports::routes(),
        checks::routes(),
        orders::routes(),
        links::routes(),
        pupils::routes(),
        audit::routes(),
        questions::routes(),
    ];
    all.into_iter()
        .fold(OpenApiRouter::with_openapi(description::empty()), |routes, more| routes.with_all(more))
}

/// What is true of every request: no address holds a NUL, which is no text to PostgreSQL, and a mistake in
/// here costs one answer and not the connection.
async fn guard(request: Request, next: Next) -> Response {
    let holds_nul = |text: &str| text.contains("%00");
    let uri = request.uri();
    if holds_nul(uri.path()) || uri.query().is_some_and(holds_nul) {
        let hint = "leave the character U+0000 out";
        return refuse(StatusCode::BAD_REQUEST, "address_unfit", "the address holds a NUL", hint)
            .into_response();
    }
    let (method, path) = (request.method().clone(), uri.path().to_owned());
    let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(%method, path, "a request could not be answered");
            internal().into_response()
        }
    };
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn no_route(OriginalUri(uri): OriginalUri) -> HttpRefusal {
    let message = format!("there is nothing at {}", uri.path());
    refuse(StatusCode::NOT_FOUND, "no_such_address", message, "/api/openapi.json describes what there is")
}

async fn no_method(method: Method, OriginalUri(uri): OriginalUri) -> HttpRefusal {
    let message = format!("{method} is not possible at {}", uri.path());
    refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, "the Allow header names what is")
}
