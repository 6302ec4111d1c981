//! Items about what schools did: targets, and choices of targets.

use super::{Evidence, Loss, Outcome, Scorer};
use crate::count::{Count, Verdict, Why};
use crate::points::{PointRange, Points};
use crate::progress::judge::Judged;
use crate::progress::owed::Chosen;
use crate::rules::{Item, MissedAll, OtherForms, Settings, Target};
use crate::school::School;

impl Scorer<'_> {
    pub(super) fn target(&self, item: &Item, settings: &Settings, target: &str) -> Outcome {
        let Some(target) = self.rules.target(target) else { return Outcome::lost(vec![]) };
        let one = |school: &&School| -> Option<Loss> {
            let (verdict, judged) = self.progress.verdict(settings, target, &school.id);
            let points = match verdict {
                Verdict::Met | Verdict::NotOwed => return None,
                Verdict::Short => PointRange::exactly(self.cost(item)),
                Verdict::Undecided => PointRange::up_to(self.cost(item)),
            };
            let why = match verdict {
                Verdict::Short => Why::with("missed", missing(target, &judged)),
                _ => judged.why.clone(),
            };
            Some(self.by_school(item, school, points, why, vec![self.lessons(target, &judged)]))
        };
        Outcome::lost(self.schools.iter().filter_map(one).collect())
    }

    pub(super) fn choice(&self, item: &Item, settings: &Settings, choice: &str, flat: &[String]) -> Outcome {
        let Some(choice) = self.rules.choice(choice) else { return Outcome::lost(vec![]) };
        let one = |school: &&School| -> Option<Loss> {
            let amounts = self.progress.amounts(&school.id);
            let here = (&school.id, self.region.level);
            let judged = self.progress.judged_choice(settings, choice, here, &amounts);
            let cost = self.cost(item);
            let points = match verdict_points(judged.verdict, &judged.why, cost) {
                Some(fixed) => fixed?,
                None => {
                    let prices: Vec<PointRange> = judged
                        .candidates
                        .iter()
                        .map(|(target, it)| price(cost, it.short_by, flat.contains(&target.id)))
                        .collect();
                    let unknown = settings.other_forms == OtherForms::Promised
                        && matches!(judged.chosen, Chosen::Unknown(_));
                    let charged =
                        if unknown { widest(&prices) } else { charged(settings.missed_all, &prices) };
                    match judged.verdict {
                        Verdict::Undecided => PointRange::up_to(charged.at_most),
                        _ => charged,
                    }
                }
            };
            let evidence = judged.candidates.iter().map(|(target, it)| self.lessons(target, it)).collect();
            let why = match judged.verdict {
                Verdict::Short if judged.why.code == "counted" => {
                    let each = judged.candidates.iter().map(|(target, it)| missing(target, it));
                    Why::with("missed_all", each.collect::<Vec<_>>().join(", "))
                }
                _ => judged.why,
            };
            Some(self.by_school(item, school, points, why, evidence))
        };
        Outcome::lost(self.schools.iter().filter_map(one).collect())
    }

    fn lessons(&self, target: &Target, judged: &Judged) -> Evidence {
        Evidence::Lessons {
            form: target.form,
            period: self.period.clone(),
            done: judged.done,
            need: match target.measure {
                crate::rules::Measure::EachSubject => target.subjects,
                _ => target.need,
            },
        }
    }
}

/// Points that do not depend on how much is missing. `Some(None)`: nothing is lost.
#[expect(clippy::option_option, reason = "decided here or not, and if so a loss or none")]
fn verdict_points(verdict: Verdict, why: &Why, cost: Points) -> Option<Option<PointRange>> {
    match (verdict, why.code.as_str()) {
        (Verdict::Met | Verdict::NotOwed, _) => Some(None),
        // With nothing promised there is nothing of which so much could be missing.
        (Verdict::Short, "empty_promise") => Some(Some(PointRange::exactly(cost))),
        _ => None,
    }
}

fn price(cost: Points, short_by: Count, flat: bool) -> PointRange {
    let of = |missing: u32| if flat { cost.times(missing.min(1)) } else { cost.times(missing) };
    PointRange { at_least: of(short_by.at_least), at_most: of(short_by.at_most) }
}

/// What is charged of several forms that were all missed.
fn charged(which: MissedAll, prices: &[PointRange]) -> PointRange {
    let pick = |of: &dyn Fn(&PointRange) -> Points| {
        let all = prices.iter().map(of);
        match which {
            MissedAll::Smallest => all.min(),
            MissedAll::Largest => all.max(),
        }
        .unwrap_or_default()
    };
    PointRange { at_least: pick(&|it| it.at_least), at_most: pick(&|it| it.at_most) }
}

/// What may be charged if nobody knows which forms were promised.
fn widest(prices: &[PointRange]) -> PointRange {
    PointRange {
        at_least: prices.iter().map(|it| it.at_least).min().unwrap_or_default(),
        at_most: prices.iter().map(|it| it.at_most).max().unwrap_or_default(),
    }
}

fn missing(target: &Target, judged: &Judged) -> String {
    format!("{} short by {}", target.id, judged.short_by)
}
