//! Rule sets: what is asked of schools and counties in a year, as data. The kinds of rules are code; their
//! numbers, days and readings are a file for each set. Next year's is a new file.

mod check;
mod duty;
mod readings;
mod rubric;
mod settings;
mod target;

pub use check::RuleProblem;
pub use duty::{Asked, Duty, DutyOf, Per, Who};
pub use readings::{Applied, Otherwise, Readings};
pub use rubric::{Group, Item, ItemRule, Rubric};
pub use settings::{
    Begins, CaseRanks, CasesRounding, CasesShort, CountyCases, EmptyPromise, ExtraBase, ExtraSteps, Floor,
    GrandTotal, MasterObservation, MergedSchools, MissedAll, NoSubject, NovemberTask, OPTIONS, OneSubject,
    OtherForms, PairCharged, PairedSchools, PerSubject, PointSteps, RatioOf, SettingError, Settings,
    SmallSchools,
};
pub use target::{Choice, ChosenBy, Measure, Owed, Target};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The sets that come with the program.
const SHIPPED: [&str; 2] = [
    include_str!("../../../../configs/rules/2019.toml"),
    include_str!("../../../../configs/rules/2020.toml"),
];

/// What is asked from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Its name: `2019`.
    pub name: String,
    /// Counted up with each change of the file.
    pub version: u32,
    /// What it is, as its source is called.
    pub title: String,
    /// Where its rules are written down.
    pub source: String,
    /// What targets are counted by.
    pub account: Account,
    /// First day on which it holds.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    /// First day if the rules begin with the school year ([`Begins`]).
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub first_with_school_year: Option<Date>,
    /// Last day; none: until the next set.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub last: Option<Date>,
    /// Subjects there are. Others may be taught; a lesson whose subject nobody said was of one of these.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// Where it stands which optional form a school has chosen.
    pub chosen_by: ChosenBy,
    /// What the sources leave open.
    pub settings: Settings,
    /// What each school is to reach.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// Targets of which any one suffices.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// What else is due.
    #[serde(default)]
    pub duties: Vec<Duty>,
    /// How counties and cities are scored, if they are.
    #[serde(default)]
    pub rubric: Option<Rubric>,
}

/// What targets are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Calendar year.
    Year,
    /// Term.
    Term,
}

impl RuleSet {
    /// Reads a set.
    ///
    /// # Errors
    /// If it is no TOML of this shape, or does not hold together: then with everything that is wrong.
    pub fn parse(text: &str) -> Result<Self, RuleProblem> {
        let rules: RuleSet = toml::from_str(text).map_err(|error| RuleProblem::Format(error.to_string()))?;
        let wrong = check::check(&rules);
        if wrong.is_empty() { Ok(rules) } else { Err(RuleProblem::Content(wrong)) }
    }

    /// The sets that come with the program, the oldest first.
    pub fn shipped() -> Vec<RuleSet> {
        // That they can be read is a test's matter.
        SHIPPED.iter().filter_map(|text| RuleSet::parse(text).ok()).collect()
    }

    /// The shipped sets and one's own, given by file name and text, the oldest first. An own set takes the
    /// place of a shipped one of its name.
    ///
    /// # Errors
    /// If one cannot be used: its file name, and everything that is wrong with it.
    pub fn with_own(own: &[(String, String)]) -> Result<Vec<RuleSet>, (String, RuleProblem)> {
        let mut sets = RuleSet::shipped();
        for (file, text) in own {
            let set = RuleSet::parse(text).map_err(|problem| (file.clone(), problem))?;
            sets.retain(|it| it.name != set.name);
            sets.push(set);
        }
        sets.sort_by_key(|set| (set.first, set.version));
        Ok(sets)
    }

    /// `name/version`, as it stands beside what was made with it.
    pub fn label(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// Its first day by these settings.
    pub fn begins(&self, settings: &Settings) -> Date {
        match (settings.begins, self.first_with_school_year) {
            (Begins::WithSchoolYear, Some(day)) => day,
            _ => self.first,
        }
    }

    /// Whether it holds on that day.
    pub fn holds_on(&self, day: Date, settings: &Settings) -> bool {
        self.begins(settings) <= day && self.last.is_none_or(|last| day <= last)
    }

    /// The set that holds on a day: of those that do, the one that began last.
    pub fn on(sets: &[RuleSet], day: Date) -> Option<&RuleSet> {
        let holds = |set: &&RuleSet| set.holds_on(day, &set.settings);
        sets.iter().filter(holds).max_by_key(|set| (set.begins(&set.settings), set.version))
    }

    /// A target by its id.
    pub fn target(&self, id: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.id == id)
    }

    /// A choice by its id.
    pub fn choice(&self, id: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_shipped_sets_can_be_read() {
        for text in SHIPPED {
            RuleSet::parse(text).unwrap();
        }
        let names: Vec<String> = RuleSet::shipped().iter().map(RuleSet::label).collect();
        assert_eq!(names, ["2019/1", "2020/1"]);
    }

    #[test]
    fn next_years_set_is_a_file() {
        let next =
            SHIPPED[1].replace("name = \"2020\"", "name = \"2027\"").replace("2020-01-01", "2027-01-01");
        let changed = SHIPPED[1].replace("version = 1", "version = 2").replace("need = 30", "need = 32");
        let own = [("2027.toml".to_owned(), next), ("mine.toml".to_owned(), changed)];
        let sets = RuleSet::with_own(&own).unwrap();
        assert_eq!(sets.iter().map(RuleSet::label).collect::<Vec<_>>(), ["2019/1", "2020/2", "2027/1"]);
        assert_eq!(sets[1].target("sync.total").unwrap().need, 32);
        let (file, problem) = RuleSet::with_own(&[("bad.toml".into(), "name = 1".into())]).unwrap_err();
        assert_eq!(file, "bad.toml");
        assert!(matches!(problem, RuleProblem::Format(_)), "{problem}");
    }

    #[test]
    fn the_set_of_a_day_is_the_one_that_began_last() {
        let mut sets = RuleSet::shipped();
        let on = |sets: &[RuleSet], day| RuleSet::on(sets, day).map(RuleSet::label);
        assert_eq!(on(&sets, date(2018, 12, 31)), None);
        assert_eq!(on(&sets, date(2019, 12, 31)).as_deref(), Some("2019/1"));
        assert_eq!(on(&sets, date(2020, 3, 1)).as_deref(), Some("2020/1"));
        let mut next = sets[1].clone();
        next.name = "2027".into();
        next.first = date(2027, 1, 1);
        sets.push(next);
        assert_eq!(on(&sets, date(2026, 12, 31)).as_deref(), Some("2020/1"));
        assert_eq!(on(&sets, date(2027, 1, 1)).as_deref(), Some("2027/1"));
    }
}
