//! Names of what the registry keeps. They stand in addresses and in the names of a lesson's
//! participants, so they are short and plain; what people read is the name beside them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use tongke_protocol::ParticipantId;

/// Longest name, in bytes: with a room behind it still a participant's.
pub const MAX_LEN: usize = 40;

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("a name must not be empty")]
    Empty,
    /// Longer than [`MAX_LEN`].
    #[error("a name has at most {MAX_LEN} characters, this one has {0}")]
    TooLong(usize),
    /// A character outside `A-Z a-z 0-9 _ -`.
    #[error("'{0}' is not allowed in a name; use letters, digits, '_' and '-'")]
    Character(char),
}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-".contains(*c))) {
        return Err(IdError::Character(bad));
    }
    if text.len() > MAX_LEN {
        return Err(IdError::TooLong(text.len()));
    }
    Ok(())
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,40}$")]
        pub struct $name(String);

        impl $name {
            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                check(&text)?;
                Ok(Self(text))
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

key! {
    /// A school.
    SchoolId
}
key! {
    /// A pair: one supporting school with one or two receiving ones.
    PairId
}
key! {
    /// An agreement of a pair (结对帮扶协议).
    AgreementId
}
key! {
    /// A term (学期).
    TermId
}
key! {
    /// An entry of the timetable: a weekly lesson or a single one.
    SlotId
}
key! {
    /// A person: teacher, adviser (教研员), official.
    PersonId
}
key! {
    /// A machine that reports: a node, a relay.
    NodeId
}
key! {
    /// A county, a city or a province.
    RegionId
}
key! {
    /// An address that is told what was decided.
    WebhookId
}

/// The school of a lesson's participant, named `SCHOOL` or `SCHOOL.ROOM`.
pub fn school_of(participant: &ParticipantId) -> Option<SchoolId> {
    participant.as_str().split('.').next()?.parse().ok()
}
