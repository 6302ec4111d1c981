//! At which branch somebody sits: all that it asks for must come to one place, with a session or before.

use super::Site;
use std::collections::{HashMap, VecDeque};
use tongke_protocol::ParticipantId;

/// Most seats that are kept; the one given first is forgotten first. Whoever has a session is found
/// without one.
const MAX_SEATS: usize = 2048;

/// Seats given in one lesson.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    by_participant: HashMap<ParticipantId, Site>,
    /// In the order of giving, each once.
    given: VecDeque<ParticipantId>,
}

impl Seats {
    /// Where somebody sits.
    pub fn of(&self, participant: &ParticipantId) -> Option<Site> {
        self.by_participant.get(participant).copied()
    }

    /// Gives somebody a seat, instead of any before.
    pub fn give(&mut self, participant: &ParticipantId, site: Site) {
        if self.by_participant.insert(participant.clone(), site).is_some() {
            return;
        }
        self.given.push_back(participant.clone());
        if self.given.len() > MAX_SEATS
            && let Some(first) = self.given.pop_front()
        {
            self.by_participant.remove(&first);
        }
    }

    /// A site's branch is gone.
    pub fn forget_site(&mut self, site: Site) {
        self.by_participant.retain(|_, of| *of != site);
        self.given.retain(|participant| self.by_participant.contains_key(participant));
    }
}

/// A branch as far as the choice goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub site: Site,
    /// Sessions of the lesson there; none: there is no branch yet.
    pub legs: Option<usize>,
}

/// The site for one more, of `choices` with the least loaded first: a branch that is not full, the less
/// trunks the better; else a new one; else the smallest.
pub(crate) fn choose(choices: &[Choice], full: usize) -> Option<Site> {
    let open = choices.iter().find(|it| it.legs.is_some_and(|legs| legs < full));
    let new = || choices.iter().find(|it| it.legs.is_none());
    let smallest = || choices.iter().min_by_key(|it| it.legs);
    open.or_else(new).or_else(smallest).map(|it| it.site)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(choices: &[(u32, Option<usize>)]) -> Option<u32> {
        let choices: Vec<_> =
            choices.iter().map(|(site, legs)| Choice { site: Site(*site), legs: *legs }).collect();
        choose(&choices, 10).map(|site| site.0)
    }

    #[test]
    fn a_branch_is_filled_before_the_next_is_opened_and_the_smallest_takes_what_is_too_much() {
        assert_eq!(chosen(&[(1, None), (2, Some(9))]), Some(2));
        assert_eq!(chosen(&[(2, Some(10)), (1, None), (3, None)]), Some(1));
        assert_eq!(chosen(&[(1, Some(9)), (2, Some(3))]), Some(1), "the less loaded worker");
        assert_eq!(chosen(&[(1, Some(12)), (2, Some(11))]), Some(2));
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn seats_are_bounded_and_go_with_their_site() {
        let name = |at: usize| format!("o{at}").parse::<ParticipantId>().unwrap();
        let mut seats = Seats::default();
        (0..=MAX_SEATS).for_each(|at| seats.give(&name(at), Site(at as u32 % 2)));
        assert_eq!((seats.of(&name(0)), seats.of(&name(1))), (None, Some(Site(1))));
        seats.give(&name(1), Site(0));
        assert_eq!(seats.of(&name(1)), Some(Site(0)), "moved");
        seats.forget_site(Site(0));
        assert_eq!((seats.of(&name(1)), seats.of(&name(3))), (None, Some(Site(1))));
        assert_eq!(seats.given.len(), seats.by_participant.len());
    }
}
