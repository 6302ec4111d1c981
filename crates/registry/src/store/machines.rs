//! Machines that may report, and the codes by which they enrol.

use super::asking::Asking;
use super::facts::{micros, moment};
use super::{Store, StoreError, hex};
use ring::digest::{SHA256, digest};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_protocol::WallTime;

/// What a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MachineKind {
    /// A classroom's node: it speaks for its school's rooms alone.
    Node,
    /// A relay: it speaks for whoever is connected to it.
    Relay,
}

impl MachineKind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            MachineKind::Node => "node",
            MachineKind::Relay => "relay",
        }
    }

    fn read(text: &str) -> Result<MachineKind, StoreError> {
        match text {
            "node" => Ok(MachineKind::Node),
            "relay" => Ok(MachineKind::Relay),
            other => Err(StoreError::unreadable("a machine's kind", &other)),
        }
    }
}

/// A machine that may report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its name, which stands in its signatures.
    pub id: NodeId,
    /// What it is.
    pub kind: MachineKind,
    /// Whose, if it is a school's.
    pub school: Option<SchoolId>,
    /// As people call it.
    pub name: String,
    /// Its key, in the text form of `tongke_protocol`.
    pub public_key: String,
    /// Since when.
    pub enrolled_us: WallTime,
    /// Since when no longer.
    pub revoked_us: Option<WallTime>,
}

/// Leave for one machine to enrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The machine's name to be.
    pub machine: NodeId,
    /// What it is to be.
    pub kind: MachineKind,
    /// Whose.
    pub school: Option<SchoolId>,
    /// As people call it.
    pub name: String,
    /// Who allows it.
    pub author: String,
    /// Until when the code holds.
    pub expires_us: WallTime,
}

/// What became of an attempt to enrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrolled {
    /// The machine may report.
    Done(Machine),
    /// No such code, or it was used, or its time is over: which of these is nobody's matter.
    NoSuchCode,
    /// Another machine has that name and is not revoked, or this key was revoked.
    NameTaken,
}

/// The machine that used that code, with that key, and is not revoked.
const ENROLLED_BEFORE: &str = "SELECT m.* FROM enrolment e JOIN machine m ON m.id = e.machine \
    WHERE e.code_hash = $1 AND m.public_key = $2 AND m.enrolled_us = e.used_us AND m.revoked_us IS NULL";

impl Store {
    /// Lets one machine enrol with this code.
    pub async fn allow_enrolment(
        &self,
        code: &str,
        enrolment: &Enrolment,
        now: WallTime,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO enrolment (code_hash, machine, kind, school, name, author, made_us, expires_us) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let mut writing = self.database.write().await?;
        let query = sqlx::query(sql).bind(hash(code)).bind(enrolment.machine.as_str().to_owned());
        let query = query.bind(enrolment.kind.as_str()).bind(text(enrolment.school.as_ref()));
        let query = query.bind(enrolment.name.clone()).bind(enrolment.author.clone());
        query.bind(micros(now)).bind(micros(enrolment.expires_us)).execute(&mut *writing.tx).await?;
        writing.commit().await
    }

    /// Enrols a machine: the code is used up. A machine that was revoked may enrol again with a new key. Whoever
    /// comes again with the same code and the same key did not hear the answer, and hears it again.
    pub async fn enrol(&self, code: &str, public_key: &str, now: WallTime) -> Result<Enrolled, StoreError> {
        let use_up = "UPDATE enrolment SET used_us = $1 WHERE code_hash = $2 AND used_us IS NULL \
            AND expires_us > $1 RETURNING machine, kind, school, name";
        let add = "INSERT INTO machine (id, kind, school, name, public_key, enrolled_us) \
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let mut writing = self.database.write().await?;
        let query = sqlx::query(use_up).bind(micros(now)).bind(hash(code));
        let Some(row) = query.fetch_optional(&mut *writing.tx).await? else {
            let before = sqlx::query(ENROLLED_BEFORE).bind(hash(code)).bind(public_key.to_owned());
            let before =
                before.fetch_optional(&mut *writing.tx).await?.as_ref().map(Machine::read).transpose()?;
            return Ok(before.map_or(Enrolled::NoSuchCode, Enrolled::Done));
        };
        let (machine, kind): (String, String) = (row.try_get("machine")?, row.try_get("kind")?);
        let (school, name): (Option<String>, String) = (row.try_get("school")?, row.try_get("name")?);
        let query = sqlx::query(add).bind(machine.clone()).bind(kind.clone()).bind(school.clone());
        let query = query.bind(name.clone()).bind(public_key.to_owned()).bind(micros(now));
        if query.execute(&mut *writing.tx).await?.rows_affected() == 0 {
            return Ok(Enrolled::NameTaken);
        }
        writing.commit().await?;
        Ok(Enrolled::Done(Machine {
            id: name_of(&machine)?,
            kind: MachineKind::read(&kind)?,
            school: school.as_deref().map(name_of).transpose()?,
            name,
            public_key: public_key.to_owned(),
            enrolled_us: now,
            revoked_us: None,
        }))
    }

    /// A machine as it enrolled last, a revoked one too.
    pub async fn machine(&self, id: &NodeId) -> Result<Option<Machine>, StoreError> {
        let sql =
            "SELECT * FROM machine WHERE id = $1 ORDER BY revoked_us IS NULL DESC, enrolled_us DESC LIMIT 1";
        let query = sqlx::query(sql).bind(id.as_str().to_owned());
        query.fetch_optional(&self.database.pool).await?.as_ref().map(Machine::read).transpose()
    }

    /// A machine with every key that it ever had, the first one first.
    pub async fn keys_of(&self, id: &NodeId) -> Result<Vec<Machine>, StoreError> {
        let query = sqlx::query("SELECT * FROM machine WHERE id = $1 ORDER BY enrolled_us");
        let query = query.bind(id.as_str().to_owned());
        query.fetch_all(&self.database.pool).await?.iter().map(Machine::read).collect()
    }

    /// Machines with every key that they ever had, by name and key, behind that one.
    pub async fn machines_behind(
        &self,
        behind: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<Machine>, StoreError> {
        let mut asking = Asking::new("SELECT * FROM machine");
        asking.behind_texts("id, public_key", behind);
        asking.tail("ORDER BY id, public_key");
        asking.limit(limit);
        asking.query().fetch_all(&self.database.pool).await?.iter().map(Machine::read).collect()
    }

    /// All machines with every key that they ever had, by name.
    pub async fn machines(&self) -> Result<Vec<Machine>, StoreError> {
        let query = sqlx::query("SELECT * FROM machine ORDER BY id, enrolled_us");
        query.fetch_all(&self.database.pool).await?.iter().map(Machine::read).collect()
    }

    /// From now on a machine may not report. What it said stays. False: there is none of that name, or it
    /// was revoked before.
    pub async fn revoke(&self, id: &NodeId, now: WallTime) -> Result<bool, StoreError> {
        let mut writing = self.database.write().await?;
        let sql = "UPDATE machine SET revoked_us = $1 WHERE id = $2 AND revoked_us IS NULL";
        let query = sqlx::query(sql).bind(micros(now)).bind(id.as_str().to_owned());
        let done = query.execute(&mut *writing.tx).await?.rows_affected() == 1;
        writing.commit().await?;
        Ok(done)
    }
}

impl Machine {
    fn read(row: &AnyRow) -> Result<Machine, StoreError> {
        let (id, kind): (String, String) = (row.try_get("id")?, row.try_get("kind")?);
        let school: Option<String> = row.try_get("school")?;
        Ok(Machine {
            id: name_of(&id)?,
            kind: MachineKind::read(&kind)?,
            school: school.as_deref().map(name_of).transpose()?,
            name: row.try_get("name")?,
            public_key: row.try_get("public_key")?,
            enrolled_us: moment(row.try_get("enrolled_us")?),
            revoked_us: row.try_get::<Option<i64>, _>("revoked_us")?.map(moment),
        })
    }
}

fn name_of<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|why| StoreError::unreadable(format!("the name '{text}'"), &why))
}

fn text(school: Option<&SchoolId>) -> Option<String> {
    school.map(|school| school.as_str().to_owned())
}

/// A code is short-lived and made of random bits: one round of SHA-256 hides it well enough.
fn hash(code: &str) -> String {
    hex::digits(digest(&SHA256, code.as_bytes()).as_ref())
}
