//! Whether every lesson is worth what its facts and entries lead to.

use super::{Checked, REBUILD};
use crate::store::asking::Asking;
use crate::store::lessons::COLUMNS;
use crate::store::{Store, StoreError, StoredLesson};
use sqlx::Row as _;

/// Lessons decided again in one go.
const LESSONS: u32 = 64;

impl Store {
    /// Each lesson is decided again at the moment of its decision.
    pub(super) async fn check_lessons(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let mut behind: Option<(i64, String)> = None;
        loop {
            let mut asking = Asking::new(COLUMNS);
            asking.behind("l.start_us, l.id", behind.as_ref().map(|(start, id)| (*start, id.as_str())));
            asking.tail("ORDER BY l.start_us, l.id");
            asking.limit(LESSONS);
            let rows = asking.query().fetch_all(&self.database.pool).await?;
            let Some(row) = rows.last() else { return Ok(()) };
            behind = Some((row.try_get("start_us")?, row.try_get("id")?));
            checked.looked_at += rows.len() as u64;
            let mut lessons = Vec::new();
            for row in &rows {
                let id: &str = row.try_get("id")?;
                match StoredLesson::read(row) {
                    Ok(lesson) => lessons.push(lesson),
                    Err(error) => checked.find("lesson_unreadable", id, format!("{error}: {REBUILD}")),
                }
            }
            self.compare(&lessons, checked).await?;
        }
    }

    async fn compare(&self, lessons: &[StoredLesson], checked: &mut Checked) -> Result<(), StoreError> {
        let names: Vec<&str> = lessons.iter().map(|lesson| lesson.session.id.as_str()).collect();
        let moments: Vec<_> = lessons.iter().map(|lesson| lesson.decided_us).collect();
        let worked = self.work_out(&names, &moments).await?;
        for (there, worked) in lessons.iter().zip(worked) {
            let id = &there.session.id;
            let odd = match worked {
                // Its facts and entries are looked at by themselves.
                Err(_) => continue,
                Ok(None) => Some(("lesson_without_plan", "nothing leads to this lesson")),
                Ok(Some(worked)) if worked.session != there.session || worked.term != there.term => {
                    Some(("session_differs", "it is planned otherwise than noted"))
                }
                Ok(Some(worked)) if worked.short() != there.decision => {
                    Some(("decision_differs", "its facts lead to another decision"))
                }
                Ok(Some(worked)) if self.credits_of(id.as_str()).await? != worked.credits() => {
                    Some(("credits_differ", "it is counted otherwise than decided"))
                }
                Ok(Some(_)) => None,
            };
            if let Some((code, what)) = odd
                // Something may have come meanwhile, or it was worked out again.
                && !there.unsettled
                && self.lesson(id).await?.as_ref() == Some(there)
            {
                checked.find(code, id.to_string(), format!("{what}: {REBUILD}"));
            }
        }
        Ok(())
    }
}
