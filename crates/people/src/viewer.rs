//! Whoever asks, and what they are let see and do.

use crate::account::{Account, Appointment};
use crate::place::Place;
use crate::right::Right;
use tongke_pairing::book::Book;
use tongke_pairing::id::SchoolId;

/// Why something is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing that they may see: to them it is not there.
    #[error("there is nothing of that name")]
    Unseen,
    /// They may see it, and not do that.
    #[error("your role does not allow this")]
    NotAllowed,
}

/// Somebody who has signed in, beside what stands.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    account: &'a Account,
    book: &'a Book,
}

impl<'a> Viewer<'a> {
    /// An account's view of a book. One that ended sees nothing.
    pub fn new(account: &'a Account, book: &'a Book) -> Viewer<'a> {
        Viewer { account, book }
    }

    fn appointments(self) -> impl Iterator<Item = &'a Appointment> {
        self.account.appointments.iter().filter(move |_| !self.account.ended)
    }

    /// Whether they have a right anywhere: whether a page is offered at all.
    pub fn ever(self, right: Right) -> bool {
        self.appointments().any(|it| it.role.has(right))
    }

    /// Where they have a right.
    pub fn places(self, right: Right) -> impl Iterator<Item = &'a Place> {
        self.appointments().filter(move |it| it.role.has(right)).map(|it| &it.place)
    }

    fn has(self, right: Right, place: &Place) -> bool {
        self.places(right).any(|own| own.covers(place, self.book))
    }

    /// Whether they may see or do that there. What they may not even see is told from what they may not do, so that
    /// nobody learns by asking what another county has.
    pub fn may(self, right: Right, place: &Place) -> Result<(), Refused> {
        if self.has(right, place) {
            return Ok(());
        }
        let sees = Right::ALL.iter().any(|right| self.has(*right, place));
        Err(if sees { Refused::NotAllowed } else { Refused::Unseen })
    }

    /// As [`Viewer::may`], of what several schools share, as a pair does or a lesson: it is enough to have the right
    /// at one of them. Without any school it is seen from everywhere only.
    pub fn may_at_one<'s>(
        self,
        right: Right,
        schools: impl IntoIterator<Item = &'s SchoolId>,
    ) -> Result<(), Refused> {
        let mut refused = match self.may(right, &Place::Everywhere) {
            Ok(()) => return Ok(()),
            Err(_) => Refused::Unseen,
        };
        for school in schools {
            match self.may(right, &Place::School(school.clone())) {
                Ok(()) => return Ok(()),
                Err(Refused::NotAllowed) => refused = Refused::NotAllowed,
                Err(Refused::Unseen) => {}
            }
        }
        Err(refused)
    }

    /// Whether they may give or take an appointment.
    pub fn may_appoint(self, what: &Appointment) -> Result<(), Refused> {
        let appoints = |own: &Appointment| {
            own.role.has(Right::ManagePeople)
                && own.role.appoints(what.role)
                && own.place.covers(&what.place, self.book)
        };
        if what.role.fits(&what.place) && self.appointments().any(appoints) {
            return Ok(());
        }
        let sees = Right::ALL.iter().any(|right| self.has(*right, &what.place));
        Err(if sees { Refused::NotAllowed } else { Refused::Unseen })
    }

    /// Whether they may change an account: everything that it is must be theirs to give, so that a password that they
    /// set opens nothing that they could not have given.
    pub fn may_change(self, other: &Account) -> Result<(), Refused> {
        if other.appointments.is_empty() {
            return self.may(Right::ManagePeople, &Place::Everywhere);
        }
        let refused: Vec<Refused> =
            other.appointments.iter().filter_map(|it| self.may_appoint(it).err()).collect();
        match refused.as_slice() {
            [] => Ok(()),
            all if all.len() == other.appointments.len() && all.iter().all(|it| *it == Refused::Unseen) => {
                Err(Refused::Unseen)
            }
            _ => Err(Refused::NotAllowed),
        }
    }
}

#[cfg(test)]
mod tests;
