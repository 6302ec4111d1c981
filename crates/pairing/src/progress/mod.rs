//! How far each school is: by target, form and subject, with what is planned, what is missing, how many
//! weeks are left and what will be if the timetable is kept.

pub(crate) mod choice;
pub(crate) mod judge;
pub(crate) mod owed;
mod report;

pub use report::{ChoiceProgress, Forecast, SchoolProgress, SubjectProgress, TargetProgress};

use crate::amounts::Amounts;
use crate::count::{Count, Verdict};
use crate::id::{RegionId, SchoolId};
use crate::inputs::{Index, Level, Region};
use crate::lesson::Form;
use crate::period::{Period, Weeks, weeks};
use crate::rules::{Applied, Choice, Measure, Owed, Readings, RuleSet, Settings, Target};
use crate::school::School;
use choice::{ChoiceJudged, judge_choice};
use judge::{Judged, judge, settings_of, within};
use owed::{Owing, as_owed, is_merged, owing};
use std::collections::{BTreeMap, BTreeSet};

/// One rule set over one period, ready for any number of schools.
#[derive(Debug)]
pub struct Progress<'a> {
    index: &'a Index<'a>,
    rules: &'a RuleSet,
    readings: Readings,
    period: Period,
    weeks: BTreeMap<Period, Weeks>,
    regional: BTreeMap<(RegionId, Form), Count>,
}

impl<'a> Progress<'a> {
    /// Prepares what is the same for all schools.
    pub fn new(index: &'a Index<'a>, rules: &'a RuleSet, settings: &Settings, period: Period) -> Self {
        let years = rules.targets.iter().filter_map(|target| target.year).map(Period::Year);
        let terms = index.all.terms.iter().map(|term| Period::Term(term.id.clone()));
        let all = years.chain(terms).chain([period.clone()]);
        let weeks = all.map(|it| (it.clone(), weeks(&it, index.all.terms, index.all.as_of))).collect();
        let regional = regional(index, rules, &period);
        Self { index, rules, readings: Readings::new(settings), period, weeks, regional }
    }

    /// How far one school is.
    pub fn of(&self, school: &SchoolId) -> SchoolProgress {
        let amounts = self.index.amounts(school, &self.period);
        SchoolProgress {
            school: school.clone(),
            period: self.period.clone(),
            rules: self.rules.label(),
            basis: self.index.all.basis,
            as_of: self.index.all.as_of,
            targets: self.rules.targets.iter().map(|it| self.target(it, school, &amounts)).collect(),
            choices: self.rules.choices.iter().map(|it| self.choice(it, school, &amounts)).collect(),
        }
    }

    /// How far all paired schools of a region are.
    pub fn of_region(&self, region: &Region) -> Vec<SchoolProgress> {
        let Some(days) = self.period.days(self.index.all.terms) else { return Vec::new() };
        self.index.paired_schools(region, days).into_iter().map(|school| self.of(&school.id)).collect()
    }

    /// The settings that results for these schools depend on, by name.
    pub fn settings_used(&self, schools: &[SchoolId]) -> BTreeSet<&'static str> {
        let mut names: BTreeSet<&str> = self.rules.targets.iter().flat_map(settings_of).copied().collect();
        if !self.rules.choices.is_empty() {
            names.extend(choice::SETTINGS);
        }
        if self.rules.first_with_school_year.is_some() && !self.rules.targets.is_empty() {
            names.insert("begins");
        }
        let year = owed::year_of(self.index, &self.period);
        let schools = schools.iter().filter_map(|school| self.index.school(school));
        if schools.into_iter().any(|school| is_merged(self.index, school, year)) {
            names.insert("merged_schools");
        }
        names
    }

    fn target(&self, target: &Target, school: &SchoolId, amounts: &Amounts) -> TargetProgress {
        let settings = &self.readings.settings;
        let owing = owing(self.index, self.rules, settings, target, school, &self.period);
        let counted_over = match &owing {
            Owing::Yes(period) | Owing::Unknown(period, _) => period.clone(),
            Owing::No(_) => self.period.clone(),
        };
        let elsewhere = counted_over != self.period;
        let other = elsewhere.then(|| self.index.amounts(school, &counted_over));
        let amounts = other.as_ref().unwrap_or(amounts);
        let judged = judge(self.rules, settings, target, amounts);
        let ahead = amounts.ahead(within(target));
        let weeks = self.weeks.get(&counted_over).copied().unwrap_or_default();
        let (verdict, why) = as_owed(&owing, judged.verdict, judged.why.clone());
        let short_by = if verdict == Verdict::NotOwed { Count::default() } else { judged.short_by };
        TargetProgress {
            target: target.id.clone(),
            form: target.form,
            unit: target.unit.clone(),
            need: target.need,
            done: judged.done,
            planned: ahead.planned,
            open: ahead.open,
            short_by,
            verdict,
            why,
            weeks_left: weeks.left,
            forecast: self.forecast(target, &owing, amounts, (short_by, weeks)),
            subjects: subjects(target, amounts, &judged),
            settings: self.applied(target, school),
            source: target.source.clone(),
            counted_over,
        }
    }

    fn forecast(
        &self,
        target: &Target,
        owing: &Owing,
        amounts: &Amounts,
        (short_by, weeks): (Count, Weeks),
    ) -> Forecast {
        let end = judge(self.rules, &self.readings.settings, target, &amounts.at_end());
        let (verdict, _) = as_owed(owing, end.verdict, end.why);
        let total = target.measure == Measure::Total;
        let so_far = amounts.total(within(target)).at_least;
        let pace = || f64::from(so_far) / f64::from(weeks.gone) * f64::from(weeks.gone + weeks.left);
        let missing = f64::from(short_by.at_most);
        Forecast {
            done: end.done,
            verdict,
            short_by: if verdict == Verdict::NotOwed { Count::default() } else { end.short_by },
            at_this_pace: (total && weeks.gone > 0).then(pace),
            needed_per_week: (missing > 0.0 && weeks.left > 0).then(|| missing / f64::from(weeks.left)),
        }
    }

    fn applied(&self, target: &Target, school: &SchoolId) -> Vec<Applied> {
        let mut names = settings_of(target).to_vec();
        if self.rules.first_with_school_year.is_some() {
            names.push("begins");
        }
        let year = owed::year_of(self.index, &self.period);
        if self.index.school(school).is_some_and(|it| is_merged(self.index, it, year)) {
            names.push("merged_schools");
        }
        self.readings.applied(&names, |settings| word(self.verdict(settings, target, school).0))
    }

    /// A target's verdict for a school under any settings.
    pub(crate) fn verdict(
        &self,
        settings: &Settings,
        target: &Target,
        school: &SchoolId,
    ) -> (Verdict, Judged) {
        let owing = owing(self.index, self.rules, settings, target, school, &self.period);
        let period = match &owing {
            Owing::Yes(period) | Owing::Unknown(period, _) => period,
            Owing::No(_) => &self.period,
        };
        let mut judged = judge(self.rules, settings, target, &self.index.amounts(school, period));
        let (verdict, why) = as_owed(&owing, judged.verdict, judged.why);
        judged.why = why;
        (verdict, judged)
    }

    fn choice(&self, choice: &Choice, school: &SchoolId, amounts: &Amounts) -> ChoiceProgress {
        let judged = self.judged_choice(&self.readings.settings, choice, (school, Level::County), amounts);
        let result = |settings: &Settings| {
            word(self.judged_choice(settings, choice, (school, Level::County), amounts).verdict)
        };
        ChoiceProgress {
            choice: choice.id.clone(),
            verdict: judged.verdict,
            promised: match judged.chosen {
                owed::Chosen::Forms(forms) => Some(forms),
                owed::Chosen::Unknown(_) => None,
            },
            any_of: judged.candidates.iter().map(|(target, _)| target.id.clone()).collect(),
            why: judged.why,
            settings: self.readings.applied(choice::SETTINGS, result),
            source: choice.source.clone(),
        }
    }

    /// What one school has in the period.
    pub(crate) fn amounts(&self, school: &SchoolId) -> Amounts {
        self.index.amounts(school, &self.period)
    }

    /// A choice for a school under any settings. Who owes no target of it owes none of them.
    pub(crate) fn judged_choice(
        &self,
        settings: &Settings,
        choice: &Choice,
        (school, level): (&SchoolId, Level),
        amounts: &Amounts,
    ) -> ChoiceJudged<'a> {
        let region = self.index.school(school).map(|school| match level {
            Level::County => school.county.clone(),
            Level::City => school.city.clone(),
            Level::Province => school.province.clone(),
        });
        let region = |form: Form| {
            let key = region.clone().map(|region| (region, form));
            key.and_then(|key| self.regional.get(&key)).copied().unwrap_or_default()
        };
        let here = (school, &self.period, amounts);
        let mut judged = judge_choice(self.index, self.rules, settings, choice, here, &region);
        let first = choice.any_of.iter().find_map(|id| self.rules.target(id));
        let owes = first.map(|it| owing(self.index, self.rules, settings, it, school, &self.period));
        if let Some(Owing::No(why)) = owes {
            (judged.verdict, judged.why) = (Verdict::NotOwed, why);
        }
        judged
    }
}

/// A verdict as it stands in JSON.
fn word(verdict: Verdict) -> String {
    serde_json::to_value(verdict).ok().and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}

fn subjects(target: &Target, amounts: &Amounts, judged: &Judged) -> Vec<SubjectProgress> {
    let need = match target.measure {
        Measure::EachSubject => target.need,
        _ => 1,
    };
    let one = |(subject, done): &(String, Count)| {
        let is_ours = within(target);
        let ahead = amounts.ahead(|cell| is_ours(cell) && cell.subject.as_ref() == Some(subject));
        SubjectProgress {
            subject: subject.clone(),
            done: *done,
            planned: ahead.planned,
            open: ahead.open,
            short_by: done.short_of(need),
            verdict: done.reaches(need),
        }
    };
    judged.subjects.iter().map(one).collect()
}

/// What counties, cities and provinces have in each form of a choice together, as a reading of A3.2(3) counts it.
fn regional(index: &Index<'_>, rules: &RuleSet, period: &Period) -> BTreeMap<(RegionId, Form), Count> {
    let mut sums: BTreeMap<(RegionId, Form), Count> = BTreeMap::new();
    let one_of = rules.targets.iter().filter(|it| it.owed == Owed::OneOf);
    let forms: Vec<Form> = one_of.filter_map(|it| it.form).collect();
    let Some(days) = period.days(index.all.terms) else { return sums };
    if forms.is_empty() {
        return sums;
    }
    let is_paired = |school: &&School| index.pairs_of(&school.id, days).next().is_some();
    for school in index.all.schools.iter().filter(is_paired) {
        let amounts = index.amounts(&school.id, period);
        for form in &forms {
            let has = amounts.total(|cell| cell.form == *form);
            for region in BTreeSet::from([&school.county, &school.city, &school.province]) {
                let sum = sums.entry((region.clone(), *form)).or_default();
                *sum = sum.plus(has);
            }
        }
    }
    sums
}
