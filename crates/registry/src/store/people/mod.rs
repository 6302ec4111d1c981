//! Accounts of the pages, and who is signed in.

mod accounts;
mod sessions;

pub use accounts::{Added, Changed, KeptAccount};
pub use sessions::SessionToken;
