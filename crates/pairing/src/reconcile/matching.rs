//! Which line and which lesson are the same. First what persons said, then the same day, then a lesson
//! that was moved or whose roles are turned, at last lines that sum up a longer time. Within each, the
//! pairs that differ least come first, so the result does not depend on the order of either ledger.

use super::compare::{Row, Schools, counts, day_of, form_of};
use super::{Differs, Here, Kind, Line, Question};
use crate::count::Why;
use crate::entry::{Difference, LedgerRow};
use crate::id::SchoolId;
use jiff::Span;
use jiff::civil::Date;
use std::collections::BTreeMap;
use tongke_protocol::LessonId;

/// What has been found so far.
struct Found<'a> {
    question: &'a Question<'a>,
    rows: Vec<Row<'a>>,
    here: Vec<&'a Here<'a>>,
    /// By line: its lessons.
    of_row: Vec<Vec<usize>>,
    /// By lesson: whether it has a line.
    taken: Vec<bool>,
    /// Lessons by day, and by supporting school: an import may have a hundred thousand lines.
    on_day: BTreeMap<Date, Vec<usize>>,
    by_supporting: BTreeMap<SchoolId, Vec<usize>>,
    /// Numbers of the lines that say the same.
    twins: BTreeMap<String, Vec<u32>>,
}

/// Every line and every lesson that counts, once.
pub(super) fn lines(question: &Question<'_>, by_hand: &[Difference]) -> Vec<Line> {
    let (first, last) = question.span;
    let within = |here: &&Here<'_>| form_of(here).is_some() && (first..=last).contains(&day_of(here));
    let mut here: Vec<&Here<'_>> = question.here.iter().filter(within).collect();
    here.sort_by_key(|it| (it.session.start_us, &it.session.id));
    here.dedup_by_key(|it| &it.session.id);
    let mut rows: Vec<Row<'_>> = question.rows.iter().map(|row| Row::new(row, question.school)).collect();
    rows.sort_by_key(|it| (&it.row.ledger, it.row.row));
    let (of_row, taken) = (vec![Vec::new(); rows.len()], vec![false; here.len()]);
    let mut found = Found {
        on_day: grouped(&here, day_of),
        by_supporting: grouped(&here, |it| it.session.supporting.clone()),
        twins: twins(&rows),
        question,
        rows,
        here,
        of_row,
        taken,
    };
    found.by_hand(by_hand);
    found.nearest(0, |row, here| row.schools(here) == Schools::Fit && row.may_be_form(here));
    found.nearest(question.tolerance.days, |row, here| match row.schools(here) {
        Schools::Fit => row.may_be(here),
        Schools::Turned => row.row.day == Some(day_of(here)) && row.may_be(here),
        Schools::Others => false,
    });
    found.sums();
    found.lines()
}

impl Found<'_> {
    fn take(&mut self, row: usize, lesson: usize) {
        if !self.taken[lesson] {
            self.taken[lesson] = true;
            self.of_row[row].push(lesson);
        }
    }

    fn has_room(&self, row: usize) -> bool {
        self.of_row[row].len() < self.rows[row].row.lessons as usize
    }

    fn by_hand(&mut self, same: &[Difference]) {
        for difference in same {
            let row = self.rows.iter().position(|it| Some(key(it.row)) == difference.row);
            let lesson = self.here.iter().position(|it| Some(&it.session.id) == difference.lesson.as_ref());
            if let (Some(row), Some(lesson)) = (row, lesson) {
                self.take(row, lesson);
            }
        }
    }

    /// Joins lines with lessons that fit and are at most so many days apart, those first that differ
    /// least.
    fn nearest(&mut self, days: u32, fits: impl Fn(&Row<'_>, &Here<'_>) -> bool) {
        let span = Span::new().days(i64::from(days));
        let mut candidates = Vec::new();
        for (r, row) in self.rows.iter().enumerate().filter(|(r, _)| self.has_room(*r)) {
            let Some(day) = row.row.day else { continue };
            let near = day.saturating_sub(span)..=day.saturating_add(span);
            for &l in self.on_day.range(near).flat_map(|(_, lessons)| lessons) {
                let here = self.here[l];
                if !self.taken[l] && fits(row, here) {
                    let differs = row.differs(here, self.question.tolerance).len();
                    candidates.push((differs, row.distance(here), r, l));
                }
            }
        }
        candidates.sort_unstable();
        for (_, _, row, lesson) in candidates {
            if self.has_room(row) {
                self.take(row, lesson);
            }
        }
    }

    /// Lines without a day take all that is left of their schools; those that say most come first.
    fn sums(&mut self) {
        let mut rows: Vec<usize> = (0..self.rows.len()).filter(|r| self.rows[*r].row.day.is_none()).collect();
        let vague = |row: &LedgerRow| u8::from(row.subject.is_none()) + u8::from(row.form.is_none());
        rows.sort_by_key(|r| (vague(self.rows[*r].row), *r));
        for row in rows {
            let supporting = self.rows[row].supporting.as_ref();
            let ours = supporting.and_then(|id| self.by_supporting.get(id)).cloned().unwrap_or_default();
            for lesson in ours {
                let (it, here) = (&self.rows[row], self.here[lesson]);
                let said = it.row.subject.is_none() || here.session.subject.is_some();
                if counts(here.status) && it.schools(here) == Schools::Fit && it.may_be(here) && said {
                    self.take(row, lesson);
                }
            }
        }
    }

    fn lines(&self) -> Vec<Line> {
        let rows = (0..self.rows.len()).map(|row| self.of_line(row));
        let left = self.here.iter().zip(&self.taken).filter(|(here, taken)| !**taken && counts(here.status));
        let only_here = left.map(|(here, _)| Line {
            kind: Kind::OnlyHere,
            about: Difference { row: None, lesson: Some(here.session.id.clone()) },
            lessons: vec![here.session.id.clone()],
            counted_here: 1,
            counted_there: 0,
            differs: Vec::new(),
            why: None,
            settled: None,
        });
        rows.chain(only_here).collect()
    }

    fn of_line(&self, r: usize) -> Line {
        let row = &self.rows[r];
        let lessons: Vec<&Here<'_>> = self.of_row[r].iter().map(|lesson| self.here[*lesson]).collect();
        let counted_here = lessons.iter().filter(|it| counts(it.status)).count() as u32;
        let differs = self.differs(row, &lessons, counted_here);
        let ids: Vec<LessonId> = lessons.iter().map(|it| it.session.id.clone()).collect();
        let only = if row.row.lessons == 1 { ids.first().cloned() } else { None };
        Line {
            kind: match (lessons.is_empty(), differs.is_empty()) {
                (true, _) => Kind::OnlyThere,
                (false, true) => Kind::Matched,
                (false, false) => Kind::Differing,
            },
            about: Difference { row: Some(key(row.row)), lesson: only },
            lessons: ids,
            counted_here,
            counted_there: row.row.lessons,
            differs,
            why: if lessons.is_empty() { self.why_not(r) } else { None },
            settled: None,
        }
    }

    fn differs(&self, row: &Row<'_>, lessons: &[&Here<'_>], counted_here: u32) -> Vec<Differs> {
        let mut all: Vec<Differs> = Vec::new();
        for here in lessons.iter().filter(|_| row.row.day.is_some()) {
            for differs in row.differs(here, self.question.tolerance) {
                if !all.contains(&differs) {
                    all.push(differs);
                }
            }
        }
        let says_so = all.iter().any(|it| it.field == "status");
        if !lessons.is_empty() && counted_here != row.row.lessons && !says_so {
            let (here, there) = (counted_here.to_string(), row.row.lessons.to_string());
            all.push(Differs { field: "lessons".to_owned(), here, there });
        }
        all
    }

    /// Why a line has no lesson.
    fn why_not(&self, r: usize) -> Option<Why> {
        let row = &self.rows[r];
        if !row.unknown.is_empty() {
            return Some(Why::with("unknown_school", row.unknown.join(", ")));
        }
        let outside = |day: &Date| *day < self.question.span.0 || self.question.span.1 < *day;
        if row.row.day.as_ref().is_some_and(outside) {
            return Some(Why::code("outside_the_span"));
        }
        let same = self.twins.get(&plain(row.row))?;
        let twin = same.iter().find(|number| **number != row.row.row)?;
        Some(Why::with("same_as_line", twin.to_string()))
    }
}

fn grouped<K: Ord>(here: &[&Here<'_>], by: impl Fn(&Here<'_>) -> K) -> BTreeMap<K, Vec<usize>> {
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    here.iter().enumerate().for_each(|(i, here)| groups.entry(by(here)).or_default().push(i));
    groups
}

fn twins(rows: &[Row<'_>]) -> BTreeMap<String, Vec<u32>> {
    let mut twins: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    rows.iter().for_each(|it| twins.entry(plain(it.row)).or_default().push(it.row.row));
    twins
}

/// What a line says, whatever its number.
fn plain(row: &LedgerRow) -> String {
    format!("{:?}", LedgerRow { row: 0, ..row.clone() })
}

fn key(row: &LedgerRow) -> (String, u32) {
    (row.ledger.clone(), row.row)
}
