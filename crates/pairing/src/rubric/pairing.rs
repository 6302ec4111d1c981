//! Items about pairs: their share, their kind, small schools, agreements, more than was planned.

use super::{Evidence, Loss, Outcome, Scorer, evidence_of, loss, steps};
use crate::count::Why;
use crate::entry::Value;
use crate::id::{PairId, SchoolId};
use crate::inputs::Level;
use crate::pair::{Pair, Scope};
use crate::points::{PointRange, Points};
use crate::progress::owed::is_merged;
use crate::rules::{ExtraBase, ExtraSteps, Item, PairCharged, RatioOf, Settings, SmallSchools};
use crate::school::School;
use jiff::civil::Date;
use std::collections::BTreeSet;

impl Scorer<'_> {
    pub(super) fn region_ratio(&self, item: &Item, settings: &Settings) -> Outcome {
        let undecided = |code: &str| {
            Outcome::lost(vec![loss(item, PointRange::up_to(item.full), Why::code(code), vec![])])
        };
        let (Some(asked), Some(price)) = (settings.region_ratio, self.price(item)) else {
            return undecided("ratio_not_set");
        };
        let reported = self.region_figure("region_ratio");
        let share = match reported.map(|it| it.value) {
            Some(Value::Number(share)) => Some(share),
            _ => self.share_in_county(settings),
        };
        let Some(share) = share else { return undecided("no_pairs") };
        let below = steps(settings, (asked - share) * 100.0);
        if below == 0.0 {
            return Outcome::lost(vec![]);
        }
        let detail = format!("{:.2} % of {:.2} %", share * 100.0, asked * 100.0);
        let evidence = match reported {
            Some(figure) => evidence_of(figure),
            None => Evidence::Entry { of: "pairs".into(), says: detail.clone() },
        };
        let points = PointRange::exactly(price.scaled(below));
        Outcome::lost(vec![loss(item, points, Why::with("below_ratio", detail), vec![evidence])])
    }

    /// The share of what is paired within a county.
    fn share_in_county(&self, settings: &Settings) -> Option<f64> {
        let inside = |pair: &&&Pair| self.index.scope(pair) == Some(Scope::County);
        let (some, all) = match settings.ratio_of {
            RatioOf::Pairs => (self.pairs.iter().filter(inside).count(), self.pairs.len()),
            RatioOf::Schools => {
                let inside: BTreeSet<&SchoolId> =
                    self.pairs.iter().filter(inside).flat_map(|pair| pair.schools()).collect();
                (self.schools.iter().filter(|school| inside.contains(&school.id)).count(), self.schools.len())
            }
        };
        (all > 0).then(|| some as f64 / all as f64)
    }

    pub(super) fn pairs_conform(&self, item: &Item, settings: &Settings) -> Outcome {
        let Some(price) = self.price(item) else {
            // Not stated for a city: nobody knows of a deduction, so there is none.
            return Outcome { why: Why::code("no_deduction_stated"), ..Outcome::lost(vec![]) };
        };
        let wrong = self.pairs.iter().filter(|pair| self.is_charged(pair, settings));
        let one = |pair: &&&Pair| {
            let figure = self.figure(&format!("pair:{}", pair.id), "conforms");
            let reported =
                figure.and_then(|it| if let Value::Flag(flag) = it.value { Some(flag) } else { None });
            let kinds = self.town_and_country(pair);
            let evidence = match figure {
                Some(figure) => evidence_of(figure),
                None => Evidence::Entry { of: format!("pair:{}", pair.id), says: kinds.1 },
            };
            (!reported.unwrap_or(kinds.0)).then(|| Loss {
                pair: Some(pair.id.clone()),
                ..loss(item, PointRange::exactly(price), Why::code("not_town_and_country"), vec![evidence])
            })
        };
        let wrong: Vec<&&Pair> = wrong.collect();
        Outcome::lost(wrong.iter().filter_map(one).collect())
    }

    fn town_and_country(&self, pair: &Pair) -> (bool, String) {
        let rural = |id| self.index.school(id).is_some_and(|school| school.rural);
        let receiving = pair.receiving.iter().all(rural);
        let supporting = rural(&pair.supporting);
        let kind = |is: bool| if is { "rural" } else { "not rural" };
        let says = format!("supporting {}, receiving {}", kind(supporting), kind(receiving));
        (receiving && !supporting, says)
    }

    /// Whether a pair that does not conform is this region's loss.
    fn is_charged(&self, pair: &Pair, settings: &Settings) -> bool {
        let ours = |id: &SchoolId| self.index.school(id).is_some_and(|it| self.region.has(it));
        match settings.pair_charged {
            PairCharged::Receiving => pair.receiving.iter().any(ours),
            PairCharged::Supporting => ours(&pair.supporting),
            PairCharged::Each => pair.schools().any(ours),
        }
    }

    pub(super) fn small_schools(&self, item: &Item, settings: &Settings, pupils_at_most: u32) -> Outcome {
        let price = self.price(item).unwrap_or_default();
        let periods = self.periods();
        let periods = [periods[0].as_str(), periods[1].as_str()];
        let ours = self.index.all.schools.iter().filter(|school| self.region.has(school));
        let mut losses = Vec::new();
        let mut published = false;
        for school in ours {
            let of = format!("school:{}", school.id);
            let flag = self.index.flag(&of, "small_school", &periods);
            published |= flag.is_some();
            let is_small = match settings.small_schools {
                SmallSchools::Published => Some(flag == Some(true)),
                SmallSchools::ByPupils => school.pupils.map(|pupils| pupils <= pupils_at_most),
            };
            let covered = self.index.pairs_of(&school.id, self.days).next().is_some();
            let exempt = is_merged(self.index, school, self.days.0.year()) || school.pupils == Some(0);
            if covered || exempt || is_small == Some(false) {
                continue;
            }
            let (points, code) = match is_small {
                Some(_) => (PointRange::exactly(price), "small_school_without_pair"),
                None => (PointRange::up_to(price), "pupils_not_known"),
            };
            let evidence = match self.index.figure(&of, "small_school", &periods) {
                Some(figure) => evidence_of(figure),
                None => Evidence::Entry { of, says: format!("pupils: {:?}", school.pupils) },
            };
            let loss = loss(item, points, Why::code(code), vec![evidence]);
            losses.push(Loss { school: Some(school.id.clone()), ..loss });
        }
        if settings.small_schools == SmallSchools::Published && !published {
            let why = Why::code("no_published_list");
            return Outcome::lost(vec![loss(item, PointRange::up_to(item.full), why, vec![])]);
        }
        Outcome::lost(losses)
    }

    pub(super) fn agreements_signed(&self, item: &Item, by: Date) -> Outcome {
        let price = self.price(item).unwrap_or_default();
        let mut late = Vec::new();
        let mut unknown = Vec::new();
        for pair in self.pairs.iter().filter(|pair| pair.since <= by) {
            let agreements = self.index.agreements(&pair.id);
            if agreements.iter().any(|it| it.signed.is_some_and(|day| day <= by)) {
                continue;
            }
            let known = agreements.iter().min_by_key(|it| (it.signed.is_none(), it.signed));
            let evidence = Evidence::Agreement {
                id: known.map(|it| it.id.to_string()),
                signed: known.and_then(|it| it.signed),
            };
            let is_late = known.is_some() && by < self.index.all.as_of;
            if is_late { &mut late } else { &mut unknown }.push((pair.id.clone(), evidence));
        }
        // The deduction is flat: it belongs to no single pair, so the pairs are its evidence.
        let names = |of: &[(PairId, Evidence)]| {
            of.iter().map(|(pair, _)| pair.to_string()).collect::<Vec<_>>().join(", ")
        };
        let found = |of: Vec<(PairId, Evidence)>| of.into_iter().map(|(_, it)| it).collect();
        let is_due = by < self.index.all.as_of;
        if !late.is_empty() {
            let why = Why::with("signed_late", names(&late));
            return Outcome::lost(vec![loss(item, PointRange::exactly(price), why, found(late))]);
        }
        if unknown.is_empty() {
            return Outcome::lost(vec![]);
        }
        let why = Why::with(if is_due { "no_agreement" } else { "not_due" }, names(&unknown));
        Outcome::lost(vec![loss(item, PointRange::up_to(price), why, found(unknown))])
    }

    pub(super) fn extra(&self, item: &Item, settings: &Settings, step: u32) -> Outcome {
        let (planned, done) = match settings.extra_base {
            ExtraBase::PlannedPairs => ("pairs_planned", self.pairs.len()),
            ExtraBase::PlannedSchools => ("schools_planned", self.schools.len()),
        };
        let plan = self.region_number(planned).filter(|plan| *plan > 0.0);
        let (Some(plan), Some(price)) = (plan, self.price(item)) else {
            // A bonus is for who shows it: without a plan there is none.
            return Outcome { why: Why::with("no_figure", planned), ..Outcome::lost(vec![]) };
        };
        let above = ((done as f64 - plan) / plan * 100.0).max(0.0);
        let steps = ((above / f64::from(step)) * 1e6).round() / 1e6;
        let steps = match settings.extra_steps {
            ExtraSteps::WholeTens => steps.floor(),
            ExtraSteps::ProRata => steps,
        };
        let gained = PointRange::exactly(price.scaled(steps));
        let why = Why::with("above_plan", format!("{done} of {plan} planned"));
        Outcome { losses: vec![], gained, why }
    }

    /// Whether the sheet is a city's.
    pub(super) fn is_city(&self) -> bool {
        self.region.level == Level::City
    }

    /// A loss of so many points by one school.
    pub(super) fn by_school(
        &self,
        item: &Item,
        school: &School,
        points: PointRange,
        why: Why,
        evidence: Vec<Evidence>,
    ) -> Loss {
        Loss { school: Some(school.id.clone()), ..loss(item, points, why, evidence) }
    }

    /// What one failure costs; nothing if the source does not say.
    pub(super) fn cost(&self, item: &Item) -> Points {
        self.price(item).unwrap_or_default()
    }
}
