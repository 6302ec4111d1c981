//! Imported 大课表: which there are, their lines, and what people settled about them.

use super::asking::Asking;
use super::entries::StoredEntry;
use super::{Store, StoreError};
use sqlx::Row as _;
use tongke_pairing::entry::{Entry, LedgerRow, Says};

/// Greater than every text that begins with what stands before it.
const LAST: char = '\u{10FFFF}';
/// The character behind the digits.
const BEHIND_DIGITS: char = ':';

impl Store {
    /// Names of imports, at most so many.
    pub async fn ledgers(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut ledgers = Vec::new();
        let mut behind = String::new();
        while ledgers.len() < limit {
            let sql = "SELECT c.thing FROM current c JOIN entry e ON e.id = c.entry \
                WHERE c.kind = 'ledger_row' AND c.thing > $1 AND e.body LIKE '%\"ledger_row\":{%' \
                ORDER BY c.thing LIMIT 1";
            let next = sqlx::query(sql).bind(behind).fetch_optional(&self.database.pool).await?;
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
    pub async fn ledger_rows(&self, ledger: &str) -> Result<Vec<LedgerRow>, StoreError> {
        let stored = self.entries_that_hold("ledger_row", &format!("{ledger}/")).await?;
        let rows = stored.into_iter().filter_map(|stored| match stored.entry.says {
            Says::LedgerRow(row) if row.ledger == ledger => Some(row),
            _ => None,
        });
        let mut rows: Vec<LedgerRow> = rows.collect();
        rows.sort_by_key(|row| row.row);
        Ok(rows)
    }

    /// Everything that was ever settled about an import's lines, and about lessons that no line has;
    /// withdrawals too.
    pub async fn settlements(&self, ledger: &str) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for beginning in [format!("{ledger}/"), "=".to_owned()] {
            let mut asking = Asking::new("SELECT seq, received_us, body FROM entry");
            asking.text("kind = ", Some("settlement"));
            asking.text("thing >= ", Some(&beginning));
            asking.text("thing < ", Some(&format!("{beginning}{LAST}")));
            asking.tail("ORDER BY thing, at_us, id");
            for row in &asking.query().fetch_all(&self.database.pool).await? {
                entries.push(StoredEntry::read(row)?.entry);
            }
        }
        Ok(entries)
    }
}
