//! Whether facts and entries are what they were when they came.

use super::{Checked, RESTORE};
use crate::store::asking::Asking;
use crate::store::entries::StoredEntry;
use crate::store::facts::{StoredFact, micros};
use crate::store::{Store, StoreError};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::collections::HashMap;
use tongke_pairing::id::NodeId;
use tongke_protocol::WallTime;
use tongke_protocol::signed::PublicKey;

/// Rows looked at in one go.
const ROWS: u32 = 500;
const FACTS: &str = "SELECT seq, id, lesson, author, at_us, received_us, body, proof FROM fact";
const ENTRIES: &str = "SELECT seq, id, kind, thing, received_us, body FROM entry";

/// All keys that each machine ever had.
type Keys = HashMap<NodeId, Vec<PublicKey>>;

impl Store {
    /// Each fact was signed by its machine, and is noted under what it says.
    pub(super) async fn check_facts(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let mut keys = Keys::new();
        for machine in self.machines().await? {
            // A key that cannot be read verifies nothing.
            keys.entry(machine.id).or_default().extend(machine.public_key.parse::<PublicKey>().ok());
        }
        let mut last = 0;
        loop {
            let rows = self.rows_behind(FACTS, &mut last).await?;
            if rows.is_empty() {
                return Ok(());
            }
            checked.looked_at += rows.len() as u64;
            for row in &rows {
                let id: &str = row.try_get("id")?;
                if let Some((code, what)) = odd_fact(row, id, &keys)? {
                    checked.find(code, id, format!("{what}: {RESTORE}"));
                }
            }
        }
    }

    /// Each entry is noted under what it says.
    pub(super) async fn check_entries(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let mut last = 0;
        loop {
            let rows = self.rows_behind(ENTRIES, &mut last).await?;
            if rows.is_empty() {
                return Ok(());
            }
            checked.looked_at += rows.len() as u64;
            for row in &rows {
                let id: &str = row.try_get("id")?;
                if let Some((code, what)) = odd_entry(row, id)? {
                    checked.find(code, id, format!("{what}: {RESTORE}"));
                }
            }
        }
    }

    async fn rows_behind(&self, sql: &'static str, last: &mut i64) -> Result<Vec<AnyRow>, StoreError> {
        let mut asking = Asking::new(sql);
        asking.number("seq > ", Some(*last));
        asking.tail("ORDER BY seq");
        asking.limit(ROWS);
        let rows = asking.query().fetch_all(&self.database.pool).await?;
        if let Some(row) = rows.last() {
            *last = row.try_get("seq")?;
        }
        Ok(rows)
    }
}

/// What is wrong with a fact, if something is.
fn odd_fact(row: &AnyRow, id: &str, keys: &Keys) -> Result<Option<(&'static str, String)>, StoreError> {
    let columns = (id, row.try_get::<&str, _>("lesson")?, row.try_get::<i64, _>("at_us")?);
    let said = match StoredFact::read(row) {
        Ok(stored) => stored.said,
        Err(error) => return Ok(Some(("fact_unreadable", error.to_string()))),
    };
    if columns != (said.fact.id.as_str(), said.fact.lesson.as_str(), micros(WallTime(said.fact.at_us))) {
        return Ok(Some(("fact_differs", "its columns are not what it says".to_owned())));
    }
    let jws = said.jws();
    let signed = keys.get(&said.author).is_some_and(|keys| keys.iter().any(|key| key.verify(&jws).is_ok()));
    Ok((!signed).then(|| ("fact_unsigned", format!("no key of {} signed it", said.author))))
}

/// What is wrong with an entry, if something is.
fn odd_entry(row: &AnyRow, id: &str) -> Result<Option<(&'static str, String)>, StoreError> {
    let columns = (id, row.try_get::<&str, _>("kind")?, row.try_get::<&str, _>("thing")?);
    let entry = match StoredEntry::read(row) {
        Ok(stored) => stored.entry,
        Err(error) => return Ok(Some(("entry_unreadable", error.to_string()))),
    };
    let thing = entry.says.thing();
    let same = columns == (entry.id.as_str(), thing.kind.as_str(), thing.key.as_str());
    Ok((!same).then(|| ("entry_differs", "its columns are not what it says".to_owned())))
}
