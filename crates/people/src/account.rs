//! Accounts: who somebody is, and as what they come.

use crate::place::Place;
use crate::role::Role;
use serde::{Deserialize, Serialize};
use tongke_pairing::id::PersonId;

/// Longest name by which somebody signs in, in characters.
pub const MAX_LOGIN_CHARS: usize = 60;
/// Longest name of a person, in characters.
pub const MAX_NAME_CHARS: usize = 60;
/// Most appointments of one account.
pub const MAX_APPOINTMENTS: usize = 20;

/// An account's name in addresses: a random one, so that it tells nothing.
pub type AccountId = PersonId;

/// A role at a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Appointment {
    /// As what.
    pub role: Role,
    /// Where.
    pub place: Place,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name in addresses.
    pub id: AccountId,
    /// By what it signs in, as [`login_form`] writes it.
    pub login: String,
    /// What the person is called: the author of what they enter.
    pub name: String,
    /// As what they come. None: they may sign in and see nothing.
    pub appointments: Vec<Appointment>,
    /// Whether it ended. Accounts stay, because what they entered does.
    pub ended: bool,
}

/// Why an account cannot be like that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountProblem {
    /// Nothing to sign in by.
    #[error("a name to sign in by is needed")]
    LoginEmpty,
    /// Too long to sign in by.
    #[error("a name to sign in by has at most {MAX_LOGIN_CHARS} characters")]
    LoginLong,
    /// A character that nobody could type again for sure.
    #[error("a name to sign in by has no spaces or control characters")]
    LoginCharacter,
    /// No name.
    #[error("the person's name is needed")]
    NameEmpty,
    /// Too long a name.
    #[error("a person's name has at most {MAX_NAME_CHARS} characters, and no line breaks")]
    NameUnfit,
    /// A teacher of a county, a province's administrator of a school.
    #[error("nobody is {} at {}", .0.role, .0.place)]
    Misplaced(Appointment),
    /// Twice the same.
    #[error("{} at {} stands there twice", .0.role, .0.place)]
    Twice(Appointment),
    /// Too many.
    #[error("an account has at most {MAX_APPOINTMENTS} roles")]
    TooMany,
}

/// A name as it is kept and looked up: people type it in capitals, or in full-width letters.
pub fn login_form(typed: &str) -> String {
    let narrow = typed.trim().chars().map(|c| match u32::from(c) {
        full @ 0xff01..=0xff5e => char::from_u32(full - 0xfee0).unwrap_or(c),
        _ => c,
    });
    narrow.flat_map(char::to_lowercase).collect()
}

impl Account {
    /// What is wrong with it; empty: nothing.
    pub fn problems(&self) -> Vec<AccountProblem> {
        let mut problems = Vec::new();
        if self.login.is_empty() {
            problems.push(AccountProblem::LoginEmpty);
        } else if self.login.chars().count() > MAX_LOGIN_CHARS {
            problems.push(AccountProblem::LoginLong);
        }
        if self.login.chars().any(|c| c.is_whitespace() || c.is_control()) {
            problems.push(AccountProblem::LoginCharacter);
        }
        if self.name.trim().is_empty() {
            problems.push(AccountProblem::NameEmpty);
        } else if self.name.chars().count() > MAX_NAME_CHARS || self.name.chars().any(char::is_control) {
            problems.push(AccountProblem::NameUnfit);
        }
        problems.extend(self.appointment_problems());
        problems
    }

    fn appointment_problems(&self) -> impl Iterator<Item = AccountProblem> {
        let too_many = self.appointments.len() > MAX_APPOINTMENTS;
        let each = self.appointments.iter().enumerate().filter_map(|(n, it)| {
            if !it.role.fits(&it.place) {
                return Some(AccountProblem::Misplaced(it.clone()));
            }
            self.appointments[..n].contains(it).then(|| AccountProblem::Twice(it.clone()))
        });
        too_many.then_some(AccountProblem::TooMany).into_iter().chain(each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::tests::place;

    pub(crate) fn account(appointments: &[(Role, &str)]) -> Account {
        let appointments =
            appointments.iter().map(|(role, at)| Appointment { role: *role, place: place(at) }).collect();
        Account {
            id: "p1".parse().unwrap(),
            login: "shan".into(),
            name: "单志明".into(),
            appointments,
            ended: false,
        }
    }

    #[test]
    fn names_are_found_however_they_are_typed() {
        assert_eq!(login_form("  ＳＨＡＮ.zm "), "shan.zm");
        assert_eq!(login_form("单志明"), "单志明");
        assert_eq!(login_form("shan"), login_form(&login_form("Shan")));
    }

    #[test]
    fn what_nobody_can_be_is_named() {
        let good = account(&[(Role::Teacher, "school:lake"), (Role::Adviser, "county:yongjia")]);
        assert_eq!(good.problems(), []);
        let misplaced = [
            (Role::Teacher, "county:yongjia"),
            (Role::County, "city:wenzhou"),
            (Role::Administrator, "province:zhejiang"),
            (Role::Inspector, "everywhere"),
        ];
        for one in misplaced {
            let bad = account(&[one]);
            assert_eq!(bad.problems(), [AccountProblem::Misplaced(bad.appointments[0].clone())]);
        }
        let twice = account(&[(Role::Teacher, "school:lake"), (Role::Teacher, "school:lake")]);
        assert_eq!(twice.problems(), [AccountProblem::Twice(twice.appointments[0].clone())]);
    }

    #[test]
    fn every_problem_of_a_form_is_told_at_once() {
        let bad = Account { login: "a b".into(), name: " ".into(), ..account(&[]) };
        assert_eq!(bad.problems(), [AccountProblem::LoginCharacter, AccountProblem::NameEmpty]);
        let long = Account { login: "x".repeat(61), name: "二\n".into(), ..account(&[]) };
        assert_eq!(long.problems(), [AccountProblem::LoginLong, AccountProblem::NameUnfit]);
    }
}
