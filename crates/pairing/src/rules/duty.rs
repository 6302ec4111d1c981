//! What else is due: days by which something is there, shares, numbers of events. Nothing of it is counted
//! from lessons, unless it says so; it is judged from reported figures.

use super::settings::Settings;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Its name: `space`.
    pub id: String,
    /// What it says, as the source does.
    pub title: String,
    /// Of what.
    pub of: DutyOf,
    /// Of which schools, if of schools.
    #[serde(default)]
    pub who: Who,
    /// Only schools whose first pair stands since that day or later.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub paired_since: Option<Date>,
    /// What is asked.
    pub asked: Asked,
    /// In each of what.
    #[serde(default)]
    pub per: Per,
    /// The day by which it is to be there; none: at the end of its period.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub by: Option<Date>,
    /// Judged only if this setting has this value: `["county_cases", "october"]`.
    #[serde(default)]
    pub only_if: Option<(String, String)>,
    /// What is wrong with the source, if something is.
    #[serde(default)]
    pub defect: Option<String>,
    /// Where it is written down.
    pub source: String,
}

/// Of what something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyOf {
    /// Each school.
    School,
    /// Each pair.
    Pair,
    /// The county or city.
    Region,
}

/// Of which schools something is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// All that are paired.
    #[default]
    All,
    /// Supporting ones.
    Supporting,
    /// Receiving ones.
    Receiving,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// A figure that is a day: when it was there. Together with flags that must be true.
    Ready {
        /// The figure.
        figure: String,
        /// Figures that must be true.
        #[serde(default)]
        flags: Vec<String>,
    },
    /// A figure that is a number, or a share.
    Number {
        /// The figure.
        figure: String,
        /// How much at least.
        need: f64,
    },
    /// The same of each subject: the figure's name with `:` and the subject behind it.
    EachSubject {
        /// The figure.
        figure: String,
        /// How much at least.
        need: f64,
    },
    /// 同步课堂 lessons of the region in each subject that was opened, counted here.
    SubjectLessons {
        /// How many at least.
        need: u32,
    },
    /// The agreement is signed.
    Signed,
    /// Targets of the schools, by an earlier day than their period's end.
    Targets {
        /// Which.
        targets: Vec<String>,
    },
}

/// In each of what something is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Once.
    #[default]
    Once,
    /// Calendar year: `2020`.
    Year,
    /// Term, by its id.
    Term,
    /// Month: `2020-09`.
    Month,
    /// Week (ISO 8601): `2020-W37`.
    Week,
}

impl Duty {
    /// Whether it is judged by these settings.
    pub fn is_judged(&self, settings: &Settings) -> bool {
        self.only_if.as_ref().is_none_or(|(name, value)| settings.get(name) == *value)
    }
}
