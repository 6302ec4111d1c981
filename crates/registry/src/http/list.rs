//! Lists in pages: so many at a time, each page naming where the next begins.

use super::refusal::{HttpRefusal, refuse};
use crate::cursor;
use axum::http::StatusCode;
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tongke_pairing::calendar::moment;
use tongke_protocol::WallTime;
use utoipa::{IntoParams, ToSchema};

/// Items of a page, if nobody says how many.
const USUAL: u32 = 50;
/// Most items of a page.
pub(crate) const MOST: u32 = 200;

/// Which page, of a list that is asked for nothing else.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichPage {
    /// Items of a page, 50 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// From the begin of one day to the end of another, which is the begin of the next.
pub(crate) fn days(from: Option<Date>, until: Option<Date>) -> (Option<WallTime>, Option<WallTime>) {
    let midnight = |day: Date| moment(day.to_datetime(Time::midnight()));
    let after = |day: Date| day.checked_add(1.day()).unwrap_or(Date::MAX);
    (from.map(midnight), until.map(|day| midnight(after(day))))
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins, for `?cursor=`; none: this is the last one.
    pub next: Option<String>,
}

/// How many, and behind what. `C` is what a list goes on behind; it travels as text that is nobody's matter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<C> {
    pub limit: u32,
    pub behind: Option<C>,
}

impl<C: Serialize + DeserializeOwned> Page<C> {
    /// As `?limit=` and `?cursor=` say.
    pub(crate) fn asked(limit: Option<u32>, cursor: Option<&str>) -> Result<Page<C>, HttpRefusal> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let message = format!("{limit} items cannot be asked for at a time");
            let hint = format!("ask for 1 to {MOST}");
            return Err(refuse(StatusCode::BAD_REQUEST, "limit_unfit", message, hint));
        }
        // As pages leave it when they have none.
        let behind = cursor.filter(|cursor| !cursor.is_empty()).map(read).transpose()?;
        Ok(Page { limit, behind })
    }

    /// How many to look for: one more tells whether there is a next page.
    pub(crate) fn and_one(&self) -> u32 {
        self.limit + 1
    }

    /// The page, of items that were looked for by [`and_one`](Self::and_one).
    pub(crate) fn cut<T>(&self, mut found: Vec<T>, place: impl Fn(&T) -> C) -> List<T> {
        let limit = self.limit as usize;
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|last| cursor::write(&place(last)));
        List { items: found, next }
    }
}

impl<T> List<T> {
    /// The same page of other words.
    pub(crate) fn map<U>(self, words: impl FnMut(T) -> U) -> List<U> {
        List { items: self.items.into_iter().map(words).collect(), next: self.next }
    }
}

fn read<C: DeserializeOwned>(text: &str) -> Result<C, HttpRefusal> {
    cursor::read(text).ok_or_else(|| {
        let hint = "take 'next' of the page before, as it is, or leave it out";
        refuse(StatusCode::BAD_REQUEST, "cursor_unknown", "the cursor is none of this list", hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_until_there_are_no_more() {
        let all: Vec<u32> = (1..=5).collect();
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let page = Page::<u32>::asked(Some(2), cursor.as_deref()).unwrap();
            let found = all.iter().filter(|n| page.behind.is_none_or(|last| **n > last)).copied();
            let list = page.cut(found.take(page.and_one() as usize).collect(), |n| *n);
            seen.push(list.items);
            cursor = list.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [vec![1, 2], vec![3, 4], vec![5]]);
    }

    #[test]
    fn what_no_page_named_is_no_cursor() {
        for made_up in ["1", "bnVsbA", "IjEi", "../..", "%00"] {
            assert_eq!(Page::<u32>::asked(None, Some(made_up)).unwrap_err().body.code, "cursor_unknown");
        }
        for limit in [0, MOST + 1, u32::MAX] {
            assert_eq!(Page::<u32>::asked(Some(limit), None).unwrap_err().body.code, "limit_unfit");
        }
        for none in [None, Some("")] {
            assert_eq!(Page::<u32>::asked(None, none).unwrap(), Page { limit: 50, behind: None });
        }
    }
}
