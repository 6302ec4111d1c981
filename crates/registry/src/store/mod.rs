//! Facts, entries and what follows from them, in SQLite or PostgreSQL.
//!
//! What machines and people say is only ever added ([`Store::keep_facts`], [`Store::keep_entries`]).
//! What follows from it is marked as out of date in the same transaction and worked out later
//! ([`Store::settle`]): a process that is killed at any moment leaves nothing wrong behind, only
//! something to be done. Whatever an answer counts is read together ([`Store::reading`]).

mod asking;
mod audit;
mod book;
mod check;
mod database;
mod dirty;
mod dump;
mod entries;
mod error;
mod facts;
mod hex;
mod ledgers;
mod lessons;
mod machines;
mod orders;
mod people;
mod place;
mod pupils;
mod reading;
mod rebuild;
mod reported;
mod reports;
mod rows;
mod schema;
mod settle;
mod sums;
mod tallies;
mod webhooks;
mod words;

pub use audit::{AuditLine, Deed};
pub use check::{Checked, Finding};
pub use dump::{BackedUp, BackupError};
pub use entries::StoredEntry;
pub use error::StoreError;
pub use facts::{FactError, IncomingFact, StoredFact};
pub use lessons::{LessonCursor, LessonFilter, StoredLesson};
pub use machines::{Enrolled, Enrolment, Machine, MachineKind};
pub(crate) use orders::LOST_US as ORDER_LOST_US;
pub use orders::{NewOrder, Noted, StoredOrder};
pub use people::{Added, Changed, KeptAccount, SessionToken};
pub use pupils::{Pupil, PupilKey};
pub use reading::Reading;
pub use reports::{ReportCard, ReportFilter, ReportPlace, StoredReport};
pub use settle::Settled;
pub use sums::{FormSums, PeopleSum};
pub use tallies::{AsOf, TallyFilter, Totals};
pub use webhooks::{Attempt, Delivery, Webhook};

use database::Database;
use std::sync::Arc;
use tokio::sync::Mutex;
use tongke_pairing::policy::{Policies, Policy};

/// The registry's memory. Cheap to clone; all clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    shelf: book::Shelf,
    policies: Arc<Policies>,
    /// One at a time works out what follows: two would do the same work.
    settling: Arc<Mutex<()>>,
}

/// What became of something that was brought to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// It is on disk.
    New,
    /// It was there already, the same.
    Known,
    /// Something else is there under its id, and stays; this was kept out.
    Conflict,
}

impl Store {
    /// Opens a store, making or upgrading its tables: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
    /// It decides by the policy that is built in.
    pub async fn open(address: &str) -> Result<Store, StoreError> {
        Store::open_with(address, Policies::default()).await
    }

    /// Opens a store that decides by these policies. If it decided by others before, everything is to be
    /// settled anew.
    pub async fn open_with(address: &str, policies: Policies) -> Result<Store, StoreError> {
        let database = Database::open(address).await?;
        schema::upgrade(&database).await?;
        let store = Store::of(database, policies);
        store.decide_anew_if_by_others().await?;
        Ok(store)
    }

    fn of(database: Database, policies: Policies) -> Store {
        let (shelf, settling) = (book::Shelf::default(), Arc::default());
        Store { database, shelf, policies: Arc::new(policies), settling }
    }

    /// By what it decides, the oldest first.
    pub fn policies(&self) -> &[Policy] {
        self.policies.all()
    }

    /// Waits for what is under way and closes the store.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

#[cfg(test)]
pub(crate) mod tests;
