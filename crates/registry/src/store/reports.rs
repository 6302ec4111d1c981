//! Signed reports of self-tests and inspections: kept as they came, once. What they are worth is judged whenever
//! somebody asks.

use super::asking::Asking;
use super::audit::write_down;
use super::facts::{advance, last, micros, moment};
use super::{Deed, Kept, Store, StoreError, words};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tongke_inspection::facts::Kind;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_protocol::WallTime;

/// Where a report's test was: a node, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPlace {
    /// As the report names it.
    pub node: String,
    /// Whose; none: nobody knows.
    pub school: Option<SchoolId>,
}

/// What a report is about, as it can be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportCard {
    /// Its id, unique for ever.
    pub id: String,
    /// What it was.
    pub kind: Kind,
    /// The machine that signed it.
    pub machine: NodeId,
    /// Where it began.
    pub a: ReportPlace,
    /// The other side; none: a self-test.
    pub b: Option<ReportPlace>,
    /// When the test began.
    pub began_us: WallTime,
}

/// A report that is kept, without its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    /// What it is about.
    pub card: ReportCard,
    /// When it came.
    pub received_us: WallTime,
}

/// Which reports. What is none does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportFilter {
    /// About that school.
    pub school: Option<SchoolId>,
    /// About that node.
    pub node: Option<String>,
    /// Of that kind.
    pub kind: Option<Kind>,
    /// Signed by that machine.
    pub machine: Option<NodeId>,
    /// Of tests that began then or later.
    pub from_us: Option<WallTime>,
    /// Of tests that began before.
    pub until_us: Option<WallTime>,
}

const COLUMNS: &str =
    "SELECT id, kind, machine, node_a, school_a, node_b, school_b, began_us, received_us FROM report";

impl Store {
    /// Keeps a report's file; when this returns it is on disk, and who brought it is written down. The same
    /// file again changes nothing.
    pub async fn keep_report(
        &self,
        card: &ReportCard,
        file: &str,
        received: WallTime,
    ) -> Result<Kept, StoreError> {
        let mut writing = self.database.write().await?;
        let before = sqlx::query("SELECT file FROM report WHERE id = $1").bind(card.id.clone());
        if let Some(row) = before.fetch_optional(&mut *writing.tx).await? {
            let same = row.try_get::<&str, _>(0)? == file;
            return Ok(if same { Kept::Known } else { Kept::Conflict });
        }
        let seq = last(&mut writing, "report").await? + 1;
        let sql = "INSERT INTO report (seq, id, kind, machine, node_a, school_a, node_b, school_b, began_us, \
            received_us, file) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let school = |place: &ReportPlace| place.school.as_ref().map(|school| school.as_str().to_owned());
        let query = sqlx::query(sql).bind(seq).bind(card.id.clone()).bind(card.kind.name());
        let query = query.bind(card.machine.as_str().to_owned());
        let query = query.bind(card.a.node.clone()).bind(school(&card.a));
        let query =
            query.bind(card.b.as_ref().map(|b| b.node.clone())).bind(card.b.as_ref().and_then(school));
        let query = query.bind(micros(card.began_us)).bind(micros(received)).bind(file.to_owned());
        query.execute(&mut *writing.tx).await?;
        advance(&mut writing, "report", seq).await?;
        let who = card.machine.as_str();
        let deed = Deed { who, what: "report_brought", about: &card.id, detail: card.kind.name() };
        write_down(&mut writing, deed, received).await?;
        writing.commit().await?;
        Ok(Kept::New)
    }

    /// Reports, those of the latest tests first, behind that one.
    pub async fn reports(
        &self,
        filter: &ReportFilter,
        behind: Option<(WallTime, &str)>,
        limit: u32,
    ) -> Result<Vec<StoredReport>, StoreError> {
        let mut asking = Asking::new(COLUMNS);
        asking.either("school_a", "school_b", filter.school.as_ref().map(SchoolId::as_str));
        asking.either("node_a", "node_b", filter.node.as_deref());
        asking.text("kind = ", filter.kind.map(Kind::name));
        asking.text("machine = ", filter.machine.as_ref().map(NodeId::as_str));
        asking.number("began_us >= ", filter.from_us.map(micros));
        asking.number("began_us < ", filter.until_us.map(micros));
        asking.before("began_us, id", behind.map(|(began, id)| (micros(began), id)));
        asking.tail("ORDER BY began_us DESC, id DESC");
        asking.limit(limit);
        asking.query().fetch_all(&self.database.pool).await?.iter().map(StoredReport::read).collect()
    }

    /// A report's file, as it came.
    pub async fn report_file(&self, id: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query("SELECT file FROM report WHERE id = $1").bind(id.to_owned());
        Ok(query.fetch_optional(&self.database.pool).await?.map(|row| row.try_get(0)).transpose()?)
    }
}

impl StoredReport {
    pub(super) fn read(row: &AnyRow) -> Result<StoredReport, StoreError> {
        let id: String = row.try_get("id")?;
        let odd = |why: &dyn ToString| StoreError::unreadable(format!("report {id}"), &why.to_string());
        let school = |name: &str| {
            let school = row.try_get::<Option<String>, _>(name)?;
            school.map(|school| school.parse().map_err(|why| odd(&why))).transpose()
        };
        let (machine, kind): (String, String) = (row.try_get("machine")?, row.try_get("kind")?);
        let a = ReportPlace { node: row.try_get("node_a")?, school: school("school_a")? };
        let b = match row.try_get::<Option<String>, _>("node_b")? {
            Some(node) => Some(ReportPlace { node, school: school("school_b")? }),
            None => None,
        };
        let (kind, machine) = (words::read(&kind)?, machine.parse().map_err(|why| odd(&why))?);
        let began_us = moment(row.try_get("began_us")?);
        let received_us = moment(row.try_get("received_us")?);
        Ok(StoredReport { card: ReportCard { id, kind, machine, a, b, began_us }, received_us })
    }
}
