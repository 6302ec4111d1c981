//! Reports of self-tests and inspections: machines bring them signed; whoever may read sees the file as it came, and
//! what it is worth by the criteria of this moment. Whether a file was altered is said in `checks`.

use super::asked::{Path, Query, ReportFile};
use super::caller::{May, Read};
use super::described::Described as _;
use super::list::{List, Page, days};
use super::refusal::{HttpRefusal, Refusal, internal, refuse, unknown};
use crate::reporting::{self, NotKept};
use crate::service::Service;
use crate::store::{Kept, ReportFilter, StoredReport};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::SemaphorePermit;
use tongke_inspection::facts::Kind;
use tongke_inspection::judge;
use tongke_inspection::signature::Report;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_protocol::WallTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Seconds after which a machine may try again.
const BUSY_S: u64 = 2;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .with(routes!(bring_report, reports))
        .with(routes!(report))
        .with(routes!(report_judgement))
}

/// What became of a report.
#[derive(Debug, Serialize, ToSchema)]
struct KeptReport {
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
async fn bring_report(
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

/// What a report is about.
#[derive(Debug, Serialize, ToSchema)]
struct ReportLine {
    /// Its id.
    id: String,
    /// What it was.
    kind: ReportKind,
    /// The schools that it is about, the one that it began at first; those that nobody knows are left out.
    schools: Vec<SchoolId>,
    /// The nodes, in the same order, as the report names them.
    nodes: Vec<String>,
    /// The machine that signed it.
    machine: NodeId,
    /// When the test began, µs since the Unix epoch.
    #[schema(value_type = u64)]
    began_us: WallTime,
    /// When the report came, µs since the Unix epoch.
    #[schema(value_type = u64)]
    received_us: WallTime,
}

/// What kind of measurement it was.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportKind {
    /// One school with the relay, by itself.
    SelfTest,
    /// Two schools through the relay.
    Inspection,
    /// Two schools while they have a lesson, without disturbing it.
    BesideLesson,
}

impl From<Kind> for ReportKind {
    fn from(kind: Kind) -> ReportKind {
        match kind {
            Kind::SelfTest => ReportKind::SelfTest,
            Kind::Inspection => ReportKind::Inspection,
            Kind::BesideLesson => ReportKind::BesideLesson,
        }
    }
}

impl From<ReportKind> for Kind {
    fn from(kind: ReportKind) -> Kind {
        match kind {
            ReportKind::SelfTest => Kind::SelfTest,
            ReportKind::Inspection => Kind::Inspection,
            ReportKind::BesideLesson => Kind::BesideLesson,
        }
    }
}

impl From<StoredReport> for ReportLine {
    fn from(StoredReport { card, received_us }: StoredReport) -> ReportLine {
        let places = || std::iter::once(&card.a).chain(&card.b);
        ReportLine {
            schools: places().filter_map(|place| place.school.clone()).collect(),
            nodes: places().map(|place| place.node.clone()).collect(),
            id: card.id.clone(),
            kind: card.kind.into(),
            machine: card.machine.clone(),
            began_us: card.began_us,
            received_us,
        }
    }
}

/// Which reports, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// About that school.
    school: Option<SchoolId>,
    /// About that node, as the report names it.
    #[param(max_length = 120)]
    node: Option<String>,
    /// Of that kind.
    kind: Option<ReportKind>,
    /// Signed by that machine.
    machine: Option<NodeId>,
    /// Of tests on that day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Of tests on that day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Items of a page, 50 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl Which {
    fn filter(self) -> ReportFilter {
        let Which { school, node, kind, machine, from, until, .. } = self;
        let (from_us, until_us) = days(from, until);
        ReportFilter { school, node, kind: kind.map(Kind::from), machine, from_us, until_us }
    }
}

/// Reports, those of the latest tests first. No verdict stands in the list: it follows from the report whenever it is
/// judged.
#[utoipa::path(get, path = "/reports", tag = "reports", operation_id = "reports", security(("token" = ["read"])),
    params(Which), responses((status = 200, description = "A page", body = List<ReportLine>)))]
async fn reports(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Query(which): Query<Which>,
) -> Result<Json<List<ReportLine>>, HttpRefusal> {
    let page = Page::<(WallTime, String)>::asked(which.limit, which.cursor.as_deref())?;
    let behind = page.behind.as_ref().map(|(began, id)| (*began, id.as_str()));
    let found = service.store.reports(&which.filter(), behind, page.and_one()).await?;
    let list = page.cut(found, |report| (report.card.began_us, report.card.id.clone()));
    Ok(Json(list.map(ReportLine::from)))
}

async fn file_of(service: &Service, id: &str) -> Result<String, HttpRefusal> {
    let hint = "it may still wait on the machine that made it; GET /reports lists what came";
    let file = service.store.report_file(id).await?;
    file.ok_or_else(|| unknown("report_unknown", format!("there is no report '{id}'"), hint))
}

/// A report's file, byte for byte as the machine signed it.
#[utoipa::path(get, path = "/reports/{id}", tag = "reports", operation_id = "report", security(("token" = ["read"])),
    params(("id" = String, Path, description = "The report's id", max_length = 120)),
    responses(
        (status = 200, description = "The file", body = Object, content_type = "application/json"),
        (status = 404, description = "There is none: `report_unknown`", body = Refusal),
    ))]
async fn report(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(id): Path<String>,
) -> Result<Response, HttpRefusal> {
    let file = file_of(&service, &id).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], file).into_response())
}

/// What a report is worth by the criteria that this registry judges by now: as `tongke report` prints it with
/// `--json`. It is worked out anew each time and kept nowhere.
#[utoipa::path(get, path = "/reports/{id}/judgement", tag = "reports", operation_id = "report_judgement",
    security(("token" = ["read"])),
    params(("id" = String, Path, description = "The report's id", max_length = 120)),
    responses(
        (status = 200, description = "`criteria`, `overall` and `lines`", body = Object, content_type = "application/json"),
        (status = 404, description = "There is none: `report_unknown`", body = Refusal),
    ))]
async fn report_judgement(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(id): Path<String>,
) -> Result<Response, HttpRefusal> {
    let file = file_of(&service, &id).await?;
    let judging = service.clone();
    let judged = tokio::task::spawn_blocking(move || {
        Report::parse(file.as_bytes()).map(|report| judge(&report.facts, &judging.criteria))
    });
    // A panic in there is one out here too.
    let judged = judged.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let judgement = judged.map_err(|error| {
        tracing::error!(report = id, %error, "a report that was kept cannot be read");
        internal()
    })?;
    Ok(Json(judgement).into_response())
}
