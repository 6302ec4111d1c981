//! Reports of self-tests and inspections: machines bring them signed; whoever may read sees the file as it came, and
//! what it is worth by the criteria of this moment. Whether a file was altered is said in `checks`.

mod bring;
mod list;
mod one;

use super::described::Described as _;
use crate::service::Service;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .with(routes!(bring::bring_report, list::reports))
        .with(routes!(one::report))
        .with(routes!(one::report_judgement))
}
