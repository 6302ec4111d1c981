//! The score sheet of a county or a city: points, and each lost one with its school, its rule and its
//! evidence. Points that cannot be decided are a range, never a guess.

mod pairing;
mod performance;
mod readiness;
mod sheet;
mod tasks;

pub(crate) use readiness::ready;
pub use sheet::{Evidence, ItemScore, Loss, PartScore, Sheet};

use crate::count::Why;
use crate::inputs::{Index, Level, Region};
use crate::pair::Pair;
use crate::period::Period;
use crate::points::{PointRange, Points};
use crate::progress::Progress;
use crate::rules::{Floor, Group, Item, ItemRule, PointSteps, Readings, RuleSet, Settings};
use crate::school::School;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What an item comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub losses: Vec<Loss>,
    /// For a bonus.
    pub gained: PointRange,
    pub why: Why,
}

impl Outcome {
    fn lost(losses: Vec<Loss>) -> Self {
        let code = match losses.iter().any(|loss| !loss.points.is_exact()) {
            true => "partly_undecided",
            false if losses.is_empty() => "nothing_lost",
            false => "lost",
        };
        Self { losses, gained: PointRange::default(), why: Why::code(code) }
    }
}

/// One item being scored.
pub(crate) struct Scorer<'s> {
    index: &'s Index<'s>,
    rules: &'s RuleSet,
    progress: &'s Progress<'s>,
    region: &'s Region,
    period: &'s Period,
    days: (Date, Date),
    schools: &'s [&'s School],
    pairs: &'s [&'s Pair],
}

/// Scores a county or a city. None: the rule set scores nobody, or the period is not known.
pub fn score(
    index: &Index<'_>,
    rules: &RuleSet,
    settings: &Settings,
    region: &Region,
    period: &Period,
) -> Option<Sheet> {
    let rubric = rules.rubric.as_ref()?;
    let days = period.days(index.all.terms)?;
    let readings = Readings::new(settings);
    let progress = Progress::new(index, rules, settings, period.clone());
    let schools = index.paired_schools(region, days);
    let pairs = index.pairs_in(region, days);
    let (schools, pairs) = (&schools[..], &pairs[..]);
    let scorer = Scorer { index, rules, progress: &progress, region, period, days, schools, pairs };
    let items: Vec<ItemScore> = rubric.items.iter().map(|item| scorer.item(item, &readings)).collect();
    let parts = parts(&rubric.groups, &items);
    Some(Sheet {
        region: region.clone(),
        rules: rules.label(),
        period: period.clone(),
        basis: index.all.basis,
        as_of: index.all.as_of,
        is_final: days.1 <= index.all.as_of,
        schools: schools.len() as u32,
        total: parts.iter().map(|part| part.points).sum(),
        unknown: rubric.groups.iter().map(|group| group.unknown).sum(),
        parts,
        items,
    })
}

/// Adds items up to groups, each capped at what it has, and groups to parts.
fn parts(groups: &[Group], items: &[ItemScore]) -> Vec<PartScore> {
    let mut parts: BTreeMap<&str, PartScore> = BTreeMap::new();
    for group in groups {
        let points: PointRange = items.iter().filter(|it| it.group == group.id).map(|it| it.points).sum();
        let score = PartScore {
            id: group.id.clone(),
            full: group.full,
            unknown: group.unknown,
            unknown_why: group.unknown_why.clone(),
            points: points.map(|points| points.min(group.full)),
            groups: Vec::new(),
        };
        let part = parts.entry(&group.part).or_insert_with(|| PartScore {
            id: group.part.clone(),
            full: Points::ZERO,
            unknown: Points::ZERO,
            unknown_why: String::new(),
            points: PointRange::default(),
            groups: Vec::new(),
        });
        part.full = part.full + score.full;
        part.unknown = part.unknown + score.unknown;
        part.points = part.points.plus(score.points);
        part.groups.push(score);
    }
    parts.into_values().collect()
}

impl Scorer<'_> {
    fn item(&self, item: &Item, readings: &Readings) -> ItemScore {
        let outcome = self.outcome(item, &readings.settings);
        let (points, not_taken) = points(item, &outcome, &readings.settings);
        let result = |settings: &Settings| said(points_of(item, &self.outcome(item, settings), settings));
        ItemScore {
            id: item.id.clone(),
            group: item.group.clone(),
            title: item.title.clone(),
            full: item.full,
            points,
            losses: outcome.losses,
            not_taken,
            why: outcome.why,
            evidence: item.evidence.clone(),
            settings: readings.applied(&self.settings_of(item), result),
            source: item.source.clone(),
        }
    }

    /// What a failure costs at this level; none: the source does not say.
    fn price(&self, item: &Item) -> Option<Points> {
        match self.region.level {
            Level::County => item.county,
            Level::City => item.city,
            Level::Province => None,
        }
    }

    fn outcome(&self, item: &Item, settings: &Settings) -> Outcome {
        match &item.rule {
            ItemRule::RegionRatio => self.region_ratio(item, settings),
            ItemRule::PairsConform => self.pairs_conform(item, settings),
            ItemRule::SmallSchools { pupils_at_most } => self.small_schools(item, settings, *pupils_at_most),
            ItemRule::AgreementsSigned { by } => self.agreements_signed(item, *by),
            ItemRule::Extra { step } => self.extra(item, settings, *step),
            ItemRule::SchoolsReady { figure, flags, by } => self.schools_ready(item, figure, flags, *by),
            ItemRule::Target { target } => self.target(item, settings, target),
            ItemRule::Choice { choice, flat } => self.choice(item, settings, choice, flat),
            ItemRule::Satisfaction { figure, at_least } => {
                self.satisfaction(item, settings, figure, *at_least)
            }
            ItemRule::Cases { figure, share } => self.cases(item, settings, figure, *share),
            ItemRule::Rank { figure, of, last } => self.rank(item, settings, figure, of, *last),
            ItemRule::Listed { figure, within, others } => self.listed(item, figure, *within, *others),
        }
    }

    fn settings_of(&self, item: &Item) -> Vec<&'static str> {
        let mut names = match &item.rule {
            ItemRule::RegionRatio => vec!["region_ratio", "ratio_of", "point_steps"],
            ItemRule::PairsConform => vec!["pair_charged"],
            ItemRule::SmallSchools { .. } => vec!["small_schools"],
            ItemRule::AgreementsSigned { .. } | ItemRule::SchoolsReady { .. } => vec![],
            ItemRule::Extra { .. } => return vec!["extra_steps", "extra_base"],
            ItemRule::Target { target } => {
                let target = self.rules.target(target);
                let mut names = target.map_or(vec![], |it| crate::progress::judge::settings_of(it).to_vec());
                names.push("merged_schools");
                names
            }
            ItemRule::Choice { .. } => {
                let mut names = crate::progress::choice::SETTINGS.to_vec();
                names.extend(["missed_all", "merged_schools"]);
                names
            }
            ItemRule::Satisfaction { .. } => vec!["point_steps"],
            ItemRule::Cases { .. } => return vec!["cases_short", "cases_rounding", "paired_schools"],
            ItemRule::Rank { .. } => return vec!["case_ranks"],
            ItemRule::Listed { .. } => return vec![],
        };
        names.push("floor");
        names
    }

    /// The names under which figures of this period may stand.
    fn periods(&self) -> [String; 2] {
        [self.period.key(), String::new()]
    }

    fn figure(&self, of: &str, what: &str) -> Option<&crate::entry::Reported> {
        let periods = self.periods();
        self.index.figure(of, what, &[&periods[0], &periods[1]])
    }

    fn region_figure(&self, what: &str) -> Option<&crate::entry::Reported> {
        self.figure(&format!("region:{}", self.region.id), what)
    }

    fn region_number(&self, what: &str) -> Option<f64> {
        match self.region_figure(what)?.value {
            crate::entry::Value::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// A loss by a region as a whole.
fn loss(item: &Item, points: PointRange, why: Why, evidence: Vec<Evidence>) -> Loss {
    Loss { points, school: None, pair: None, rule: item.id.clone(), why, evidence }
}

/// A figure as evidence.
pub(crate) fn evidence_of(figure: &crate::entry::Reported) -> Evidence {
    let value = match figure.value {
        crate::entry::Value::Number(number) => number.to_string(),
        crate::entry::Value::Day(day) => day.to_string(),
        crate::entry::Value::Flag(flag) => flag.to_string(),
    };
    let (of, what, source) = (figure.of.clone(), figure.what.clone(), figure.source.clone());
    Evidence::Figure { of, what, value, source }
}

/// What an item comes to, and what was lost beyond none.
fn points(item: &Item, outcome: &Outcome, settings: &Settings) -> (PointRange, PointRange) {
    let lost: PointRange = outcome.losses.iter().map(|loss| loss.points).sum();
    let left = lost.lost_of(item.full).plus(outcome.gained);
    let taken = points_of(item, outcome, settings);
    let beyond =
        PointRange { at_least: taken.at_most - left.at_most, at_most: taken.at_least - left.at_least };
    (taken, beyond)
}

fn points_of(item: &Item, outcome: &Outcome, settings: &Settings) -> PointRange {
    let lost: PointRange = outcome.losses.iter().map(|loss| loss.points).sum();
    let left = lost.lost_of(item.full).plus(outcome.gained);
    match settings.floor {
        Floor::AtZero => left.map(Points::floored),
        Floor::None => left,
    }
}

/// Points as a text: `9.5`, or `9 to 10`.
fn said(points: PointRange) -> String {
    match points.is_exact() {
        true => points.at_least.to_string(),
        false => format!("{} to {}", points.at_least, points.at_most),
    }
}

/// How often a deduction for each percentage point applies. Shares come as decimal fractions, so a
/// difference of 8 points may be 7.999…: it is read to a millionth of a point.
fn steps(settings: &Settings, percentage_points: f64) -> f64 {
    let points = (percentage_points.max(0.0) * 1e6).round() / 1e6;
    match settings.point_steps {
        PointSteps::Whole => points.floor(),
        PointSteps::Begun => points.ceil(),
        PointSteps::ProRata => points,
    }
}
