//! Where somebody is what they are: a school, a region, or everywhere.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use tongke_pairing::book::Book;
use tongke_pairing::id::{RegionId, SchoolId};
use tongke_pairing::inputs::{Level, Region};
use tongke_pairing::school::School;

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Place {
    /// A school.
    School(SchoolId),
    /// A county, a city, a province.
    Region(RegionId, Level),
    /// Wherever this registry reaches.
    Everywhere,
}

/// Of which kind a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    School,
    Region(Level),
    Everywhere,
}

impl Place {
    pub(crate) fn kind(&self) -> PlaceKind {
        match self {
            Place::School(_) => PlaceKind::School,
            Place::Region(_, level) => PlaceKind::Region(*level),
            Place::Everywhere => PlaceKind::Everywhere,
        }
    }

    /// Whether a school lies in it.
    pub fn has(&self, school: &School) -> bool {
        match self {
            Place::School(id) => school.id == *id,
            Place::Region(id, level) => Region { id: id.clone(), level: *level }.has(school),
            Place::Everywhere => true,
        }
    }

    /// Whether all of another place lies in it. Where a region lies is known by its schools: one without any lies in
    /// itself and everywhere only.
    pub fn covers(&self, other: &Place, book: &Book) -> bool {
        match other {
            _ if self == other || *self == Place::Everywhere => true,
            Place::Everywhere => false,
            Place::School(id) => book.school(id).is_some_and(|school| self.has(school)),
            Place::Region(..) => {
                let mut schools = book.schools().filter(|school| other.has(school)).peekable();
                schools.peek().is_some() && schools.all(|school| self.has(school))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::School(id) => write!(f, "school:{id}"),
            Place::Region(id, Level::County) => write!(f, "county:{id}"),
            Place::Region(id, Level::City) => write!(f, "city:{id}"),
            Place::Region(id, Level::Province) => write!(f, "province:{id}"),
            Place::Everywhere => f.write_str("everywhere"),
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

/// No place is written so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no place; write school:ID, county:ID, city:ID, province:ID or everywhere")]
pub struct NoPlace(String);

impl FromStr for Place {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<Place, NoPlace> {
        let none = || NoPlace(text.to_owned());
        if text == "everywhere" {
            return Ok(Place::Everywhere);
        }
        let (kind, id) = text.split_once(':').ok_or_else(none)?;
        let level = match kind {
            "school" => return id.parse().map(Place::School).map_err(|_| none()),
            "county" => Level::County,
            "city" => Level::City,
            "province" => Level::Province,
            _ => return Err(none()),
        };
        id.parse().map(|id| Place::Region(id, level)).map_err(|_| none())
    }
}

impl TryFrom<String> for Place {
    type Error = NoPlace;
    fn try_from(text: String) -> Result<Place, NoPlace> {
        text.parse()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tongke_pairing::entry::{Entry, Says};
    use tongke_pairing::school::Stage;
    use tongke_protocol::WallTime;

    fn school(id: &str, county: &str, city: &str) -> Entry {
        let school = School {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            aliases: vec![],
            stage: Stage::Primary,
            pupils: None,
            rural: false,
            county: county.parse().unwrap(),
            city: city.parse().unwrap(),
            province: "zhejiang".parse().unwrap(),
            closed: None,
        };
        Entry {
            id: format!("e-{id}").parse().unwrap(),
            at_us: WallTime(1),
            author: "test".into(),
            reason: String::new(),
            says: Says::School(school),
        }
    }

    /// Two schools in one county, one in another of the same city, one in another city.
    pub(crate) fn book() -> Book {
        Book::of(&[
            school("lake", "yongjia", "wenzhou"),
            school("oak", "yongjia", "wenzhou"),
            school("bay", "pingyang", "wenzhou"),
            school("hill", "tonglu", "hangzhou"),
        ])
    }

    pub(crate) fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_written_in_one_way_and_read_back() {
        for text in ["school:lake", "county:yongjia", "city:wenzhou", "province:zhejiang", "everywhere"] {
            assert_eq!(place(text).to_string(), text);
        }
        for text in ["", "lake", "school:", "school:a b", "village:oak", "Everywhere", "county:"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_covers_what_lies_in_it_and_nothing_beside_it() {
        let book = book();
        let covers = |outer: &str, inner: &str| place(outer).covers(&place(inner), &book);
        assert!(covers("county:yongjia", "school:lake") && covers("city:wenzhou", "county:yongjia"));
        assert!(covers("province:zhejiang", "city:hangzhou") && covers("everywhere", "province:zhejiang"));
        assert!(covers("school:lake", "school:lake") && covers("county:empty", "county:empty"));
        assert!(!covers("county:yongjia", "school:bay") && !covers("county:yongjia", "city:wenzhou"));
        assert!(!covers("city:wenzhou", "county:tonglu") && !covers("school:lake", "school:oak"));
        assert!(!covers("county:yongjia", "school:nobody") && !covers("province:zhejiang", "county:empty"));
        assert!(!covers("province:zhejiang", "everywhere"));
    }

    #[test]
    fn a_county_is_no_city_of_the_same_name() {
        let book = book();
        assert!(!place("city:yongjia").covers(&place("school:lake"), &book));
    }
}
