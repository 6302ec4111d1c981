//! Schools.

use crate::id::{RegionId, SchoolId};
use crate::pair::Scope;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a school teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 小学.
    Primary,
    /// 初中.
    Junior,
    /// 九年一贯制.
    NineYear,
}

/// A school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct School {
    /// Its name in addresses.
    pub id: SchoolId,
    /// Its full name.
    pub name: String,
    /// What people also call it: 瓯北二小.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it teaches.
    pub stage: Stage,
    /// Pupils; none: not known.
    #[serde(default)]
    pub pupils: Option<u32>,
    /// 乡村学校.
    #[serde(default)]
    pub rural: bool,
    /// Its county, city and province.
    pub county: RegionId,
    /// The city (设区市).
    pub city: RegionId,
    /// The province.
    pub province: RegionId,
    /// Since when it is closed, or merged into another (撤并).
    #[serde(default)]
    pub closed: Option<Closure>,
}

impl School {
    /// Whether it lies in that county, city or province.
    pub fn belongs_to(&self, region: &RegionId) -> bool {
        [&self.county, &self.city, &self.province].contains(&region)
    }

    /// How far apart two schools are; none: further than a province.
    pub fn scope_with(&self, other: &School) -> Option<Scope> {
        if self.province != other.province {
            return None;
        }
        Some(match (self.city == other.city, self.county == other.county) {
            (true, true) => Scope::County,
            (true, false) => Scope::City,
            (false, _) => Scope::Province,
        })
    }

    /// Whether it still teaches on that day.
    pub fn is_open_on(&self, day: Date) -> bool {
        self.closed.as_ref().is_none_or(|closed| day <= closed.last_day)
    }
}

/// A school's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub last_day: Date,
    /// Where its pupils go.
    #[serde(default)]
    pub into: Option<SchoolId>,
}
