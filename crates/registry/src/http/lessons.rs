//! Lessons: what was planned, what each is worth, and everything that this rests on.

use super::asked::{Path, Query};
use super::caller::{May, Read};
use super::described::Described as _;
use super::entries::KeptEntry;
use super::facts::KeptFact;
use super::list::{List, Page, WhichPage, days};
use super::refusal::{HttpRefusal, Refusal, refuse, unknown};
use crate::service::Service;
use crate::store::{AsOf, LessonCursor, LessonFilter, StoredLesson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_pairing::credit::{Decision, Status};
use tongke_pairing::expand;
use tongke_pairing::id::{PairId, RegionId, SchoolId, SlotId, TermId};
use tongke_pairing::lesson::{Form, Session};
use tongke_protocol::{LessonId, WallTime};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(lessons)).with(routes!(lesson)).with(routes!(lesson_facts))
}

/// Which lessons, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// In which that school takes part.
    school: Option<SchoolId>,
    /// In which a school of that county, city or province takes part.
    region: Option<RegionId>,
    /// Of that pair.
    pair: Option<PairId>,
    /// From that entry of the timetable.
    slot: Option<SlotId>,
    /// In that term.
    term: Option<TermId>,
    /// In that form of help.
    form: Option<Form>,
    /// Of one of these statuses, with commas between; with a school, its own in the lesson.
    #[param(example = "held,partly_held")]
    status: Option<String>,
    /// That begin on that day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// That begin on that day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Items of a page, 50 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl Which {
    fn filter(self) -> Result<LessonFilter, HttpRefusal> {
        let Which { school, region, pair, slot, term, form, status, from, until, .. } = self;
        let statuses = status.as_deref().map(statuses).transpose()?.unwrap_or_default();
        let (from_us, until_us) = days(from, until);
        Ok(LessonFilter { school, region, pair, slot, term, form, statuses, from_us, until_us })
    }
}

fn statuses(text: &str) -> Result<Vec<Status>, HttpRefusal> {
    let read = |word: &str| {
        serde_json::from_value(word.trim().into()).map_err(|_| {
            let hint = "use planned, live, held, partly_held, not_held, undecided, disputed, cancelled, never_counts";
            refuse(StatusCode::BAD_REQUEST, "query_unfit", format!("there is no status '{word}'"), hint)
        })
    };
    text.split(',').map(read).collect()
}

/// A lesson as it stands in the counts.
#[derive(Debug, Serialize, ToSchema)]
struct Counted {
    /// What was planned or noted.
    session: Session,
    /// In which term; none: outside every term.
    term: Option<TermId>,
    /// What it is worth, without what was seen: `/lessons/{lesson}` has that too.
    decision: Decision,
    /// When that was worked out, µs since the Unix epoch.
    #[schema(value_type = u64)]
    decided_us: WallTime,
    /// Of how many facts.
    facts: u64,
    /// Something was said since that is not in it yet.
    unsettled: bool,
}

impl From<StoredLesson> for Counted {
    fn from(stored: StoredLesson) -> Counted {
        let StoredLesson { session, term, decision, decided_us, facts, unsettled } = stored;
        Counted { session, term, decision, decided_us, facts, unsettled }
    }
}

/// Lessons in the order of their begin.
#[utoipa::path(get, path = "/lessons", tag = "lessons", operation_id = "lessons", security(("token" = ["read"])),
    params(Which), responses((status = 200, description = "A page", body = List<Counted>)))]
async fn lessons(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Query(which): Query<Which>,
) -> Result<Json<List<Counted>>, HttpRefusal> {
    let page = Page::<(WallTime, LessonId)>::asked(which.limit, which.cursor.as_deref())?;
    let filter = which.filter()?;
    let behind = page.behind.clone().map(|(start_us, id)| LessonCursor { start_us, id });
    let found = service.store.lessons(&filter, behind.as_ref(), page.and_one()).await?;
    let list = page.cut(found, |lesson| (lesson.session.start_us, lesson.session.id.clone()));
    Ok(Json(list.map(Counted::from)))
}

/// A lesson with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
struct Opened {
    /// What was planned or noted.
    session: Session,
    /// What it is worth, worked out now, with what was seen, by whom and when.
    decision: Decision,
    /// What stands in the counts; none: it is not counted yet.
    counted: Option<Counted>,
    /// What people said of it, in the order of arrival.
    entries: Vec<KeptEntry>,
    /// Until where the counts reach.
    as_of: AsOf,
}

/// A lesson: what it is worth at this moment, with all evidence, and what people said of it.
#[utoipa::path(get, path = "/lessons/{lesson}", tag = "lessons", operation_id = "lesson", security(("token" = ["read"])),
    params(("lesson" = String, Path, description = "The lesson", pattern = "^[A-Za-z0-9._-]{1,64}$", example = "s1-20190902")),
    responses(
        (status = 200, description = "The lesson", body = Opened),
        (status = 404, description = "It is neither planned nor noted: `lesson_unknown`", body = Refusal),
    ))]
async fn lesson(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(lesson): Path<LessonId>,
) -> Result<Json<Opened>, HttpRefusal> {
    let store = &service.store;
    let as_of = store.as_of().await?;
    let session = expand::session(&*store.book().await?, &lesson);
    let decision = store.decision(&lesson, service.now()).await?;
    let Some((session, decision)) = session.zip(decision) else { return Err(no_lesson(&lesson)) };
    let counted = store.lesson(&lesson).await?.map(Counted::from);
    let entries = store.entries_of(&lesson).await?.into_iter().map(KeptEntry::from).collect();
    Ok(Json(Opened { session, decision, counted, entries, as_of }))
}

pub(super) fn no_lesson(lesson: &LessonId) -> HttpRefusal {
    let message = format!("'{lesson}' is neither planned nor noted");
    unknown("lesson_unknown", message, "look at the id; GET /timetable and GET /lessons list what there is")
}

/// All facts of a lesson, with their signatures, in the order of arrival; also of one that nobody planned.
#[utoipa::path(get, path = "/lessons/{lesson}/facts", tag = "lessons", operation_id = "lesson_facts",
    security(("token" = ["read"])), params(("lesson" = String, Path, description = "The lesson", pattern = "^[A-Za-z0-9._-]{1,64}$", example = "s1-20190902"), WhichPage),
    responses((status = 200, description = "A page; empty: nothing was told of it", body = List<KeptFact>)))]
async fn lesson_facts(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(lesson): Path<LessonId>,
    Query(WhichPage { limit, cursor }): Query<WhichPage>,
) -> Result<Json<List<KeptFact>>, HttpRefusal> {
    let page = Page::<u64>::asked(limit, cursor.as_deref())?;
    let found = service.store.facts_of_after(&lesson, page.behind.unwrap_or(0), page.and_one()).await?;
    Ok(Json(page.cut(found, |fact| fact.seq).map(KeptFact::of)))
}
