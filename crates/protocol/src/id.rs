//! Names of lessons, participants, roles and tracks.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest identifier accepted, in bytes.
pub const MAX_ID_LEN: usize = 64;

/// Why a string cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The string is empty.
    #[error("an identifier must not be empty")]
    Empty,
    /// The string is longer than [`MAX_ID_LEN`].
    #[error("an identifier has at most {MAX_ID_LEN} characters, this one has {0}")]
    TooLong(usize),
    /// The string holds a character outside `A-Z a-z 0-9 . _ -`.
    #[error("'{0}' is not allowed in an identifier; use letters, digits, '.', '_' and '-'")]
    Character(char),
}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c))) {
        return Err(IdError::Character(bad));
    }
    if text.len() > MAX_ID_LEN {
        return Err(IdError::TooLong(text.len()));
    }
    Ok(())
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as written.
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

identifier! {
    /// One lesson; the relay's word for it is a room.
    LessonId
}
identifier! {
    /// One participant of a lesson: a classroom's node or browser. Stable across reconnects.
    ParticipantId
}

/// How the names of test lessons begin.
pub const TEST_PREFIX: &str = "test-";

impl LessonId {
    /// Whether it is a test: self-tests and inspections make and watch one as if it were a lesson, but it is none.
    /// Nothing of it is written down for the registry, and nothing of it ever counts.
    pub fn is_test(&self) -> bool {
        self.0.starts_with(TEST_PREFIX)
    }
}

/// What a participant is to the lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The school whose teacher gives the lesson (支援学校).
    Supporting,
    /// A school that receives it and is seen and heard too (受援学校).
    Receiving,
    /// Sees and hears everything, is invisible to the class (听课).
    Observer,
    /// Runs quality checks; invisible to the class.
    Inspector,
}

impl Role {
    /// Whether this role may send pictures and sound.
    pub fn may_publish(self) -> bool {
        matches!(self, Role::Supporting | Role::Receiving)
    }

    /// Whether other participants are told that this one is there.
    pub fn is_visible(self) -> bool {
        self.may_publish()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Supporting => "supporting",
            Role::Receiving => "receiving",
            Role::Observer => "observer",
            Role::Inspector => "inspector",
        })
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "supporting" => Ok(Role::Supporting),
            "receiving" => Ok(Role::Receiving),
            "observer" => Ok(Role::Observer),
            "inspector" => Ok(Role::Inspector),
            other => {
                Err(format!("'{other}' is not a role; use supporting, receiving, observer or inspector"))
            }
        }
    }
}

/// Sound or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A picture.
    Video,
    /// A sound.
    Audio,
}

/// What a track shows or lets hear. A participant has at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrackKind {
    /// The room's camera.
    Camera,
    /// The courseware.
    Screen,
    /// The room's microphone.
    Microphone,
}

impl TrackKind {
    /// All kinds, in the order in which receive slots are filled.
    pub const ALL: [TrackKind; 3] = [TrackKind::Camera, TrackKind::Screen, TrackKind::Microphone];

    /// Whether the track is sound or picture.
    pub fn media(self) -> MediaKind {
        match self {
            TrackKind::Camera | TrackKind::Screen => MediaKind::Video,
            TrackKind::Microphone => MediaKind::Audio,
        }
    }
}

impl fmt::Display for TrackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrackKind::Camera => "camera",
            TrackKind::Screen => "screen",
            TrackKind::Microphone => "microphone",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_refuse_what_would_break_a_url_or_a_log_line() {
        assert_eq!("".parse::<LessonId>(), Err(IdError::Empty));
        assert_eq!("a/b".parse::<LessonId>(), Err(IdError::Character('/')));
        assert_eq!("同课".parse::<LessonId>(), Err(IdError::Character('同')));
        assert_eq!("x".repeat(65).parse::<LessonId>(), Err(IdError::TooLong(65)));
        assert_eq!("math-3.2_a".parse::<LessonId>().unwrap().as_str(), "math-3.2_a");
        assert!(serde_json::from_str::<LessonId>("\"a b\"").is_err());
    }

    #[test]
    fn a_test_is_known_by_how_its_name_begins() {
        let is_test = |name: &str| name.parse::<LessonId>().unwrap().is_test();
        assert!(is_test("test-7f3a") && is_test("test-"));
        assert!(!is_test("test") && !is_test("tests-1") && !is_test("math-test-1") && !is_test("Test-1"));
    }

    #[test]
    fn only_classrooms_publish_and_are_seen() {
        assert!(Role::Supporting.may_publish() && Role::Receiving.is_visible());
        assert!(!Role::Observer.may_publish() && !Role::Inspector.is_visible());
    }
}
