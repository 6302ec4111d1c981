//! Words both ends share: who takes part ([`id`]), what a token allows ([`grant`]), what relay and
//! clients tell each other ([`control`], [`event`]), and an inspector and nodes through the relay ([`dispatch`],
//! [`inspect`]), how a lesson is conducted ([`conduct`]), what is measured ([`facts`]) and recorded ([`record`]), how
//! machines sign what they say ([`signed`]) and what the registry has them do ([`order`]), and how time is written down
//! ([`time`]).
//!
//! Pure: no sockets, no threads, and the time is always told, never asked for.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

pub mod conduct;
pub mod control;
pub mod dispatch;
pub mod event;
pub mod facts;
pub mod grant;
pub mod id;
pub mod inspect;
pub mod order;
pub mod record;
pub mod signed;
pub mod time;

pub use grant::{Grant, GrantError, GrantKey, LessonScope};
pub use id::{IdError, LessonId, MediaKind, ParticipantId, Role, TrackKind};
pub use time::{Now, NtpTime, WallTime};
