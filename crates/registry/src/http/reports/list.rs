//! Which reports there are.

use crate::http::asked::Query;
use crate::http::caller::{May, Read};
use crate::http::list::{List, Page, days};
use crate::http::refusal::HttpRefusal;
use crate::service::Service;
use crate::store::{ReportFilter, StoredReport};
use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_inspection::facts::Kind;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_protocol::WallTime;
use utoipa::{IntoParams, ToSchema};

/// What a report is about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportLine {
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
pub(super) enum ReportKind {
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
pub(super) struct Which {
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
pub(super) async fn reports(
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
