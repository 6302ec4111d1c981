//! A question whose conditions depend on what is asked for. Texts of SQL are the program's own; what
//! people give is bound and never written into them.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

enum Bound {
    Text(String),
    Number(i64),
}

/// A `SELECT` in the making.
pub(super) struct Asking {
    head: String,
    conditions: Vec<String>,
    tail: String,
    bound: Vec<Bound>,
}

impl Asking {
    pub(super) fn new(head: &'static str) -> Asking {
        Asking { head: head.to_owned(), conditions: Vec::new(), tail: String::new(), bound: Vec::new() }
    }

    pub(super) fn join(&mut self, join: &'static str) {
        self.head = format!("{} {join}", self.head);
    }

    pub(super) fn condition(&mut self, condition: &'static str) {
        self.conditions.push(condition.to_owned());
    }

    /// `CONDITION value`, if there is a value.
    pub(super) fn text(&mut self, condition: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            let place = self.bind(Bound::Text(value.to_owned()));
            self.conditions.push(format!("{condition}{place}"));
        }
    }

    /// `CONDITION value`, if there is a value.
    pub(super) fn number(&mut self, condition: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            let place = self.bind(Bound::Number(value));
            self.conditions.push(format!("{condition}{place}"));
        }
    }

    /// The school's place `p` is in the region: a county, a city or a province. `before` and `after` stand
    /// around the condition.
    pub(super) fn within(&mut self, region: &str, before: &'static str, after: &'static str) {
        let place = self.bind(Bound::Text(region.to_owned()));
        let any = format!("(p.county = {place} OR p.city = {place} OR p.province = {place})");
        self.conditions.push(format!("{before}{any}{after}"));
    }

    /// `(ONE = value OR OTHER = value)`, if there is a value.
    pub(super) fn either(&mut self, one: &'static str, other: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            let place = self.bind(Bound::Text(value.to_owned()));
            self.conditions.push(format!("({one} = {place} OR {other} = {place})"));
        }
    }

    /// `COLUMN IN (values)`, if there are values.
    pub(super) fn among<'a>(&mut self, column: &'static str, values: impl IntoIterator<Item = &'a str>) {
        let texts = values.into_iter().map(|value| Bound::Text(value.to_owned()));
        let places: Vec<String> = texts.map(|text| self.bind(text)).collect();
        if !places.is_empty() {
            self.conditions.push(format!("{column} IN ({})", places.join(", ")));
        }
    }

    /// `(COLUMNS) > (number, text)`, if there is such a place.
    pub(super) fn behind(&mut self, columns: &'static str, place: Option<(i64, &str)>) {
        if let Some((number, text)) = place {
            let (first, second) = (self.bind(Bound::Number(number)), self.bind(Bound::Text(text.to_owned())));
            self.conditions.push(format!("({columns}) > ({first}, {second})"));
        }
    }

    /// `(COLUMNS) < (number, text)`, if there is such a place: for lists that begin with the latest.
    pub(super) fn before(&mut self, columns: &'static str, place: Option<(i64, &str)>) {
        if let Some((number, text)) = place {
            let (first, second) = (self.bind(Bound::Number(number)), self.bind(Bound::Text(text.to_owned())));
            self.conditions.push(format!("({columns}) < ({first}, {second})"));
        }
    }

    /// `(COLUMNS) > (text, text)`, if there is such a place.
    pub(super) fn behind_texts(&mut self, columns: &'static str, place: Option<(&str, &str)>) {
        if let Some((first, second)) = place {
            let texts = [first, second].map(|text| self.bind(Bound::Text(text.to_owned())));
            self.conditions.push(format!("({columns}) > ({})", texts.join(", ")));
        }
    }

    pub(super) fn tail(&mut self, tail: &'static str) {
        self.tail = format!("{} {tail}", self.tail);
    }

    pub(super) fn limit(&mut self, limit: u32) {
        let place = self.bind(Bound::Number(i64::from(limit)));
        self.tail = format!("{} LIMIT {place}", self.tail);
    }

    pub(super) fn query<'q>(self) -> Query<'q, Any, AnyArguments> {
        let conditions = self.conditions.join(" AND ");
        let which = if conditions.is_empty() { "" } else { "WHERE " };
        let sql = format!("{} {which}{conditions} {}", self.head, self.tail);
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in self.bound {
            query = match value {
                Bound::Text(text) => query.bind(text),
                Bound::Number(number) => query.bind(number),
            };
        }
        query
    }

    fn bind(&mut self, value: Bound) -> String {
        self.bound.push(value);
        format!("${}", self.bound.len())
    }
}
