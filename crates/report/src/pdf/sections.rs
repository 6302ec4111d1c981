//! The report's parts, in the order of the page.

use super::flow::{Cell, Flow, Style};
use super::font::Font;
use crate::plot::{Drawing, Ink};
use crate::view::{Fault, Group, Pair, Plot, Row, Told, View};

const BODY: Style = Style { size: 9.0, ink: Ink::Text, bold: false };
const STRONG: Style = Style { bold: true, ..BODY };
const SOFT: Style = Style { size: 7.8, ink: Ink::Soft, bold: false };
const TITLE: Style = Style { size: 19.0, ink: Ink::Text, bold: true };
const PART: Style = Style { size: 12.5, ink: Ink::Text, bold: true };
/// Width of the names of pairs.
const NAMES: f64 = 100.0;
/// How many columns of a table's rows stand beside each other.
const TABLE_COLUMNS: usize = 3;
const WIDTH: f64 = Flow::WIDTH;

/// All pages.
pub(super) fn pages(view: &View, font: &Font) -> Vec<Drawing> {
    let text = |key: &str| view.texts.get(key);
    let mut flow = Flow::new(font);
    head(&mut flow, view);
    pairs(&mut flow, &view.about);
    if !view.advice.is_empty() {
        part(&mut flow, &text("form-advice"));
        advice(&mut flow, view);
    }
    part(&mut flow, &text("form-judged"));
    flow.paragraph(&view.statement, SOFT);
    view.groups.iter().for_each(|group| self::group(&mut flow, group));
    if !view.changes.is_empty() {
        part(&mut flow, &text("form-trend"));
        view.changes.iter().for_each(|change| flow.paragraph(&format!("· {change}"), BODY));
        flow.space(4.0);
        drawn(&mut flow, &view.courses);
    }
    if !view.plots.is_empty() {
        part(&mut flow, &text("form-plots"));
        drawn(&mut flow, &view.plots);
    }
    if !view.told.is_empty() {
        part(&mut flow, &text("form-told"));
        flow.paragraph(&text("form-told-text"), SOFT);
        view.told.iter().for_each(|told| self::told(&mut flow, told));
    }
    part(&mut flow, &text("form-steps"));
    pairs(&mut flow, &view.steps);
    if !view.notes.is_empty() {
        part(&mut flow, &text("form-notes"));
        view.notes.iter().for_each(|note| flow.paragraph(&format!("· {note}"), BODY));
    }
    part(&mut flow, &text("form-explained"));
    pairs(&mut flow, &view.explained);
    part(&mut flow, &text("form-seal"));
    pairs(&mut flow, &view.seal);
    flow.paragraph(&text("form-seal-text"), SOFT);
    if view.drawn().next().is_some() {
        part(&mut flow, &text("form-tables"));
        view.drawn().for_each(|plot| table(&mut flow, plot, &text("form-table-empty")));
    }
    flow.finish(&format!("{} · {}", view.title, view.id), |page, all| {
        view.texts.with("form-page", &[("page", &page.to_string()), ("all", &all.to_string())])
    })
}

/// Plots, two beside each other.
fn drawn(flow: &mut Flow<'_>, plots: &[Plot]) {
    for two in plots.chunks(2) {
        let two: Vec<_> = two.iter().map(|plot| (plot.title.as_str(), &plot.drawing)).collect();
        flow.drawings(&two, Style { size: 8.5, ..STRONG });
    }
}

fn cell(x: f64, width: f64, style: Style, text: &str) -> Cell<'_> {
    Cell { x, width, style, badge: None, text }
}

fn part(flow: &mut Flow<'_>, title: &str) {
    flow.space(14.0);
    // A title never stands alone at the foot of a page.
    flow.need(80.0);
    flow.paragraph(title, PART);
    flow.rule(Ink::Text, 1.0);
    flow.space(3.0);
}

fn head(flow: &mut Flow<'_>, view: &View) {
    flow.paragraph(&view.title, TITLE);
    flow.paragraph(&view.places, Style { size: 12.0, ..BODY });
    flow.space(6.0);
    let word = format!("{} {}", view.texts.get("form-overall"), view.overall.word);
    let style = Style { size: 14.0, ink: Ink::Text, bold: true };
    flow.row(&[Cell { badge: Some(view.overall.kind), ..cell(0.0, WIDTH, style, &word) }], None);
    flow.space(4.0);
    flow.paragraph(&view.overall_why, BODY);
    flow.space(6.0);
}

fn pairs(flow: &mut Flow<'_>, pairs: &[Pair]) {
    for Pair { name, text } in pairs {
        let soft = Style { ink: Ink::Soft, ..BODY };
        let cells = [cell(0.0, NAMES - 8.0, soft, name), cell(NAMES, WIDTH - NAMES, BODY, text)];
        flow.row(&cells, None);
    }
}

fn advice(flow: &mut Flow<'_>, view: &View) {
    for advice in &view.advice {
        let remedy = format!("{}{}", view.texts.get("form-remedy"), advice.remedy);
        let remedy = [cell(6.0, WIDTH - 12.0, STRONG, &remedy)];
        // What is to be done stays with the first reason for it.
        flow.need(flow.height(&remedy) + 60.0);
        flow.row(&remedy, Some(Ink::Ground));
        for Fault { what, badge, cause } in &advice.faults {
            let badge = Cell { badge: Some(badge.kind), ..cell(6.0, 118.0, STRONG, &badge.word) };
            let head = [badge, cell(130.0, WIDTH - 136.0, BODY, what)];
            let cause = [cell(130.0, WIDTH - 136.0, Style { ink: Ink::Soft, ..BODY }, cause)];
            flow.need(flow.height(&head) + flow.height(&cause) + 6.0);
            flow.row(&head, Some(Ink::Ground));
            flow.row(&cause, Some(Ink::Ground));
        }
        flow.space(5.0);
    }
}

fn group(flow: &mut Flow<'_>, group: &Group) {
    flow.space(8.0);
    // The name, its limits and the first result stay on one page.
    flow.need(130.0);
    flow.paragraph(&group.name, Style { size: 10.5, ..STRONG });
    flow.paragraph(&group.judged, SOFT);
    for limit in &group.limits {
        let small = Style { size: 8.5, ..BODY };
        let cells = [
            cell(0.0, 40.0, Style { bold: true, ..small }, &limit.grade),
            cell(52.0, 88.0, small, &limit.range),
            cell(146.0, WIDTH - 146.0, Style { ink: Ink::Soft, ..small }, &limit.basis),
        ];
        flow.row(&cells, None);
    }
    flow.space(2.0);
    let note = [cell(0.0, WIDTH, SOFT, &group.note)];
    let note_height = if group.note.is_empty() { 0.0 } else { flow.height(&note) + 2.0 };
    for (index, row) in group.rows.iter().enumerate() {
        // The note stays with the last result.
        let below = if index + 1 == group.rows.len() { note_height } else { 0.0 };
        self::row(flow, row, below);
    }
    if !group.note.is_empty() {
        flow.row(&note, None);
    }
}

/// A result; `below`: room that what follows needs on the same page.
fn row(flow: &mut Flow<'_>, row: &Row, below: f64) {
    let first = [
        cell(6.0, 226.0, BODY, &row.place),
        cell(240.0, 126.0, STRONG, &row.value),
        Cell { badge: Some(row.badge.kind), ..cell(372.0, WIDTH - 378.0, STRONG, &row.badge.word) },
    ];
    let details = [cell(6.0, WIDTH - 12.0, SOFT, &row.details)];
    let why = [cell(6.0, WIDTH - 12.0, Style { ink: Ink::Text, ..SOFT }, &row.why)];
    let rows = [(&first[..], false), (&details, row.details.is_empty()), (&why, row.why.is_empty())];
    let rows: Vec<_> = rows.into_iter().filter(|(_, is_empty)| !is_empty).map(|(cells, _)| cells).collect();
    flow.need(rows.iter().map(|cells| flow.height(cells) + 2.0).sum::<f64>() + 3.0 + below);
    rows.into_iter().for_each(|cells| flow.row(cells, Some(Ink::Ground)));
    flow.space(3.0);
}

fn told(flow: &mut Flow<'_>, told: &Told) {
    let first = [
        cell(0.0, 158.0, STRONG, &told.name),
        cell(166.0, 180.0, BODY, &told.place),
        cell(354.0, WIDTH - 354.0, BODY, &told.value),
    ];
    let details = [cell(166.0, WIDTH - 166.0, SOFT, &told.details)];
    let more = if told.details.is_empty() { 0.0 } else { flow.height(&details) };
    flow.need(flow.height(&first) + more + 6.0);
    flow.row(&first, None);
    if !told.details.is_empty() {
        flow.row(&details, None);
    }
    flow.rule(Ink::Line, 0.4);
}

/// A table with its rows in several columns beside each other, read downwards.
fn table(flow: &mut Flow<'_>, plot: &Plot, empty: &str) {
    flow.space(8.0);
    flow.need(60.0);
    flow.paragraph(&plot.title, Style { size: 8.5, ..STRONG });
    let table = &plot.table;
    if table.rows.is_empty() {
        return flow.paragraph(empty, SOFT);
    }
    let column = WIDTH / TABLE_COLUMNS as f64;
    let width = (column - 12.0) / table.head.len() as f64;
    let down = table.rows.len().div_ceil(TABLE_COLUMNS);
    let columns = table.rows.len().div_ceil(down);
    let place = |group: usize, index: usize| column * group as f64 + width * index as f64;
    let line = |flow: &mut Flow<'_>, rows: &[Option<&Vec<String>>], style: Style| {
        let mut cells = Vec::new();
        for (group, row) in rows.iter().enumerate() {
            for (index, text) in row.iter().flat_map(|row| row.iter().enumerate()) {
                cells.push(cell(place(group, index), width - 3.0, style, text));
            }
        }
        flow.row(&cells, None);
    };
    line(flow, &vec![Some(&table.head); columns], Style { bold: true, ..SOFT });
    for index in 0..down {
        let rows: Vec<_> = (0..columns).map(|group| table.rows.get(group * down + index)).collect();
        line(flow, &rows, Style { size: 7.5, ..SOFT });
    }
}
