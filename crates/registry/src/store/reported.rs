//! Figures that others report, of few things out of many.

use super::entries::StoredEntry;
use super::rows::{pieces, values};
use super::{Reading, StoreError};
use sqlx::AssertSqlSafe;
use tongke_pairing::entry::{Reported, Says};

impl Reading {
    /// What is reported of these things (`school:lake`, `region:yongjia`), by thing and figure. What was
    /// withdrawn is left out.
    pub async fn reported(&mut self, of: &[String]) -> Result<Vec<Reported>, StoreError> {
        let mut figures = Vec::new();
        for piece in pieces(of) {
            let head = "SELECT e.seq, e.received_us, e.body FROM (VALUES";
            let tail = ") AS asked JOIN current c ON c.kind = 'reported' \
                AND c.about = asked.column1 JOIN entry e ON e.id = c.entry ORDER BY c.thing";
            let mut query = sqlx::query(AssertSqlSafe(values(head, 1, piece.len(), tail)));
            for thing in piece {
                query = query.bind(thing);
            }
            for row in &query.fetch_all(&mut *self.tx).await? {
                if let Says::Reported(figure) = StoredEntry::read(row)?.entry.says {
                    figures.push(figure);
                }
            }
        }
        Ok(figures)
    }
}
