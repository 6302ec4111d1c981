//! One line beside one lesson: what differs.

use super::{Differs, Here, Tolerance};
use crate::calendar::local;
use crate::credit::Status;
use crate::entry::LedgerRow;
use crate::id::SchoolId;
use crate::lesson::{Form, Purpose};
use crate::progress::judge::form_name;
use jiff::civil::{Date, DateTime};
use std::collections::BTreeSet;

/// A line with its schools found.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    pub row: &'a LedgerRow,
    pub supporting: Option<SchoolId>,
    pub receiving: BTreeSet<SchoolId>,
    /// Names that mean no school.
    pub unknown: Vec<String>,
}

/// How the schools of a line and a lesson stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schools {
    /// The same supporting one, and a receiving one in common.
    Fit,
    /// The same, but who supports whom is turned about.
    Turned,
    /// Others.
    Others,
}

impl<'a> Row<'a> {
    pub fn new(row: &'a LedgerRow, school: &dyn Fn(&str) -> Option<SchoolId>) -> Self {
        let names = std::iter::once(&row.supporting).chain(&row.receiving);
        Self {
            row,
            supporting: school(&row.supporting),
            receiving: row.receiving.iter().filter_map(|name| school(name)).collect(),
            unknown: names.filter(|name| school(name).is_none()).cloned().collect(),
        }
    }

    pub fn schools(&self, here: &Here<'_>) -> Schools {
        let session = here.session;
        let Some(supporting) = &self.supporting else { return Schools::Others };
        let common = session.receiving.iter().any(|id| self.receiving.contains(id));
        if *supporting == session.supporting && common {
            return Schools::Fit;
        }
        let turned = session.receiving.contains(supporting) && self.receiving.contains(&session.supporting);
        if turned { Schools::Turned } else { Schools::Others }
    }

    /// Whether both may be of the same form and subject: what one does not say may be anything.
    pub fn may_be(&self, here: &Here<'_>) -> bool {
        let subject = same(self.row.subject.as_deref(), here.session.subject.as_deref());
        self.may_be_form(here) && subject
    }

    pub fn may_be_form(&self, here: &Here<'_>) -> bool {
        self.row.form.is_none_or(|form| form_of(here) == Some(form))
    }

    /// Everything that differs, days aside from `day` too.
    pub fn differs(&self, here: &Here<'_>, tolerance: Tolerance) -> Vec<Differs> {
        let (row, session) = (self.row, here.session);
        let at = begins(here);
        let mut all = Vec::new();
        let mut add = |field: &str, here: String, there: String| {
            all.push(Differs { field: field.to_owned(), here, there });
        };
        if let Some(day) = row.day.filter(|day| *day != at.date()) {
            add("day", at.date().to_string(), day.to_string());
        }
        if let Some(start) = row.start.filter(|start| minutes_apart(at, *start) > tolerance.minutes) {
            add("start", at.time().to_string(), start.to_string());
        }
        if !same(row.subject.as_deref(), session.subject.as_deref()) {
            add("subject", said(session.subject.as_deref()), said(row.subject.as_deref()));
        }
        if let (Some(there), Some(here)) = (row.grade, session.grade)
            && there != here
        {
            add("grade", here.to_string(), there.to_string());
        }
        if !same(row.teacher.as_deref(), here.teacher) {
            add("teacher", said(here.teacher), said(row.teacher.as_deref()));
        }
        if !self.may_be_form(here) {
            let name = |form: Option<Form>| form.map(form_name).unwrap_or_default();
            add("form", name(form_of(here)), name(row.form));
        }
        if self.schools(here) == Schools::Turned {
            add("roles", session.supporting.to_string(), row.supporting.clone());
        } else if self.receiving != received(here) {
            add("receiving", names(&received(here)), row.receiving.join(", "));
        }
        if !counts(here.status) {
            let status = serde_json::to_value(here.status).unwrap_or_default();
            add("status", status.as_str().unwrap_or_default().to_owned(), "held".to_owned());
        }
        all
    }

    /// How far its beginning is from a lesson's, in minutes; none is no distance.
    pub fn distance(&self, here: &Here<'_>) -> u32 {
        self.row.start.map_or(0, |start| minutes_apart(begins(here), start))
    }
}

/// When a lesson begins, by the schools' clocks.
pub(super) fn begins(here: &Here<'_>) -> DateTime {
    local(here.session.start_us)
}

/// The day that a lesson belongs to.
pub(super) fn day_of(here: &Here<'_>) -> Date {
    begins(here).date()
}

/// Whether a lesson counts.
pub(super) fn counts(status: Status) -> bool {
    matches!(status, Status::Held | Status::PartlyHeld)
}

/// The form of help; none: a test or an inspection, which no ledger has.
pub(super) fn form_of(here: &Here<'_>) -> Option<Form> {
    match here.session.purpose {
        Purpose::Help(form) => Some(form),
        Purpose::Test | Purpose::Inspection => None,
    }
}

/// Who received it: those it is credited to, if it counts.
fn received(here: &Here<'_>) -> BTreeSet<SchoolId> {
    let all = here.session.receiving.iter();
    all.filter(|id| !counts(here.status) || here.credited.contains(id)).cloned().collect()
}

/// Two texts that people wrote: the same, or one is not there.
fn same(a: Option<&str>, b: Option<&str>) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    match (a.map(plain), b.map(plain)) {
        (Some(a), Some(b)) => a.is_empty() || b.is_empty() || a == b,
        _ => true,
    }
}

fn said(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn names(schools: &BTreeSet<SchoolId>) -> String {
    schools.iter().map(SchoolId::as_str).collect::<Vec<_>>().join(", ")
}

fn minutes_apart(at: DateTime, start: jiff::civil::Time) -> u32 {
    let minutes = |time: jiff::civil::Time| {
        u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs())
    };
    minutes(at.time()).abs_diff(minutes(start))
}
