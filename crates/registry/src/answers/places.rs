//! Where a question is about: a school, or a county, a city or a province, and whose terms count there.

use super::refusal::{Refusal, names};
use std::collections::BTreeSet;
use tongke_pairing::book::{Book, Named};
use tongke_pairing::calendar::Term;
use tongke_pairing::id::{RegionId, SchoolId};
use tongke_pairing::inputs::{Level, Region};
use tongke_pairing::school::School;

/// A region, and the regions around it and in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub region: Region,
    /// It and those around it, the nearest first: their terms are its terms.
    around: Vec<RegionId>,
    /// Counties and cities in it.
    pub inside: BTreeSet<RegionId>,
}

/// A school by its id.
pub(super) fn school<'a>(book: &'a Book, text: &str) -> Result<&'a School, Refusal> {
    let id: Option<SchoolId> = text.parse().ok();
    if let Some(school) = id.as_ref().and_then(|id| book.school(id)) {
        return Ok(school);
    }
    let schools = match book.named(text, None) {
        Named::One(id) => vec![id],
        Named::Several(ids) | Named::Unknown { like: ids } => ids,
    };
    let hint = if schools.is_empty() {
        "look its id up among the schools, or enter the school first".to_owned()
    } else {
        let name =
            |id: &SchoolId| book.school(id).map_or_else(String::new, |it| format!("{id} ({})", it.name));
        format!("perhaps one of these is meant: {}", names(schools.iter().map(name)))
    };
    Err(Refusal::unknown("school_unknown", format!("no school has the id '{text}'"), hint))
}

/// A region by its id. Without a level it is the narrowest of that name.
pub(super) fn region(book: &Book, text: &str, level: Option<Level>) -> Result<Place, Refusal> {
    let id: Option<RegionId> = text.parse().ok();
    let all = [Level::County, Level::City, Level::Province];
    let is = |level: &Level| {
        let region = id.clone().map(|id| Region { id, level: *level });
        region.filter(|region| book.schools().any(|school| region.has(school)))
    };
    let found: Vec<Region> = all.iter().filter_map(is).collect();
    let Some(narrowest) = found.first() else {
        let hint = format!("schools lie in: {}", names(regions(book)));
        return Err(Refusal::unknown("region_unknown", format!("no school lies in '{text}'"), hint));
    };
    let region = match level {
        None => narrowest,
        Some(level) => found.iter().find(|region| region.level == level).ok_or_else(|| {
            let hint = format!("ask with level={}", word(narrowest.level));
            let message = format!("{text} is a {}, not a {}", word(narrowest.level), word(level));
            Refusal::unfit("region_level", message, hint)
        })?,
    };
    Ok(Place::new(book, region.clone()))
}

impl Place {
    fn new(book: &Book, region: Region) -> Place {
        let schools = || book.schools().filter(|school| region.has(school));
        let around = schools().next().map(|school| match region.level {
            Level::County => vec![&school.county, &school.city, &school.province],
            Level::City => vec![&school.city, &school.province],
            Level::Province => vec![&school.province],
        });
        let inside = schools().flat_map(|school| match region.level {
            Level::County => vec![],
            Level::City => vec![school.county.clone()],
            Level::Province => vec![school.county.clone(), school.city.clone()],
        });
        Place {
            around: around.into_iter().flatten().cloned().collect(),
            inside: inside.filter(|id| *id != region.id).collect(),
            region,
        }
    }

    /// The county of a school.
    pub(super) fn county_of(book: &Book, school: &School) -> Place {
        Place::new(book, Region { id: school.county.clone(), level: Level::County })
    }

    /// Its terms, by their first day. A nearer region's take the place of wider ones' on the same days;
    /// where neither it nor anything around it has any, they are those of what lies in it.
    pub(super) fn terms<'a>(&self, book: &'a Book) -> Vec<&'a Term> {
        let mut terms: Vec<&Term> = Vec::new();
        for region in &self.around {
            let nearer = terms.clone();
            let free = |term: &&Term| nearer.iter().all(|it| it.last < term.first || term.last < it.first);
            terms.extend(book.terms().filter(|term| term.region == *region).filter(free));
        }
        if terms.is_empty() {
            terms.extend(book.terms().filter(|term| self.inside.contains(&term.region)));
        }
        terms.sort_by_key(|term| (term.first, &term.id));
        terms
    }
}

/// A level as it stands in JSON.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::County => "county",
        Level::City => "city",
        Level::Province => "province",
    }
}

fn regions(book: &Book) -> BTreeSet<&RegionId> {
    book.schools().flat_map(|school| [&school.county, &school.city, &school.province]).collect()
}
