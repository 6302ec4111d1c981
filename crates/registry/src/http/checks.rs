//! Whether a report's file was altered: anybody may ask, and nothing is kept.

use super::asked::ReportFile;
use super::caller::Origin;
use super::described::Described as _;
use super::refusal::{HttpRefusal, Refusal, refuse, unfit};
use crate::reporting::{self, Seen};
use crate::service::Service;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use tongke_inspection::criteria::Title;
use tongke_inspection::judge::{Grade, Verdict};
use tongke_inspection::signature::Check;
use tongke_inspection::{Criteria, judge};
use tongke_protocol::WallTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(check_report))
}

/// What is to be said of a file.
#[derive(Debug, Serialize, ToSchema)]
struct CheckedReport {
    /// Whether it was altered.
    state: ReportState,
    /// What the signer calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
    /// Its key, to be compared by eye.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Since when that key may sign no more, µs since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    revoked_us: Option<WallTime>,
    /// How it shows that it was altered.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The id of the report that it says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// When the test began, as it says, µs since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_us: Option<i64>,
    /// The verdict of the whole, by the criteria that this registry judges by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<ReportVerdict>,
    /// Which these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_by: Option<Edition>,
}

/// Which criteria.
#[derive(Debug, Serialize, ToSchema)]
struct Edition {
    /// Whose they are.
    name: String,
    /// Which edition.
    version: String,
}

impl From<&Title> for Edition {
    fn from(Title { name, version, .. }: &Title) -> Edition {
        Edition { name: name.clone(), version: version.clone() }
    }
}

/// The verdict of a whole report.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportVerdict {
    /// 优.
    Excellent,
    /// 良.
    Good,
    /// 合格.
    Pass,
    /// 不合格.
    Fail,
    /// 无法判定.
    Undecided,
}

impl From<Verdict> for ReportVerdict {
    fn from(verdict: Verdict) -> ReportVerdict {
        match verdict.counts_as() {
            Some(Grade::Excellent) => ReportVerdict::Excellent,
            Some(Grade::Good) => ReportVerdict::Good,
            Some(Grade::Pass) => ReportVerdict::Pass,
            Some(Grade::Fail) => ReportVerdict::Fail,
            None => ReportVerdict::Undecided,
        }
    }
}

/// Whether a file was altered.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportState {
    /// Not a byte, since a machine that is or was enrolled here signed it.
    Intact,
    /// It fits its signature, but the key is of no machine here: anybody may have made it.
    UnknownKey,
    /// It was altered, or is something else.
    Altered,
    /// A report that nobody signed.
    NotSigned,
}

impl CheckedReport {
    /// What is to be said of a file. What was altered is not judged.
    fn of(Seen { check, machine: known, report }: Seen, criteria: &Criteria) -> CheckedReport {
        let (state, signer, why) = match check {
            Check::Intact { machine, key } => (ReportState::Intact, Some((machine, key.to_string())), None),
            Check::UnknownKey { machine, key } => {
                (ReportState::UnknownKey, Some((machine, key.to_string())), None)
            }
            Check::Altered { why } => (ReportState::Altered, None, Some(why.to_string())),
            Check::NotSigned => (ReportState::NotSigned, None, None),
        };
        let judged = report.as_ref().filter(|_| signer.is_some());
        let judgement = judged.map(|report| judge(&report.facts, criteria));
        let (machine, key) = signer.unzip();
        let facts = report.map(|report| report.facts);
        CheckedReport {
            state,
            machine,
            key,
            revoked_us: known.and_then(|machine| machine.revoked_us),
            why,
            began_us: facts.as_ref().map(|facts| facts.time.began.as_microsecond()),
            id: facts.map(|facts| facts.id),
            verdict: judgement.as_ref().map(|judgement| judgement.overall.verdict.into()),
            judged_by: judgement.map(|judgement| Edition::from(&judgement.criteria)),
        }
    }
}

/// Says whether a report was altered since a machine signed it. The file is kept nowhere. Needs no token; at most
/// 8 MiB, and so often from one place.
#[utoipa::path(post, path = "/reports/check", tag = "reports", operation_id = "check_report", security(()),
    request_body(content((Object = "application/json"), (String = "application/octet-stream")), description = "The file"),
    responses(
        (status = 200, description = "What its signature says", body = CheckedReport),
        (status = 422, description = "`file_empty`", body = Refusal),
        (status = 429, description = "Too often from one place: `too_many_tries`; `Retry-After` says when", body = Refusal),
    ))]
async fn check_report(
    State(service): State<Arc<Service>>,
    Origin(place): Origin,
    ReportFile(file): ReportFile,
) -> Result<Json<CheckedReport>, HttpRefusal> {
    let now = service.now();
    service.checks.may(place, now).map_err(|seconds| {
        let hint = format!("try again in {seconds} s, or use `tongke verify`");
        let message = "too many files were checked";
        refuse(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", message, hint).after(seconds)
    })?;
    service.checks.count(place, now);
    if file.is_empty() {
        return Err(unfit("file_empty", "the file is empty", "send the report's file as the body"));
    }
    let seen = reporting::look(&service.store, file).await?;
    let judging = service.clone();
    let checked = tokio::task::spawn_blocking(move || CheckedReport::of(seen, &judging.criteria)).await;
    // A panic in there is one out here too.
    Ok(Json(checked.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))))
}
