//! Accounts: made, changed, ended; what they sign in with, and how often that failed.

use crate::store::audit::{Deed, write_down};
use crate::store::database::Writing;
use crate::store::facts::{micros, moment};
use crate::store::{Store, StoreError};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tongke_people::account::login_form;
use tongke_people::lockout::Failures;
use tongke_people::{Account, AccountId, Appointment};
use tongke_protocol::WallTime;

/// An account, with what only signing in needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAccount {
    /// The account.
    pub account: Account,
    /// Its password's hash, as a PHC string; none: it signs in elsewhere only.
    pub password: Option<String>,
    /// Who it is elsewhere: issuer and subject of OpenID Connect.
    pub subject: Option<String>,
    /// Wrong passwords lately.
    pub failures: Failures,
    /// Counts its changes.
    pub version: u64,
}

/// What became of a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Done,
    /// Another account signs in by that name, or is that person elsewhere.
    Taken,
    /// It was to be the first one, and there is one.
    NotFirst,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It holds.
    Done,
    /// Somebody else changed the account since it was read; nothing was changed.
    Meanwhile,
    /// Another account signs in by that name.
    Taken,
}

const COLUMNS: &str = "id, login, name, appointments, password, subject, ended, failures, failed_us, version";

impl Store {
    /// Whether anybody may sign in yet.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT count(*) FROM (SELECT 1 FROM account LIMIT 1) AS one");
        Ok(row.fetch_one(&self.database.pool).await?.try_get::<i64, _>(0)? > 0)
    }

    /// Makes the first account of all: whoever comes second finds it there.
    pub async fn add_first_account(
        &self,
        account: &Account,
        password: &str,
        now: WallTime,
    ) -> Result<Added, StoreError> {
        let mut writing = self.database.write().await?;
        let there = sqlx::query("SELECT id FROM account LIMIT 1").fetch_optional(&mut *writing.tx).await?;
        if there.is_some() {
            return Ok(Added::NotFirst);
        }
        insert(&mut writing, account, Some(password), None).await?;
        let by = format!("{} ({})", account.name, account.login);
        note(&mut writing, &by, "account_first", account, now).await?;
        writing.commit().await?;
        Ok(Added::Done)
    }

    /// Makes an account.
    pub async fn add_account(
        &self,
        account: &Account,
        password: Option<&str>,
        subject: Option<&str>,
        who: &str,
        now: WallTime,
    ) -> Result<Added, StoreError> {
        let mut writing = self.database.write().await?;
        if !insert(&mut writing, account, password, subject).await? {
            return Ok(Added::Taken);
        }
        note(&mut writing, who, "account_added", account, now).await?;
        writing.commit().await?;
        Ok(Added::Done)
    }

    /// Changes an account that was read in `version`: name, login, appointments, whether it ended. One that ended is
    /// signed out everywhere.
    pub async fn change_account(
        &self,
        account: &Account,
        version: u64,
        who: &str,
        now: WallTime,
    ) -> Result<Changed, StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "SELECT id FROM account WHERE login = $1 AND id <> $2";
        let query = sqlx::query(sql).bind(login_form(&account.login)).bind(account.id.as_str().to_owned());
        if query.fetch_optional(&mut *writing.tx).await?.is_some() {
            return Ok(Changed::Taken);
        }
        let sql = "UPDATE account SET login = $1, name = $2, appointments = $3, ended = $4, version = version + 1 \
            WHERE id = $5 AND version = $6";
        let query = sqlx::query(sql).bind(login_form(&account.login)).bind(account.name.clone());
        let query = query.bind(appointments_text(&account.appointments)).bind(i64::from(account.ended));
        let query = query.bind(account.id.as_str().to_owned()).bind(version.cast_signed());
        if query.execute(&mut *writing.tx).await?.rows_affected() == 0 {
            return Ok(Changed::Meanwhile);
        }
        if account.ended {
            sign_out(&mut writing, &account.id).await?;
        }
        let what = if account.ended { "account_ended" } else { "account_changed" };
        note(&mut writing, who, what, account, now).await?;
        writing.commit().await?;
        Ok(Changed::Done)
    }

    /// Sets what an account signs in with, and signs it out everywhere: whoever knew the old one is gone.
    pub async fn set_password(
        &self,
        account: &Account,
        password: &str,
        who: &str,
        now: WallTime,
    ) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "UPDATE account SET password = $1, failures = 0, failed_us = 0 WHERE id = $2";
        let query = sqlx::query(sql).bind(password.to_owned()).bind(account.id.as_str().to_owned());
        query.execute(&mut *writing.tx).await?;
        sign_out(&mut writing, &account.id).await?;
        note(&mut writing, who, "password_set", account, now).await?;
        writing.commit().await
    }

    /// An account by its id.
    pub async fn account(&self, id: &AccountId) -> Result<Option<KeptAccount>, StoreError> {
        self.one_account("id", id.as_str().to_owned()).await
    }

    /// An account by what somebody typed to sign in.
    pub async fn account_of_login(&self, typed: &str) -> Result<Option<KeptAccount>, StoreError> {
        self.one_account("login", login_form(typed)).await
    }

    /// An account by who it is elsewhere.
    pub async fn account_of_subject(&self, subject: &str) -> Result<Option<KeptAccount>, StoreError> {
        self.one_account("subject", subject.to_owned()).await
    }

    async fn one_account(&self, by: &'static str, value: String) -> Result<Option<KeptAccount>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE {by} = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(value);
        row.fetch_optional(&self.database.pool).await?.as_ref().map(KeptAccount::read).transpose()
    }

    /// All accounts, by their names to sign in. A province has some thousands.
    pub async fn accounts(&self) -> Result<Vec<KeptAccount>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM account ORDER BY login");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.database.pool).await?;
        rows.iter().map(KeptAccount::read).collect()
    }

    /// Notes one wrong password more, or with none that it was right. Whoever tries at the same time counts too.
    pub async fn note_password(&self, id: &AccountId, wrong: Option<WallTime>) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        let failures = match wrong {
            None => Failures::default(),
            Some(now) => {
                let sql = "SELECT failures, failed_us FROM account WHERE id = $1";
                let row = sqlx::query(sql).bind(id.as_str().to_owned());
                let Some(row) = row.fetch_optional(&mut *writing.tx).await? else { return Ok(()) };
                read_failures(&row)?.and_one(now)
            }
        };
        let sql = "UPDATE account SET failures = $1, failed_us = $2 WHERE id = $3";
        let query = sqlx::query(sql).bind(i64::from(failures.count)).bind(micros(failures.last));
        query.bind(id.as_str().to_owned()).execute(&mut *writing.tx).await?;
        writing.commit().await
    }
}

/// False: its login or subject is another's.
async fn insert(
    writing: &mut Writing,
    account: &Account,
    password: Option<&str>,
    subject: Option<&str>,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO account (id, login, name, appointments, password, subject, ended, failures, failed_us, \
        version) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 1) ON CONFLICT DO NOTHING";
    let query = sqlx::query(sql).bind(account.id.as_str().to_owned()).bind(login_form(&account.login));
    let query = query.bind(account.name.clone()).bind(appointments_text(&account.appointments));
    let query = query.bind(password.map(str::to_owned)).bind(subject.map(str::to_owned));
    let added = query.bind(i64::from(account.ended)).execute(&mut *writing.tx).await?;
    Ok(added.rows_affected() == 1)
}

/// Signs an account out everywhere.
pub(super) async fn sign_out(writing: &mut Writing, id: &AccountId) -> Result<(), StoreError> {
    let query = sqlx::query("DELETE FROM session WHERE account = $1").bind(id.as_str().to_owned());
    query.execute(&mut *writing.tx).await?;
    Ok(())
}

async fn note(
    writing: &mut Writing,
    who: &str,
    what: &str,
    account: &Account,
    now: WallTime,
) -> Result<(), StoreError> {
    let roles: Vec<String> =
        account.appointments.iter().map(|it| format!("{} at {}", it.role, it.place)).collect();
    let detail = format!("{}, {}: {}", account.name, account.login, roles.join(", "));
    write_down(writing, Deed { who, what, about: account.id.as_str(), detail: &detail }, now).await
}

fn appointments_text(appointments: &[Appointment]) -> String {
    // A list of structs of texts always has a JSON form.
    serde_json::to_string(appointments).expect("appointments have a JSON form")
}

fn read_failures(row: &AnyRow) -> Result<Failures, StoreError> {
    let count: i64 = row.try_get("failures")?;
    let last = moment(row.try_get("failed_us")?);
    Ok(Failures { count: u32::try_from(count).unwrap_or(u32::MAX), last })
}

impl KeptAccount {
    fn read(row: &AnyRow) -> Result<KeptAccount, StoreError> {
        let id: String = row.try_get("id")?;
        let unreadable = |why: &dyn std::fmt::Display| {
            StoreError::unreadable(format!("the account {id}"), &why.to_string())
        };
        let appointments: String = row.try_get("appointments")?;
        let account = Account {
            id: id.parse().map_err(|error| unreadable(&error))?,
            login: row.try_get("login")?,
            name: row.try_get("name")?,
            appointments: serde_json::from_str(&appointments).map_err(|error| unreadable(&error))?,
            ended: row.try_get::<i64, _>("ended")? != 0,
        };
        Ok(KeptAccount {
            account,
            password: row.try_get("password")?,
            subject: row.try_get("subject")?,
            failures: read_failures(row)?,
            version: row.try_get::<i64, _>("version")?.cast_unsigned(),
        })
    }
}
