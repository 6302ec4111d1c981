//! Sums of lessons, people and classes over schools, by form: what figures with their definitions are made
//! of. As [`tongke_pairing::attendance::figures`] defines them, which a test holds this to.

use super::asking::Asking;
use super::facts::moment;
use super::tallies::TallyFilter;
use super::{Reading, StoreError, words};
use sqlx::Row as _;
use std::collections::{BTreeMap, BTreeSet};
use tongke_pairing::calendar::local;
use tongke_pairing::credit::Status;
use tongke_pairing::lesson::Form;
use tongke_pairing::monthly::CreditRow;

/// Sums of one form over the schools that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormSums {
    /// Lessons by what they are to at least one of these schools; one that is held for the one school and
    /// undecided for the other is in both.
    pub lessons: BTreeMap<&'static str, u64>,
    /// Credits: each lesson once for each of these schools that it counts for.
    pub credits: u64,
    /// People in the rooms of these credits.
    pub people: PeopleSum,
    /// The same, of the receiving schools alone.
    pub people_receiving: PeopleSum,
    /// Classes that had a lesson.
    pub classes: BTreeSet<String>,
    /// Σ over the credits of the classes in them.
    pub class_lessons: u64,
    /// Credits of which no class was named.
    pub without_class: u64,
}

/// Σ of people over credits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleSum {
    /// How many.
    pub number: u64,
    /// Credits for which nobody was counted; the number knows nothing of them.
    pub uncounted: u64,
}

impl PeopleSum {
    fn add(&mut self, other: PeopleSum) {
        self.number += other.number;
        self.uncounted += other.uncounted;
    }
}

impl FormSums {
    /// Lessons of one status.
    pub fn of(&self, status: Status) -> u64 {
        self.lessons.get(words::status(status)).copied().unwrap_or(0)
    }

    /// Together with another form's: a lesson has one form.
    pub fn add(&mut self, other: FormSums) {
        for (status, lessons) in other.lessons {
            *self.lessons.entry(status).or_default() += lessons;
        }
        self.credits += other.credits;
        self.people.add(other.people);
        self.people_receiving.add(other.people_receiving);
        self.classes.extend(other.classes);
        self.class_lessons += other.class_lessons;
        self.without_class += other.without_class;
    }
}

impl Reading {
    /// Sums over the schools, by form.
    pub async fn sums(&mut self, filter: &TallyFilter) -> Result<BTreeMap<Form, FormSums>, StoreError> {
        let mut sums = BTreeMap::new();
        self.add_lessons(filter, &mut sums).await?;
        self.add_people(filter, &mut sums).await?;
        self.add_classes(filter, &mut sums).await?;
        Ok(sums)
    }

    async fn add_lessons(
        &mut self,
        filter: &TallyFilter,
        sums: &mut BTreeMap<Form, FormSums>,
    ) -> Result<(), StoreError> {
        let head = "SELECT c.form, c.status, count(DISTINCT c.lesson) AS lessons FROM credit c";
        let mut asking = Asking::new(head);
        filter.ask(&mut asking);
        asking.tail("GROUP BY c.form, c.status");
        for row in &asking.query().fetch_all(&mut *self.tx).await? {
            let (form, status) = (words::read(row.try_get("form")?)?, words::read(row.try_get("status")?)?);
            let lessons = row.try_get::<i64, _>("lessons")?.cast_unsigned();
            sums.entry(form).or_default().lessons.insert(words::status(status), lessons);
        }
        Ok(())
    }

    async fn add_people(
        &mut self,
        filter: &TallyFilter,
        sums: &mut BTreeMap<Form, FormSums>,
    ) -> Result<(), StoreError> {
        let mut asking = Asking::new(
            "SELECT c.form, c.supporting, count(*) AS credits, count(c.people) AS counted, \
             CAST(coalesce(sum(c.people), 0) AS BIGINT) AS people FROM credit c",
        );
        filter.ask(&mut asking);
        asking.condition("c.status = 'held'");
        asking.tail("GROUP BY c.form, c.supporting");
        for row in &asking.query().fetch_all(&mut *self.tx).await? {
            let number = |name| Ok::<u64, StoreError>(row.try_get::<i64, _>(name)?.cast_unsigned());
            let sum = sums.entry(words::read(row.try_get("form")?)?).or_default();
            let (credits, counted, people) = (number("credits")?, number("counted")?, number("people")?);
            sum.credits += credits;
            sum.without_class += credits;
            let receiving = (row.try_get::<i64, _>("supporting")? == 0).then_some(&mut sum.people_receiving);
            for people_sum in std::iter::once(&mut sum.people).chain(receiving) {
                people_sum.number += people;
                people_sum.uncounted += credits.saturating_sub(counted);
            }
        }
        Ok(())
    }

    /// A school's lists of classes are few: the timetable repeats them.
    async fn add_classes(
        &mut self,
        filter: &TallyFilter,
        sums: &mut BTreeMap<Form, FormSums>,
    ) -> Result<(), StoreError> {
        let mut asking = Asking::new("SELECT c.form, c.classes, count(*) AS credits FROM credit c");
        filter.ask(&mut asking);
        asking.condition("c.status = 'held'");
        asking.condition("c.classes <> ''");
        asking.tail("GROUP BY c.form, c.classes");
        for row in &asking.query().fetch_all(&mut *self.tx).await? {
            let classes = classes(row.try_get("classes")?)?;
            let credits = row.try_get::<i64, _>("credits")?.cast_unsigned();
            let sum = sums.entry(words::read(row.try_get("form")?)?).or_default();
            sum.class_lessons += credits * classes.len() as u64;
            sum.without_class = sum.without_class.saturating_sub(credits);
            sum.classes.extend(classes);
        }
        Ok(())
    }

    /// What was credited, one by one.
    pub async fn credit_rows(&mut self, filter: &TallyFilter) -> Result<Vec<CreditRow>, StoreError> {
        let head = "SELECT c.lesson, c.school, c.form, c.start_us, c.people, c.classes FROM credit c";
        let mut asking = Asking::new(head);
        filter.ask(&mut asking);
        asking.condition("c.status = 'held'");
        asking.tail("ORDER BY c.school, c.start_us, c.lesson");
        let rows = asking.query().fetch_all(&mut *self.tx).await?;
        let read = |row: &sqlx::any::AnyRow| {
            let (lesson, school): (String, String) = (row.try_get("lesson")?, row.try_get("school")?);
            let name = |text: &str, why: &dyn ToString| {
                StoreError::unreadable(format!("the name '{text}'"), &why.to_string())
            };
            let people = row.try_get::<Option<i64>, _>("people")?;
            Ok(CreditRow {
                day: local(moment(row.try_get("start_us")?)).date(),
                form: words::read(row.try_get("form")?)?,
                classes: classes(row.try_get("classes")?)?,
                people: people.map(|people| u32::try_from(people).unwrap_or(u32::MAX)),
                lesson: lesson.parse().map_err(|why| name(&lesson, &why))?,
                school: school.parse().map_err(|why| name(&school, &why))?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Classes as the column holds them.
fn classes(text: &str) -> Result<Vec<String>, StoreError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).map_err(|why| StoreError::unreadable("a list of classes", &why))
}
