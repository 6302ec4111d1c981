//! Imported 大课表: which there are, their lines, and what people settled about them.

use super::asking::Asking;
use super::entries::StoredEntry;
use super::{Reading, StoreError};
use sqlx::Row as _;
use tongke_pairing::entry::{Entry, LedgerRow, Says};

/// Greater than every text that begins with what stands before it.
const LAST: char = '\u{10FFFF}';
/// The character behind the digits.
const BEHIND_DIGITS: char = ':';

impl Reading {
    /// Names of imports, at most so many.
    pub async fn ledgers(&mut self, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut ledgers = Vec::new();
        let mut behind = String::new();
        while ledgers.len() < limit {
            let sql = "SELECT c.thing FROM current c JOIN entry e ON e.id = c.entry \
                WHERE c.kind = 'ledger_row' AND c.thing > $1 AND e.body LIKE '%\"ledger_row\":{%' \
                ORDER BY c.thing LIMIT 1";
            let next = sqlx::query(sql).bind(behind).fetch_optional(&mut *self.tx).await?;
            let Some(row) = next else { break };
            let thing: String = row.try_get(0)?;
            // A ledger's own name may have a '/'; the number of the line has none.
            let ledger = thing.rsplit_once('/').map_or(thing.as_str(), |(ledger, _)| ledger).to_owned();
            behind = format!("{ledger}/{BEHIND_DIGITS}");
            ledgers.push(ledger);
        }
        Ok(ledgers)
    }

    /// The lines of an import that stand, by their number.
    pub async fn ledger_rows(&mut self, ledger: &str) -> Result<Vec<LedgerRow>, StoreError> {
        let mut asking =
            Asking::new("SELECT e.seq, e.received_us, e.body FROM current c JOIN entry e ON e.id = c.entry");
        let beginning = format!("{ledger}/");
        asking.text("c.kind = ", Some("ledger_row"));
        asking.text("c.thing >= ", Some(&beginning));
        asking.text("c.thing < ", Some(&format!("{beginning}{LAST}")));
        let mut rows: Vec<LedgerRow> = Vec::new();
        for row in &asking.query().fetch_all(&mut *self.tx).await? {
            match StoredEntry::read(row)?.entry.says {
                Says::LedgerRow(row) if row.ledger == ledger => rows.push(row),
                // Withdrawn, or of a ledger whose name has a '/'.
                _ => {}
            }
        }
        rows.sort_by_key(|row| row.row);
        Ok(rows)
    }

    /// Everything that was ever settled about an import's lines, and about lessons that no line has;
    /// withdrawals too.
    pub async fn settlements(&mut self, ledger: &str) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for beginning in [format!("{ledger}/"), "=".to_owned()] {
            let mut asking = Asking::new("SELECT seq, received_us, body FROM entry");
            asking.text("kind = ", Some("settlement"));
            asking.text("thing >= ", Some(&beginning));
            asking.text("thing < ", Some(&format!("{beginning}{LAST}")));
            asking.tail("ORDER BY thing, at_us, id");
            for row in &asking.query().fetch_all(&mut *self.tx).await? {
                entries.push(StoredEntry::read(row)?.entry);
            }
        }
        Ok(entries)
    }
}
