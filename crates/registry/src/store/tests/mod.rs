//! The same tests on both databases.

mod backup;
#[path = "../../../tests/databases/mod.rs"]
pub(crate) mod databases;
mod facts;
mod kill;
mod machines;
mod people;
mod reading;
mod reports;
mod scene;
mod schema;
mod settle;

use super::Store;
