//! The tables and how they came to be: one file of SQL for each change, for both databases.

use super::StoreError;
use super::database::{Database, Dialect};
use sqlx::AssertSqlSafe;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Every change of the tables, oldest first. One that was released is never altered. The second text is
/// for SQLite alone, the third for PostgreSQL alone.
const CHANGES: &[(&str, &str, &str, &str)] = &[
    (
        "registry",
        include_str!("../../migrations/0001_registry.sql"),
        include_str!("../../migrations/0001_append_only.sqlite.sql"),
        include_str!("../../migrations/0001_append_only.postgres.sql"),
    ),
    ("classes", include_str!("../../migrations/0002_classes.sql"), "", ""),
    (
        "about",
        "",
        include_str!("../../migrations/0003_about.sqlite.sql"),
        include_str!("../../migrations/0003_about.postgres.sql"),
    ),
    (
        "reports",
        include_str!("../../migrations/0004_reports.sql"),
        include_str!("../../migrations/0004_reports.sqlite.sql"),
        include_str!("../../migrations/0004_reports.postgres.sql"),
    ),
    ("people", include_str!("../../migrations/0005_people.sql"), "", ""),
];

/// Applies what the database does not have yet.
pub(super) async fn upgrade(database: &Database) -> Result<(), StoreError> {
    upgrade_to(database, CHANGES.len()).await
}

/// How many changes there are.
#[cfg(test)]
pub(super) fn versions() -> usize {
    CHANGES.len()
}

/// Applies the first `count` changes only, as an older program would have.
pub(super) async fn upgrade_to(database: &Database, count: usize) -> Result<(), StoreError> {
    let changes = CHANGES.iter().zip(1..).take(count);
    let migrations = changes.map(|((name, both, sqlite, postgres), version)| {
        let sql = match database.dialect {
            Dialect::Sqlite => sqlite_words(both) + sqlite,
            Dialect::Postgres => postgres_words(both) + postgres,
        };
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, (*name).into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect()).run(&database.pool).await.map_err(StoreError::Schema)
}

/// An `INTEGER PRIMARY KEY` is the table's own order and needs no index beside it.
fn sqlite_words(sql: &str) -> String {
    sql.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
}

/// Texts are ids and JSON: compared byte by byte, as SQLite does, whatever the server's language is.
fn postgres_words(sql: &str) -> String {
    sql.replace(" TEXT", " TEXT COLLATE \"C\"").replace(" BLOB", " BYTEA")
}
