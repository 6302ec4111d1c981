//! Writing down what a lesson is worth: the lesson, a line for each school, and who is to be told.

use super::Mark;
use super::lesson::Worked;
use crate::store::database::Writing;
use crate::store::facts::micros;
use crate::store::rows::{among, pieces, values};
use crate::store::{Store, StoreError, webhooks, words};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::{BTreeSet, HashMap};
use tongke_pairing::attendance::classes_of;
use tongke_pairing::calendar::local;
use tongke_pairing::credit::{SchoolCredit, Status};
use tongke_pairing::id::{SchoolId, TermId};
use tongke_pairing::lesson::Session;
use tongke_protocol::WallTime;

const LESSON: &str = "INSERT INTO lesson (id, form, pair, slot, term, year, start_us, end_us, session, status, \
    decision, decided_us, again_us, facts) VALUES";
const OVER: &str = "ON CONFLICT (id) DO UPDATE SET form = excluded.form, pair = excluded.pair, \
    slot = excluded.slot, term = excluded.term, year = excluded.year, start_us = excluded.start_us, \
    end_us = excluded.end_us, session = excluded.session, status = excluded.status, \
    decision = excluded.decision, decided_us = excluded.decided_us, again_us = excluded.again_us, \
    facts = excluded.facts";
const CREDIT: &str = "INSERT INTO credit (lesson, school, form, subject, term, year, start_us, status, people, supporting, classes) \
    VALUES";

/// How long a lesson that ended is news.
const NEWS_US: i64 = 7 * 24 * 3600 * 1_000_000;

/// A lesson as its line is written.
struct Line<'a> {
    mark: &'a Mark,
    worked: &'a Worked,
    session: String,
    decision: String,
}

/// Writes what was worked out in the place of what was there. Returns how many lessons are another thing
/// than before.
pub(super) async fn write(
    writing: &mut Writing,
    decided: &[(&Mark, Option<Worked>)],
    now: WallTime,
) -> Result<u64, StoreError> {
    let before = lines_before(writing, decided).await?;
    let mut lines = Vec::new();
    let mut gone = Vec::new();
    for (mark, worked) in decided {
        match worked {
            Some(worked) => {
                let (session, decision) = (json_of(&worked.session)?, json_of(&worked.short())?);
                lines.push(Line { mark, worked, session, decision });
            }
            None if before.contains_key(&mark.thing) => gone.push(mark.thing.as_str()),
            None => {}
        }
    }
    lessons(writing, &lines, now).await?;
    lines.retain(|line| before.get(&line.mark.thing).is_none_or(|before| !before.is(line)));
    let changed: Vec<&str> = lines.iter().map(|line| line.mark.thing.as_str()).collect();
    for (head, names) in
        [("DELETE FROM lesson WHERE id IN", &gone), ("DELETE FROM credit WHERE lesson IN", &changed)]
    {
        for piece in pieces(names) {
            among(head, piece, "").execute(&mut *writing.tx).await?;
        }
    }
    credits(writing, &lines).await?;
    for line in &lines {
        tell(writing, line, before.get(&line.mark.thing), now).await?;
    }
    Ok((gone.len() + changed.len()) as u64)
}

/// What was there of a lesson.
struct Before {
    status: String,
    decision: String,
    session: String,
    term: Option<String>,
    credits: i64,
}

impl Before {
    fn is(&self, line: &Line<'_>) -> bool {
        let term = line.worked.term.as_ref().map(TermId::as_str);
        let counted = self.credits == line.worked.decision.schools.len() as i64;
        let same = self.decision == line.decision && self.session == line.session;
        same && counted && self.term.as_deref() == term
    }
}

const BEFORE: &str = "SELECT id, status, decision, session, term, \
    (SELECT count(*) FROM credit c WHERE c.lesson = lesson.id) AS credits FROM lesson WHERE id IN";

async fn lines_before(
    writing: &mut Writing,
    decided: &[(&Mark, Option<Worked>)],
) -> Result<HashMap<String, Before>, StoreError> {
    let names: Vec<&str> = decided.iter().map(|(mark, _)| mark.thing.as_str()).collect();
    let mut before = HashMap::new();
    for piece in pieces(&names) {
        let query = among(BEFORE, piece, "");
        for row in query.fetch_all(&mut *writing.tx).await? {
            let (status, decision) = (row.try_get("status")?, row.try_get("decision")?);
            let (session, term) = (row.try_get("session")?, row.try_get("term")?);
            let credits = row.try_get("credits")?;
            before.insert(row.try_get("id")?, Before { status, decision, session, term, credits });
        }
    }
    Ok(before)
}

async fn lessons(writing: &mut Writing, lines: &[Line<'_>], now: WallTime) -> Result<(), StoreError> {
    let text = |text: &str| Some(text.to_owned());
    for piece in pieces(lines) {
        let mut query = sqlx::query(AssertSqlSafe(values(LESSON, 14, piece.len(), OVER)));
        for Line { worked, session: session_json, decision: decision_json, .. } in piece {
            let Worked { session, term, decision, facts } = worked;
            query = query.bind(session.id.as_str().to_owned()).bind(words::form(session.purpose));
            query = query.bind(session.pair.as_ref().and_then(|pair| text(pair.as_str())));
            query = query.bind(session.slot.as_ref().and_then(|slot| text(slot.as_str())));
            query = query.bind(term.as_ref().and_then(|term| text(term.as_str())));
            query = query.bind(worked.year()).bind(micros(session.start_us)).bind(micros(session.end_us));
            query = query.bind(session_json.clone()).bind(words::status(decision.status));
            query = query.bind(decision_json.clone()).bind(micros(now));
            query = query.bind(decision.changes_at_us.map(micros)).bind(*facts as i64);
        }
        query.execute(&mut *writing.tx).await?;
    }
    Ok(())
}

async fn credits(writing: &mut Writing, lines: &[Line<'_>]) -> Result<(), StoreError> {
    let credits = |line: &Line<'_>| {
        let lesson = line.mark.thing.clone();
        line.worked.credits().into_iter().map(move |credit| (lesson.clone(), credit))
    };
    let rows: Vec<(String, Credit)> = lines.iter().flat_map(credits).collect();
    for piece in pieces(&rows) {
        let mut query = sqlx::query(AssertSqlSafe(values(CREDIT, 11, piece.len(), "")));
        for (lesson, credit) in piece {
            let it = credit.clone();
            query = query.bind(lesson.clone()).bind(it.school).bind(it.form).bind(it.subject).bind(it.term);
            query = query.bind(it.year).bind(it.start_us).bind(it.status).bind(it.people);
            query = query.bind(it.supporting).bind(it.classes);
        }
        query.execute(&mut *writing.tx).await?;
    }
    Ok(())
}

/// Whoever wants to know is told of another status; not that a lesson was planned, and not of one that is
/// worked out for the first time long after it ended: a whole backup is no news.
async fn tell(
    writing: &mut Writing,
    line: &Line<'_>,
    before: Option<&Before>,
    now: WallTime,
) -> Result<(), StoreError> {
    let Line { mark, worked, .. } = line;
    let (before, status) = (before.map(|before| &before.status), words::status(worked.decision.status));
    let is_old = now.micros_since(worked.session.end_us) > NEWS_US;
    if before.is_none() && is_old {
        return Ok(());
    }
    if before.is_some_and(|before| before == status) || worked.decision.status == Status::Planned {
        return Ok(());
    }
    let event = format!("decided.{}.{:016x}", mark.thing, mark.mark);
    let body = json!({"type": "lesson.decided", "timestamp": now,
        "data": {"lesson": mark.thing, "before": before, "status": status}});
    webhooks::tell(writing, &event, &body.to_string(), now).await
}

/// A lesson as it is counted for one of its schools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Credit {
    school: String,
    form: Option<String>,
    subject: Option<String>,
    term: Option<String>,
    year: i64,
    start_us: i64,
    status: String,
    people: Option<i64>,
    supporting: i64,
    classes: String,
}

impl Credit {
    fn read(row: &AnyRow) -> Result<Credit, StoreError> {
        Ok(Credit {
            school: row.try_get("school")?,
            form: row.try_get("form")?,
            subject: row.try_get("subject")?,
            term: row.try_get("term")?,
            year: row.try_get("year")?,
            start_us: row.try_get("start_us")?,
            status: row.try_get("status")?,
            people: row.try_get("people")?,
            supporting: row.try_get("supporting")?,
            classes: row.try_get("classes")?,
        })
    }
}

impl Worked {
    /// How it is counted, by school.
    pub(in crate::store) fn credits(&self) -> Vec<Credit> {
        let session = &self.session;
        let credit = |school: &SchoolCredit| Credit {
            school: school.school.as_str().to_owned(),
            form: words::form(session.purpose).map(str::to_owned),
            subject: session.subject.clone(),
            term: self.term.as_ref().map(|term| term.as_str().to_owned()),
            year: self.year(),
            start_us: micros(session.start_us),
            status: words::status(school.status).to_owned(),
            people: school.people.as_ref().map(|people| i64::from(people.total)),
            supporting: i64::from(school.supporting),
            classes: classes(session, &school.school),
        };
        let mut credits: Vec<Credit> = self.decision.schools.iter().map(credit).collect();
        credits.sort_by(|one, other| one.school.cmp(&other.school));
        credits
    }

    /// The calendar year of its begin.
    fn year(&self) -> i64 {
        i64::from(local(self.session.start_us).date().year())
    }
}

impl Store {
    /// How a lesson is counted, by school.
    pub(in crate::store) async fn credits_of(&self, lesson: &str) -> Result<Vec<Credit>, StoreError> {
        let query =
            sqlx::query("SELECT * FROM credit WHERE lesson = $1 ORDER BY school").bind(lesson.to_owned());
        query.fetch_all(&self.database.pool).await?.iter().map(Credit::read).collect()
    }
}

/// A school's classes in a lesson, each once, as the column holds them.
fn classes(session: &Session, school: &SchoolId) -> String {
    let classes: BTreeSet<&str> = classes_of(session, school).collect();
    if classes.is_empty() { String::new() } else { json!(classes).to_string() }
}

fn json_of(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|why| StoreError::unreadable("a decision", &why))
}
