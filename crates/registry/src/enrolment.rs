//! Codes by which machines enrol: short enough to be read out over the telephone, good once and not for
//! long.

use crate::store::{Deed, Enrolment, MachineKind, Store, StoreError};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;
use std::time::Duration;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_protocol::WallTime;

/// Without those that are taken for each other: I and 1, O and 0.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 40 bits: with the pace at which tries are let through, nobody guesses one while it holds.
const LENGTH: usize = 8;
/// For how long a code holds, if nobody says.
pub const USUAL: Duration = Duration::from_hours(24);
/// For how long it can hold.
pub const LONGEST: Duration = Duration::from_hours(30 * 24);
/// Longest name of a machine, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// A code.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A new one.
    pub fn fresh() -> Code {
        let mut bytes = [0; LENGTH];
        // Without a source of random bytes nothing here would start.
        SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
        Code::of(&bytes)
    }

    /// The one that bytes make, of which it takes the first ones; there are enough of them.
    pub(crate) fn of(bytes: &[u8]) -> Code {
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        Code(bytes.iter().take(LENGTH).map(letter).collect())
    }

    /// What somebody typed: case, spaces and hyphens do not matter. None: that can be no code.
    pub fn typed(text: &str) -> Option<Code> {
        let plain = text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase());
        let code: String = plain.take(LENGTH + 1).collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|letter| LETTERS.contains(&letter));
        is_code.then_some(Code(code))
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, other) = self.0.split_at(LENGTH / 2);
        write!(f, "{one}-{other}")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

/// Which machine may enrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Its name to be.
    pub machine: NodeId,
    /// What it is.
    pub kind: MachineKind,
    /// Whose; a node is a school's.
    pub school: Option<SchoolId>,
    /// As people call it.
    pub name: String,
    /// For how long the code holds, up to [`LONGEST`].
    pub valid: Duration,
}

/// Why a machine cannot be let in.
#[derive(Debug, thiserror::Error)]
pub enum LeaveError {
    /// A node belongs to a school.
    #[error("a node speaks for a school's rooms, and no school is named; name one")]
    NoSchool,
    /// There is no such school.
    #[error("there is no school '{0}'; enter the school first, or look at the id")]
    UnknownSchool(SchoolId),
    /// The name is empty or too long.
    #[error("the machine's name must have 1 to {MAX_NAME_CHARS} characters, and no control characters")]
    Name,
    /// The code would hold too long.
    #[error("a code holds for at most {} days", LONGEST.as_secs() / 86_400)]
    TooLong,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lets one machine enrol: gives the code, and until when it holds. It is written down who allowed it.
pub async fn allow(
    store: &Store,
    leave: &Leave,
    who: &str,
    now: WallTime,
) -> Result<(Code, WallTime), LeaveError> {
    let length = leave.name.chars().count();
    if leave.name.trim().is_empty() || length > MAX_NAME_CHARS || leave.name.chars().any(char::is_control) {
        return Err(LeaveError::Name);
    }
    if leave.valid > LONGEST {
        return Err(LeaveError::TooLong);
    }
    match &leave.school {
        None if leave.kind == MachineKind::Node => return Err(LeaveError::NoSchool),
        Some(school) if store.book().await?.school(school).is_none() => {
            return Err(LeaveError::UnknownSchool(school.clone()));
        }
        _ => {}
    }
    let code = Code::fresh();
    let expires_us =
        WallTime(now.0.saturating_add(u64::try_from(leave.valid.as_micros()).unwrap_or(u64::MAX)));
    let enrolment = Enrolment {
        machine: leave.machine.clone(),
        kind: leave.kind,
        school: leave.school.clone(),
        name: leave.name.clone(),
        author: who.to_owned(),
        expires_us,
    };
    store.allow_enrolment(code.as_str(), &enrolment, now).await?;
    let detail = format!("a {} called '{}'", leave.kind.as_str(), leave.name);
    let deed = Deed { who, what: "machine_allowed", about: leave.machine.as_str(), detail: &detail };
    store.audit(deed, now).await?;
    Ok((code, expires_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let code = Code::fresh();
        let shown = code.to_string();
        assert_eq!((shown.len(), &shown[4..5]), (9, "-"));
        for typed in
            [shown.clone(), shown.to_lowercase(), shown.replace('-', " "), format!(" {}\n", code.as_str())]
        {
            assert_eq!(Code::typed(&typed), Some(code.clone()), "{typed}");
        }
        assert_ne!(Code::fresh(), code);
        for none in ["", "ABCD-EFG", "ABCD-EFGH2", "ABCD-EFG0", "ABCD-EFGI", "同课同课同课同课"] {
            assert_eq!(Code::typed(none), None, "{none}");
        }
    }
}
