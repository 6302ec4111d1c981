//! A machine brings a report.

use crate::http::asked::ReportFile;
use crate::http::refusal::{HttpRefusal, Refusal, refuse};
use crate::reporting::{self, NotKept};
use crate::service::Service;
use crate::store::Kept;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::SemaphorePermit;
use utoipa::ToSchema;

/// Seconds after which a machine may try again.
const BUSY_S: u64 = 2;

/// What became of a report.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptReport {
    /// Its id, which stands in its facts.
    id: String,
}

/// Keeps a report as its machine signed it, once, whoever brings it and however often. Needs no token: its signature
/// says who speaks. At most 8 MiB.
#[utoipa::path(post, path = "/reports", tag = "reports", operation_id = "bring_report", security(()),
    request_body(content((Object = "application/json"), (String = "application/octet-stream")), description = "The file"),
    responses(
        (status = 200, description = "It was kept before", body = KeptReport),
        (status = 201, description = "Kept: it is on disk", body = KeptReport),
        (status = 403, description = "`unknown_machine`, `machine_revoked`, `wrong_key`, `not_a_node`", body = Refusal),
        (status = 409, description = "Another report has this id: `conflict`", body = Refusal),
        (status = 422, description = "`malformed`, `not_signed`, `altered`", body = Refusal),
        (status = 429, description = "Too much at once: `busy`; `Retry-After` says when", body = Refusal),
    ))]
pub(super) async fn bring_report(
    State(service): State<Arc<Service>>,
    ReportFile(file): ReportFile,
) -> Result<Response, HttpRefusal> {
    let _place = place(&service)?;
    let (id, kept) = reporting::take(&service.store, file, service.now()).await?;
    let status = match kept {
        Kept::New => StatusCode::CREATED,
        Kept::Known => StatusCode::OK,
        Kept::Conflict => {
            let message = format!("another report is kept under the id '{id}'");
            let hint = "ids are for ever: keep this file, and ask whoever made both";
            return Err(refuse(StatusCode::CONFLICT, "conflict", message, hint));
        }
    };
    Ok((status, Json(KeptReport { id })).into_response())
}

impl From<NotKept> for HttpRefusal {
    fn from(why: NotKept) -> HttpRefusal {
        let (status, hint) = match why {
            NotKept::Store(error) => return error.into(),
            NotKept::Malformed(_) | NotKept::NotSigned | NotKept::Altered(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "send the file as the machine signed it, byte for byte")
            }
            NotKept::UnknownMachine(_) | NotKept::MachineRevoked(_) | NotKept::WrongKey(_) => (
                StatusCode::FORBIDDEN,
                "`tongke enrol` enrols a machine, with a code from whoever runs the registry",
            ),
            NotKept::NotANode(_) => (StatusCode::FORBIDDEN, "let the school's own machine test its line"),
        };
        refuse(status, why.code(), why.to_string(), hint)
    }
}

/// A place among those who bring something. Whoever gets none tries again; nothing is lost, it is on disk there.
fn place(service: &Service) -> Result<SemaphorePermit<'_>, HttpRefusal> {
    service.intake.try_acquire().map_err(|_| {
        let message = "too many machines bring something at once";
        refuse(StatusCode::TOO_MANY_REQUESTS, "busy", message, "try again in a few seconds").after(BUSY_S)
    })
}
