//! Pairs (结对).

use crate::id::{PairId, PersonId, SchoolId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far apart partners are, by where they belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// 县域内.
    County,
    /// 市域内.
    City,
    /// 省域内.
    Province,
}

/// One supporting school (支援学校) with one or two receiving ones (受援学校).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Its name.
    pub id: PairId,
    /// 支援学校.
    pub supporting: SchoolId,
    /// 受援学校, one or two.
    pub receiving: Vec<SchoolId>,
    /// 教研员.
    #[serde(default)]
    pub adviser: Option<PersonId>,
    /// First day; the year of it says by which rules the pair counts as new.
    #[schema(value_type = String, format = Date)]
    pub since: Date,
    /// Last day, if it was dissolved.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
}

impl Pair {
    /// All its schools, the supporting one first.
    pub fn schools(&self) -> impl Iterator<Item = &SchoolId> {
        std::iter::once(&self.supporting).chain(&self.receiving)
    }

    /// Whether it stands on that day.
    pub fn stands_on(&self, day: Date) -> bool {
        self.since <= day && self.until.is_none_or(|until| day <= until)
    }
}
