//! The timetable: what it leads to, what is left out and why, what is in two places at once; and the same
//! for calendars.

use super::asked::Query;
use super::caller::{Calendar, May, Read};
use super::described::Described as _;
use super::refusal::{HttpRefusal, Refusal, unfit, unknown};
use crate::planned::{Asked, Planned, planned};
use crate::service::Service;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_pairing::book::Book;
use tongke_pairing::calendar::local;
use tongke_pairing::clashes::Clash;
use tongke_pairing::expand::LeftOut;
use tongke_pairing::ical::{self, Feed};
use tongke_pairing::id::{RegionId, SchoolId};
use tongke_pairing::lesson::Session;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most days that can be asked for at a time.
const MOST_DAYS: i32 = 366;
/// Most sessions of an answer.
const MOST_SESSIONS: usize = 10_000;
/// Days of a calendar before today, and from today on: a term, and what was in the last month.
const CALENDAR_DAYS: (i32, i32) = (31, 183);

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(timetable)).with(routes!(calendar))
}

/// Which part of the timetable.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// First day; today, if nothing is said.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day, included; the sixth after the first, if nothing is said.
    #[param(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// In which that school takes part.
    school: Option<SchoolId>,
    /// In which a school of that county, city or province takes part.
    region: Option<RegionId>,
}

/// What the timetable leads to.
#[derive(Debug, Serialize, ToSchema)]
struct Timetable {
    /// By begin and id.
    sessions: Vec<Session>,
    /// What does not take place, and why.
    left_out: Vec<LeftOut>,
    /// What is needed in two places at once.
    clashes: Vec<Clash>,
}

/// What the timetable leads to on these days, whether or not its time has come.
#[utoipa::path(get, path = "/timetable", tag = "timetable", operation_id = "timetable", security(("token" = ["read"])),
    params(Which),
    responses(
        (status = 200, description = "Sessions, what is left out, clashes", body = Timetable),
        (status = 422, description = "`days_unfit`, `too_many_days`, `too_many_sessions`", body = Refusal),
    ))]
async fn timetable(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Query(Which { from, until, school, region }): Query<Which>,
) -> Result<Json<Timetable>, HttpRefusal> {
    let first = from.unwrap_or_else(|| local(service.now()).date());
    let last = until.unwrap_or_else(|| first.saturating_add(6.days()));
    let asked = Asked { days: days(first, last)?, school, region };
    let Planned { sessions, left_out, clashes } = of(&service, asked).await?.1;
    Ok(Json(Timetable { sessions, left_out, clashes }))
}

fn days(first: Date, last: Date) -> Result<(Date, Date), HttpRefusal> {
    use tongke_pairing::calendar::{days_between, is_plausible};
    if last < first || !is_plausible(first) || !is_plausible(last) {
        let message = format!("from {first} until {last} are no days");
        return Err(unfit("days_unfit", message, "look at both days; they may have changed places"));
    }
    if days_between(first, last) >= MOST_DAYS {
        let message = format!("{first} to {last} are more than {MOST_DAYS} days");
        return Err(unfit("too_many_days", message, "ask for a year at the most"));
    }
    Ok((first, last))
}

async fn of(service: &Service, asked: Asked) -> Result<(Arc<Book>, Planned), HttpRefusal> {
    let book = service.store.book().await?;
    // A province's year takes a while, in which others want to be answered.
    let of_book = book.clone();
    let planned = tokio::task::spawn_blocking(move || planned(&of_book, &asked, MOST_SESSIONS)).await;
    // A panic in there is one out here too.
    let planned = planned.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let planned = planned.map_err(|count| {
        let message = format!("these are {count} sessions, at most {MOST_SESSIONS} are told at a time");
        unfit("too_many_sessions", message, "ask for fewer days, or for one school or county")
    })?;
    Ok((book, planned))
}

/// Whose calendar.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Of that school.
    school: Option<SchoolId>,
    /// Of that county, city or province.
    region: Option<RegionId>,
    /// The token, for calendars that can send no header.
    #[serde(rename = "token")]
    _token: Option<String>,
}

/// The timetable for calendars (iCalendar, RFC 5545): the last month and the next six, read anew by the hour.
#[utoipa::path(get, path = "/timetable.ics", tag = "timetable", operation_id = "calendar", security(("token" = ["read"])),
    params(Whose),
    responses(
        (status = 200, description = "A calendar", body = String, content_type = "text/calendar"),
        (status = 404, description = "`school_unknown`", body = Refusal),
        (status = 422, description = "`whose`, `too_many_sessions`", body = Refusal),
    ))]
async fn calendar(
    State(service): State<Arc<Service>>,
    _: May<Calendar>,
    Query(Whose { school, region, .. }): Query<Whose>,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    if school.is_none() && region.is_none() {
        let hint = "add ?school=ID or ?region=ID to the address";
        return Err(unfit("whose", "it is not said whose calendar it is to be", hint));
    }
    let today = local(service.now()).date();
    let (before, after) = CALENDAR_DAYS;
    let days = (today.saturating_sub(before.days()), today.saturating_add(after.days()));
    let of_region = region.as_ref().map(RegionId::to_string);
    let (book, planned) = of(&service, Asked { days, school: school.clone(), region }).await?;
    let name = match &school {
        Some(school) => {
            let known = book.school(school).ok_or_else(|| {
                unknown("school_unknown", format!("there is no school '{school}'"), "look at the id")
            })?;
            known.name.clone()
        }
        None => of_region.unwrap_or_default(),
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("registry");
    let host = host.split(':').next().unwrap_or(host);
    let feed = Feed { name: &name, host, as_of: service.store.last_entered().await? };
    let text = ical::calendar(&feed, &book, &planned.sessions);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}
