//! Working out what follows from facts and entries.
//!
//! A mark in `dirty` stands from the transaction that makes the work necessary until the transaction
//! that writes its result. Who works reads the mark first and everything else after it, and removes only
//! the mark it read: whatever came meanwhile left another one. A process that is killed anywhere in
//! between leaves the mark, and with it the work.

mod evidence;
mod lesson;
mod plan;
mod write;

use super::database::Writing;
use super::facts::micros;
use super::rows::{among, pieces, values};
use super::{Store, StoreError, dirty};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::{BTreeSet, HashSet};
use tongke_protocol::WallTime;

/// Lessons worked out in one transaction.
const LESSONS: i64 = 128;
/// Lessons whose time has come that are marked in one transaction.
const DUE: i64 = 1024;

/// What was worked out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Schools, pairs, terms and timetable entries whose lessons were planned anew.
    pub plans: u64,
    /// Lessons that were looked at.
    pub lessons: u64,
    /// Lessons of which another thing is known now than before.
    pub changed: u64,
}

/// A mark as it was read.
#[derive(Clone)]
pub(in crate::store) struct Mark {
    kind: String,
    thing: String,
    mark: i64,
}

impl Store {
    /// Works out everything that is marked, and every lesson that began or ended since. Whoever calls it
    /// sees to it that it is called after facts came, and once a minute.
    pub async fn settle(&self, now: WallTime) -> Result<Settled, StoreError> {
        let _alone = self.settling.lock().await;
        let mut settled = Settled::default();
        while self.mark_due(now).await? {}
        while self.plan_next(&mut settled).await? {}
        // Each lesson once: where facts come faster than they are worked out, others wait no longer for it.
        let mut last = String::new();
        while let Some(next) = self.settle_next(&last, now, &mut settled).await? {
            last = next;
        }
        Ok(settled)
    }

    /// Marks lessons that time alone may have changed. False: there are no more.
    async fn mark_due(&self, now: WallTime) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM lesson WHERE again_us <= $1 ORDER BY again_us LIMIT $2";
        let mut writing = self.database.write().await?;
        let query = sqlx::query(sql).bind(micros(now)).bind(DUE);
        let rows = query.fetch_all(&mut *writing.tx).await?;
        let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
        if ids.is_empty() {
            return Ok(false);
        }
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        for piece in pieces(&names) {
            let query = among("UPDATE lesson SET again_us = NULL WHERE id IN", piece, "");
            query.execute(&mut *writing.tx).await?;
        }
        let marks: BTreeSet<_> = ids.iter().map(|id| ("lesson", id.clone())).collect();
        dirty::mark(&mut writing, marks).await?;
        writing.commit().await?;
        Ok(true)
    }
}

impl Mark {
    pub(in crate::store) fn read(row: &AnyRow) -> Result<Mark, StoreError> {
        Ok(Mark { kind: row.try_get("kind")?, thing: row.try_get("thing")?, mark: row.try_get("mark")? })
    }
}

/// Removes marks; returns the things of those that were still there. Of the others something came since
/// they were read, and there is another mark.
pub(in crate::store) async fn remove<'a>(
    writing: &mut Writing,
    marks: &'a [Mark],
) -> Result<HashSet<&'a str>, StoreError> {
    let mut removed = HashSet::new();
    for piece in pieces(marks) {
        let head = "DELETE FROM dirty WHERE (kind, thing, mark) IN (VALUES";
        let sql = values(head, 3, piece.len(), ") RETURNING mark, thing");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for Mark { kind, thing, mark } in piece {
            query = query.bind(kind.clone()).bind(thing.clone()).bind(*mark);
        }
        let mut gone = HashSet::new();
        for row in query.fetch_all(&mut *writing.tx).await? {
            gone.insert((row.try_get::<String, _>("thing")?, row.try_get::<i64, _>("mark")?));
        }
        let there = piece.iter().filter(|mark| gone.contains(&(mark.thing.clone(), mark.mark)));
        removed.extend(there.map(|mark| mark.thing.as_str()));
    }
    Ok(removed)
}
