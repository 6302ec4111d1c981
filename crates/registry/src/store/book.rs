//! The book of what stands, kept in memory and brought up to the last entry whenever it is asked for.

use super::entries::StoredEntry;
use super::{Store, StoreError};
use sqlx::{AnyConnection, Row as _};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};
use tongke_pairing::book::Book;

/// Entries read at a time.
const ROWS: i64 = 2000;

/// What the book knows nothing of is not read for it.
const AFTER: &str = "SELECT seq, received_us, body FROM entry WHERE seq > $1 AND seq <= $2 \
    AND kind NOT IN ('head_count', 'dispute', 'reported', 'ledger_row', 'settlement') ORDER BY seq LIMIT $3";

/// Where the book stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Shelved>>);

/// The book, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Shelved {
    book: Arc<Book>,
    /// The number of the last entry that is in it.
    last: u64,
}

impl Shelf {
    pub(super) async fn lock(&self) -> MutexGuard<'_, Shelved> {
        self.0.lock().await
    }
}

impl Shelved {
    /// Reads on until an entry, and gives the book out. Nothing changes a book that was given out.
    pub(super) async fn read_until(
        &mut self,
        last: u64,
        connection: &mut AnyConnection,
    ) -> Result<Arc<Book>, StoreError> {
        while self.last < last {
            let query = sqlx::query(AFTER).bind(self.last.cast_signed()).bind(last.cast_signed()).bind(ROWS);
            let rows = query.fetch_all(&mut *connection).await?;
            let entries = rows.iter().map(StoredEntry::read).collect::<Result<Vec<_>, _>>()?;
            let changed = Arc::make_mut(&mut self.book);
            for stored in &entries {
                changed.apply(&stored.entry);
            }
            let full = rows.len() as i64 == ROWS;
            self.last = entries.last().filter(|_| full).map_or(last, |stored| stored.seq);
        }
        Ok(Arc::clone(&self.book))
    }
}

impl Store {
    /// What stands now. Another process may add entries too, so the database is asked.
    pub async fn book(&self) -> Result<Arc<Book>, StoreError> {
        let mut shelf = self.shelf.lock().await;
        let mut connection = self.database.pool.acquire().await?;
        let last = sqlx::query("SELECT value FROM counter WHERE name = 'entry'");
        let last: i64 = last.fetch_one(&mut *connection).await?.try_get(0)?;
        shelf.read_until(last.cast_unsigned(), &mut connection).await
    }
}
