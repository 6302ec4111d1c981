//! Reading of one moment: what an answer is made of stood together, whatever is kept or worked out meanwhile.

use super::{AsOf, Store, StoreError};
use sqlx::{Any, Transaction};
use std::sync::Arc;
use tongke_pairing::book::Book;

/// Everything that is known as of one moment. It holds a connection: whoever has read all ends it before going
/// on with that.
pub struct Reading {
    pub(super) tx: Transaction<'static, Any>,
    as_of: AsOf,
    book: Arc<Book>,
}

impl Store {
    /// Begins to read what is known at this moment.
    pub async fn reading(&self) -> Result<Reading, StoreError> {
        // Before the moment is chosen: then nobody has read the book on beyond it.
        let mut shelf = self.shelf.lock().await;
        let mut tx = self.database.read().await?;
        let as_of = AsOf::read(&mut *tx).await?;
        let book = shelf.read_until(as_of.entry, &mut tx).await?;
        Ok(Reading { tx, as_of, book })
    }
}

impl Reading {
    /// Until where counts reach.
    pub fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// What stands.
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book)
    }

    /// Gives the connection back.
    pub async fn end(self) -> Result<(), StoreError> {
        Ok(self.tx.rollback().await?)
    }
}
