//! Who is signed in. The browser holds a token; here is its hash, so that whoever reads the database is not signed in.

use super::accounts::sign_out;
use crate::store::facts::{micros, moment};
use crate::store::{KeptAccount, Store, StoreError, hex};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::Row as _;
use std::fmt;
use std::time::Duration;
use tongke_people::AccountId;
use tongke_people::session::Lifetime;
use tongke_protocol::WallTime;

/// Random bytes of a token: nobody guesses one.
const TOKEN_LEN: usize = 32;
/// How much later somebody is to be heard of for it to be written down: not at each picture of a page.
const SEEN_AGAIN: Duration = Duration::from_secs(60);
/// Longest token looked at, in characters.
const MAX_TOKEN_CHARS: usize = 100;

/// What a browser shows to be let in.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken")
    }
}

impl SessionToken {
    /// A new one.
    pub fn new() -> SessionToken {
        let mut bytes = [0; TOKEN_LEN];
        // Without a source of random bytes nothing here would start.
        SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
        SessionToken(BASE64.encode(bytes))
    }

    /// One that a browser shows; none: it cannot be one.
    pub fn shown(text: &str) -> Option<SessionToken> {
        (!text.is_empty() && text.len() <= MAX_TOKEN_CHARS).then(|| SessionToken(text.to_owned()))
    }

    /// As it goes to the browser.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> String {
        hex::digits(digest(&SHA256, self.0.as_bytes()).as_ref())
    }
}

impl Default for SessionToken {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// Signs an account in.
    pub async fn begin_session(
        &self,
        token: &SessionToken,
        account: &AccountId,
        now: WallTime,
    ) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "INSERT INTO session (token_hash, account, began_us, seen_us) VALUES ($1, $2, $3, $3)";
        let query = sqlx::query(sql).bind(token.hash()).bind(account.as_str().to_owned()).bind(micros(now));
        query.execute(&mut *writing.tx).await?;
        writing.commit().await
    }

    /// Who is signed in by that token; none: nobody any more. Whoever asks stays signed in for longer.
    pub async fn signed_in(
        &self,
        token: &SessionToken,
        now: WallTime,
    ) -> Result<Option<KeptAccount>, StoreError> {
        let sql = "SELECT account, began_us, seen_us FROM session WHERE token_hash = $1";
        let row = sqlx::query(sql).bind(token.hash()).fetch_optional(&self.database.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let (began, seen) = (moment(row.try_get("began_us")?), moment(row.try_get("seen_us")?));
        if !(Lifetime { began, seen }).lasts(now) {
            self.end_session(token).await?;
            return Ok(None);
        }
        let id: String = row.try_get("account")?;
        let id = id.parse().map_err(|why| StoreError::unreadable("a session's account", &why))?;
        let account = self.account(&id).await?.filter(|kept| !kept.account.ended);
        if account.is_some() && now.micros_since(seen) >= SEEN_AGAIN.as_micros() as i64 {
            let mut writing = self.database.write().await?;
            let sql = "UPDATE session SET seen_us = $1 WHERE token_hash = $2 AND seen_us < $1";
            sqlx::query(sql).bind(micros(now)).bind(token.hash()).execute(&mut *writing.tx).await?;
            writing.commit().await?;
        }
        Ok(account)
    }

    /// Signs out whoever holds that token.
    pub async fn end_session(&self, token: &SessionToken) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        let query = sqlx::query("DELETE FROM session WHERE token_hash = $1").bind(token.hash());
        query.execute(&mut *writing.tx).await?;
        writing.commit().await
    }

    /// Signs an account out everywhere.
    pub async fn end_sessions_of(&self, account: &AccountId) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        sign_out(&mut writing, account).await?;
        writing.commit().await
    }

    /// Forgets sessions that began before then: they are over. Returns how many.
    pub async fn forget_sessions(&self, before: WallTime) -> Result<u64, StoreError> {
        let mut writing = self.database.write().await?;
        let query = sqlx::query("DELETE FROM session WHERE began_us < $1").bind(micros(before));
        let gone = query.execute(&mut *writing.tx).await?.rows_affected();
        writing.commit().await?;
        Ok(gone)
    }
}
