//! What is counted and decided by: rule sets with their settings, policies.

use super::{Answers, Refusal};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tongke_pairing::policy::Policy;
use tongke_pairing::rules::{Account, OPTIONS, RuleSet};
use utoipa::ToSchema;

/// All rule sets, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSetList {
    /// The sets.
    pub items: Vec<RuleSetLine>,
    /// The one that holds today.
    pub today: Option<String>,
}

/// One rule set of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSetLine {
    /// Its name.
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
    /// Last day; none: until the next set.
    #[schema(value_type = Option<String>, format = Date)]
    pub last: Option<Date>,
    /// Whether counties and cities are scored by it.
    pub has_score_sheet: bool,
    /// What its source leaves open, each with what it could be instead: `setting.NAME=VALUE` asks for that.
    pub settings: Vec<SettingLine>,
}

/// A setting and its choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingLine {
    /// Which.
    pub name: String,
    /// What it is.
    pub value: String,
    /// What it can be; none: a share from 0 to 1, or `not_set`.
    pub choices: Vec<String>,
}

/// All policies, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyList {
    /// The policies; each is for the lessons from its first day on, until the next one's.
    pub items: Vec<Policy>,
}

impl RuleSetLine {
    fn of(set: &RuleSet) -> RuleSetLine {
        let setting = |(name, choices): &(&str, &[&str])| SettingLine {
            name: (*name).to_owned(),
            value: set.settings.get(name),
            choices: choices.iter().map(|it| (*it).to_owned()).collect(),
        };
        RuleSetLine {
            name: set.name.clone(),
            version: set.version,
            title: set.title.clone(),
            source: set.source.clone(),
            account: set.account,
            first: set.first,
            last: set.last,
            has_score_sheet: set.rubric.is_some(),
            settings: OPTIONS.iter().map(setting).collect(),
        }
    }
}

impl Answers<'_> {
    /// The rule sets that there are.
    pub fn rule_sets(&self) -> RuleSetList {
        let today = RuleSet::on(self.rules, self.today()).map(|set| set.name.clone());
        RuleSetList { items: self.rules.iter().map(RuleSetLine::of).collect(), today }
    }

    /// One rule set, as its file says.
    pub fn rule_set(&self, name: &str) -> Result<RuleSet, Refusal> {
        self.rules_on(Some(name), self.today()).cloned()
    }

    /// The policies that lessons are decided by.
    pub fn policies(&self) -> PolicyList {
        PolicyList { items: self.store.policies().to_vec() }
    }
}
