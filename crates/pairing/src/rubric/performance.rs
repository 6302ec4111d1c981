//! Items about how good it was: satisfaction, cases, experiment zones. All from reported figures.

use super::{Evidence, Outcome, Scorer, evidence_of, loss, steps};
use crate::count::Why;
use crate::entry::{Reported, Value};
use crate::points::{PointRange, Points};
use crate::rules::{CaseRanks, CasesRounding, CasesShort, Item, PairedSchools, Settings};
use std::collections::BTreeSet;

impl Scorer<'_> {
    /// Nobody has reported a figure: anything up to `most` may be lost.
    fn no_figure(&self, item: &Item, figure: &str, most: Points) -> Outcome {
        let why = Why::with("no_figure", figure);
        Outcome::lost(vec![loss(item, PointRange::up_to(most), why, vec![])])
    }

    fn number(&self, figure: &str) -> Option<(f64, &Reported)> {
        Some((self.region_number(figure)?, self.region_figure(figure)?))
    }

    pub(super) fn satisfaction(
        &self,
        item: &Item,
        settings: &Settings,
        figure: &str,
        at_least: f64,
    ) -> Outcome {
        let Some((rate, reported)) = self.number(figure) else {
            return self.no_figure(item, figure, item.full);
        };
        let below = steps(settings, (at_least - rate) * 100.0);
        if below == 0.0 {
            return Outcome::lost(vec![]);
        }
        let points = PointRange::exactly(self.cost(item).scaled(below));
        let why = Why::with("below_rate", format!("{:.2} % of {:.2} %", rate * 100.0, at_least * 100.0));
        Outcome::lost(vec![loss(item, points, why, vec![evidence_of(reported)])])
    }

    pub(super) fn cases(&self, item: &Item, settings: &Settings, figure: &str, share: f64) -> Outcome {
        let Some((submitted, reported)) = self.number(figure) else {
            return self.no_figure(item, figure, item.full);
        };
        let schools = match settings.paired_schools {
            PairedSchools::BothEnds => self.schools.len(),
            PairedSchools::ReceivingOnly => {
                let receiving: BTreeSet<_> = self.pairs.iter().flat_map(|pair| &pair.receiving).collect();
                self.schools.iter().filter(|school| receiving.contains(&school.id)).count()
            }
        };
        // A tenth of 30 is 3.0000000000000004 in binary: read to a millionth before it is rounded.
        let asked = (schools as f64 * share * 1e6).round() / 1e6;
        let asked = match settings.cases_rounding {
            CasesRounding::Up => asked.ceil(),
            CasesRounding::Down => asked.floor(),
            CasesRounding::Nearest => asked.round(),
        };
        if submitted >= asked {
            return Outcome::lost(vec![]);
        }
        let points = match settings.cases_short {
            CasesShort::Open => PointRange::up_to(item.full),
            CasesShort::All => PointRange::exactly(item.full),
            CasesShort::Proportional => PointRange::exactly(item.full.scaled((asked - submitted) / asked)),
        };
        let why = Why::with("too_few_cases", format!("{submitted} of {asked}"));
        let says = format!("{schools} paired schools");
        let schools = Evidence::Entry { of: format!("region:{}", self.region.id), says };
        Outcome::lost(vec![loss(item, points, why, vec![evidence_of(reported), schools])])
    }

    pub(super) fn rank(
        &self,
        item: &Item,
        settings: &Settings,
        figure: &str,
        of: &str,
        last: Points,
    ) -> Outcome {
        let most = item.full - last;
        let ranks = self.number(figure).zip(self.number(of));
        let Some(((rank, by), (ranked, among))) =
            ranks.filter(|((rank, _), (of, _))| 1.0 <= *rank && rank <= of)
        else {
            return self.no_figure(item, figure, most);
        };
        let points = match settings.case_ranks {
            _ if rank == 1.0 => return Outcome::lost(vec![]),
            _ if rank == ranked => PointRange::exactly(most),
            CaseRanks::Linear => PointRange::exactly(most.scaled((rank - 1.0) / (ranked - 1.0))),
            CaseRanks::Open => PointRange::up_to(most),
        };
        let why = Why::with("ranked", format!("{rank} of {ranked}"));
        Outcome::lost(vec![loss(item, points, why, vec![evidence_of(by), evidence_of(among)])])
    }

    pub(super) fn listed(&self, item: &Item, figure: &str, within: Points, others: Points) -> Outcome {
        let flag = |it: Option<&Reported>| match it.map(|it| it.value) {
            Some(Value::Flag(flag)) => Some(flag),
            _ => None,
        };
        let own = self.region_figure(figure);
        if flag(own) == Some(true) {
            return Outcome::lost(vec![]);
        }
        let county = self.is_city().then(|| self.listed_county(figure)).flatten();
        let Some(own) = own else {
            let least = if county.is_some() { within } else { others };
            return self.no_figure(item, figure, item.full - least);
        };
        let (left, why, by) = match county {
            Some(county) => (within, Why::with("county_listed", county.of.clone()), county),
            None => (others, Why::code("not_listed"), own),
        };
        Outcome::lost(vec![loss(item, PointRange::exactly(item.full - left), why, vec![evidence_of(by)])])
    }

    /// A county of this city that is in the list.
    fn listed_county(&self, figure: &str) -> Option<&Reported> {
        let ours = self.index.all.schools.iter().filter(|school| self.region.has(school));
        let mut counties: Vec<String> = ours.map(|school| format!("region:{}", school.county)).collect();
        counties.sort_unstable();
        counties.dedup();
        let listed = |of: &String| self.figure(of, figure).filter(|it| matches!(it.value, Value::Flag(true)));
        counties.iter().find_map(listed)
    }
}
