//! One report: its file, and what it is worth.

use crate::http::asked::Path;
use crate::http::caller::{May, Read};
use crate::http::refusal::{HttpRefusal, Refusal, internal, unknown};
use crate::service::Service;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use std::sync::Arc;
use tongke_inspection::judge;
use tongke_inspection::signature::Report;
use utoipa::IntoParams;

/// Which report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Id {
    /// The report's id
    #[param(max_length = 120)]
    id: String,
}

/// The report that a request is about.
pub(super) struct Stored {
    id: String,
    file: String,
}

impl FromRequestParts<Arc<Service>> for Stored {
    type Rejection = HttpRefusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, HttpRefusal> {
        let Path(Id { id }) = Path::from_request_parts(parts, service).await?;
        match service.store.report_file(&id).await? {
            Some(file) => Ok(Stored { id, file }),
            None => {
                let hint = "it may still wait on the machine that made it; GET /reports lists what came";
                Err(unknown("report_unknown", format!("there is no report '{id}'"), hint))
            }
        }
    }
}

/// A report's file, byte for byte as the machine signed it.
#[utoipa::path(get, path = "/reports/{id}", tag = "reports", operation_id = "report", security(("token" = ["read"])),
    params(Id),
    responses(
        (status = 200, description = "The file", body = Object, content_type = "application/json"),
        (status = 404, description = "There is none: `report_unknown`", body = Refusal),
    ))]
pub(super) async fn report(_: May<Read>, Stored { file, .. }: Stored) -> Result<Response, HttpRefusal> {
    Ok(([(header::CONTENT_TYPE, "application/json")], file).into_response())
}

/// What a report is worth by the criteria that this registry judges by now: as `tongke report` prints it with
/// `--json`. It is worked out anew each time and kept nowhere.
#[utoipa::path(get, path = "/reports/{id}/judgement", tag = "reports", operation_id = "report_judgement",
    security(("token" = ["read"])),
    params(Id),
    responses(
        (status = 200, description = "`criteria`, `overall` and `lines`", body = Object, content_type = "application/json"),
        (status = 404, description = "There is none: `report_unknown`", body = Refusal),
    ))]
pub(super) async fn report_judgement(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Stored { id, file }: Stored,
) -> Result<Response, HttpRefusal> {
    let judged = tokio::task::spawn_blocking(move || {
        Report::parse(file.as_bytes()).map(|report| judge(&report.facts, &service.criteria))
    });
    // A panic in there is one out here too.
    let judged = judged.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let judgement = judged.map_err(|error| {
        tracing::error!(report = id, %error, "a report that was kept cannot be read");
        internal()
    })?;
    Ok(Json(judgement).into_response())
}
