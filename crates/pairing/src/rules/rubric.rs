//! How a county or a city is scored: items with their full points and what each failure costs.

use crate::points::Points;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A score sheet's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// Who scores.
    pub scored_by: String,
    /// Where it is written down.
    pub source: String,
    /// Groups of items, in order.
    pub groups: Vec<Group>,
    /// Items, in order.
    pub items: Vec<Item>,
}

/// Items whose points are added up, and capped at `full`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name: `A1`.
    pub id: String,
    /// The part it belongs to: `A`.
    pub part: String,
    /// What it is, as the source says.
    pub title: String,
    /// Points it has, and never more.
    pub full: Points,
    /// Points of which the source does not say what they are for. Nobody gets them, nobody loses them.
    #[serde(default)]
    pub unknown: Points,
    /// Why they are unknown.
    #[serde(default)]
    pub unknown_why: String,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name: `A1.1`.
    pub id: String,
    /// The group it belongs to.
    pub group: String,
    /// What it is, as the source says.
    pub title: String,
    /// Points it has; none for a bonus.
    pub full: Points,
    /// What one failure costs a county, or a step of a bonus brings it. None: not stated.
    #[serde(default)]
    pub county: Option<Points>,
    /// What it costs or brings a city. None: not stated.
    #[serde(default)]
    pub city: Option<Points>,
    /// What a failure is.
    pub rule: ItemRule,
    /// What it is judged by, as the source says.
    #[serde(default)]
    pub evidence: String,
    /// Where it is written down.
    pub source: String,
}

/// What a failure is: the kinds there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemRule {
    /// Each percentage point below 区域比例.
    RegionRatio,
    /// Each pair that is not one of town and country (reported as `conforms`, else by the schools' kind).
    PairsConform,
    /// Each small school without a pair.
    SmallSchools {
        /// With so many pupils or fewer, if they are not published.
        pupils_at_most: u32,
    },
    /// Once, if not every agreement was signed in time.
    AgreementsSigned {
        /// The last day.
        #[schema(value_type = String, format = Date)]
        by: Date,
    },
    /// A bonus for each so many percentage points above the plan.
    Extra {
        /// Percentage points of one step.
        step: u32,
    },
    /// Each paired school where something was not there in time.
    SchoolsReady {
        /// The figure that is its day.
        figure: String,
        /// Figures that must be true.
        #[serde(default)]
        flags: Vec<String>,
        /// The last day.
        #[schema(value_type = String, format = Date)]
        by: Date,
    },
    /// Each school that misses a target.
    Target {
        /// Which.
        target: String,
    },
    /// Each school that misses all targets of a choice: for each that is missing.
    Choice {
        /// Which.
        choice: String,
        /// Targets that cost a school once, however much it misses.
        #[serde(default)]
        flat: Vec<String>,
    },
    /// Each percentage point of a rate below what is asked.
    Satisfaction {
        /// The figure.
        figure: String,
        /// The rate, itself included.
        at_least: f64,
    },
    /// Cases submitted, as a share of the paired schools.
    Cases {
        /// The figure.
        figure: String,
        /// The share.
        share: f64,
    },
    /// By rank; the last gets `last`.
    Rank {
        /// The figure that is the rank, from 1.
        figure: String,
        /// The figure that says of how many.
        of: String,
        /// Points of the last.
        last: Points,
    },
    /// Full if it is in a list itself, `within` for a city one of whose counties is, else `others`.
    Listed {
        /// The figure: true or false.
        figure: String,
        /// Points of such a city.
        within: Points,
        /// Points of all others.
        others: Points,
    },
}
