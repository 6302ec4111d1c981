//! What machines are told to do, and what became of it. Orders are over in minutes: they stand in no backup, and are
//! forgotten after a month.

use super::database::Writing;
use super::facts::{micros, moment};
use super::{Deed, Store, StoreError, audit, words};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tongke_pairing::id::NodeId;
use tongke_protocol::order::{JoinInspection, Order, OrderKind, OrderNews, OrderState};
use tongke_protocol::{LessonId, WallTime};

/// A machine at work that said nothing for so long is not at work any more.
pub(crate) const LOST_US: u64 = 2 * 60 * 1_000_000;
/// For how long orders are remembered.
const REMEMBERED_US: u64 = 31 * 24 * 3_600 * 1_000_000;

/// An order to a machine, before it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Its name and what is to be done.
    pub order: Order,
    /// Who is to do it.
    pub machine: NodeId,
    /// In which test lesson.
    pub lesson: LessonId,
    /// Who wants it.
    pub author: String,
    /// Until when it may be taken.
    pub expires_us: WallTime,
}

/// An order as it stands. What lets the machine in is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// Its name.
    pub id: String,
    /// Who is to do it.
    pub machine: NodeId,
    /// What: [`OrderKind::name`](tongke_protocol::order::OrderKind::name).
    pub kind: String,
    /// In which test lesson.
    pub lesson: LessonId,
    /// Who wanted it.
    pub author: String,
    /// When it was given.
    pub made_us: WallTime,
    /// Until when it could be taken.
    pub expires_us: WallTime,
    /// How it goes, as the machine said last.
    pub news: OrderNews,
    /// When it said so, or when the order was given.
    pub changed_us: WallTime,
}

/// What became of a machine's news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It is written down.
    Done,
    /// That machine has no such order.
    NoSuchOrder,
    /// Its time is over, and nobody took it.
    Expired,
    /// It came to its end before.
    Over,
}

const COLUMNS: &str = "SELECT id, machine, kind, lesson, author, made_us, expires_us, state, words, report, changed_us FROM task";
/// An order that somebody takes or may take yet.
const UNFINISHED: &str = "SELECT 1 FROM task WHERE machine = $1 \
    AND ((state = 'given' AND expires_us > $2) OR (state = 'taken' AND changed_us > $3)) LIMIT 1";

impl Store {
    /// Gives orders, all of them or none, and writes down who wanted them. A machine has one order at a time: one that
    /// is not done with its last one is named, and nothing is given.
    pub async fn give_orders(
        &self,
        orders: &[NewOrder],
        now: WallTime,
    ) -> Result<Option<NodeId>, StoreError> {
        let mut writing = self.database.write().await?;
        let forgotten = micros(WallTime(now.0.saturating_sub(REMEMBERED_US)));
        sqlx::query("DELETE FROM task WHERE made_us < $1").bind(forgotten).execute(&mut *writing.tx).await?;
        for new in orders {
            if is_at_work(&mut writing, &new.machine, now).await? {
                return Ok(Some(new.machine.clone()));
            }
        }
        for new in orders {
            insert(&mut writing, new, now).await?;
            let deed = Deed {
                who: &new.author,
                what: "machine_ordered",
                about: new.machine.as_str(),
                detail: new.order.what.name(),
            };
            audit::write_down(&mut writing, deed, now).await?;
        }
        writing.commit().await?;
        Ok(None)
    }

    /// What a machine is to do now; none: nothing. It stays so until it is done or its time is over: a machine that asks
    /// has nothing in hand, so one that had taken an order was stopped, and is told it again.
    pub async fn order_for(&self, machine: &NodeId, now: WallTime) -> Result<Option<Order>, StoreError> {
        let sql = "SELECT id, told FROM task WHERE machine = $1 AND state IN ('given', 'taken') AND expires_us > $2 \
            ORDER BY made_us LIMIT 1";
        let query = sqlx::query(sql).bind(machine.as_str().to_owned()).bind(micros(now));
        let Some(row) = query.fetch_optional(&self.database.pool).await? else { return Ok(None) };
        let (id, told): (String, String) = (row.try_get("id")?, row.try_get("told")?);
        let what = serde_json::from_str(&told);
        let what = what.map_err(|why| StoreError::unreadable(format!("order {id}"), &why))?;
        Ok(Some(Order { id, what }))
    }

    /// Writes down what a machine says of its order. Who led an inspection ends it for the other one too.
    pub async fn note_order(
        &self,
        id: &str,
        machine: &NodeId,
        news: &OrderNews,
        now: WallTime,
    ) -> Result<Noted, StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "SELECT state, expires_us, lesson, told FROM task WHERE id = $1 AND machine = $2";
        let query = sqlx::query(sql).bind(id.to_owned()).bind(machine.as_str().to_owned());
        let Some(row) = query.fetch_optional(&mut *writing.tx).await? else { return Ok(Noted::NoSuchOrder) };
        let before: OrderState = words::read(row.try_get("state")?)?;
        match before {
            OrderState::Given if moment(row.try_get("expires_us")?) <= now => return Ok(Noted::Expired),
            OrderState::Given | OrderState::Taken => {}
            // The answer to the last news was lost: they come again.
            OrderState::Done | OrderState::Failed if before == news.state => return Ok(Noted::Done),
            OrderState::Done | OrderState::Failed => return Ok(Noted::Over),
        }
        let sql = "UPDATE task SET state = $1, words = $2, report = $3, changed_us = $4 WHERE id = $5";
        let query = sqlx::query(sql).bind(word(news.state)).bind(news.words.clone());
        let query = query.bind(news.report.clone()).bind(micros(now)).bind(id.to_owned());
        query.execute(&mut *writing.tx).await?;
        if news.state != OrderState::Taken && leads(row.try_get("told")?) {
            let sql = "UPDATE task SET state = $1, words = 'whoever led is done', changed_us = $2 \
                WHERE lesson = $3 AND state IN ('given', 'taken')";
            let query = sqlx::query(sql).bind(word(news.state)).bind(micros(now));
            query.bind(row.try_get::<String, _>("lesson")?).execute(&mut *writing.tx).await?;
        }
        writing.commit().await?;
        Ok(Noted::Done)
    }

    /// An order; none: there is none of that name, or it is forgotten.
    pub async fn order(&self, id: &str) -> Result<Option<StoredOrder>, StoreError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = $1"))).bind(id.to_owned());
        query.fetch_optional(&self.database.pool).await?.as_ref().map(StoredOrder::read).transpose()
    }

    /// When somebody was last seen in that lesson by a relay; none: nobody was.
    pub async fn last_presence(&self, lesson: &LessonId) -> Result<Option<WallTime>, StoreError> {
        let sql = "SELECT max(at_us) FROM fact WHERE lesson = $1 AND kind = 'present'";
        let query = sqlx::query(sql).bind(lesson.as_str().to_owned());
        let at: Option<i64> = query.fetch_one(&self.database.pool).await?.try_get(0)?;
        Ok(at.map(moment))
    }
}

async fn is_at_work(writing: &mut Writing, machine: &NodeId, now: WallTime) -> Result<bool, StoreError> {
    let lost = WallTime(now.0.saturating_sub(LOST_US));
    let query =
        sqlx::query(UNFINISHED).bind(machine.as_str().to_owned()).bind(micros(now)).bind(micros(lost));
    Ok(query.fetch_optional(&mut *writing.tx).await?.is_some())
}

async fn insert(writing: &mut Writing, new: &NewOrder, now: WallTime) -> Result<(), StoreError> {
    let sql = "INSERT INTO task (id, machine, kind, lesson, told, author, made_us, expires_us, state, words, changed_us) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'given', '', $7)";
    let told = serde_json::to_string(&new.order.what);
    let told = told.map_err(|why| StoreError::unreadable(format!("order {}", new.order.id), &why))?;
    let query = sqlx::query(sql).bind(new.order.id.clone()).bind(new.machine.as_str().to_owned());
    let query = query.bind(new.order.what.name()).bind(new.lesson.as_str().to_owned()).bind(told);
    let query = query.bind(new.author.clone()).bind(micros(now)).bind(micros(new.expires_us));
    query.execute(&mut *writing.tx).await?;
    Ok(())
}

/// Whether an order is to lead an inspection.
fn leads(told: &str) -> bool {
    matches!(serde_json::from_str(told), Ok(OrderKind::JoinInspection(JoinInspection { lead: Some(_), .. })))
}

fn word(state: OrderState) -> &'static str {
    match state {
        OrderState::Given => "given",
        OrderState::Taken => "taken",
        OrderState::Done => "done",
        OrderState::Failed => "failed",
    }
}

impl StoredOrder {
    fn read(row: &AnyRow) -> Result<StoredOrder, StoreError> {
        let id: String = row.try_get("id")?;
        let odd = |why: &dyn ToString| StoreError::unreadable(format!("order {id}"), &why.to_string());
        let (machine, lesson): (String, String) = (row.try_get("machine")?, row.try_get("lesson")?);
        let (machine, lesson) =
            (machine.parse().map_err(|why| odd(&why))?, lesson.parse().map_err(|why| odd(&why))?);
        let state = words::read(row.try_get("state")?)?;
        let news = OrderNews { state, words: row.try_get("words")?, report: row.try_get("report")? };
        Ok(StoredOrder {
            machine,
            kind: row.try_get("kind")?,
            lesson,
            author: row.try_get("author")?,
            made_us: moment(row.try_get("made_us")?),
            expires_us: moment(row.try_get("expires_us")?),
            news,
            changed_us: moment(row.try_get("changed_us")?),
            id,
        })
    }
}
