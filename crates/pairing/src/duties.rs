//! What else is due of schools, pairs and regions, judged from reported figures: days, shares, numbers of
//! events.

use crate::count::{Count, Verdict, Why};
use crate::entry::Value;
use crate::id::SchoolId;
use crate::inputs::{Index, Region};
use crate::lesson::Form;
use crate::pair::Pair;
use crate::period::Period;
use crate::progress::Progress;
use crate::rubric::{Evidence, evidence_of, ready};
use crate::rules::{Asked, Duty, DutyOf, Per, RuleSet, Settings, Who};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What came of one duty for one school, pair or region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyResult {
    /// Which duty.
    pub duty: String,
    /// What it says.
    pub title: String,
    /// Of what: `school:daao`.
    pub of: String,
    /// Of which subject, if it is asked of each.
    #[serde(default)]
    pub subject: Option<String>,
    /// For which time: a year, a term, a month, a week; empty: once.
    pub period: String,
    /// The last day.
    #[schema(value_type = Option<String>, format = Date)]
    pub by: Option<Date>,
    /// Whether that day is over.
    pub is_over: bool,
    /// Whether it is done.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// The setting by which it is judged at all, with its value.
    #[serde(default)]
    pub setting: Option<(String, String)>,
    /// What is wrong with the source, if something is.
    #[serde(default)]
    pub defect: Option<String>,
    /// Where it is written down.
    pub source: String,
}

/// A stretch of time in which something is due once, and names that its figures may stand under.
struct Turn {
    name: String,
    keys: Vec<String>,
    last: Option<Date>,
}

struct Judge<'a> {
    index: &'a Index<'a>,
    rules: &'a RuleSet,
    settings: &'a Settings,
    region: &'a Region,
    period: &'a Period,
    progress: Progress<'a>,
}

/// All duties of a region in a period that are judged by these settings. What has not begun by the day
/// of the inputs is left out.
pub fn duties(
    index: &Index<'_>,
    rules: &RuleSet,
    settings: &Settings,
    region: &Region,
    period: &Period,
) -> Vec<DutyResult> {
    let Some(days) = period.days(index.all.terms) else { return Vec::new() };
    let progress = Progress::new(index, rules, settings, period.clone());
    let judge = Judge { index, rules, settings, region, period, progress };
    let mut results = Vec::new();
    for duty in rules.duties.iter().filter(|duty| duty.is_judged(settings)) {
        let turns = turns(index, duty, period, days);
        for of in judge.owing(duty, days) {
            turns.iter().for_each(|turn| judge.one(duty, &of, turn, &mut results));
        }
    }
    results
}

fn turns(index: &Index<'_>, duty: &Duty, period: &Period, (first, last): (Date, Date)) -> Vec<Turn> {
    let as_of = index.all.as_of;
    let until = last.min(as_of);
    let days = || first.series(jiff::Span::new().days(1)).take_while(move |day| *day <= until);
    let grouped = |name: &dyn Fn(Date) -> String, end: &dyn Fn(Date) -> Date| {
        let mut by_name: BTreeMap<String, Date> = BTreeMap::new();
        days().for_each(|day| {
            by_name.entry(name(day)).or_insert_with(|| end(day));
        });
        by_name.into_iter().map(|(name, end)| turn(name, end)).collect()
    };
    match duty.per {
        Per::Once => {
            let year = duty.by.map_or(first.year(), Date::year).to_string();
            vec![Turn { name: String::new(), keys: vec![period.key(), year, String::new()], last: duty.by }]
        }
        Per::Year => vec![turn(first.year().to_string(), first.last_of_year())],
        Per::Term => {
            let begun = index.all.terms.iter().filter(|term| term.first <= until);
            let ours = begun.filter(|term| match period {
                Period::Term(id) => term.id == *id,
                Period::Year(year) => term.first.year() == *year,
            });
            ours.map(|term| turn(term.id.to_string(), term.last)).collect()
        }
        Per::Month => grouped(&month_of, &Date::last_of_month),
        Per::Week => grouped(&week_of, &|day| {
            let days = 7 - i64::from(day.weekday().to_monday_one_offset());
            day.checked_add(jiff::Span::new().days(days)).unwrap_or(day)
        }),
    }
}

/// A month as figures name it: `2020-09`.
pub fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// A week as figures name it (ISO 8601): `2020-W37`.
pub fn week_of(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

fn turn(name: String, last: Date) -> Turn {
    Turn { keys: vec![name.clone()], name, last: Some(last) }
}

impl Judge<'_> {
    /// Of whom a duty is asked.
    fn owing(&self, duty: &Duty, days: (Date, Date)) -> Vec<String> {
        let pairs = self.index.pairs_in(self.region, days);
        let is_new = |since: Option<Date>| duty.paired_since.is_none_or(|from| since >= Some(from));
        match duty.of {
            DutyOf::Region => vec![format!("region:{}", self.region.id)],
            DutyOf::Pair => {
                pairs.iter().filter(|it| is_new(Some(it.since))).map(|it| format!("pair:{}", it.id)).collect()
            }
            DutyOf::School => {
                let asked = |id: &SchoolId| match duty.who {
                    Who::All => true,
                    Who::Supporting => pairs.iter().any(|pair: &&Pair| pair.supporting == *id),
                    Who::Receiving => pairs.iter().any(|pair| pair.receiving.contains(id)),
                };
                let schools = self.index.paired_schools(self.region, days);
                let ids = schools.into_iter().map(|school| &school.id);
                let ids = ids.filter(|id| asked(id) && is_new(self.index.paired_since(id)));
                ids.map(|id| format!("school:{id}")).collect()
            }
        }
    }

    fn one(&self, duty: &Duty, of: &str, turn: &Turn, results: &mut Vec<DutyResult>) {
        let last = duty.by.or(turn.last);
        let is_over = last.is_some_and(|last| last < self.index.all.as_of);
        let keys: Vec<&str> = turn.keys.iter().map(String::as_str).collect();
        let mut add = |subject: Option<String>, (verdict, why, evidence)| {
            results.push(DutyResult {
                duty: duty.id.clone(),
                title: duty.title.clone(),
                of: of.to_owned(),
                subject,
                period: turn.name.clone(),
                by: last,
                is_over,
                verdict,
                why,
                evidence,
                setting: duty.only_if.clone(),
                defect: duty.defect.clone(),
                source: duty.source.clone(),
            });
        };
        match &duty.asked {
            Asked::Ready { figure, flags } => add(None, ready(self.index, of, (figure, flags), last, &keys)),
            Asked::Number { figure, need } => add(None, self.number(of, figure, *need, is_over, &keys)),
            Asked::EachSubject { figure, need } => {
                for subject in self.opened().into_keys() {
                    let figure = format!("{figure}:{subject}");
                    add(Some(subject), self.number(of, &figure, *need, is_over, &keys));
                }
            }
            Asked::SubjectLessons { need } => {
                for (subject, done) in self.opened() {
                    add(Some(subject), self.lessons(done, *need, is_over));
                }
            }
            Asked::Signed => add(None, self.signed(of, last, is_over)),
            Asked::Targets { targets } => add(None, self.targets(of, targets, is_over)),
        }
    }

    fn number(
        &self,
        of: &str,
        figure: &str,
        need: f64,
        is_over: bool,
        keys: &[&str],
    ) -> (Verdict, Why, Vec<Evidence>) {
        let found = self.index.figure(of, figure, keys);
        let evidence = found.map(evidence_of).into_iter().collect();
        match found.map(|it| it.value) {
            Some(Value::Number(number)) if number >= need => (Verdict::Met, Why::code("reported"), evidence),
            Some(Value::Number(number)) => {
                let code = if is_over { "reported" } else { "not_due" };
                (Verdict::Short, Why::with(code, format!("{number} of {need}")), evidence)
            }
            _ => (
                Verdict::Undecided,
                Why::with(if is_over { "no_figure" } else { "not_due" }, figure),
                evidence,
            ),
        }
    }

    /// Subjects in which the region's schools had a lesson, with how many they had. A lesson of one pair
    /// counts once: by its receiving schools, so the supporting ones are left out.
    fn opened(&self) -> BTreeMap<String, Count> {
        let mut opened: BTreeMap<String, Count> = BTreeMap::new();
        let Some(days) = self.period.days(self.index.all.terms) else { return opened };
        for pair in self.index.pairs_in(self.region, days) {
            // The first of two receiving schools stands for both: a lesson to both is one lesson.
            let Some(school) = pair.receiving.first() else { continue };
            let amounts = self.index.amounts(school, self.period);
            let cells = amounts.cells.keys().filter(|cell| cell.form == Form::SyncClass);
            for subject in cells.filter_map(|cell| cell.subject.clone()) {
                let done = amounts
                    .total(|cell| cell.form == Form::SyncClass && cell.subject.as_ref() == Some(&subject));
                let sum = opened.entry(subject).or_default();
                *sum = sum.plus(done);
            }
        }
        opened.retain(|_, done| done.at_most > 0);
        opened
    }

    fn lessons(&self, done: Count, need: u32, is_over: bool) -> (Verdict, Why, Vec<Evidence>) {
        let form = Some(Form::SyncClass);
        let evidence = vec![Evidence::Lessons { form, period: self.period.clone(), done, need }];
        let (verdict, why) = counted(done.reaches(need), is_over);
        (verdict, why, evidence)
    }

    fn signed(&self, of: &str, by: Option<Date>, is_over: bool) -> (Verdict, Why, Vec<Evidence>) {
        let pair = of.strip_prefix("pair:").and_then(|id| id.parse().ok());
        let agreements = pair.map_or(&[][..], |id| self.index.agreements(&id));
        let first = agreements.iter().min_by_key(|it| (it.signed.is_none(), it.signed));
        let signed = first.and_then(|it| it.signed);
        let evidence = vec![Evidence::Agreement { id: first.map(|it| it.id.to_string()), signed }];
        let (verdict, code) = match (first, signed, by) {
            (_, Some(day), Some(by)) if by < day => (Verdict::Short, "signed_late"),
            (_, Some(_), _) => (Verdict::Met, "in_time"),
            (Some(_), None, _) if is_over => (Verdict::Short, "not_signed"),
            (Some(_), None, _) => (Verdict::Short, "not_due"),
            (None, ..) => (Verdict::Undecided, "no_agreement"),
        };
        (verdict, Why::code(code), evidence)
    }

    fn targets(&self, of: &str, targets: &[String], is_over: bool) -> (Verdict, Why, Vec<Evidence>) {
        let Some(school) = of.strip_prefix("school:").and_then(|id| id.parse::<SchoolId>().ok()) else {
            return (Verdict::NotOwed, Why::code("no_school"), vec![]);
        };
        let mut all = Verdict::NotOwed;
        let mut evidence = Vec::new();
        for target in targets.iter().filter_map(|id| self.rules.target(id)) {
            let (verdict, judged) = self.progress.verdict(self.settings, target, &school);
            all = all.and(verdict);
            let (form, period) = (target.form, self.period.clone());
            evidence.push(Evidence::Lessons { form, period, done: judged.done, need: target.need });
        }
        let (verdict, why) = counted(all, is_over);
        (verdict, why, evidence)
    }
}

/// Lessons are counted up to the day of the inputs. After the last day of a duty that says nothing good about
/// it: what is there now may have come later.
fn counted(verdict: Verdict, is_over: bool) -> (Verdict, Why) {
    match (verdict, is_over) {
        (Verdict::Met, true) => (Verdict::Undecided, Why::code("counted_later")),
        (Verdict::Short, false) => (Verdict::Short, Why::code("not_due")),
        _ => (verdict, Why::code("counted")),
    }
}
