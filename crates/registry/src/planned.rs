//! What the timetable leads to, for one school, one region or everybody.

use jiff::civil::Date;
use std::collections::HashSet;
use tongke_pairing::book::Book;
use tongke_pairing::clashes::{Clash, clashes};
use tongke_pairing::expand::{self, LeftOut};
use tongke_pairing::id::{PersonId, RegionId, SchoolId};
use tongke_pairing::lesson::Session;
use tongke_protocol::LessonId;

/// Which part of the timetable. What is none does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// First and last day.
    pub days: (Date, Date),
    /// In which that school takes part.
    pub school: Option<SchoolId>,
    /// In which a school of that county, city or province takes part.
    pub region: Option<RegionId>,
}

/// What it leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    pub sessions: Vec<Session>,
    pub left_out: Vec<LeftOut>,
    pub clashes: Vec<Clash>,
}

impl Asked {
    fn is_meant(&self, book: &Book, school: &SchoolId) -> bool {
        let in_region =
            |region: &RegionId| book.school(school).is_some_and(|school| school.belongs_to(region));
        self.school.as_ref().is_none_or(|asked| asked == school) && self.region.as_ref().is_none_or(in_region)
    }

    fn means(&self, book: &Book, session: &Session) -> bool {
        let mut schools = std::iter::once(&session.supporting).chain(&session.receiving);
        schools.any(|school| self.is_meant(book, school))
    }

    /// What was left out has no session: its slot's pair says whose it would have been.
    fn means_left_out(&self, book: &Book, left: &LeftOut) -> bool {
        let pair = book.slot(&left.slot).and_then(|slot| book.pair(&slot.pair));
        match (&left.school, pair) {
            (Some(school), None) => self.is_meant(book, school),
            (_, Some(pair)) => pair.schools().any(|school| self.is_meant(book, school)),
            (None, None) => self.school.is_none() && self.region.is_none(),
        }
    }
}

/// What was asked for; how many sessions it is, if they are more than `most`.
pub(crate) fn planned(book: &Book, asked: &Asked, most: usize) -> Result<Planned, usize> {
    let plan = expand::timetable(book, asked.days.0, asked.days.1);
    let meant: HashSet<LessonId> =
        plan.sessions.iter().filter(|it| asked.means(book, it)).map(|it| it.id.clone()).collect();
    if meant.len() > most {
        return Err(meant.len());
    }
    let mut clashes = clashes(&near(&plan.sessions, &meant));
    clashes.retain(|clash| meant.contains(&clash.one) || meant.contains(&clash.other));
    clashes.truncate(most);
    let (mut sessions, mut left_out) = (plan.sessions, plan.left_out);
    sessions.retain(|session| meant.contains(&session.id));
    left_out.retain(|left| asked.means_left_out(book, left));
    left_out.truncate(most);
    Ok(Planned { sessions, left_out, clashes })
}

/// Those that are meant, and those of others that may need the same: a teacher also is in other schools.
fn near(sessions: &[Session], meant: &HashSet<LessonId>) -> Vec<Session> {
    let schools = |it: &Session| [vec![it.supporting.clone()], it.receiving.clone()].concat();
    let people = |it: &Session| it.teacher.iter().chain(&it.assistants).cloned().collect::<Vec<_>>();
    let ours = || sessions.iter().filter(|it| meant.contains(&it.id));
    let their_schools: HashSet<SchoolId> = ours().flat_map(schools).collect();
    let their_people: HashSet<PersonId> = ours().flat_map(people).collect();
    let is_near = |it: &&Session| {
        let same_school = schools(it).iter().any(|school| their_schools.contains(school));
        same_school || people(it).iter().any(|person| their_people.contains(person))
    };
    sessions.iter().filter(is_near).cloned().collect()
}
