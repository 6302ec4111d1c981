//! What can go wrong in the store.

/// Why the store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names no database that is known here.
    #[error("'{0}' is no address of a database; use sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Address(String),
    /// The database's file cannot be made or opened.
    #[error("{path} cannot be opened ({source}); name a file in a folder that the registry may write to")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The tables are newer than this program, or were changed by hand.
    #[error(
        "the database's tables do not fit this program ({0}); use the program that wrote them, or a newer one"
    )]
    Schema(sqlx::migrate::MigrateError),
    /// The database refused or failed.
    #[error("the database failed ({0}); what was under way is undone and may be tried again")]
    Database(#[from] sqlx::Error),
    /// Something in the database is not what the registry writes there.
    #[error("{what} cannot be read ({why}); run `tongke registry check`")]
    Unreadable {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

impl StoreError {
    /// Whether the reason is outside of this program: the database is away, its disk is full, or everybody
    /// asks at once. What was asked for may work later.
    pub fn is_outside(&self) -> bool {
        match self {
            StoreError::Database(sqlx::Error::Database(error)) => {
                // SQLite: I/O error, full, cannot open, locked; PostgreSQL: classes 08, 53, 57, 58 (its appendix A).
                let code = error.code().unwrap_or_default().into_owned();
                let classes = ["08", "53", "57", "58"];
                let is_sqlite =
                    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14));
                if code.len() == 5 { classes.iter().any(|class| code.starts_with(class)) } else { is_sqlite }
            }
            StoreError::Database(error) => matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            ),
            StoreError::File { .. } => true,
            StoreError::Address(_) | StoreError::Schema(_) | StoreError::Unreadable { .. } => false,
        }
    }

    pub(super) fn unreadable(what: impl Into<String>, why: &impl ToString) -> StoreError {
        StoreError::Unreadable { what: what.into(), why: why.to_string() }
    }
}
