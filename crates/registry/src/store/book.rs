//! The book of what stands, kept in memory and brought up to the last entry whenever it is asked for.

use super::entries::StoredEntry;
use super::{Store, StoreError};
use sqlx::Row as _;
use std::sync::Arc;
use tokio::sync::Mutex;
use tongke_pairing::book::Book;

/// Entries read at a time.
const ROWS: i64 = 2000;

/// The book as far as it was read. Another process may add entries too, so the database is asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelved(Arc<Mutex<(Arc<Book>, i64)>>);

/// What the book knows nothing of is not read for it.
const AFTER: &str = "SELECT seq, received_us, body FROM entry WHERE seq > $1 AND seq <= $2 \
    AND kind NOT IN ('head_count', 'dispute', 'reported', 'ledger_row', 'settlement') ORDER BY seq LIMIT $3";

impl Store {
    /// What stands now. Nothing changes a book that was given out.
    pub async fn book(&self) -> Result<Arc<Book>, StoreError> {
        let mut shelved = self.book.0.lock().await;
        let last = sqlx::query("SELECT value FROM counter WHERE name = 'entry'");
        let last: i64 = last.fetch_one(&self.database.pool).await?.try_get(0)?;
        let (book, read) = &mut *shelved;
        while *read < last {
            let query = sqlx::query(AFTER).bind(*read).bind(last).bind(ROWS);
            let rows = query.fetch_all(&self.database.pool).await?;
            let entries = rows.iter().map(StoredEntry::read).collect::<Result<Vec<_>, _>>()?;
            let changed = Arc::make_mut(book);
            for stored in &entries {
                changed.apply(&stored.entry);
            }
            let full = rows.len() as i64 == ROWS;
            *read = entries.last().filter(|_| full).map_or(last, |stored| stored.seq.cast_signed());
        }
        Ok(Arc::clone(book))
    }
}
