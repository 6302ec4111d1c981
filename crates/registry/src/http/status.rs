//! How far the registry is.

use super::described::Described as _;
use super::refusal::HttpRefusal;
use crate::service::Service;
use crate::store::AsOf;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(status))
}

/// How the registry is.
#[derive(Debug, Serialize, ToSchema)]
struct Standing {
    /// The program's version.
    version: &'static str,
    /// Until where counts reach.
    as_of: AsOf,
}

/// How the registry is, and until where its counts reach. Needs no token.
#[utoipa::path(get, path = "/status", tag = "registry", operation_id = "status", security(()),
    responses((status = 200, description = "It works", body = Standing)))]
async fn status(State(service): State<Arc<Service>>) -> Result<Json<Standing>, HttpRefusal> {
    let as_of = service.store.as_of().await?;
    Ok(Json(Standing { version: env!("CARGO_PKG_VERSION"), as_of }))
}
