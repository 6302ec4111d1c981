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
mod planned;
mod reporting;
mod server;
mod service;
pub mod store;
mod telling;

pub use http::{Refusal, description, router};
pub use server::{Server, ServerConfig, ServerError, TlsFiles};
pub use service::{Clock, Service, system_clock};
pub use store::AsOf;
