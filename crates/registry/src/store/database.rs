//! One database, whichever it is: connections, how durable a transaction is, whose turn it is to write.

use super::StoreError;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor as _, Transaction};
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Connections at a time. SQLite's readers share one file; more of them only wait for each other.
const SQLITE_CONNECTIONS: u32 = 8;
/// As many as one registry needs; PostgreSQL allows 100 in all by default.
const POSTGRES_CONNECTIONS: u32 = 16;
/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// A pool of connections.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) dialect: Dialect,
    pub(super) pool: AnyPool,
    /// Both databases have one writer at a time. Waiting for the turn here is fair; in SQLite it is polling.
    turn: Arc<Mutex<()>>,
}

/// A transaction that may write. Dropped without [`Writing::commit`] it is undone.
pub(super) struct Writing {
    pub(super) tx: Transaction<'static, Any>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Writing {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}

impl Database {
    pub(super) async fn open(address: &str) -> Result<Database, StoreError> {
        sqlx::any::install_default_drivers();
        let (dialect, url) = if let Some(path) = address.strip_prefix("sqlite:") {
            make_file(path)?;
            (Dialect::Sqlite, format!("sqlite:{}?mode=rw", escaped(path)))
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            (Dialect::Postgres, address.to_owned())
        } else {
            return Err(StoreError::Address(address.to_owned()));
        };
        let options = AnyConnectOptions::from_str(&url)?;
        let (connections, settings) = match dialect {
            Dialect::Sqlite => (SQLITE_CONNECTIONS, SQLITE_SETTINGS),
            Dialect::Postgres => (POSTGRES_CONNECTIONS, POSTGRES_SETTINGS),
        };
        // By itself first: what is wrong is told at once, where the pool would go on trying.
        let mut first = AnyConnection::connect_with(&options).await?;
        first.execute(sqlx::raw_sql(settings)).await?;
        first.close().await?;
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(sqlx::raw_sql(settings)).await.map(drop) })
            })
            .connect_with(options)
            .await?;
        Ok(Database { dialect, pool, turn: Arc::default() })
    }

    /// Begins a transaction that may write.
    pub(super) async fn write(&self) -> Result<Writing, StoreError> {
        match self.dialect {
            Dialect::Sqlite => {
                let turn = Arc::clone(&self.turn).lock_owned().await;
                // A transaction that begins by reading could not become a writer once another one wrote.
                let tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
                Ok(Writing { tx, _turn: Some(turn) })
            }
            Dialect::Postgres => {
                let mut tx = self.pool.begin().await?;
                // Two that write the same lines in different orders would wait for each other for ever.
                tx.execute(sqlx::raw_sql(POSTGRES_TURN)).await?;
                Ok(Writing { tx, _turn: None })
            }
        }
    }

    /// Begins a transaction in which everything that is read stood at one moment.
    pub(super) async fn read(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self.dialect {
            Dialect::Sqlite => self.pool.begin().await?,
            Dialect::Postgres => {
                self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?
            }
        })
    }

    /// What was deleted is gone from the disk too, and not only from what queries see.
    pub(super) async fn forget(&self) -> Result<(), StoreError> {
        let sql = match self.dialect {
            // Deleted rows were overwritten (secure_delete); the log of changes still holds them.
            Dialect::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
            Dialect::Postgres => "VACUUM pupil",
        };
        self.pool.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// A transaction that was answered is on disk, also after a power cut. What is erased is overwritten.
const SQLITE_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 30000; PRAGMA secure_delete = ON; \
    PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY";
/// Also on a server whose configuration trades durability for speed.
const POSTGRES_SETTINGS: &str = "SET synchronous_commit = on";

/// One writer at a time, as in SQLite, whichever process it is in; the number says what is waited for.
const POSTGRES_TURN: &str = "SELECT pg_advisory_xact_lock(7238150731)";

/// Makes the database's file, for its owner alone: it holds the webhooks' secrets.
fn make_file(path: &str) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    file.map(drop).map_err(failed)
}

/// A path as it stands in an address.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}
