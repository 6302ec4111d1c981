//! Backup and restore: everything that is known, a JSON object a line, the same for both databases.
//!
//! The first line says what it is, the last how many lines there were and their SHA-256: a backup that
//! was cut off or changed is recognised. What follows from facts and entries is not in it; it is made
//! anew when they are read back. Names of pupils are in it as they are kept: sealed.

mod file;
mod tables;

use super::audit::{Deed, write_down};
use super::database::Writing;
use super::facts::advance;
use super::rows::{pieces, values};
use super::{Store, StoreError, hex, rebuild};
use file::{Lines, Out};
use serde_json::{Map, Value, json};
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row as _, Transaction};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tables::{Form, TABLES, Table};
use tongke_protocol::WallTime;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Rows of all sorts.
    pub rows: u64,
}

/// Why a backup could not be written or read back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read or written.
    #[error("{path} failed ({source})", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no backup, or not a whole one.
    #[error("{path}, line {line}: {why}; nothing was read back, use another backup", path = path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// There is something in the database already.
    #[error("there are facts or entries in the database; read a backup back into an empty one")]
    NotEmpty,
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> BackupError {
        BackupError::Store(error.into())
    }
}

impl Store {
    /// Writes everything that is known at one moment to a new file, which is there whole or not at all.
    pub async fn backup(&self, path: &Path, now: WallTime) -> Result<BackedUp, BackupError> {
        let failed = |source| BackupError::File { path: path.to_owned(), source };
        let unfinished = path.with_added_extension("part");
        let mut out = Out::create(&unfinished, now).map_err(failed)?;
        let mut reading = self.database.read().await?;
        for table in &TABLES {
            let mut after = None;
            while let Some(rows) = next_rows(&mut reading, table, after.as_ref()).await? {
                for row in &rows {
                    out.line(&json!({table.name: written(table, row)?})).map_err(failed)?;
                }
                after = rows.into_iter().next_back();
            }
        }
        reading.rollback().await?;
        let rows = out.finish().map_err(failed)?;
        fs::rename(&unfinished, path).map_err(failed)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(BackedUp { rows })
    }

    /// Reads a backup back into an empty database, whichever database it was made from: all of it or
    /// nothing. Afterwards everything that follows from it is to be settled.
    pub async fn restore(&self, path: &Path, now: WallTime) -> Result<BackedUp, BackupError> {
        let mut lines = Lines::open(path)?;
        let mut writing = self.database.write().await?;
        require_empty(&mut writing).await?;
        let mut waiting: Vec<Map<String, Value>> = Vec::new();
        let mut table = 0;
        while let Some((name, row)) = lines.next()? {
            let found = TABLES.iter().position(|table| table.name == name);
            let found = found.filter(|found| *found >= table);
            let found = found.ok_or_else(|| lines.damaged(&format!("'{name}' is not expected here")))?;
            if found != table || waiting.len() == TABLES[table].rows {
                insert(&mut writing, &TABLES[table], &waiting, &lines).await?;
                waiting.clear();
                table = found;
            }
            waiting.push(row);
        }
        insert(&mut writing, &TABLES[table], &waiting, &lines).await?;
        for counter in ["fact", "entry", "audit", "report"] {
            let sql = format!("SELECT coalesce(max(seq), 0) FROM {counter}");
            let last = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *writing.tx).await?.try_get(0)?;
            advance(&mut writing, counter, last).await?;
        }
        rebuild::from_what_is_known(&mut writing).await?;
        let about = path.display().to_string();
        let deed = Deed { who: "restore", what: "restored", about: &about, detail: "" };
        write_down(&mut writing, deed, now).await?;
        writing.commit().await?;
        Ok(BackedUp { rows: lines.rows })
    }
}

/// The next rows of a table behind one of them; none: there are no more.
async fn next_rows(
    reading: &mut Transaction<'static, Any>,
    table: &Table,
    after: Option<&AnyRow>,
) -> Result<Option<Vec<AnyRow>>, StoreError> {
    let keys: Vec<&str> = table.order.split(", ").collect();
    let places: Vec<String> = (1..=keys.len()).map(|place| format!("${place}")).collect();
    let behind = match after {
        Some(_) => format!("WHERE ({}) > ({})", table.order, places.join(", ")),
        None => String::new(),
    };
    let (columns, name, order, rows) = (table.names(), table.name, table.order, table.rows);
    let sql = format!("SELECT {columns} FROM {name} {behind} ORDER BY {order} LIMIT {rows}");
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for key in keys.iter().filter(|_| after.is_some()) {
        let Some(row) = after else { continue };
        query = if *key == "seq" {
            query.bind(row.try_get::<i64, _>("seq")?)
        } else {
            query.bind(row.try_get::<String, _>(*key)?)
        };
    }
    let rows = query.fetch_all(&mut **reading).await?;
    Ok((!rows.is_empty()).then_some(rows))
}

/// A row as it stands in the file. What is not there is left out.
fn written(table: &Table, row: &AnyRow) -> Result<Map<String, Value>, StoreError> {
    let mut object = Map::new();
    for (name, form) in table.columns() {
        let value = match form {
            Form::Text => row.try_get::<Option<String>, _>(name)?.map(Value::from),
            Form::Number => row.try_get::<Option<i64>, _>(name)?.map(Value::from),
            Form::Bytes => row.try_get::<Option<Vec<u8>>, _>(name)?.map(|bytes| hex::digits(&bytes).into()),
        };
        object.extend(value.map(|value| (name.to_owned(), value)));
    }
    Ok(object)
}

async fn require_empty(writing: &mut Writing) -> Result<(), BackupError> {
    for table in &TABLES {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) AS one", table.name);
        let rows: i64 = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *writing.tx).await?.try_get(0)?;
        if rows > 0 {
            return Err(BackupError::NotEmpty);
        }
    }
    Ok(())
}

async fn insert(
    writing: &mut Writing,
    table: &Table,
    rows: &[Map<String, Value>],
    lines: &Lines,
) -> Result<(), BackupError> {
    let columns: Vec<_> = table.columns().collect();
    let head = format!("INSERT INTO {} ({}) VALUES", table.name, table.names());
    for piece in pieces(rows) {
        let mut query = sqlx::query(AssertSqlSafe(values(&head, columns.len(), piece.len(), "")));
        for row in piece {
            let unknown = row.keys().find(|key| !columns.iter().any(|(name, _)| name == key));
            if let Some(key) = unknown {
                return Err(lines.damaged(&format!("'{key}' of a {} is not known here", table.name)));
            }
            for (name, form) in &columns {
                let value = row.get(*name);
                let odd = || lines.damaged(&format!("'{name}' of a {} is odd", table.name));
                query = match form {
                    Form::Text => {
                        query.bind(value.map(|v| v.as_str().ok_or_else(odd)).transpose()?.map(str::to_owned))
                    }
                    Form::Number => query.bind(value.map(|v| v.as_i64().ok_or_else(odd)).transpose()?),
                    Form::Bytes => {
                        let bytes = |v: &Value| v.as_str().and_then(hex::bytes).ok_or_else(odd);
                        query.bind(value.map(bytes).transpose()?)
                    }
                };
            }
        }
        query.execute(&mut *writing.tx).await?;
    }
    Ok(())
}
