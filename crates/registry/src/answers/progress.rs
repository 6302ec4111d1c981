//! How far a school is, and how far the schools of a region are.

use super::figures::{FormNumbers, Numbers};
use super::judging::SettingUsed;
use super::known::{Of, in_period};
use super::places::{self, Place};
use super::{AnswerError, Answers, Question, work};
use crate::cursor;
use crate::store::{AsOf, TallyFilter};
use serde::{Deserialize, Serialize};
use tongke_pairing::id::SchoolId;
use tongke_pairing::inputs::{Index, Region};
use tongke_pairing::progress::{Progress, SchoolProgress};
use utoipa::ToSchema;

/// How far a school is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolAnswer {
    /// Until where counts reach.
    pub as_of: AsOf,
    /// The school's name.
    pub name: String,
    /// Its targets.
    pub progress: SchoolProgress,
    /// What it took part in, all forms together.
    pub numbers: Numbers,
    /// The same by form.
    pub forms: Vec<FormNumbers>,
    /// Settings that this was judged with.
    pub settings: Vec<SettingUsed>,
}

/// How far the paired schools of a region are, some of them at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionProgress {
    /// Until where counts reach.
    pub as_of: AsOf,
    /// Which region.
    pub region: Region,
    /// All its paired schools.
    pub schools: u32,
    /// Settings that this was judged with.
    pub settings: Vec<SettingUsed>,
    /// The schools, by id.
    pub items: Vec<SchoolLine>,
    /// Behind which school the list goes on; written as a cursor. None: this is the end.
    #[serde(with = "cursor::option")]
    #[schema(value_type = Option<String>)]
    pub next: Option<SchoolId>,
}

/// One school of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolLine {
    /// The school's name.
    pub name: String,
    /// Its targets.
    pub progress: SchoolProgress,
}

impl Answers<'_> {
    /// How far a school is.
    pub async fn school_progress(
        &self,
        school: &str,
        question: &Question,
    ) -> Result<SchoolAnswer, AnswerError> {
        let mut reading = self.store.reading().await?;
        let (as_of, book) = (reading.as_of(), reading.book());
        let school = places::school(&book, school)?;
        let county = Place::county_of(&book, school);
        let judging = self.judging(&book, &county, question)?;
        let known = self.known(&mut reading, Of::School(school, &county), &judging, self.today()).await?;
        let filter = TallyFilter { school: Some(school.id.clone()), ..in_period(&judging.span.period) };
        let (numbers, forms) = self.numbers(&mut reading, &filter).await?;
        reading.end().await?;
        let (id, name) = (school.id.clone(), school.name.clone());
        Ok(work(move || {
            let index = Index::new(known.inputs());
            let period = judging.span.period.clone();
            let progress = Progress::new(&index, &judging.rules, &judging.settings, period);
            let settings = judging.used(progress.settings_used(std::slice::from_ref(&id)));
            SchoolAnswer { as_of, name, progress: progress.of(&id), numbers, forms, settings }
        })
        .await)
    }

    /// How far the paired schools of a region are: at most so many, behind one of them.
    pub async fn region_progress(
        &self,
        region: &str,
        question: &Question,
        behind: Option<&SchoolId>,
        limit: usize,
    ) -> Result<RegionProgress, AnswerError> {
        let mut reading = self.store.reading().await?;
        let (as_of, book) = (reading.as_of(), reading.book());
        let place = places::region(&book, region, None)?;
        let judging = self.judging(&book, &place, question)?;
        let known = self.known(&mut reading, Of::Region(&place), &judging, self.today()).await?;
        reading.end().await?;
        let (region, behind) = (place.region, behind.cloned());
        Ok(work(move || {
            let index = Index::new(known.inputs());
            let paired = known.paired(&region, judging.days());
            let progress =
                Progress::new(&index, &judging.rules, &judging.settings, judging.span.period.clone());
            let from = behind.map_or(0, |behind| paired.partition_point(|id| *id <= behind));
            let left = &paired[from..];
            let page = &left[..left.len().min(limit)];
            let line = |id: &SchoolId| SchoolLine { name: known.name(id), progress: progress.of(id) };
            RegionProgress {
                as_of,
                schools: paired.len() as u32,
                settings: judging.used(progress.settings_used(&paired)),
                items: page.iter().map(line).collect(),
                next: page.last().filter(|_| page.len() < left.len()).cloned(),
                region,
            }
        })
        .await)
    }
}
