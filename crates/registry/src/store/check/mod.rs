//! Whether everything in the database fits together: what follows from facts and entries is worked out
//! again and compared with what is there.

mod lessons;
mod reports;
mod said;

use super::{Store, StoreError, rebuild};
use sqlx::{AssertSqlSafe, Row as _};

/// Findings of one sort that are told one by one; that there are more is told once.
const MOST_OF_A_SORT: usize = 100;
/// What to do about what follows from facts and entries.
const REBUILD: &str = "work it out again with `tongke registry rebuild`";
/// What to do about facts and entries themselves.
const RESTORE: &str = "the database was changed from outside or is damaged; read a backup back";

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What sort: a stable code.
    pub code: &'static str,
    /// What it is about.
    pub about: String,
    /// What is wrong, and what to do.
    pub what: String,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Facts, entries, reports and lessons that were looked at.
    pub looked_at: u64,
    /// Things that are not settled yet; they were not compared.
    pub unsettled: u64,
    /// What does not fit; nothing: all is well.
    pub findings: Vec<Finding>,
}

impl Checked {
    fn find(&mut self, code: &'static str, about: impl Into<String>, what: impl Into<String>) {
        let of_its_sort = self.findings.iter().filter(|finding| finding.code == code).count();
        let (about, what) = match of_its_sort {
            ..MOST_OF_A_SORT => (about.into(), what.into()),
            MOST_OF_A_SORT => ("…".to_owned(), "there are more of this sort".to_owned()),
            _ => return,
        };
        self.findings.push(Finding { code, about, what });
    }
}

/// Facts without a lesson: nobody planned it, or what was planned was withdrawn.
const UNPLANNED: &str = "SELECT DISTINCT lesson FROM fact \
    WHERE NOT EXISTS (SELECT 1 FROM lesson l WHERE l.id = fact.lesson) \
    AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.kind = 'lesson' AND d.thing = fact.lesson) \
    ORDER BY lesson LIMIT 200";
/// Credits that no region counts.
const HOMELESS: &str = "SELECT DISTINCT school FROM credit \
    WHERE NOT EXISTS (SELECT 1 FROM place p WHERE p.school = credit.school) ORDER BY school LIMIT 200";

impl Store {
    /// Looks at everything. Nothing is changed; facts and entries may arrive meanwhile.
    pub async fn check(&self) -> Result<Checked, StoreError> {
        let mut checked = Checked { unsettled: self.as_of().await?.unsettled, ..Checked::default() };
        self.check_numbers(&mut checked).await?;
        self.check_facts(&mut checked).await?;
        self.check_entries(&mut checked).await?;
        self.check_reports(&mut checked).await?;
        self.check_current(&mut checked).await?;
        self.check_lessons(&mut checked).await?;
        self.check_strays(&mut checked).await?;
        Ok(checked)
    }

    /// Numbers are given out without gaps: what is missing was taken away.
    async fn check_numbers(&self, checked: &mut Checked) -> Result<(), StoreError> {
        for table in ["fact", "entry", "audit", "report"] {
            let sql = format!(
                "SELECT count(*), coalesce(max(seq), 0), (SELECT value FROM counter WHERE name = '{table}') \
                 FROM {table}"
            );
            let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&self.database.pool).await?;
            let (rows, last, given): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if rows != last || last != given {
                let what = format!("{rows} rows up to number {last}, but {given} were written: {RESTORE}");
                checked.find("rows_missing", table, what);
            }
        }
        Ok(())
    }

    /// The latest entry about each thing is noted, and no other one.
    async fn check_current(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let (noted, latest) = ("SELECT kind, thing, entry, at_us FROM current", rebuild::LATEST);
        let sql = format!(
            "SELECT kind, thing FROM (SELECT * FROM ({noted} EXCEPT {latest}) AS wrong \
             UNION ALL SELECT * FROM ({latest} EXCEPT {noted}) AS missing) AS odd \
             GROUP BY kind, thing ORDER BY kind, thing LIMIT 200"
        );
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.database.pool).await? {
            let about = format!("{} {}", row.try_get::<&str, _>(0)?, row.try_get::<&str, _>(1)?);
            checked.find("current_differs", about, format!("another entry holds than the latest: {REBUILD}"));
        }
        Ok(())
    }

    async fn check_strays(&self, checked: &mut Checked) -> Result<(), StoreError> {
        for row in sqlx::query(UNPLANNED).fetch_all(&self.database.pool).await? {
            let what = "there are facts of it, but it is neither planned nor noted, so it counts for nobody; \
                enter the session if it took place";
            checked.find("lesson_unplanned", row.try_get::<&str, _>(0)?, what);
        }
        for row in sqlx::query(HOMELESS).fetch_all(&self.database.pool).await? {
            let what =
                format!("lessons count for it, but no region knows it; enter the school, or {REBUILD}");
            checked.find("school_unknown", row.try_get::<&str, _>(0)?, what);
        }
        Ok(())
    }
}
