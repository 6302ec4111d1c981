//! Facts on their way to a registry that fails in every way that a registry can, from machines that are
//! killed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed, as it should")]

mod asking;
mod delivery;
mod dying;
mod enrolment;
mod kill;
mod reports;
mod support;
