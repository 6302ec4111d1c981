//! An imported 大课表 beside what is known here.

use super::places::{self, Place};
use super::refusal::names;
use super::{AnswerError, Answers, Refusal, work};
use crate::store::{AsOf, LessonFilter, Reading, StoredLesson};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tongke_pairing::book::Book;
use tongke_pairing::calendar::{days_between, moment};
use tongke_pairing::entry::{Entry, LedgerRow, Says};
use tongke_pairing::id::{RegionId, SchoolId};
use tongke_pairing::inputs::{Level, Region};
use tongke_pairing::reconcile::{Here, Question as Compared, Reconciled, Tolerance, reconcile};
use tongke_pairing::school::School;
use tongke_protocol::LessonId;
use utoipa::ToSchema;

/// Longest time that is compared at once, in days: a school year and its holidays.
const MOST_DAYS: i32 = 400;
/// Most lessons here that are compared at once.
const MOST_LESSONS: usize = 30_000;
/// Lessons read at a time.
const PAGE: u32 = 1_000;
/// Most imports that are named to somebody who asks for one that is not there.
const MOST_LEDGERS: usize = 20;

/// Which import, and with what it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerQuestion {
    /// The import.
    pub ledger: String,
    /// Whose lessons; none: those of the region in which all its receiving schools lie.
    pub region: Option<String>,
    /// First day; none: the import's.
    pub from: Option<Date>,
    /// Last day; none: the import's.
    pub until: Option<Date>,
}

/// How an import and this registry stand to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// Until where counts reach.
    pub as_of: AsOf,
    /// Which import.
    pub ledger: String,
    /// Whose lessons it is compared with.
    pub region: Region,
    /// What both have, what only one has, what they have differently, and what people settled.
    pub reconciled: Reconciled,
    /// Lines of the import, by their number, as they stand there.
    #[schema(value_type = BTreeMap<String, LedgerRow>)]
    pub rows: BTreeMap<u32, LedgerRow>,
}

impl Answers<'_> {
    /// Compares an import with the lessons here.
    pub async fn reconciliation(&self, question: &LedgerQuestion) -> Result<Reconciliation, AnswerError> {
        let mut reading = self.store.reading().await?;
        let (as_of, book) = (reading.as_of(), reading.book());
        let ledger = question.ledger.clone();
        let rows = reading.ledger_rows(&ledger).await?;
        if rows.is_empty() {
            let known = names(reading.ledgers(MOST_LEDGERS).await?);
            let message = format!("no line of an import '{ledger}' was entered");
            return Err(Refusal::unknown("ledger_unknown", message, format!("there are: {known}")).into());
        }
        let place = match &question.region {
            Some(region) => places::region(&book, region, None)?,
            None => of_rows(&book, &rows)?,
        };
        let span = span(&rows, question)?;
        let lessons = lessons(&mut reading, &place.region.id, span).await?;
        let entries = settlements(reading.settlements(&ledger).await?, &lessons);
        reading.end().await?;
        let region = place.region;
        Ok(work(move || {
            let reconciled = compared(&book, &region, (&rows, &lessons), span, &entries);
            let rows = rows.into_iter().map(|row| (row.row, row)).collect();
            Reconciliation { as_of, ledger, region, reconciled, rows }
        })
        .await)
    }
}

fn compared(
    book: &Arc<Book>,
    region: &Region,
    (rows, lessons): (&[LedgerRow], &[StoredLesson]),
    span: (Date, Date),
    entries: &[Entry],
) -> Reconciled {
    let here: Vec<Here<'_>> = lessons.iter().map(here).collect();
    let school = |name: &str| meant(book, name, Some(&region.id));
    let question =
        Compared { rows, here: &here, span, entries, school: &school, tolerance: Tolerance::default() };
    reconcile(&question)
}

/// A partner may lie elsewhere; of two schools of a name the region's is meant.
fn meant(book: &Book, name: &str, region: Option<&RegionId>) -> Option<SchoolId> {
    book.named(name, region).one().or_else(|| book.named(name, None).one())
}

fn here(lesson: &StoredLesson) -> Here<'_> {
    Here {
        session: &lesson.session,
        status: lesson.decision.status,
        credited: lesson.decision.credited().map(|credit| credit.school.clone()).collect(),
        // Teachers have no names here, only ids.
        teacher: None,
    }
}

/// The narrowest region in which all receiving schools lie that lines name.
fn of_rows(book: &Book, rows: &[LedgerRow]) -> Result<Place, Refusal> {
    let written: BTreeSet<&str> = rows.iter().flat_map(|row| &row.receiving).map(String::as_str).collect();
    let ids = written.into_iter().filter_map(|name| meant(book, name, None));
    let schools: Vec<&School> =
        ids.collect::<BTreeSet<_>>().iter().filter_map(|id| book.school(id)).collect();
    let unclear = || {
        let message = "the import's receiving schools do not say which region it is of";
        Refusal::unfit("region_missing", message, "say which with region=")
    };
    let first = schools.first().ok_or_else(unclear)?;
    let all = |of: fn(&School) -> &RegionId| schools.iter().all(|school| of(school) == of(first));
    let (region, level) = if all(|school| &school.county) {
        (&first.county, Level::County)
    } else if all(|school| &school.city) {
        (&first.city, Level::City)
    } else if all(|school| &school.province) {
        (&first.province, Level::Province)
    } else {
        return Err(unclear());
    };
    places::region(book, region.as_str(), Some(level))
}

fn span(rows: &[LedgerRow], question: &LedgerQuestion) -> Result<(Date, Date), Refusal> {
    let days = || rows.iter().filter_map(|row| row.day);
    let missing = || {
        let message = "the import names no day";
        Refusal::unfit("span_missing", message, "say what it speaks of with from= and until=")
    };
    let from = question.from.or_else(|| days().min()).ok_or_else(missing)?;
    let until = question.until.or_else(|| days().max()).ok_or_else(missing)?;
    if until < from {
        let message = format!("{until} is before {from}");
        return Err(Refusal::unfit("span_backwards", message, "write the earlier day into from="));
    }
    if days_between(from, until) >= MOST_DAYS {
        let message = format!("from {from} until {until} is more than {MOST_DAYS} days");
        return Err(Refusal::unfit("span_too_long", message, "ask for a year or a term at a time"));
    }
    Ok((from, until))
}

async fn lessons(
    reading: &mut Reading,
    region: &RegionId,
    (from, until): (Date, Date),
) -> Result<Vec<StoredLesson>, AnswerError> {
    let begin = |day: Date| Some(moment(day.at(0, 0, 0, 0)));
    let filter = LessonFilter {
        region: Some(region.clone()),
        from_us: begin(from),
        until_us: begin(until.saturating_add(1.day())),
        ..LessonFilter::default()
    };
    let mut all: Vec<StoredLesson> = Vec::new();
    loop {
        let behind = all.last().map(StoredLesson::cursor);
        let page = reading.lessons(&filter, behind.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if all.len() > MOST_LESSONS {
            let message = format!("more than {MOST_LESSONS} lessons here fall into that time");
            let hint = "ask for a shorter time, or for a smaller region";
            return Err(Refusal::unfit("span_too_long", message, hint).into());
        }
        if is_last {
            return Ok(all);
        }
    }
}

/// What was settled about a lesson that no line has names no import: only those count that the comparison
/// is about.
fn settlements(entries: Vec<Entry>, lessons: &[StoredLesson]) -> Vec<Entry> {
    let ours: BTreeSet<&LessonId> = lessons.iter().map(|lesson| &lesson.session.id).collect();
    let concerns = |entry: &Entry| match &entry.says {
        Says::Settlement(it) => match (&it.about.row, &it.about.lesson) {
            (None, Some(lesson)) => ours.contains(lesson),
            _ => true,
        },
        _ => true,
    };
    entries.into_iter().filter(concerns).collect()
}
