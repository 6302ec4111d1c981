//! Many rows in few statements, with few different texts of them, since databases keep prepared
//! statements by their text.

use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};
use std::fmt::Write as _;

/// Most rows in a statement. SQLite allows 32,766 values in one.
const MOST: usize = 512;

/// Cuts rows into pieces whose lengths are powers of two: at most ten different statements.
pub(super) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let len = MOST.min(1 << rows.len().checked_ilog2()?);
        let (piece, rest) = rows.split_at(len);
        rows = rest;
        Some(piece)
    })
}

/// `HEAD ($1, $2), ($3, $4) TAIL` for so many rows of so many values.
pub(super) fn values(head: &str, columns: usize, rows: usize, tail: &str) -> String {
    let mut sql = String::with_capacity(head.len() + rows * columns * 6 + tail.len() + 2);
    sql.push_str(head);
    for row in 0..rows {
        sql.push_str(if row == 0 { " (" } else { ", (" });
        for column in 0..columns {
            let separator = if column == 0 { "" } else { ", " };
            let _ = write!(sql, "{separator}${}", row * columns + column + 1);
        }
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(tail);
    sql
}

/// `HEAD ($1, $2, $3) TAIL` for one list of so many values, and it bound to them.
pub(super) fn among<'q>(head: &str, list: &[&str], tail: &str) -> Query<'q, Any, sqlx::any::AnyArguments> {
    let mut query = sqlx::query(AssertSqlSafe(values(head, list.len(), 1, tail)));
    for value in list {
        query = query.bind((*value).to_owned());
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_powers_of_two_and_lose_nothing() {
        let rows: Vec<usize> = (0..1000).collect();
        let lengths: Vec<usize> = pieces(&rows).map(<[usize]>::len).collect();
        assert_eq!(lengths, [512, 256, 128, 64, 32, 8]);
        assert_eq!(pieces(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(pieces::<usize>(&[]).count(), 0);
    }

    #[test]
    fn values_are_numbered_through() {
        assert_eq!(values("VALUES", 2, 2, "X"), "VALUES ($1, $2), ($3, $4) X");
    }
}
