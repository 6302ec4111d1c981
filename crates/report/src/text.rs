//! The report as plain text, for a terminal: what was found and what to do. Limits, grounds and methods are left to the
//! page and the paper.

use crate::view::{Advice, Fault, Group, Row, Told, View};
use std::fmt::{self, Write as _};

/// The text. Lines are not wrapped: a terminal does that by itself.
pub(crate) fn render(view: &View) -> String {
    let mut out = String::new();
    write(&mut out, view).expect("writing to a String cannot fail");
    // Paper must not break there; on a terminal it is a blank like others.
    out.replace('\u{a0}', " ")
}

fn write(out: &mut String, view: &View) -> fmt::Result {
    let texts = &view.texts;
    writeln!(out, "{}  {}", view.title, view.places)?;
    writeln!(out, "{}{}", label(view, "form-overall"), view.overall.word)?;
    writeln!(out, "{}", view.overall_why)?;
    if !view.advice.is_empty() {
        head(out, &texts.get("form-advice"))?;
        for (number, told) in view.advice.iter().enumerate() {
            advice(out, view, number + 1, told)?;
        }
    }
    head(out, &texts.get("form-judged"))?;
    groups(out, view)?;
    if !view.told.is_empty() {
        head(out, &texts.get("form-told"))?;
        view.told.iter().try_for_each(|fact| told(out, fact))?;
    }
    head(out, &texts.get("form-steps"))?;
    let pairs = |out: &mut String, pairs: &[crate::view::Pair]| {
        pairs.iter().try_for_each(|pair| writeln!(out, "  {} – {}", pair.name, pair.text))
    };
    pairs(out, &view.steps)?;
    if !view.notes.is_empty() {
        head(out, &texts.get("form-notes"))?;
        view.notes.iter().try_for_each(|note| writeln!(out, "  {note}"))?;
    }
    writeln!(out)?;
    pairs(out, &view.about)
}

fn head(out: &mut String, title: &str) -> fmt::Result {
    writeln!(out, "\n{title}")
}

fn advice(out: &mut String, view: &View, number: usize, advice: &Advice) -> fmt::Result {
    writeln!(out, "  {number}. {}{}", label(view, "form-remedy"), advice.remedy)?;
    for Fault { what, badge, cause } in &advice.faults {
        writeln!(out, "     {what} – {}", badge.word)?;
        writeln!(out, "       {cause}")?;
    }
    Ok(())
}

/// A word before what belongs to it. A full-width colon is a gap by itself.
fn label(view: &View, key: &str) -> String {
    let text = view.texts.get(key);
    if text.ends_with(':') { text + " " } else { text }
}

/// Every quantity that is judged; those without any result are named together, by their reason.
fn groups(out: &mut String, view: &View) -> fmt::Result {
    let says_something = |group: &&Group| {
        let differ = |rows: &[Row]| verdict(&rows[0]) != verdict(&rows[1]);
        group.rows.iter().any(|row| row.badge.kind != "none" || !row.details.is_empty())
            || group.rows.windows(2).any(differ)
    };
    view.groups.iter().filter(says_something).try_for_each(|judged| group(out, judged))?;
    let mut silent: Vec<(String, Vec<&str>)> = Vec::new();
    for group in view.groups.iter().filter(|group| !says_something(group)) {
        let Some(row) = group.rows.first() else { continue };
        let reason = verdict(row);
        match silent.iter_mut().find(|(told, _)| *told == reason) {
            Some((_, names)) => names.push(&group.name),
            None => silent.push((reason, vec![&group.name])),
        }
    }
    let comma = view.texts.get("list-comma");
    silent.iter().try_for_each(|(reason, names)| writeln!(out, "  {reason}\n    {}", names.join(&comma)))
}

/// A row's verdict, and why it is none.
fn verdict(row: &Row) -> String {
    if row.why.is_empty() { row.badge.word.clone() } else { format!("{} – {}", row.badge.word, row.why) }
}

/// A quantity, and a line for each of its ways.
fn group(out: &mut String, group: &Group) -> fmt::Result {
    writeln!(out, "  {}", group.name)?;
    for row in &group.rows {
        writeln!(out, "    {}  {}  {}", row.place, row.value, verdict(row))?;
        if !row.details.is_empty() {
            writeln!(out, "      {}", row.details)?;
        }
    }
    Ok(())
}

fn told(out: &mut String, told: &Told) -> fmt::Result {
    writeln!(out, "  {}  {}  {}", told.name, told.place, told.value)?;
    if !told.details.is_empty() {
        writeln!(out, "    {}", told.details)?;
    }
    Ok(())
}
