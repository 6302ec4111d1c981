//! Whether reports are what they were when they came.

use super::{Checked, RESTORE};
use crate::store::asking::Asking;
use crate::store::reports::StoredReport;
use crate::store::{Store, StoreError};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tongke_inspection::signature::{Check, KnownKeys, Report, verify};

/// Rows looked at in one go: a report has up to 8 MiB.
const ROWS: u32 = 8;
const REPORTS: &str = "SELECT seq, id, kind, machine, node_a, school_a, node_b, school_b, began_us, received_us, file \
    FROM report";

impl Store {
    /// Each report was signed by its machine, and is noted under what it says.
    pub(super) async fn check_reports(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let mut known = KnownKeys::default();
        for machine in self.machines().await? {
            // A key that cannot be read verifies nothing.
            let Ok(key) = machine.public_key.parse() else { continue };
            known.add(machine.id.as_str(), key);
        }
        let mut last = 0;
        loop {
            let mut asking = Asking::new(REPORTS);
            asking.number("seq > ", Some(last));
            asking.tail("ORDER BY seq");
            asking.limit(ROWS);
            let rows = asking.query().fetch_all(&self.database.pool).await?;
            let Some(row) = rows.last() else { return Ok(()) };
            last = row.try_get("seq")?;
            checked.looked_at += rows.len() as u64;
            for row in &rows {
                if let Some((code, what)) = odd_report(row, &known)? {
                    checked.find(code, row.try_get::<&str, _>("id")?, format!("{what}: {RESTORE}"));
                }
            }
        }
    }
}

/// What is wrong with a report, if something is.
fn odd_report(row: &AnyRow, known: &KnownKeys) -> Result<Option<(&'static str, String)>, StoreError> {
    let file = row.try_get::<&str, _>("file")?.as_bytes();
    let card = match StoredReport::read(row) {
        Ok(stored) => stored.card,
        Err(error) => return Ok(Some(("report_unreadable", error.to_string()))),
    };
    let facts = match Report::parse(file) {
        Ok(report) => report.facts,
        Err(error) => return Ok(Some(("report_unreadable", error.to_string()))),
    };
    let says = (facts.id, facts.kind, facts.places.a.node, facts.places.b.map(|b| b.node));
    if says != (card.id, card.kind, card.a.node, card.b.map(|b| b.node)) {
        return Ok(Some(("report_differs", "its columns are not what it says".to_owned())));
    }
    let is_signed =
        matches!(verify(file, known), Check::Intact { machine, .. } if machine == card.machine.as_str());
    Ok((!is_signed).then(|| ("report_unsigned", format!("no key of {} signed it", card.machine))))
}
