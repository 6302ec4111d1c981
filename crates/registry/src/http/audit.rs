//! Who did what, beside what people enter.

use super::asked::Query;
use super::caller::{Admin, May};
use super::described::Described as _;
use super::list::{List, Page, WhichPage};
use super::refusal::HttpRefusal;
use crate::service::Service;
use crate::store::AuditLine;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use tongke_protocol::WallTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(audit))
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
struct Done {
    /// Its number, from 1.
    seq: u64,
    /// When, µs since the Unix epoch.
    #[schema(value_type = u64)]
    at_us: WallTime,
    /// Who did it.
    who: String,
    /// What: `machine_allowed`, `machine_enrolled`, `machine_revoked`, `webhook_added`, `webhook_ended`,
    /// `class_listed`, `machine_ordered`, `report_brought`, `pupil_erased`, `pupils_erased`, `restored`,
    /// `account_first`, `account_added`, `account_changed`, `account_ended`, `password_set`.
    what: String,
    /// To what.
    about: String,
    /// In words.
    detail: String,
}

impl From<AuditLine> for Done {
    fn from(AuditLine { seq, at_us, who, what, about, detail }: AuditLine) -> Done {
        Done { seq, at_us, who, what, about, detail }
    }
}

/// Who did what, in order. What people entered, and settled, stands in the entries.
#[utoipa::path(get, path = "/audit", tag = "registry", operation_id = "audit", security(("token" = ["admin"])),
    params(WhichPage), responses((status = 200, description = "A page", body = List<Done>)))]
async fn audit(
    State(service): State<Arc<Service>>,
    _: May<Admin>,
    Query(WhichPage { limit, cursor }): Query<WhichPage>,
) -> Result<Json<List<Done>>, HttpRefusal> {
    let page = Page::<u64>::asked(limit, cursor.as_deref())?;
    let found = service.store.audit_after(page.behind.unwrap_or(0), page.and_one()).await?;
    Ok(Json(page.cut(found, |line| line.seq).map(Done::from)))
}
