//! Addresses that are told what was decided. What they are to be told is written in the transaction
//! that decides; whoever delivers asks what is due and says what became of it.

use super::database::Writing;
use super::facts::{micros, moment};
use super::{Store, StoreError};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tongke_protocol::WallTime;

/// An address that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub id: String,
    /// Where to.
    pub url: String,
    /// What signs the messages (Standard Webhooks).
    pub secret: String,
    /// Since when.
    pub made_us: WallTime,
    /// Since when no longer.
    pub ended_us: Option<WallTime>,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message's name, the same at each attempt.
    pub id: String,
    /// To which webhook.
    pub webhook: Webhook,
    /// The message, JSON.
    pub body: String,
    /// When what it tells happened.
    pub made_us: WallTime,
    /// Attempts so far.
    pub attempts: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It was taken.
    Delivered,
    /// It was not; try again then.
    Again(WallTime, String),
    /// It was not, and is given up.
    GivenUp(String),
}

impl Store {
    /// Adds a webhook. False: there is or was one of that name.
    pub async fn add_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        let sql =
            "INSERT INTO webhook (id, url, secret, made_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let mut writing = self.database.write().await?;
        let query = sqlx::query(sql).bind(webhook.id.clone()).bind(webhook.url.clone());
        let query = query.bind(webhook.secret.clone()).bind(micros(webhook.made_us));
        let added = query.execute(&mut *writing.tx).await?.rows_affected() == 1;
        writing.commit().await?;
        Ok(added)
    }

    /// Ends a webhook; what is on its way to it is given up. False: none of that name stands.
    pub async fn end_webhook(&self, id: &str, now: WallTime) -> Result<bool, StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "UPDATE webhook SET ended_us = $1 WHERE id = $2 AND ended_us IS NULL";
        let query = sqlx::query(sql).bind(micros(now)).bind(id.to_owned());
        let ended = query.execute(&mut *writing.tx).await?.rows_affected() == 1;
        let sql = "UPDATE delivery SET due_us = NULL, trouble = 'the webhook was ended' \
            WHERE webhook = $1 AND due_us IS NOT NULL";
        sqlx::query(sql).bind(id.to_owned()).execute(&mut *writing.tx).await?;
        writing.commit().await?;
        Ok(ended)
    }

    /// The webhooks that stand, by name.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let sql = "SELECT id AS hook, url, secret, made_us AS hook_made_us, ended_us FROM webhook \
            WHERE ended_us IS NULL ORDER BY id";
        sqlx::query(sql).fetch_all(&self.database.pool).await?.iter().map(Webhook::read).collect()
    }

    /// Messages whose time has come, the longest waiting first.
    pub async fn due_deliveries(&self, now: WallTime, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let sql = "SELECT d.id, d.body, d.made_us, d.attempts, \
            w.id AS hook, w.url, w.secret, w.made_us AS hook_made_us, w.ended_us \
            FROM delivery d JOIN webhook w ON w.id = d.webhook \
            WHERE d.due_us <= $1 ORDER BY d.due_us, d.id LIMIT $2";
        let query = sqlx::query(sql).bind(micros(now)).bind(i64::from(limit));
        query.fetch_all(&self.database.pool).await?.iter().map(Delivery::read).collect()
    }

    /// When the next message is due.
    pub async fn next_delivery(&self) -> Result<Option<WallTime>, StoreError> {
        let row = sqlx::query("SELECT min(due_us) FROM delivery WHERE due_us IS NOT NULL");
        let due: Option<i64> = row.fetch_one(&self.database.pool).await?.try_get(0)?;
        Ok(due.map(moment))
    }

    /// Notes what became of an attempt.
    pub async fn note_attempt(&self, delivery: &str, attempt: &Attempt) -> Result<(), StoreError> {
        let (due, trouble) = match attempt {
            Attempt::Delivered => (None, None),
            Attempt::Again(due, why) => (Some(micros(*due)), Some(why.clone())),
            Attempt::GivenUp(why) => (None, Some(why.clone())),
        };
        let sql = "UPDATE delivery SET due_us = $1, trouble = $2, attempts = attempts + 1 WHERE id = $3";
        let mut writing = self.database.write().await?;
        let query = sqlx::query(sql).bind(due).bind(trouble).bind(delivery.to_owned());
        query.execute(&mut *writing.tx).await?;
        writing.commit().await
    }

    /// Puts off all messages to a webhook that are due before then: it does not take any now.
    pub async fn put_off_deliveries(&self, webhook: &str, until: WallTime) -> Result<(), StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "UPDATE delivery SET due_us = $1 WHERE webhook = $2 AND due_us < $1";
        let query = sqlx::query(sql).bind(micros(until)).bind(webhook.to_owned());
        query.execute(&mut *writing.tx).await?;
        writing.commit().await
    }

    /// Gives up messages made before then; returns how many.
    pub async fn give_up_deliveries(&self, before: WallTime) -> Result<u64, StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "UPDATE delivery SET due_us = NULL, trouble = coalesce(trouble, 'it was not taken in time') \
            WHERE due_us IS NOT NULL AND made_us < $1";
        let given_up = sqlx::query(sql).bind(micros(before)).execute(&mut *writing.tx).await?.rows_affected();
        writing.commit().await?;
        Ok(given_up)
    }

    /// Forgets messages that were delivered or given up before then; returns how many.
    pub async fn forget_deliveries(&self, before: WallTime) -> Result<u64, StoreError> {
        let mut writing = self.database.write().await?;
        let query = sqlx::query("DELETE FROM delivery WHERE due_us IS NULL AND made_us < $1");
        let gone = query.bind(micros(before)).execute(&mut *writing.tx).await?.rows_affected();
        writing.commit().await?;
        Ok(gone)
    }
}

/// Puts a message on its way to every webhook that stands. `event` tells messages apart: the same event
/// is told once.
pub(super) async fn tell(
    writing: &mut Writing,
    event: &str,
    body: &str,
    now: WallTime,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO delivery (id, webhook, body, made_us, due_us, attempts) \
        SELECT $1 || '.' || id, id, $2, $3, $3, 0 FROM webhook WHERE ended_us IS NULL \
        ON CONFLICT DO NOTHING";
    let query = sqlx::query(sql).bind(event.to_owned()).bind(body.to_owned()).bind(micros(now));
    query.execute(&mut *writing.tx).await?;
    Ok(())
}

impl Webhook {
    fn read(row: &AnyRow) -> Result<Webhook, StoreError> {
        Ok(Webhook {
            id: row.try_get("hook")?,
            url: row.try_get("url")?,
            secret: row.try_get("secret")?,
            made_us: moment(row.try_get("hook_made_us")?),
            ended_us: row.try_get::<Option<i64>, _>("ended_us")?.map(moment),
        })
    }
}

impl Delivery {
    fn read(row: &AnyRow) -> Result<Delivery, StoreError> {
        let attempts: i64 = row.try_get("attempts")?;
        Ok(Delivery {
            id: row.try_get("id")?,
            webhook: Webhook::read(row)?,
            body: row.try_get("body")?,
            made_us: moment(row.try_get("made_us")?),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        })
    }
}
