//! What machines say: kept as it came, once, in the order of arrival.

use super::database::Writing;
use super::rows::{among, pieces, values};
use super::{Kept, Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::{BTreeSet, HashMap};
use tongke_pairing::id::NodeId;
use tongke_protocol::record::LessonFact;
use tongke_protocol::signed::{PublicKey, SignatureError};
use tongke_protocol::{LessonId, WallTime};

/// A fact as a machine sent it. Whoever brings it has verified the signature.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingFact {
    /// The machine that signed it.
    pub author: NodeId,
    /// The fact.
    pub fact: LessonFact,
    /// The bytes that were signed: the fact as JSON, as the machine wrote it.
    pub body: String,
    /// The signature over them: a JWS without its payload (RFC 7515, appendix F).
    pub proof: String,
}

/// Why signed words are no fact that is kept.
#[derive(Debug, thiserror::Error)]
pub enum FactError {
    /// The signature is missing or not that machine's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// What was signed is not a fact.
    #[error("what was signed is not a fact of a lesson: {0}")]
    Words(String),
}

impl IncomingFact {
    /// Takes a fact out of a JWS that a machine signed with this key.
    pub fn verified(jws: &str, author: NodeId, key: &PublicKey) -> Result<IncomingFact, FactError> {
        let words = |why: &dyn ToString| FactError::Words(why.to_string());
        let body = String::from_utf8(key.verify(jws)?).map_err(|why| words(&why))?;
        let fact = serde_json::from_str(&body).map_err(|why| words(&why))?;
        let mut parts = jws.split('.');
        let (header, signature) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        Ok(IncomingFact { author, fact, proof: format!("{header}..{signature}"), body })
    }

    /// The JWS that it came as.
    pub fn jws(&self) -> String {
        let payload = URL_SAFE_NO_PAD.encode(&self.body);
        self.proof.replacen("..", &format!(".{payload}."), 1)
    }
}

/// A fact that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFact {
    /// Its number in the order of arrival, from 1.
    pub seq: u64,
    /// When it arrived.
    pub received_us: WallTime,
    /// As it came.
    pub said: IncomingFact,
}

impl Store {
    /// Keeps facts; when this returns they are on disk, all of them or none. The answers are in the
    /// order of the facts.
    pub async fn keep_facts(
        &self,
        facts: &[IncomingFact],
        received: WallTime,
    ) -> Result<Vec<Kept>, StoreError> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let mut writing = self.database.write().await?;
        let last = last(&mut writing, "fact").await?;
        let answers = judge(&mut writing, facts).await?;
        for (said, _) in facts.iter().zip(&answers).filter(|(_, kept)| **kept == Kept::Conflict) {
            tracing::warn!(
                fact = said.fact.id,
                author = said.author.as_str(),
                "another fact is kept under this id; this one was kept out"
            );
        }
        let new = facts.iter().zip(&answers).filter(|(_, kept)| **kept == Kept::New).map(|(fact, _)| fact);
        let rows = (last + 1..).zip(new).map(Row::of).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(answers);
        }
        insert(&mut writing, &rows, received).await?;
        advance(&mut writing, "fact", last + rows.len() as i64).await?;
        let lessons: BTreeSet<&str> = rows.iter().map(|row| row.said.fact.lesson.as_str()).collect();
        let marks = lessons.into_iter().map(|lesson| ("lesson", lesson.to_owned()));
        super::dirty::mark(&mut writing, marks.collect()).await?;
        writing.commit().await?;
        Ok(answers)
    }

    /// All facts of a lesson, in the order of arrival.
    pub async fn facts_of(&self, lesson: &LessonId) -> Result<Vec<StoredFact>, StoreError> {
        let query = sqlx::query(FACTS_OF).bind(lesson.as_str().to_owned());
        query.fetch_all(&self.database.pool).await?.iter().map(StoredFact::read).collect()
    }

    /// Facts of a lesson after one number, in the order of arrival.
    pub async fn facts_of_after(
        &self,
        lesson: &LessonId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<StoredFact>, StoreError> {
        let query = sqlx::query(FACTS_OF_AFTER).bind(lesson.as_str().to_owned()).bind(seq.cast_signed());
        let query = query.bind(i64::from(limit));
        query.fetch_all(&self.database.pool).await?.iter().map(StoredFact::read).collect()
    }

    /// The fact with this id.
    pub async fn fact(&self, id: &str) -> Result<Option<StoredFact>, StoreError> {
        let query = sqlx::query(FACT).bind(id.to_owned());
        query.fetch_optional(&self.database.pool).await?.as_ref().map(StoredFact::read).transpose()
    }
}

pub(super) const FACTS_OF: &str =
    "SELECT seq, author, received_us, body, proof FROM fact WHERE lesson = $1 ORDER BY seq";
const FACTS_OF_AFTER: &str = "SELECT seq, author, received_us, body, proof FROM fact \
    WHERE lesson = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const FACT: &str = "SELECT seq, author, received_us, body, proof FROM fact WHERE id = $1";

impl StoredFact {
    pub(super) fn read(row: &AnyRow) -> Result<StoredFact, StoreError> {
        let seq: i64 = row.try_get("seq")?;
        let unreadable =
            |why: &dyn ToString| StoreError::unreadable(format!("fact number {seq}"), &why.to_string());
        let body: String = row.try_get("body")?;
        let author: String = row.try_get("author")?;
        let said = IncomingFact {
            author: author.parse().map_err(|why| unreadable(&why))?,
            fact: serde_json::from_str(&body).map_err(|why| unreadable(&why))?,
            body,
            proof: row.try_get("proof")?,
        };
        Ok(StoredFact { seq: seq.cast_unsigned(), received_us: moment(row.try_get("received_us")?), said })
    }
}

/// The last number given out, for whoever is the only one to give out the next until its transaction ends.
pub(super) async fn last(writing: &mut Writing, counter: &'static str) -> Result<i64, StoreError> {
    let sql = "UPDATE counter SET value = value + 0 WHERE name = $1 RETURNING value";
    Ok(sqlx::query(sql).bind(counter).fetch_one(&mut *writing.tx).await?.try_get(0)?)
}

/// Numbers up to `value` are given out.
pub(super) async fn advance(
    writing: &mut Writing,
    counter: &'static str,
    value: i64,
) -> Result<(), StoreError> {
    let query = sqlx::query("UPDATE counter SET value = $1 WHERE name = $2").bind(value).bind(counter);
    query.execute(&mut *writing.tx).await?;
    Ok(())
}

/// What becomes of each fact, those of one id in the same batch included.
async fn judge(writing: &mut Writing, facts: &[IncomingFact]) -> Result<Vec<Kept>, StoreError> {
    let ids: Vec<&str> = facts.iter().map(|said| said.fact.id.as_str()).collect();
    let mut there: HashMap<String, (String, String)> = HashMap::new();
    for piece in pieces(&ids) {
        let query = among("SELECT id, author, body FROM fact WHERE id IN", piece, "");
        for row in query.fetch_all(&mut *writing.tx).await? {
            there.insert(row.try_get("id")?, (row.try_get("author")?, row.try_get("body")?));
        }
    }
    let mut brought: HashMap<&str, &IncomingFact> = HashMap::new();
    let judged = facts.iter().map(|said| {
        let id = said.fact.id.as_str();
        let same = match (there.get(id), brought.get(id)) {
            (Some((author, body)), _) => *author == said.author.as_str() && *body == said.body,
            (None, Some(first)) => first.author == said.author && first.body == said.body,
            (None, None) => {
                brought.insert(id, said);
                return Kept::New;
            }
        };
        if same { Kept::Known } else { Kept::Conflict }
    });
    Ok(judged.collect())
}

/// A fact as a row.
struct Row<'a> {
    seq: i64,
    kind: String,
    said: &'a IncomingFact,
}

impl<'a> Row<'a> {
    fn of((seq, said): (i64, &'a IncomingFact)) -> Result<Row<'a>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Tag {
            fact: String,
        }
        let tag = serde_json::from_str::<Tag>(&said.body);
        let tag = tag.map_err(|why| StoreError::unreadable(format!("fact {}", said.fact.id), &why))?;
        Ok(Row { seq, kind: tag.fact, said })
    }
}

const INSERT: &str =
    "INSERT INTO fact (seq, id, lesson, author, kind, at_us, received_us, body, proof) VALUES";

async fn insert(writing: &mut Writing, rows: &[Row<'_>], received: WallTime) -> Result<(), StoreError> {
    for piece in pieces(rows) {
        let mut query = sqlx::query(AssertSqlSafe(values(INSERT, 9, piece.len(), "")));
        for Row { seq, kind, said } in piece {
            query = query.bind(*seq).bind(said.fact.id.clone()).bind(said.fact.lesson.as_str().to_owned());
            query = query.bind(said.author.as_str().to_owned()).bind(kind.clone());
            query = query.bind(micros(WallTime(said.fact.at_us))).bind(micros(received));
            query = query.bind(said.body.clone()).bind(said.proof.clone());
        }
        query.execute(&mut *writing.tx).await?;
    }
    Ok(())
}

/// A moment as the database holds it. Beyond the year 294,000 it is the last one that fits.
pub(super) fn micros(at: WallTime) -> i64 {
    i64::try_from(at.as_unix_us()).unwrap_or(i64::MAX)
}

/// A moment from the database.
pub(super) fn moment(us: i64) -> WallTime {
    WallTime(u64::try_from(us).unwrap_or(0))
}
