//! Rows and tables for people.

use crate::figures::{Asked, Figure, Group, asked, median};
use crate::run::Outcome;
use crate::target::Kind;
use std::fmt::Write as _;

/// A run in a line, and below it what casts doubt on it.
pub fn row(outcome: &Outcome) -> String {
    let Outcome { target, shape, link, seen, .. } = outcome;
    let figure = |figure: Figure| figure.of(outcome).unwrap_or(f64::NAN);
    let mut row = format!(
        "{:10} {shape} {}: {:.0} packets/s, {:.2} us a packet, frame's end {:.2} / {:.2} ms, \
         sound {:.2} / {:.2} ms, loss {:.3} %, joined in {:.0} / {:.0} ms, load {:.0} % busy",
        target.name(),
        link.name(),
        seen.packets_per_s(),
        figure(Figure::Cpu),
        figure(Figure::FrameEndP50),
        figure(Figure::FrameEndP99),
        figure(Figure::AudioP50),
        figure(Figure::AudioP99),
        figure(Figure::Loss),
        figure(Figure::FirstMedia),
        figure(Figure::FirstKeyframe),
        seen.generator.busy * 100.0,
    );
    for doubt in doubts(outcome) {
        let _ = write!(row, "\n           {doubt}");
    }
    row
}

/// What casts doubt on a run.
pub fn doubts(outcome: &Outcome) -> Vec<String> {
    let (seen, mut doubts) = (&outcome.seen, Vec::new());
    if let Some(why) = seen.generator.limit() {
        doubts.push(format!("the generator was the limit: {why}"));
    }
    if seen.mismapped + seen.unopened > 0 {
        let (wrong, unopened) = (seen.mismapped, seen.unopened);
        doubts.push(format!("{wrong} packets were mapped wrongly, {unopened} could not be opened"));
    }
    if let Some(used) = seen.target
        && used.waited_s > 0.1 * seen.seconds
    {
        let share = used.waited_s / seen.seconds * 100.0;
        doubts.push(format!("the target's threads waited {share:.0} % of the time for a processor"));
    }
    doubts
}

/// All figures of a group, with ratios and what is asked.
pub fn table(group: &Group<'_>) -> String {
    let targets = group.targets();
    let others: Vec<Kind> = targets
        .iter()
        .copied()
        .filter(|kind| *kind != Kind::Relay && targets.contains(&Kind::Relay))
        .collect();
    let mut text = format!("\n{} over {}", group.shape, group.link.name());
    let width = 58_usize.saturating_sub(text.chars().count()).max(1);
    let _ = write!(text, "{:width$}", "");
    text.truncate(39);
    let _ = write!(text, "{:w$}", "", w = 39_usize.saturating_sub(text.chars().count()));
    for kind in &targets {
        let _ = write!(text, "{:>12}", kind.name());
    }
    for kind in &others {
        let _ = write!(text, "{:>18}", format!("relay/{}", kind.name()));
    }
    text.push_str("   asked\n");
    for figure in Figure::ALL {
        let values: Vec<Option<f64>> = targets.iter().map(|kind| group.value(*kind, figure)).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let _ = write!(text, "  {:36}", figure.name().trim_end());
        values.iter().for_each(|value| write_number(&mut text, 12, *value));
        others.iter().for_each(|kind| write_number(&mut text, 18, group.ratio(figure, *kind)));
        let asked = asked(figure, group.shape, group.link);
        let asked: Vec<String> = asked.iter().map(|asked| wish(group, figure, asked)).collect();
        let _ = writeln!(text, "   {}", asked.join(", "));
    }
    text
}

fn write_number(text: &mut String, width: usize, value: Option<f64>) {
    // Writing to a string cannot fail.
    let _ = match value {
        Some(value) if value.is_finite() && value.abs() >= 1_000.0 => write!(text, "{value:>width$.0}"),
        Some(value) if value.is_finite() => write!(text, "{value:>width$.2}"),
        _ => write!(text, "{:>width$}", "-"),
    };
}

fn wish(group: &Group<'_>, figure: Figure, asked: &Asked) -> String {
    let of = asked.beside.map(|kind| format!(" x {}", kind.name())).unwrap_or_default();
    let is = match group.measured(figure, asked) {
        Some(is) if is <= asked.limit => "yes",
        Some(_) => "NO",
        None => "not measured",
    };
    format!("<= {}{of}: {is}", asked.limit)
}

/// Median and greatest of some times.
pub fn median_and_most(times_ms: impl Iterator<Item = f64>) -> String {
    let times: Vec<f64> = times_ms.collect();
    let most = times.iter().copied().fold(f64::NAN, f64::max);
    median(times).map_or_else(|| "never".to_owned(), |median| format!("{median:.0} ms, at most {most:.0}"))
}
