//! Who uses the registry's pages, and what each may see and do there. Pure: no clock, no database, no hashing.
//!
//! An [`Account`] holds [`Appointment`]s: a [`Role`] at a [`Place`]. A role has [`Right`]s, and each is good for what
//! lies within the place only. Whatever is not written in [`Role::has`] is refused. [`password`], [`session`] and
//! [`lockout`] are the rules of signing in.

pub mod account;
pub mod lockout;
pub mod password;
mod place;
mod right;
mod role;
pub mod session;
mod viewer;

pub use account::{Account, AccountId, Appointment};
pub use place::Place;
pub use right::Right;
pub use role::Role;
pub use viewer::{Refused, Viewer};
