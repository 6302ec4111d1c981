//! Echo: how far below itself a talker hears the own voice come back, and when.

mod find;
mod levels;

pub use find::{Echo, Telr};
pub use levels::{DEFAULT_RLR_DB, DEFAULT_SLR_DB, DoubleTalkType, TelrDb, erle_db, tclw_db};
