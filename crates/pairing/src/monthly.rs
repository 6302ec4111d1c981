//! The monthly report (月报) of a region: pairs, readiness, lessons of the month and so far, rates. Each number
//! says how it is defined; published ones stand beside.

use crate::count::{Count, Verdict};
use crate::duties::month_of;
use crate::entry::Value;
use crate::id::SchoolId;
use crate::inputs::{Index, Region};
use crate::lesson::Form;
use crate::pair::{Pair, Scope};
use crate::period::Period;
use crate::progress::{Progress, SchoolProgress};
use crate::published::{Compared, Defined, compare, distinct_lessons, rate};
use crate::rules::{Measure, Owed, RuleSet, Settings};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tongke_protocol::LessonId;
use utoipa::ToSchema;

/// What one lesson that was credited to a school says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditRow {
    /// Which lesson.
    pub lesson: LessonId,
    /// The day on which it began.
    pub day: Date,
    /// In which form.
    pub form: Form,
    /// To which school.
    pub school: SchoolId,
    /// That school's classes.
    pub classes: Vec<String>,
    /// People in its room, pupils and teachers; none: not counted.
    pub people: Option<u32>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Monthly {
    /// Of which region.
    pub region: Region,
    /// Of which month: `2019-11`.
    pub month: String,
    /// The period that is summed up so far.
    pub period: Period,
    /// By which rule set, `name/version`.
    pub rules: String,
    /// Up to which day.
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// Pairs that stand, by how far apart their schools are.
    pub pairs: ByScope,
    /// Paired schools of the region; one with several pairs is counted by the nearest.
    pub schools: ByScope,
    /// Pairs with a signed agreement.
    pub agreements: Share,
    /// Schools whose 网络空间 is open.
    pub spaces: Share,
    /// Schools whose equipment is in place.
    pub equipment: Share,
    /// What took place in the month, by form.
    pub in_month: Vec<FormFigures>,
    /// What took place in the period so far, by form.
    pub so_far: Vec<FormFigures>,
    /// Schools that have met everything they owe in the period.
    pub finished: Count,
    /// Rates of completion, each by its definition.
    pub rates: Vec<Defined>,
    /// What was published, beside ours.
    pub published: Vec<Compared>,
}

/// How many, by how far apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ByScope {
    /// 县域内.
    pub county: u32,
    /// 市域内.
    pub city: u32,
    /// 省域内.
    pub province: u32,
}

impl ByScope {
    fn add(&mut self, scope: Scope) {
        match scope {
            Scope::County => self.county += 1,
            Scope::City => self.city += 1,
            Scope::Province => self.province += 1,
        }
    }

    /// All of them.
    pub fn all(self) -> u32 {
        self.county + self.city + self.province
    }
}

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Those that have it.
    pub have: u32,
    /// Those of which nobody has said.
    pub unknown: u32,
    /// All.
    pub of: u32,
}

/// What took place in one form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormFigures {
    /// Which form.
    pub form: Form,
    /// Lessons; one to two receiving schools is one.
    pub distinct_lessons: u32,
    /// Credits: a lesson counts for each of the region's schools in it.
    pub school_credited: u32,
    /// Credits by school, on the average of all paired schools.
    pub credited_per_school: Option<f64>,
    /// 师生参与人次: over all lessons, the people present in the region's rooms.
    pub person_times: u32,
    /// Its definition: `sum_over_lessons`.
    pub person_times_definition: String,
    /// Credits in whose room nobody counted; they are not in it.
    pub rooms_not_counted: u32,
    /// 参与班级数: each class once.
    pub classes: u32,
    /// Its definition: `distinct`.
    pub classes_definition: String,
}

/// Makes the report of the month in which the inputs' day lies.
pub fn monthly(
    index: &Index<'_>,
    rules: &RuleSet,
    settings: &Settings,
    region: &Region,
    period: &Period,
    rows: &[CreditRow],
) -> Option<Monthly> {
    let days = period.days(index.all.terms)?;
    let as_of = index.all.as_of;
    let month = month_of(as_of);
    let now = (days.0, days.1.min(as_of));
    let pairs = index.pairs_in(region, now);
    let schools: BTreeSet<&SchoolId> =
        index.paired_schools(region, now).into_iter().map(|school| &school.id).collect();
    let ours = |row: &&CreditRow| schools.contains(&row.school) && days.0 <= row.day && row.day <= now.1;
    let so_far: Vec<&CreditRow> = rows.iter().filter(ours).collect();
    let in_month: Vec<&CreditRow> = so_far.iter().copied().filter(|row| month_of(row.day) == month).collect();
    let count = schools.len() as u32;
    let progress = Progress::new(index, rules, settings, period.clone()).of_region(region);
    let figures = figures(&so_far, count);
    let rates = rates(rules, &progress);
    Some(Monthly {
        region: region.clone(),
        rules: rules.label(),
        as_of,
        pairs: pairs_by_scope(index, &pairs),
        schools: schools_by_scope(index, &schools, now),
        agreements: agreements(index, &pairs),
        spaces: there(index, &schools, "space_open", period),
        equipment: there(index, &schools, "equipment_ready", period),
        in_month: self::figures(&in_month, count),
        finished: finished(rules, &progress),
        published: published(index, rules, region, period, (&figures, &rates), count),
        so_far: figures,
        period: period.clone(),
        month,
        rates,
    })
}

fn pairs_by_scope(index: &Index<'_>, pairs: &[&Pair]) -> ByScope {
    let mut sum = ByScope::default();
    pairs.iter().filter_map(|pair| index.scope(pair)).for_each(|scope| sum.add(scope));
    sum
}

fn schools_by_scope(index: &Index<'_>, schools: &BTreeSet<&SchoolId>, days: (Date, Date)) -> ByScope {
    let mut sum = ByScope::default();
    for school in schools {
        let nearest = index.pairs_of(school, days).filter_map(|pair| index.scope(pair)).min();
        nearest.into_iter().for_each(|scope| sum.add(scope));
    }
    sum
}

fn agreements(index: &Index<'_>, pairs: &[&Pair]) -> Share {
    let signed = |pair: &&&Pair| {
        let mut all = index.agreements(&pair.id).iter();
        all.any(|it| it.signed.is_some_and(|day| day <= index.all.as_of))
    };
    let unknown = |pair: &&&Pair| index.agreements(&pair.id).is_empty();
    Share {
        have: pairs.iter().filter(signed).count() as u32,
        unknown: pairs.iter().filter(unknown).count() as u32,
        of: pairs.len() as u32,
    }
}

/// Schools where something was there by the day of the report.
fn there(index: &Index<'_>, schools: &BTreeSet<&SchoolId>, figure: &str, period: &Period) -> Share {
    let mut share = Share { of: schools.len() as u32, ..Share::default() };
    for school in schools {
        match index.figure(&format!("school:{school}"), figure, &[&period.key(), ""]).map(|it| it.value) {
            Some(Value::Day(day)) => share.have += u32::from(day <= index.all.as_of),
            _ => share.unknown += 1,
        }
    }
    share
}

fn figures(rows: &[&CreditRow], schools: u32) -> Vec<FormFigures> {
    let mut by_form: BTreeMap<Form, Vec<&CreditRow>> = BTreeMap::new();
    rows.iter().for_each(|row| by_form.entry(row.form).or_default().push(row));
    let one = |(form, rows): (Form, Vec<&CreditRow>)| {
        // A row said twice counts once.
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| ((&row.lesson, &row.school), row)).collect();
        let lessons: BTreeSet<&LessonId> = rows.keys().map(|(lesson, _)| *lesson).collect();
        let classes: BTreeSet<&String> = rows.values().flat_map(|row| &row.classes).collect();
        let credits = rows.len() as u32;
        FormFigures {
            form,
            distinct_lessons: lessons.len() as u32,
            school_credited: credits,
            credited_per_school: (schools > 0).then(|| f64::from(credits) / f64::from(schools)),
            person_times: rows.values().filter_map(|row| row.people).sum(),
            person_times_definition: "sum_over_lessons".to_owned(),
            rooms_not_counted: rows.values().filter(|row| row.people.is_none()).count() as u32,
            classes: classes.len() as u32,
            classes_definition: "distinct".to_owned(),
        }
    };
    by_form.into_iter().map(one).collect()
}

/// Schools that have met everything: certainly, and possibly.
fn finished(rules: &RuleSet, progress: &[SchoolProgress]) -> Count {
    let verdicts: Vec<Verdict> = progress.iter().map(|school| school.verdict(rules)).collect();
    let count = |of: Verdict| verdicts.iter().filter(|it| **it == of).count() as u32;
    let done = count(Verdict::Met) + count(Verdict::NotOwed);
    Count::between(done, done + count(Verdict::Undecided))
}

/// Rates of completion of each total that is a duty, by three definitions. What is one of several optional
/// forms is nobody's duty, so it has no rate.
fn rates(rules: &RuleSet, progress: &[SchoolProgress]) -> Vec<Defined> {
    let duties = rules.targets.iter().filter(|it| it.measure == Measure::Total && it.owed == Owed::Always);
    let mut rates = Vec::new();
    for target in duties {
        let owing = progress.iter().flat_map(|school| &school.targets);
        let owing: Vec<_> =
            owing.filter(|it| it.target == target.id && it.verdict != Verdict::NotOwed).collect();
        let schools = owing.len() as u32;
        let done = |most: u32| owing.iter().map(|it| it.done.at_least.min(most)).sum::<u32>();
        let met = owing.iter().filter(|it| it.verdict == Verdict::Met).count() as u32;
        let of = |name: &str, value: Option<f64>| {
            value.map(|value| Defined { definition: format!("{}:{name}", target.id), value })
        };
        rates.extend(of("done_over_owed", rate(done(u32::MAX), schools, target.need)));
        rates.extend(of("done_over_owed_capped_per_school", rate(done(target.need), schools, target.need)));
        rates.extend(of("schools_met", rate(met, schools, 1)));
    }
    rates
}

/// Names of the region's published totals: `total:sync_class`.
fn total_of(form: Form) -> String {
    format!("total:{}", crate::progress::judge::form_name(form))
}

/// Published totals and the published rate of completion, beside ours and beside what the published
/// totals themselves come to.
fn published(
    index: &Index<'_>,
    rules: &RuleSet,
    region: &Region,
    period: &Period,
    (figures, rates): (&[FormFigures], &[Defined]),
    schools: u32,
) -> Vec<Compared> {
    let of = format!("region:{}", region.id);
    let key = period.key();
    let find = |what: &str| match index.figure(&of, what, &[&month_of(index.all.as_of), &key, ""]) {
        Some(it) => {
            if let Value::Number(number) = it.value {
                Some((number, it.source.as_str()))
            } else {
                None
            }
        }
        None => None,
    };
    let mut all = Vec::new();
    let mut rates = rates.to_vec();
    let defined = |definition: String, value: f64| Defined { definition, value };
    for form in [Form::SyncClass, Form::TeacherStudy, Form::RemoteCourse, Form::MasterObservation] {
        let what = total_of(form);
        let Some((total, source)) = find(&what) else { continue };
        let ours = figures.iter().find(|it| it.form == form);
        let ours = vec![
            defined("distinct_lessons".into(), ours.map_or(0.0, |it| f64::from(it.distinct_lessons))),
            defined("school_credited".into(), ours.map_or(0.0, |it| f64::from(it.school_credited))),
        ];
        all.push(compare(&what, (total, source), ours, 1.0));
        let whole = total.clamp(0.0, f64::from(u32::MAX)) as u32;
        if let Some(per_school) = rate(whole, schools, 1) {
            rates.push(defined(format!("{what}:published_per_school"), per_school));
        }
        let bounds = distinct_lessons(whole, 2);
        rates.push(defined(format!("{what}:distinct_if_both_ends_at_least"), f64::from(bounds.at_least)));
        let is_duty = |it: &&crate::rules::Target| {
            it.form == Some(form) && it.measure == Measure::Total && it.owed == Owed::Always
        };
        let duty = rules.targets.iter().find(is_duty);
        let over = duty.and_then(|it| rate(whole, schools, it.need));
        rates.extend(over.map(|over| defined(format!("{what}:published_over_owed"), over)));
    }
    if let Some(rate) = find("completion_rate") {
        all.push(compare("completion_rate", rate, rates, 0.01));
    }
    all
}
