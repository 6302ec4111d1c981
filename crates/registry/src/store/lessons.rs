//! Lessons as they stand: what was planned, what each is worth and why.

use super::asking::Asking;
use super::facts::{micros, moment};
use super::{Reading, Store, StoreError, words};
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Row as _};
use tongke_pairing::credit::{Decision, Status};
use tongke_pairing::id::{PairId, RegionId, SchoolId, SlotId, TermId};
use tongke_pairing::lesson::{Form, Purpose, Session};
use tongke_protocol::{LessonId, WallTime};

/// Which lessons. What is none or empty does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LessonFilter {
    /// In which one school takes part.
    pub school: Option<SchoolId>,
    /// In which a school of a county, a city or a province takes part.
    pub region: Option<RegionId>,
    /// Of one pair.
    pub pair: Option<PairId>,
    /// From one entry of the timetable.
    pub slot: Option<SlotId>,
    /// In one term.
    pub term: Option<TermId>,
    /// In one form.
    pub form: Option<Form>,
    /// Of one of these statuses; with a school, its own status in the lesson.
    pub statuses: Vec<Status>,
    /// That begin then or later.
    pub from_us: Option<WallTime>,
    /// That begin before.
    pub until_us: Option<WallTime>,
}

/// Behind which lesson a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonCursor {
    /// Its begin.
    pub start_us: WallTime,
    /// Its name.
    pub id: LessonId,
}

/// A lesson as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredLesson {
    /// What was planned or noted.
    pub session: Session,
    /// In which term; none: outside every term.
    pub term: Option<TermId>,
    /// What it is worth, without what was seen: [`Store::decision`] has that too.
    pub decision: Decision,
    /// When that was worked out.
    pub decided_us: WallTime,
    /// Of how many facts.
    pub facts: u64,
    /// Something was said since that is not in it yet.
    pub unsettled: bool,
}

impl StoredLesson {
    /// Where a list goes on behind it.
    pub fn cursor(&self) -> LessonCursor {
        LessonCursor { start_us: self.session.start_us, id: self.session.id.clone() }
    }
}

pub(super) const COLUMNS: &str = "SELECT l.id, l.start_us, l.session, l.term, l.decision, l.decided_us, l.facts, \
    (SELECT count(*) FROM dirty d WHERE d.kind = 'lesson' AND d.thing = l.id) AS unsettled FROM lesson l";

const IN_REGION: &str = "EXISTS (SELECT 1 FROM credit r JOIN place p ON p.school = r.school \
    WHERE r.lesson = l.id AND ";

impl Store {
    /// A lesson. None: it is neither planned nor noted; facts of it may be there all the same.
    pub async fn lesson(&self, id: &LessonId) -> Result<Option<StoredLesson>, StoreError> {
        let mut asking = Asking::new(COLUMNS);
        asking.text("l.id = ", Some(id.as_str()));
        asking.query().fetch_optional(&self.database.pool).await?.as_ref().map(StoredLesson::read).transpose()
    }

    /// What a lesson is worth, with all that was seen, worked out from what is known at this moment.
    pub async fn decision(&self, id: &LessonId, now: WallTime) -> Result<Option<Decision>, StoreError> {
        let worked = self.work_out(&[id.as_str()], &[now]).await?;
        let worked = worked.into_iter().next().transpose()?.flatten();
        Ok(worked.map(|worked| worked.decision))
    }

    /// Lessons in the order of their begin, at most so many.
    pub async fn lessons(
        &self,
        filter: &LessonFilter,
        behind: Option<&LessonCursor>,
        limit: u32,
    ) -> Result<Vec<StoredLesson>, StoreError> {
        filter.read(&self.database.pool, behind, limit).await
    }
}

impl Reading {
    /// As [`Store::lessons`].
    pub async fn lessons(
        &mut self,
        filter: &LessonFilter,
        behind: Option<&LessonCursor>,
        limit: u32,
    ) -> Result<Vec<StoredLesson>, StoreError> {
        filter.read(&mut *self.tx, behind, limit).await
    }
}

impl LessonFilter {
    async fn read<'c>(
        &self,
        from: impl Executor<'c, Database = Any>,
        behind: Option<&LessonCursor>,
        limit: u32,
    ) -> Result<Vec<StoredLesson>, StoreError> {
        let mut asking = Asking::new(COLUMNS);
        let place = behind.map(|cursor| (micros(cursor.start_us), cursor.id.as_str()));
        let statuses = self.statuses.iter().map(|status| words::status(*status));
        if let Some(school) = &self.school {
            asking.join("JOIN credit c ON c.lesson = l.id");
            asking.text("c.school = ", Some(school.as_str()));
            asking.among("c.status", statuses);
            asking.behind("c.start_us, c.lesson", place);
            asking.number("c.start_us >= ", self.from_us.map(micros));
            asking.number("c.start_us < ", self.until_us.map(micros));
            asking.tail("ORDER BY c.start_us, c.lesson");
        } else {
            asking.among("l.status", statuses);
            asking.behind("l.start_us, l.id", place);
            asking.number("l.start_us >= ", self.from_us.map(micros));
            asking.number("l.start_us < ", self.until_us.map(micros));
            asking.tail("ORDER BY l.start_us, l.id");
        }
        self.ask(&mut asking);
        asking.limit(limit);
        asking.query().fetch_all(from).await?.iter().map(StoredLesson::read).collect()
    }

    fn ask(&self, asking: &mut Asking) {
        if let Some(region) = &self.region {
            asking.within(region.as_str(), IN_REGION, ")");
        }
        asking.text("l.pair = ", self.pair.as_ref().map(PairId::as_str));
        asking.text("l.slot = ", self.slot.as_ref().map(SlotId::as_str));
        asking.text("l.term = ", self.term.as_ref().map(TermId::as_str));
        asking.text("l.form = ", self.form.and_then(|form| words::form(Purpose::Help(form))));
    }
}

impl StoredLesson {
    pub(super) fn read(row: &AnyRow) -> Result<StoredLesson, StoreError> {
        let (session, decision): (String, String) = (row.try_get("session")?, row.try_get("decision")?);
        let odd = |why: &dyn ToString| StoreError::unreadable("a lesson", &why.to_string());
        let term: Option<String> = row.try_get("term")?;
        Ok(StoredLesson {
            session: serde_json::from_str(&session).map_err(|why| odd(&why))?,
            term: term.map(|term| term.parse().map_err(|why| odd(&why))).transpose()?,
            decision: serde_json::from_str(&decision).map_err(|why| odd(&why))?,
            decided_us: moment(row.try_get("decided_us")?),
            facts: row.try_get::<i64, _>("facts")?.cast_unsigned(),
            unsettled: row.try_get::<i64, _>("unsettled")? > 0,
        })
    }
}
