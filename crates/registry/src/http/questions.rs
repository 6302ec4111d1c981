//! Progress, scores, duties, monthly reports, reconciliation: what the registry's numbers say.

use super::asked::{Path, Query};
use super::caller::{May, Read};
use super::described::Described as _;
use super::judged::{Asked, Judged, OverPeriod};
use super::list::Page;
use super::refusal::{HttpRefusal, Refusal, refuse};
use crate::answers::{
    AnswerError, Answers, Duties, LedgerQuestion, MonthlyReport, Overview, PolicyList, Reconciliation,
    RefusalKind, RegionProgress, RuleSetList, SchoolAnswer, ScoreSheet,
};
use crate::service::Service;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use tongke_pairing::id::SchoolId;
use tongke_pairing::rules::RuleSet;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .with(routes!(school_progress))
        .with(routes!(region_progress))
        .with(routes!(overview))
        .with(routes!(score_sheet))
        .with(routes!(duties))
        .with(routes!(monthly_report))
        .with(routes!(reconciliation))
        .with(routes!(rule_sets))
        .with(routes!(rule_set))
        .with(routes!(policies))
}

type Written = Query<Vec<(String, String)>>;
type Answer<T> = Result<Json<T>, HttpRefusal>;

fn answers(service: &Service) -> Answers<'_> {
    Answers::new(&service.store, &service.rules, service.now())
}

impl From<AnswerError> for HttpRefusal {
    fn from(error: AnswerError) -> HttpRefusal {
        match error {
            AnswerError::Store(error) => error.into(),
            AnswerError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<crate::answers::Refusal> for HttpRefusal {
    fn from(refusal: crate::answers::Refusal) -> HttpRefusal {
        let status = match refusal.kind {
            RefusalKind::Unknown => StatusCode::NOT_FOUND,
            RefusalKind::Unfit => StatusCode::UNPROCESSABLE_ENTITY,
        };
        refuse(status, refusal.code, refusal.message, refusal.hint)
    }
}

/// How far a school is: by target, what is done, planned, missing, in how many weeks, and what will be.
#[utoipa::path(get, path = "/schools/{school}/progress", tag = "questions", operation_id = "school_progress",
    security(("token" = ["read"])),
    params(("school" = String, Path, description = "The school's id"), OverPeriod, Judged),
    responses(
        (status = 200, description = "How far it is", body = SchoolAnswer),
        (status = 404, description = "`school_unknown`, `period_unknown`, `rules_unknown`, `rules_none`", body = Refusal),
        (status = 422, description = "`period_account`, `period_missing`, `setting_unknown`, `setting_value`", body = Refusal),
    ))]
async fn school_progress(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(school): Path<String>,
    Query(written): Written,
) -> Answer<SchoolAnswer> {
    let mut asked = Asked::new(written)?;
    let question = asked.question()?;
    asked.nothing_else()?;
    Ok(Json(answers(&service).school_progress(&school, &question).await?))
}

/// How far the paired schools of a county, a city or a province are, by their ids.
#[utoipa::path(get, path = "/regions/{region}/progress", tag = "questions", operation_id = "region_progress",
    security(("token" = ["read"])),
    params(
        ("region" = String, Path, description = "The id of a county, a city or a province"), OverPeriod, Judged,
        ("limit" = Option<u32>, Query, description = "How many at a time, 50 if it is not said", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "How far they are", body = RegionProgress),
        (status = 404, description = "`region_unknown`, `period_unknown`, `rules_unknown`, `rules_none`", body = Refusal),
        (status = 422, description = "`period_account`, `period_missing`, `setting_unknown`, `setting_value`", body = Refusal),
    ))]
async fn region_progress(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(region): Path<String>,
    Query(written): Written,
) -> Answer<RegionProgress> {
    let mut asked = Asked::new(written)?;
    let question = asked.question()?;
    let limit = asked.take("limit").map(|limit| limit.parse()).transpose();
    let limit = limit.map_err(|_| {
        refuse(StatusCode::BAD_REQUEST, "query_unfit", "'limit' is no number", "write a number from 1 to 200")
    })?;
    let Page { limit, behind } = Page::<SchoolId>::asked(limit, asked.take("cursor").as_deref())?;
    asked.nothing_else()?;
    let answers = answers(&service);
    let progress = answers.region_progress(&region, &question, behind.as_ref(), limit as usize);
    Ok(Json(progress.await?))
}

/// A county, a city or a province at a glance: pairs, lessons by what they are, figures with their
/// definitions, and who is behind.
#[utoipa::path(get, path = "/regions/{region}/overview", tag = "questions", operation_id = "overview",
    security(("token" = ["read"])),
    params(("region" = String, Path, description = "The id of a county, a city or a province"), OverPeriod, Judged),
    responses(
        (status = 200, description = "At a glance", body = Overview),
        (status = 404, description = "`region_unknown`, `period_unknown`, `rules_unknown`, `rules_none`", body = Refusal),
        (status = 422, description = "`period_account`, `period_missing`, `setting_unknown`, `setting_value`", body = Refusal),
    ))]
async fn overview(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(region): Path<String>,
    Query(written): Written,
) -> Answer<Overview> {
    let mut asked = Asked::new(written)?;
    let question = asked.question()?;
    asked.nothing_else()?;
    Ok(Json(answers(&service).overview(&region, &question).await?))
}

/// The score sheet of a county or a city: each lost point with its school, its rule and its evidence.
#[utoipa::path(get, path = "/regions/{region}/score", tag = "questions", operation_id = "score_sheet",
    security(("token" = ["read"])),
    params(
        ("region" = String, Path, description = "The id of a county or a city"), OverPeriod,
        ("level" = Option<String>, Query, pattern = "^(county|city)$",
            description = "As which it is scored, county or city; without it as the narrowest of that name"),
        Judged,
    ),
    responses(
        (status = 200, description = "The sheet", body = ScoreSheet),
        (status = 404, description = "`region_unknown`, `period_unknown`, `rules_unknown`, `rules_none`", body = Refusal),
        (status = 422, description = "`region_level`, `rules_without_sheet`, `period_account`, `period_missing`, `setting_unknown`, `setting_value`", body = Refusal),
    ))]
async fn score_sheet(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(region): Path<String>,
    Query(written): Written,
) -> Answer<ScoreSheet> {
    let mut asked = Asked::new(written)?;
    let question = asked.question()?;
    let level = asked.take_word("level")?;
    asked.nothing_else()?;
    Ok(Json(answers(&service).score(&region, level, &question).await?))
}

/// What else is due of schools, pairs and the region: days, shares, numbers of events. What is late comes first.
#[utoipa::path(get, path = "/regions/{region}/duties", tag = "questions", operation_id = "duties",
    security(("token" = ["read"])),
    params(("region" = String, Path, description = "The id of a county, a city or a province"), OverPeriod, Judged),
    responses(
        (status = 200, description = "What is due", body = Duties),
        (status = 404, description = "`region_unknown`, `period_unknown`, `rules_unknown`, `rules_none`", body = Refusal),
        (status = 422, description = "`period_account`, `period_missing`, `setting_unknown`, `setting_value`", body = Refusal),
    ))]
async fn duties(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(region): Path<String>,
    Query(written): Written,
) -> Answer<Duties> {
    let mut asked = Asked::new(written)?;
    let question = asked.question()?;
    asked.nothing_else()?;
    Ok(Json(answers(&service).duties(&region, &question).await?))
}

/// The monthly report (月报) of a region: of the month, and summed up so far; published figures beside ours.
#[utoipa::path(get, path = "/regions/{region}/monthly", tag = "questions", operation_id = "monthly_report",
    security(("token" = ["read"])),
    params(
        ("region" = String, Path, description = "The id of a county, a city or a province"),
        ("month" = String, Query, description = "The month, 2019-11", pattern = "^[0-9]{4}-[0-9]{2}$"),
        Judged,
    ),
    responses(
        (status = 200, description = "The report", body = MonthlyReport),
        (status = 404, description = "`region_unknown`, `rules_unknown`, `rules_none`", body = Refusal),
        (status = 422, description = "`month_malformed`, `month_to_come`, `period_missing`, `setting_unknown`, `setting_value`", body = Refusal),
    ))]
async fn monthly_report(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(region): Path<String>,
    Query(written): Written,
) -> Answer<MonthlyReport> {
    let mut asked = Asked::new(written)?;
    let month = asked.take("month");
    let question = asked.question()?;
    asked.nothing_else()?;
    if question.period.is_some() {
        let hint = "leave it out: the month says which";
        return Err(refuse(StatusCode::BAD_REQUEST, "query_unfit", "a month has no 'period'", hint));
    }
    let month = month.unwrap_or_default();
    Ok(Json(answers(&service).monthly(&region, &month, &question).await?))
}

/// An imported 大课表 beside what is known here: matched, differing, only here, only there; and what people
/// settled.
#[utoipa::path(get, path = "/ledgers/{ledger}/reconciliation", tag = "questions", operation_id = "reconciliation",
    security(("token" = ["read"])),
    params(
        ("ledger" = String, Path, description = "The import's name"),
        ("region" = Option<String>, Query,
            description = "Whose lessons; without it those of the region in which its receiving schools lie"),
        ("from" = Option<String>, Query, format = Date, description = "First day; without it the import's"),
        ("until" = Option<String>, Query, format = Date, description = "Last day; without it the import's"),
    ),
    responses(
        (status = 200, description = "How the two stand to each other", body = Reconciliation),
        (status = 404, description = "`ledger_unknown`, `region_unknown`", body = Refusal),
        (status = 422, description = "`region_missing`, `span_missing`, `span_backwards`, `span_too_long`", body = Refusal),
    ))]
async fn reconciliation(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(ledger): Path<String>,
    Query(written): Written,
) -> Answer<Reconciliation> {
    let mut asked = Asked::new(written)?;
    let (from, until) = (asked.take_word("from")?, asked.take_word("until")?);
    let question = LedgerQuestion { ledger, region: asked.take("region"), from, until };
    asked.nothing_else()?;
    Ok(Json(answers(&service).reconciliation(&question).await?))
}

/// The rule sets that there are, with what their sources leave open and what else it could be.
#[utoipa::path(get, path = "/rules", tag = "questions", operation_id = "rule_sets",
    security(("token" = ["read"])),
    responses((status = 200, description = "All rule sets, the oldest first", body = RuleSetList)))]
async fn rule_sets(State(service): State<Arc<Service>>, _: May<Read>) -> Answer<RuleSetList> {
    Ok(Json(answers(&service).rule_sets()))
}

/// One rule set, as its file says.
#[utoipa::path(get, path = "/rules/{name}", tag = "questions", operation_id = "rule_set",
    security(("token" = ["read"])),
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The rule set", body = RuleSet),
        (status = 404, description = "`rules_unknown`", body = Refusal),
    ))]
async fn rule_set(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(name): Path<String>,
) -> Answer<RuleSet> {
    Ok(Json(answers(&service).rule_set(&name)?))
}

/// The policies by which lessons are decided.
#[utoipa::path(get, path = "/policies", tag = "questions", operation_id = "policies",
    security(("token" = ["read"])),
    responses((status = 200, description = "All policies, the oldest first", body = PolicyList)))]
async fn policies(State(service): State<Arc<Service>>, _: May<Read>) -> Answer<PolicyList> {
    Ok(Json(answers(&service).policies()))
}
