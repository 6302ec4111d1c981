//! Making anew what follows from facts and entries.

use super::database::Writing;
use super::entries::StoredEntry;
use super::{Store, StoreError, dirty, hex, place};
use ring::digest::{SHA256, digest};
use sqlx::Row as _;
use std::collections::BTreeSet;
use tongke_pairing::entry::Says;

/// Of the entries about each thing the one that holds, by [`Entry::rank`](tongke_pairing::entry::Entry::rank).
pub(super) const LATEST: &str = "SELECT kind, thing, id, at_us FROM entry e WHERE NOT EXISTS \
    (SELECT 1 FROM entry later WHERE later.kind = e.kind AND later.thing = e.thing \
    AND (later.at_us > e.at_us OR (later.at_us = e.at_us AND later.id > e.id)))";

impl Store {
    /// Throws away what is counted and what holds, and marks every lesson as to be worked out again.
    pub async fn rebuild(&self) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        from_what_is_known(&mut writing).await?;
        writing.commit().await
    }

    /// Marks everything if the decisions that are there were made by other policies, or by another
    /// version of this program.
    pub(super) async fn decide_anew_if_by_others(&self) -> Result<(), StoreError> {
        let rules = format!("{} {:?}", env!("CARGO_PKG_VERSION"), self.policies);
        let by = hex::digits(digest(&SHA256, rules.as_bytes()).as_ref());
        let before = sqlx::query("SELECT value FROM setting WHERE name = 'decided_by'");
        let before = before.fetch_optional(&self.database.pool).await?;
        let before = before.map(|row| row.try_get::<String, _>(0)).transpose()?;
        if before.as_ref() == Some(&by) {
            return Ok(());
        }
        let mut writing = self.database.write().await?;
        let note = "INSERT INTO setting (name, value) VALUES ('decided_by', $1) \
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(note).bind(by).execute(&mut *writing.tx).await?;
        mark_everything(&mut writing).await?;
        writing.commit().await
    }
}

pub(super) async fn from_what_is_known(writing: &mut Writing) -> Result<(), StoreError> {
    // Lessons stay: they are worked out again, and nobody is told of one that is worth the same as before.
    for sql in ["DELETE FROM credit", "DELETE FROM current", "DELETE FROM place"] {
        sqlx::query(sql).execute(&mut *writing.tx).await?;
    }
    let sql = sqlx::AssertSqlSafe(format!("INSERT INTO current (kind, thing, entry, at_us) {LATEST}"));
    sqlx::query(sql).execute(&mut *writing.tx).await?;
    for entry in current(writing, "school").await? {
        place::note(writing, &entry.entry.says).await?;
    }
    mark_everything(writing).await
}

/// Marks every slot and every lesson that something was said about.
async fn mark_everything(writing: &mut Writing) -> Result<(), StoreError> {
    let mut marks = BTreeSet::new();
    let lessons = "SELECT DISTINCT lesson FROM fact UNION SELECT lesson FROM entry WHERE lesson IS NOT NULL \
        UNION SELECT id FROM lesson";
    for row in sqlx::query(lessons).fetch_all(&mut *writing.tx).await? {
        marks.insert(("lesson", row.try_get(0)?));
    }
    for row in
        sqlx::query("SELECT thing FROM current WHERE kind = 'slot'").fetch_all(&mut *writing.tx).await?
    {
        marks.insert(("slot", row.try_get(0)?));
    }
    dirty::mark(writing, marks).await
}

/// The entries that hold about things of one kind; withdrawals are left out.
async fn current(writing: &mut Writing, kind: &'static str) -> Result<Vec<StoredEntry>, StoreError> {
    let sql =
        "SELECT e.seq, e.received_us, e.body FROM current c JOIN entry e ON e.id = c.entry WHERE c.kind = $1";
    let rows = sqlx::query(sql).bind(kind).fetch_all(&mut *writing.tx).await?;
    let entries = rows.iter().map(StoredEntry::read).collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().filter(|entry| !matches!(entry.entry.says, Says::Withdrawn(_))).collect())
}
