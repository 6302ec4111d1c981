//! The pairing registry's shell: it keeps what `tongke-pairing` counts, and answers over HTTP.
//!
//! [`store`] holds facts and entries in SQLite or PostgreSQL, settles what follows from them, checks
//! and backs up. [`answers`] makes overviews, progress, score sheets and reports of it. [`Service`] is a
//! registry at work; [`router`] is its interface, [`Server`] puts that on a port of its own.

pub mod access;
pub mod answers;
mod cursor;
pub mod enrolment;
mod entering;
mod granting;
mod http;
mod intake;
mod links;
mod ordering;
mod passwords;
mod planned;
mod reporting;
mod server;
mod service;
mod signing_in;
pub mod store;
mod telling;

pub use http::{Refusal, description, router};
pub use server::{Server, ServerConfig, ServerError, TlsFiles};
pub use service::{Clock, Service, system_clock};
pub use signing_in::{FirstAccount, NewPasswordError, SetUpError, SignInError, fresh_id};
pub use store::AsOf;
