//! What must be worked out again. A mark is written in the transaction that makes it necessary.

use super::StoreError;
use super::database::Writing;
use super::rows::{pieces, values};
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;
use tongke_pairing::entry::{Says, Thing};

/// Marks things. The mark is one that never was there before: whoever read an older one cannot remove it.
pub(super) async fn mark(
    writing: &mut Writing,
    things: BTreeSet<(&'static str, String)>,
) -> Result<(), StoreError> {
    let mark = fresh();
    // In one order, so that two writers cannot wait for each other.
    let things: Vec<_> = things.into_iter().collect();
    for piece in pieces(&things) {
        let head = "INSERT INTO dirty (kind, thing, mark) VALUES";
        let tail = "ON CONFLICT (kind, thing) DO UPDATE SET mark = excluded.mark";
        let mut query = sqlx::query(AssertSqlSafe(values(head, 3, piece.len(), tail)));
        for (kind, thing) in piece {
            query = query.bind(*kind).bind(thing.clone()).bind(mark);
        }
        query.execute(&mut *writing.tx).await?;
    }
    Ok(())
}

fn fresh() -> i64 {
    let mut bytes = [0; 8];
    // 64 random bits do not come twice; without a source of them nothing here would start.
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    i64::from_le_bytes(bytes)
}

/// What an entry makes necessary.
pub(super) fn touched(says: &Says) -> Option<(&'static str, String)> {
    let Thing { kind, key } = says.thing();
    let kind = match kind.as_str() {
        "session" | "dispute" => "lesson",
        "head_count" => return Some(("lesson", lesson_of(&key))),
        "slot" => "slot",
        "pair" => "pair",
        "term" => "term",
        "school" => "school",
        _ => return None,
    };
    Some((kind, key))
}

/// The lesson of `LESSON/SCHOOL`.
fn lesson_of(key: &str) -> String {
    key.split('/').next().unwrap_or(key).to_owned()
}
