//! From a file as written to criteria that are whole: holes, contradictions, unknown names and duplicates are
//! refused, each with its line.

use super::file::{Better, File, FileAlso, FileLimit, FileLine, Mark};
use super::{Also, Limit, Line};
use crate::facts::{Kind, Statistic};
use crate::quantity::{Quantity, Unit};
use std::ops::Range;
use toml::Spanned;

/// Why a file is no criteria.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("criteria, line {line}: {problem}")]
pub struct CriteriaError {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// Checks a file's text.
pub(super) fn check(text: &str) -> Result<(File, Vec<Line>), CriteriaError> {
    let file: File = toml::from_str(text).map_err(|error| CriteriaError {
        line: line_of(text, error.span().unwrap_or(0..0)),
        problem: format!("{}; configs/criteria/tongke-1.toml shows every setting", error.message()),
    })?;
    let at = |span: Range<usize>, problem: String| CriteriaError { line: line_of(text, span), problem };
    for (key, value) in [("name", &file.name), ("version", &file.version)] {
        if value.get_ref().trim().is_empty() || value.get_ref().chars().any(char::is_control) {
            return Err(at(value.span(), format!("{key} is empty, or has invisible characters in it")));
        }
    }
    let validity = file.validity.get_ref();
    let (share, bound) = (validity.marker_decode_share_at_least, validity.clock_bound_ms_at_most);
    if !(0.0..=1.0).contains(&share) || !bound.is_finite() || bound < 0.0 {
        let problem = "a share of markers is 0 to 1, and a clock's bound is not below 0";
        return Err(at(file.validity.span(), problem.to_owned()));
    }
    let mut lines: Vec<(Line, Range<usize>)> = Vec::new();
    for written in &file.line {
        let line = one_line(written).map_err(|(span, problem)| at(span, problem))?;
        let span = written.get_ref().quantity.span();
        if let Some((_, first)) = lines.iter().find(|(other, _)| other.quantity == line.quantity) {
            let first = line_of(text, first.clone());
            return Err(at(
                span,
                format!("{} is judged in line {first} already; leave one out", line.quantity),
            ));
        }
        lines.push((line, span));
    }
    let lines: Vec<Line> = lines.into_iter().map(|(line, _)| line).collect();
    for kind in Kind::ALL {
        if !lines.iter().any(|line| line.mandatory_in.contains(&kind)) {
            let kind = kind.name();
            let problem =
                format!("no [[line]] is mandatory in {kind}: nothing would decide there; name it in one");
            return Err(at(file.name.span(), problem));
        }
    }
    Ok((file, lines))
}

/// What is wrong, and where in the text.
type Problem = (Range<usize>, String);

fn one_line(written: &Spanned<FileLine>) -> Result<Line, Problem> {
    let FileLine {
        quantity: name, unit, statistic, better, samples_at_least, mandatory_in, note, also, ..
    } = written.get_ref();
    let quantity = Quantity::of_name(name.get_ref()).ok_or_else(|| {
        (name.span(), format!("there is no quantity '{}'; known are {}", name.get_ref(), known()))
    })?;
    check_unit(quantity, name, unit)?;
    let statistic_name = statistic.get_ref();
    let found = Statistic::ALL.into_iter().find(|statistic| statistic.name() == statistic_name);
    let statistic = found.ok_or_else(|| {
        let names = Statistic::ALL.map(Statistic::name).join(", ");
        (statistic.span(), format!("there is no statistic '{statistic_name}'; known are {names}"))
    })?;
    let kinds = mandatory_in.get_ref().iter().map(|name| {
        let known = Kind::ALL.map(Kind::name).join(", ");
        let problem =
            || (mandatory_in.span(), format!("there is no kind of test '{name}'; known are {known}"));
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(problem)
    });
    Ok(Line {
        quantity,
        statistic,
        better: *better,
        samples_at_least: *samples_at_least,
        mandatory_in: kinds.collect::<Result<_, _>>()?,
        limits: limits(written, quantity)?,
        note: note.clone(),
        also: also.iter().map(|also| other(also, *better)).collect::<Result<_, _>>()?,
    })
}

fn check_unit(quantity: Quantity, name: &Spanned<String>, written: &Spanned<String>) -> Result<(), Problem> {
    let unit = quantity.definition().unit;
    if unit == Unit::Word {
        return Err((
            name.span(),
            format!("{quantity} is a word, not a number; it is told and never judged"),
        ));
    }
    let unit = serde_json::to_value(unit).expect("a unit has a name");
    if unit != written.get_ref().as_str() {
        return Err((
            written.span(),
            format!("the unit of {quantity} is {unit}, not '{}'", written.get_ref()),
        ));
    }
    Ok(())
}

fn limits(written: &Spanned<FileLine>, quantity: Quantity) -> Result<[Limit; 3], Problem> {
    let line = written.get_ref();
    let all = [("excellent", &line.excellent), ("good", &line.good), ("pass", &line.pass)];
    let mut limits = Vec::with_capacity(all.len());
    for (grade, limit) in all {
        let hole = || (line.quantity.span(), format!("{quantity} has no limit '{grade}': give it all three"));
        limits.push((grade, one_limit(limit.as_ref().ok_or_else(hole)?, line.better)?));
    }
    for pair in limits.windows(2) {
        let [(stricter, inner), (looser, outer)] = pair else { unreachable!("windows of two") };
        let is_within = outer.at_least.is_none_or(|low| inner.at_least.is_some_and(|limit| limit >= low))
            && outer.at_most.is_none_or(|high| inner.at_most.is_some_and(|limit| limit <= high));
        if !is_within {
            let span = line.quantity.span();
            return Err((
                span,
                format!("{quantity}: '{stricter}' is looser than '{looser}'; swap or correct them"),
            ));
        }
    }
    let limits: Vec<Limit> = limits.into_iter().map(|(_, limit)| limit).collect();
    Ok(limits.try_into().expect("one for each of the three grades"))
}

fn one_limit(written: &Spanned<FileLimit>, better: Better) -> Result<Limit, Problem> {
    let FileLimit { at_least, at_most, mark, source, checked } = written.get_ref();
    ends_fit(*at_least, *at_most, better).map_err(|problem| (written.span(), problem))?;
    if *mark != Mark::Proposal && (source.is_none() || checked.is_none()) {
        let problem = "a limit that is no proposal names its source, and whether its text was checked";
        return Err((written.span(), problem.to_owned()));
    }
    if source.is_some() && checked.is_none() {
        return Err((written.span(), "a source is named, but not whether its text was checked".to_owned()));
    }
    // Where nobody is quoted there is no text that would have to be read.
    let checked = checked.unwrap_or(true);
    Ok(Limit { at_least: *at_least, at_most: *at_most, mark: *mark, source: source.clone(), checked })
}

fn other(written: &Spanned<FileAlso>, better: Better) -> Result<Also, Problem> {
    let FileAlso { name, at_least, at_most, checked } = written.get_ref().clone();
    ends_fit(at_least, at_most, better).map_err(|problem| (written.span(), problem))?;
    Ok(Also { name, at_least, at_most, checked })
}

fn ends_fit(at_least: Option<f64>, at_most: Option<f64>, better: Better) -> Result<(), String> {
    if [at_least, at_most].into_iter().flatten().any(|limit| !limit.is_finite()) {
        return Err("a limit is a number".to_owned());
    }
    match (better, at_least, at_most) {
        (Better::Lower, None, Some(_)) | (Better::Higher, Some(_), None) => Ok(()),
        (Better::Within, Some(low), Some(high)) if low <= high => Ok(()),
        (Better::Within, Some(_), Some(_)) => {
            Err("at_least is above at_most: no value can meet both".to_owned())
        }
        (Better::Lower, ..) => Err("lower is better: the limit is 'at_most', and nothing else".to_owned()),
        (Better::Higher, ..) => Err("higher is better: the limit is 'at_least', and nothing else".to_owned()),
        (Better::Within, ..) => Err("within is better: the limit is 'at_least' and 'at_most'".to_owned()),
    }
}

fn known() -> String {
    let numbers = Quantity::ALL.iter().filter(|quantity| quantity.definition().unit != Unit::Word);
    numbers.map(|quantity| quantity.name()).collect::<Vec<_>>().join(", ")
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}
