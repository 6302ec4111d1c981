//! What people are.

use crate::place::{Place, PlaceKind};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use tongke_pairing::inputs::Level;

/// What somebody is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 教师: teaches, and confirms who was there.
    Teacher,
    /// 学校信息技术人员: looks after a school's machines.
    SchoolIt,
    /// 学校负责人: answers for a school.
    SchoolLeader,
    /// 教研员: advises pairs of a region, and looks on at their lessons.
    Adviser,
    /// 检查人员: tests lines and rooms of a region's schools.
    Inspector,
    /// 县级管理员: runs the help of a county.
    County,
    /// 市级管理员: follows the counties of a city.
    City,
    /// 省级管理员: follows the cities of a province.
    Province,
    /// 系统管理员: keeps the system, and the accounts of everybody.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 9] = [
        Role::Teacher,
        Role::SchoolIt,
        Role::SchoolLeader,
        Role::Adviser,
        Role::Inspector,
        Role::County,
        Role::City,
        Role::Province,
        Role::Administrator,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Teacher => "teacher",
            Role::SchoolIt => "school_it",
            Role::SchoolLeader => "school_leader",
            Role::Adviser => "adviser",
            Role::Inspector => "inspector",
            Role::County => "county",
            Role::City => "city",
            Role::Province => "province",
            Role::Administrator => "administrator",
        }
    }

    /// Whether anybody can be that at such a place.
    pub fn fits(self, place: &Place) -> bool {
        let kind = place.kind();
        match self {
            Role::Teacher | Role::SchoolIt | Role::SchoolLeader => kind == PlaceKind::School,
            Role::Adviser | Role::Inspector => matches!(kind, PlaceKind::Region(_)),
            Role::County => kind == PlaceKind::Region(Level::County),
            Role::City => kind == PlaceKind::Region(Level::City),
            Role::Province => kind == PlaceKind::Region(Level::Province),
            Role::Administrator => kind == PlaceKind::Everywhere,
        }
    }

    /// Whether whoever is this may make others that, within the own place. Nobody makes others what they are
    /// themselves, but for administrators: there should be two.
    pub fn appoints(self, other: Role) -> bool {
        match self {
            Role::Administrator => true,
            Role::Province | Role::City | Role::County => other.rank() < self.rank(),
            Role::SchoolLeader => matches!(other, Role::Teacher | Role::SchoolIt),
            Role::Teacher | Role::SchoolIt | Role::Adviser | Role::Inspector => false,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Role::Teacher | Role::SchoolIt => 0,
            Role::SchoolLeader | Role::Adviser | Role::Inspector => 1,
            Role::County => 2,
            Role::City => 3,
            Role::Province => 4,
            Role::Administrator => 5,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No role is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no role; there are teacher, school_it, school_leader, adviser, inspector, county, city, province and administrator"
)]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Role, UnknownRole> {
        Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_written_in_one_way_and_read_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        assert!("headmaster".parse::<Role>().unwrap_err().to_string().contains("school_leader"));
    }

    #[test]
    fn nobody_makes_anybody_more_than_they_are_themselves() {
        for role in Role::ALL {
            for other in Role::ALL.into_iter().filter(|other| role.appoints(*other)) {
                assert!(other.rank() < role.rank() || role == Role::Administrator, "{role} made {other}");
            }
        }
        assert!(Role::County.appoints(Role::Inspector) && Role::SchoolLeader.appoints(Role::Teacher));
        assert!(!Role::SchoolLeader.appoints(Role::Inspector) && !Role::County.appoints(Role::County));
    }
}
