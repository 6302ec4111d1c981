//! Why somebody cannot join, or a session cannot be changed. The texts are shown to people.

use tongke_protocol::control::Refusal;
use tongke_protocol::{LessonId, LessonScope, ParticipantId, Role};

/// Why a leg is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The grant does not cover the lesson.
    #[error("the grant is for lesson '{granted}', not for '{asked}'")]
    OtherLesson {
        /// The lesson it covers.
        granted: LessonScope,
        /// The lesson that was asked for.
        asked: LessonId,
    },
    /// The role may not publish.
    #[error("the role {0} may not publish; join with receive slots only, or ask for another grant")]
    MayNotPublish(Role),
    /// The SDP offer cannot be read or cannot be answered.
    #[error("{0}")]
    Offer(String),
    /// The hello of a QUIC session contradicts itself.
    #[error("{0}")]
    Hello(String),
    /// The relay has all the legs it takes.
    #[error("this relay has its {0} sessions already; end one or use another relay")]
    RelayFull(usize),
    /// The lesson has all the legs it takes.
    #[error("lesson has its {0} sessions already; end one before the next joins")]
    LessonFull(usize),
    /// The lesson is locked, and the participant never was in it.
    #[error("the lesson is locked; ask its supporting teacher to open it")]
    Locked,
    /// The lesson was ended.
    #[error("the lesson is over; its supporting teacher may open it again")]
    Ended,
    /// The relay is about to end.
    #[error("the relay is shutting down; try again in a few seconds")]
    ShuttingDown,
}

impl JoinError {
    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            JoinError::OtherLesson { .. } => "grant_other_lesson",
            JoinError::MayNotPublish(_) => "grant_role",
            JoinError::Offer(_) => "offer_unsupported",
            JoinError::Hello(_) => "hello_invalid",
            JoinError::RelayFull(_) => "relay_full",
            JoinError::LessonFull(_) => "lesson_full",
            JoinError::Locked => "lesson_locked",
            JoinError::Ended => "lesson_ended",
            JoinError::ShuttingDown => "shutting_down",
        }
    }
}

impl From<&JoinError> for Refusal {
    fn from(error: &JoinError) -> Refusal {
        Refusal { code: error.code().into(), message: error.to_string() }
    }
}

/// Why a [`LessonAction`](tongke_protocol::conduct::LessonAction) is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// The role may not ask for it.
    #[error("the role {role} may not ask for '{action}'")]
    Role {
        /// The grant's role.
        role: Role,
        /// What it asked for.
        action: &'static str,
    },
    /// Whoever asks has no session in the lesson.
    #[error("you are not in this lesson; join by WHIP, WHEP or QUIC first")]
    NotInLesson,
    /// No classroom of this name was ever in the lesson.
    #[error("no classroom '{0}' was ever in this lesson")]
    ParticipantUnknown(ParticipantId),
    /// The message cannot be passed on.
    #[error("{0}")]
    Text(String),
    /// The lesson was ended.
    #[error("the lesson is over; its supporting teacher may open it again")]
    Ended,
}

impl ActionError {
    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            ActionError::Role { .. } => "role_may_not",
            ActionError::NotInLesson => "not_in_lesson",
            ActionError::ParticipantUnknown(_) => "participant_unknown",
            ActionError::Text(_) => "message_invalid",
            ActionError::Ended => "lesson_ended",
        }
    }
}

impl From<&ActionError> for Refusal {
    fn from(error: &ActionError) -> Refusal {
        Refusal { code: error.code().into(), message: error.to_string() }
    }
}

/// Why a [`ToldFlow`](tongke_protocol::record::ToldFlow) is not written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// The role has no room that sends.
    #[error("the role {0} sends nothing, and tells nothing of it")]
    Role(Role),
    /// Whoever tells was not in the lesson lately.
    #[error("you are not in this lesson; join by WHIP, WHEP or QUIC first")]
    NotInLesson,
    /// Too many at once.
    #[error("too many stretches at once; one may be told of each {0} s")]
    TooMany(u64),
    /// It cannot have been so.
    #[error("such a stretch cannot be: {0}")]
    Unreasonable(&'static str),
}

impl FlowError {
    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            FlowError::Role(_) => "role_may_not",
            FlowError::NotInLesson => "not_in_lesson",
            FlowError::TooMany(_) => "flow_too_often",
            FlowError::Unreasonable(_) => "flow_unreasonable",
        }
    }
}

impl From<&FlowError> for Refusal {
    fn from(error: &FlowError) -> Refusal {
        Refusal { code: error.code().into(), message: error.to_string() }
    }
}

/// Why a PATCH of a WHIP or WHEP session is refused (RFC 9725 §4.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// There is no such session (404).
    #[error("there is no such session; it may have ended: join again")]
    NoSession,
    /// An ICE restart's or trickle's `If-Match` names another ICE session (412).
    #[error("If-Match names another ICE session than the current one {current}; fetch nothing, restart ICE")]
    OtherEtag {
        /// The current entity tag.
        current: String,
    },
    /// There is no `If-Match` (428).
    #[error("the PATCH has no If-Match header; send the ETag of the answer, or \"*\" for an ICE restart")]
    NoEtag,
    /// The body is no SDP fragment (400).
    #[error("{0}")]
    Fragment(String),
}

impl PatchError {
    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            PatchError::NoSession => "session_unknown",
            PatchError::OtherEtag { .. } => "etag_mismatch",
            PatchError::NoEtag => "etag_missing",
            PatchError::Fragment(_) => "fragment_malformed",
        }
    }
}

impl From<&PatchError> for Refusal {
    fn from(error: &PatchError) -> Refusal {
        Refusal { code: error.code().into(), message: error.to_string() }
    }
}
