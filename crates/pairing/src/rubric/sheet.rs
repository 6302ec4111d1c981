//! What a score sheet is made of.

use crate::count::{Count, Why};
use crate::id::{PairId, SchoolId};
use crate::inputs::{Basis, Region};
use crate::lesson::Form;
use crate::period::Period;
use crate::points::{PointRange, Points};
use crate::rules::Applied;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A score sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Of which county or city.
    pub region: Region,
    /// By which rule set, `name/version`.
    pub rules: String,
    /// Of which period.
    pub period: Period,
    /// By whose numbers of lessons.
    pub basis: Basis,
    /// As of which day.
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// The period is over: nothing can be made up for any more.
    pub is_final: bool,
    /// Paired schools of the region, all of which are looked at.
    pub schools: u32,
    /// The parts, each of 100 points.
    pub parts: Vec<PartScore>,
    /// The items, in order.
    pub items: Vec<ItemScore>,
    /// All parts together.
    pub total: PointRange,
    /// Points of which the source does not say what they are for; in no total.
    pub unknown: Points,
}

/// A part, or a group of items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartScore {
    /// Which: `A`, or a group, `A1`.
    pub id: String,
    /// Points it has.
    pub full: Points,
    /// Points of it that nobody can get, because the source does not say what for.
    pub unknown: Points,
    /// Why they are unknown.
    #[serde(default)]
    pub unknown_why: String,
    /// Points reached.
    pub points: PointRange,
    /// Its groups, if it is a part.
    #[serde(default)]
    #[schema(no_recursion)]
    pub groups: Vec<PartScore>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemScore {
    /// Which.
    pub id: String,
    /// Its group.
    pub group: String,
    /// What it is.
    pub title: String,
    /// Points it has.
    pub full: Points,
    /// Points reached.
    pub points: PointRange,
    /// What was lost, one by one.
    pub losses: Vec<Loss>,
    /// Points that were lost and could not be taken, because an item has no fewer than none.
    pub not_taken: PointRange,
    /// What was found, for items without losses too.
    pub why: Why,
    /// What it is to be judged by, as the source says.
    pub evidence: String,
    /// Settings that it depends on, and the points that others would give.
    pub settings: Vec<Applied>,
    /// Where it is written down.
    pub source: String,
}

/// A loss of points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// How many; a range that begins with none: it cannot be decided whether.
    pub points: PointRange,
    /// By which school, if by one.
    #[serde(default)]
    pub school: Option<SchoolId>,
    /// By which pair, if by one.
    #[serde(default)]
    pub pair: Option<PairId>,
    /// By which rule: the item.
    pub rule: String,
    /// Why.
    pub why: Why,
    /// What it rests on; empty: on nothing that is known.
    pub evidence: Vec<Evidence>,
}

/// What a loss rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Evidence {
    /// Lessons of a school in a period, in a form (none: in all): the lessons behind them can be listed.
    Lessons {
        /// In which form.
        form: Option<Form>,
        /// In which period.
        period: Period,
        /// What they come to.
        done: Count,
        /// What was asked.
        need: u32,
    },
    /// A reported figure.
    Figure {
        /// Of whom.
        of: String,
        /// Which.
        what: String,
        /// What it is.
        value: String,
        /// Who said so.
        source: String,
    },
    /// A pair's agreement.
    Agreement {
        /// Which; none: there is none.
        id: Option<String>,
        /// When it was signed.
        #[schema(value_type = Option<String>, format = Date)]
        signed: Option<Date>,
    },
    /// What the registry has about a school or a pair.
    Entry {
        /// Of which kind.
        of: String,
        /// What it says.
        says: String,
    },
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    #[test]
    fn what_contains_itself_has_a_description_that_ends() {
        let schema = serde_json::to_string(&super::Sheet::schema()).unwrap();
        assert!(schema.contains("PartScore"), "{schema}");
        assert!(serde_json::to_string(&super::PartScore::schema()).unwrap().contains("groups"));
    }
}
