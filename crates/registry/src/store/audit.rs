//! Who did what, beside what people enter: machines enrolled and revoked, names erased, restores.

use super::database::Writing;
use super::facts::{advance, last, micros, moment};
use super::{Store, StoreError};
use sqlx::Row as _;
use tongke_protocol::WallTime;

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number, from 1.
    pub seq: u64,
    /// When.
    pub at_us: WallTime,
    /// Who.
    pub who: String,
    /// What was done: a stable code.
    pub what: String,
    /// To what.
    pub about: String,
    /// In words.
    pub detail: String,
}

/// What is to be written down.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// Who.
    pub who: &'a str,
    /// What was done: a stable code.
    pub what: &'a str,
    /// To what.
    pub about: &'a str,
    /// In words.
    pub detail: &'a str,
}

impl Store {
    /// Writes down who did what.
    pub async fn audit(&self, deed: Deed<'_>, now: WallTime) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        write_down(&mut writing, deed, now).await?;
        writing.commit().await
    }

    /// Lines of the audit after one number.
    pub async fn audit_after(&self, seq: u64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let sql =
            "SELECT seq, at_us, who, what, about, detail FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
        let query = sqlx::query(sql).bind(seq.cast_signed()).bind(i64::from(limit));
        let lines = query.fetch_all(&self.database.pool).await?.into_iter().map(|row| {
            Ok(AuditLine {
                seq: row.try_get::<i64, _>("seq")?.cast_unsigned(),
                at_us: moment(row.try_get("at_us")?),
                who: row.try_get("who")?,
                what: row.try_get("what")?,
                about: row.try_get("about")?,
                detail: row.try_get("detail")?,
            })
        });
        lines.collect()
    }
}

pub(super) async fn write_down(
    writing: &mut Writing,
    deed: Deed<'_>,
    now: WallTime,
) -> Result<(), StoreError> {
    let seq = last(writing, "audit").await? + 1;
    let sql = "INSERT INTO audit (seq, at_us, who, what, about, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    let query = sqlx::query(sql).bind(seq).bind(micros(now)).bind(deed.who.to_owned());
    let query = query.bind(deed.what.to_owned()).bind(deed.about.to_owned()).bind(deed.detail.to_owned());
    query.execute(&mut *writing.tx).await?;
    advance(writing, "audit", seq).await
}
