//! Counting, from the table that is kept for it: no JSON is read.

use super::asking::Asking;
use super::facts::micros;
use super::{Reading, Store, StoreError, words};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Row as _};
use tongke_pairing::id::{RegionId, SchoolId, TermId};
use tongke_pairing::tally::Tally;
use tongke_protocol::WallTime;
use utoipa::ToSchema;

/// What is to be counted. What is none does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TallyFilter {
    /// Of one school.
    pub school: Option<SchoolId>,
    /// Of the schools that belong to a county, a city or a province.
    pub region: Option<RegionId>,
    /// In one term.
    pub term: Option<TermId>,
    /// From one calendar year to another, both included.
    pub years: Option<(i16, i16)>,
    /// Lessons that begin then or later.
    pub from_us: Option<WallTime>,
    /// Lessons that begin before.
    pub until_us: Option<WallTime>,
}

/// Sums over schools. The same lesson is one distinct lesson and a credit of each of its schools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lessons that count for at least one of these schools.
    pub distinct_lessons: u64,
    /// Σ over these schools of the lessons that count for them.
    pub school_credits: u64,
    /// Σ over these credits of the people present.
    pub person_times: u64,
    /// Credits for which nobody was counted; the sum above knows nothing of them.
    pub uncounted: u64,
}

/// Until where counts reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"fact": 98_213, "entry": 412, "unsettled": 0}))]
pub struct AsOf {
    /// The number of the last fact that is kept.
    pub fact: u64,
    /// The number of the last entry that is kept.
    pub entry: u64,
    /// Lessons, slots, terms, pairs and schools about which something was said that is not in the counts yet.
    pub unsettled: u64,
}

impl Reading {
    /// Counts by school, form, subject, term and year, in this order.
    pub async fn tallies(&mut self, filter: &TallyFilter) -> Result<Vec<Tally>, StoreError> {
        let mut asking = Asking::new(
            "SELECT c.school, c.form, c.subject, c.term, c.year, c.status, count(*) AS lessons FROM credit c",
        );
        filter.ask(&mut asking);
        asking.tail(
            "GROUP BY c.school, c.form, c.subject, c.term, c.year, c.status \
             ORDER BY c.school, c.form, c.subject, c.term, c.year",
        );
        let rows = asking.query().fetch_all(&mut *self.tx).await?;
        let mut tallies: Vec<Tally> = Vec::new();
        for row in &rows {
            let (tally, status, lessons) = read(row)?;
            let last = tallies.last_mut().filter(|last| key(last) == key(&tally));
            let into = match last {
                Some(last) => last,
                None => tallies.push_mut(tally),
            };
            add(into, &status, lessons);
        }
        Ok(tallies)
    }

    /// Sums over the schools.
    pub async fn totals(&mut self, filter: &TallyFilter) -> Result<Totals, StoreError> {
        let mut asking = Asking::new(
            "SELECT count(DISTINCT c.lesson) AS lessons, count(*) AS credits, count(c.people) AS counted, \
             CAST(coalesce(sum(c.people), 0) AS BIGINT) AS people FROM credit c",
        );
        filter.ask(&mut asking);
        asking.condition("c.status = 'held'");
        let row = asking.query().fetch_one(&mut *self.tx).await?;
        let number = |name| Ok::<u64, StoreError>(row.try_get::<i64, _>(name)?.cast_unsigned());
        let credits = number("credits")?;
        Ok(Totals {
            distinct_lessons: number("lessons")?,
            school_credits: credits,
            person_times: number("people")?,
            uncounted: credits.saturating_sub(number("counted")?),
        })
    }
}

impl Store {
    /// Until where counts reach now.
    pub async fn as_of(&self) -> Result<AsOf, StoreError> {
        AsOf::read(&self.database.pool).await
    }
}

impl AsOf {
    pub(super) async fn read<'c>(from: impl Executor<'c, Database = Any>) -> Result<AsOf, StoreError> {
        let sql = "SELECT (SELECT value FROM counter WHERE name = 'fact'), \
            (SELECT value FROM counter WHERE name = 'entry'), (SELECT count(*) FROM dirty)";
        let row = sqlx::query(sql).fetch_one(from).await?;
        let number = |at: usize| Ok::<u64, StoreError>(row.try_get::<i64, _>(at)?.cast_unsigned());
        Ok(AsOf { fact: number(0)?, entry: number(1)?, unsettled: number(2)? })
    }
}

impl TallyFilter {
    pub(super) fn ask(&self, asking: &mut Asking) {
        if let Some(region) = &self.region {
            asking.join("JOIN place p ON p.school = c.school");
            asking.within(region.as_str(), "", "");
        }
        asking.condition("c.form IS NOT NULL");
        asking.text("c.school = ", self.school.as_ref().map(SchoolId::as_str));
        asking.text("c.term = ", self.term.as_ref().map(TermId::as_str));
        match self.years {
            Some((first, last)) if first == last => asking.number("c.year = ", Some(first.into())),
            years => {
                asking.number("c.year >= ", years.map(|(first, _)| first.into()));
                asking.number("c.year <= ", years.map(|(_, last)| last.into()));
            }
        }
        asking.number("c.start_us >= ", self.from_us.map(micros));
        asking.number("c.start_us < ", self.until_us.map(micros));
    }
}

fn read(row: &AnyRow) -> Result<(Tally, String, u32), StoreError> {
    let (school, form): (String, String) = (row.try_get("school")?, row.try_get("form")?);
    let (term, year): (Option<String>, i64) = (row.try_get("term")?, row.try_get("year")?);
    let name = |text: &str, why: &dyn ToString| {
        StoreError::unreadable(format!("the name '{text}'"), &why.to_string())
    };
    let tally = Tally {
        school: school.parse().map_err(|why| name(&school, &why))?,
        form: words::read(&form)?,
        subject: row.try_get("subject")?,
        term: term.map(|term| term.parse().map_err(|why| name(&term, &why))).transpose()?,
        year: i16::try_from(year).unwrap_or(i16::MAX),
        credited: 0,
        planned: 0,
        open: 0,
        missed: 0,
    };
    let lessons = u32::try_from(row.try_get::<i64, _>("lessons")?).unwrap_or(u32::MAX);
    Ok((tally, row.try_get("status")?, lessons))
}

type Key<'a> = (&'a SchoolId, tongke_pairing::lesson::Form, Option<&'a str>, Option<&'a TermId>, i16);

fn key(tally: &Tally) -> Key<'_> {
    (&tally.school, tally.form, tally.subject.as_deref(), tally.term.as_ref(), tally.year)
}

/// A lesson that was called off is none of these.
fn add(tally: &mut Tally, status: &str, lessons: u32) {
    let sum = match status {
        "held" => &mut tally.credited,
        "planned" | "live" => &mut tally.planned,
        "undecided" | "disputed" | "partly_held" => &mut tally.open,
        "not_held" => &mut tally.missed,
        _ => return,
    };
    *sum = sum.saturating_add(lessons);
}
