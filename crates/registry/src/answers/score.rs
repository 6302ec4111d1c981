//! The score sheet of a county or a city.

use super::judging::SettingUsed;
use super::known::Of;
use super::places;
use super::refusal::names;
use super::{AnswerError, Answers, Question, Refusal, work};
use crate::store::AsOf;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tongke_pairing::id::SchoolId;
use tongke_pairing::inputs::{Index, Level};
use tongke_pairing::rubric::{Sheet, score};
use utoipa::ToSchema;

/// A score sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreSheet {
    /// Until where counts reach.
    pub as_of: AsOf,
    /// The sheet: each lost point with its school or pair, its rule and its evidence.
    pub sheet: Sheet,
    /// Names of the schools that lost points.
    #[schema(value_type = BTreeMap<String, String>)]
    pub names: BTreeMap<SchoolId, String>,
    /// Settings that it was scored with.
    pub settings: Vec<SettingUsed>,
}

impl Answers<'_> {
    /// The score sheet of a region, as a county or as a city.
    pub async fn score(
        &self,
        region: &str,
        level: Option<Level>,
        question: &Question,
    ) -> Result<ScoreSheet, AnswerError> {
        let mut reading = self.store.reading().await?;
        let (as_of, book) = (reading.as_of(), reading.book());
        let place = places::region(&book, region, level)?;
        if place.region.level == Level::Province {
            let hint = format!("ask for one of its cities or counties: {}", names(&place.inside));
            let message = format!("{region} is a province: only counties and cities are scored");
            return Err(Refusal::unfit("region_level", message, hint).into());
        }
        let judging = self.judging(&book, &place, question)?;
        if judging.rules.rubric.is_none() {
            let scoring = self.rules.iter().filter(|it| it.rubric.is_some()).map(|it| &it.name);
            let hint = format!("name a set that does with rules=NAME: {}", names(scoring));
            let message = format!("rule set {} has no score sheet", judging.rules.label());
            return Err(Refusal::unfit("rules_without_sheet", message, hint).into());
        }
        let known = self.known(&mut reading, Of::Region(&place), &judging, self.today()).await?;
        reading.end().await?;
        let region = place.region;
        let (label, key) = (judging.rules.label(), judging.span.period.key());
        let sheet = work(move || {
            let index = Index::new(known.inputs());
            let period = &judging.span.period;
            let sheet = score(&index, &judging.rules, &judging.settings, &region, period)?;
            let losing: BTreeSet<&SchoolId> = losing(&sheet).collect();
            let names = losing.into_iter().map(|id| (id.clone(), known.name(id))).collect();
            let applied = sheet.items.iter().flat_map(|item| &item.settings);
            let settings = judging.used(applied.map(|it| it.name.as_str()));
            Some(ScoreSheet { as_of, names, settings, sheet })
        })
        .await;
        // Both were looked at above.
        let message = || format!("rule set {label} scores nobody in {key}");
        Ok(sheet.ok_or_else(|| Refusal::unfit("rules_without_sheet", message(), "name another rule set"))?)
    }
}

fn losing(sheet: &Sheet) -> impl Iterator<Item = &SchoolId> {
    sheet.items.iter().flat_map(|item| &item.losses).filter_map(|loss| loss.school.as_ref())
}
