//! The answer to a written name.

use crate::id::SchoolId;

/// Which school is meant by a name as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// This one and no other.
    One(SchoolId),
    /// Any of these: nobody guesses, somebody has to say.
    Several(Vec<SchoolId>),
    /// None is called so.
    Unknown {
        /// Some that are called something like it, at most [`MOST_LIKE`](Self::MOST_LIKE); never to be
        /// taken without asking.
        like: Vec<SchoolId>,
    },
}

impl Named {
    /// Most schools that are offered for a name that none has.
    pub const MOST_LIKE: usize = 10;

    /// The school, if it is clear.
    pub fn one(self) -> Option<SchoolId> {
        match self {
            Named::One(id) => Some(id),
            Named::Several(_) | Named::Unknown { .. } => None,
        }
    }
}
