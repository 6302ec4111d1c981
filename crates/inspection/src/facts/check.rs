//! Whether a document can be true: what is refused before anybody judges or prints it.

use super::{Event, Facts, Finding, Histogram, Kind, Measured, Outcome, Point, Statistic, VERSION, Way};
use crate::quantity::{Extent, Quantity, Unit};
use std::collections::BTreeSet;

/// Longest name, in characters.
const MAX_NAME: usize = 120;
/// Longest remark, in characters.
pub(super) const MAX_TEXT: usize = 2_000;
/// Most remarks on the whole.
const MAX_NOTES: usize = 50;
/// Most remarks with one number.
const MAX_REFERENCES: usize = 8;
/// Most points of a plot: a lesson of an hour, second by second.
const MAX_POINTS: usize = 3_600;
/// Farthest that places' clocks are from UTC, in minutes.
const MAX_UTC_OFFSET_MINUTES: i32 = 14 * 60;

/// Why a document is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// Longer than [`super::MAX_LEN`].
    #[error("the facts have {0} bytes; at most {max} are taken", max = super::MAX_LEN)]
    TooLong(usize),
    /// No JSON of this form.
    #[error("these are no facts of an inspection: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Of another version.
    #[error(
        "the facts are of version {0}, this program reads version {VERSION}; use the program that wrote them"
    )]
    Version(u32),
    /// A part that cannot be as it says.
    #[error("{part}: {problem}")]
    Part {
        /// Which.
        part: String,
        /// What is wrong.
        problem: String,
    },
}

pub(super) fn wrong(part: &str, problem: impl Into<String>) -> FactsError {
    FactsError::Part { part: part.to_owned(), problem: problem.into() }
}

impl Facts {
    /// Refuses what cannot be true.
    pub(crate) fn check(&self) -> Result<(), FactsError> {
        if self.version != VERSION {
            return Err(FactsError::Version(self.version));
        }
        self.check_texts()?;
        if self.time.ended < self.time.began {
            return Err(wrong("time", "it ends before it begins"));
        }
        if self.time.utc_offset_minutes.abs() > MAX_UTC_OFFSET_MINUTES {
            return Err(wrong("time.utc_offset_minutes", "no place on earth is that far from UTC"));
        }
        for clock in &self.time.clocks {
            if !clock.offset_ms.is_finite() || !clock.bound_ms.is_finite() || clock.bound_ms < 0.0 {
                return Err(wrong("time.clocks", "an offset is a number, and its bound is not below 0"));
            }
        }
        if (self.kind == Kind::SelfTest) != self.places.b.is_none() {
            return Err(wrong("places.b", "a self-test has one school, everything else has two"));
        }
        let steps: BTreeSet<_> = self.steps.iter().map(|record| record.step).collect();
        if steps.len() != self.steps.len() {
            return Err(wrong("steps", "a step stands there twice"));
        }
        let mut seen = BTreeSet::new();
        for finding in &self.findings {
            if !seen.insert((finding.quantity, finding.way, finding.scope)) {
                return Err(wrong(
                    finding.quantity.name(),
                    "it stands there twice for the same way and scope",
                ));
            }
            refuse(finding, self.kind)?;
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), FactsError> {
        let places = [("places.a", Some(&self.places.a)), ("places.b", self.places.b.as_ref())];
        let names = places.into_iter().filter_map(|(part, place)| Some((part, place?)));
        for (part, place) in names {
            name(&format!("{part}.school"), &place.school)?;
            name(&format!("{part}.node"), &place.node)?;
            if !place.room.is_empty() {
                name(&format!("{part}.room"), &place.room)?;
            }
        }
        name("id", &self.id)?;
        name("asked_by", &self.asked_by)?;
        name("places.relay", &self.places.relay)?;
        name("software", &self.software)?;
        if self.notes.len() > MAX_NOTES {
            return Err(wrong("notes", format!("there are more than {MAX_NOTES}")));
        }
        self.notes.iter().try_for_each(|note| note.check("notes"))
    }
}

fn name(part: &str, text: &str) -> Result<(), FactsError> {
    if text.trim().is_empty() {
        return Err(wrong(part, "nothing is written there"));
    }
    at_most(part, text, MAX_NAME)
}

pub(super) fn at_most(part: &str, text: &str, most: usize) -> Result<(), FactsError> {
    let length = text.chars().count();
    if length > most {
        return Err(wrong(part, format!("it has {length} characters, at most {most} are allowed")));
    }
    Ok(())
}

/// Refuses a finding that cannot be true in such a test.
pub(crate) fn refuse(finding: &Finding, kind: Kind) -> Result<(), FactsError> {
    let Finding { quantity, unit, way, scope, outcome } = finding;
    let definition = quantity.definition();
    let wrong = |problem: &str| Err(wrong(definition.name, problem));
    if *unit != definition.unit {
        return wrong("its unit is not the one that this quantity has");
    }
    let fits = match (definition.extent, way) {
        (Extent::Directed, Some(Way::AToB | Way::BToA))
        | (Extent::Place, Some(Way::AtA))
        | (Extent::Whole, None) => true,
        // There and back, as a school alone hears and sees itself.
        (Extent::Directed, None) => kind == Kind::SelfTest,
        (Extent::Place, Some(Way::AtB)) => kind != Kind::SelfTest,
        _ => false,
    };
    if !fits {
        return wrong("it is not measured on this way in such a test");
    }
    if quantity.has_scope() != scope.is_some() {
        return wrong("delays from one place to another have a scope, and nothing else has");
    }
    match outcome {
        Outcome::Measured(_) if definition.unit == Unit::Word => wrong("it is a word, not a number"),
        Outcome::Measured(measured) => check_measured(*quantity, measured),
        Outcome::Found(_) if definition.unit != Unit::Word => wrong("it is a number, not a word"),
        Outcome::Found(word)
            if !definition.words.is_empty() && !definition.words.contains(&word.as_str()) =>
        {
            wrong(&format!("'{}' is none of its words: {}", word.escape_debug(), definition.words.join(", ")))
        }
        Outcome::Found(word) => name(definition.name, word),
        Outcome::Missing(missing) => {
            missing.detail.as_ref().map_or(Ok(()), |detail| detail.check(definition.name))
        }
    }
}

fn check_measured(quantity: Quantity, measured: &Measured) -> Result<(), FactsError> {
    let wrong = |problem: &str| Err(wrong(quantity.name(), problem));
    if measured.n == 0 {
        return wrong("it was measured without a single sample; say 'missing' and why");
    }
    let numbers: Vec<f64> = Statistic::ALL.iter().filter_map(|statistic| statistic.of(measured)).collect();
    if numbers.is_empty() {
        return wrong("it has samples, but no number");
    }
    if !numbers.iter().all(|number| possible(quantity.definition().unit, *number)) {
        return wrong("a number is not one that this unit can have");
    }
    // From the second on they are in the order of size; the first is the single figure.
    let ranks = Statistic::ALL[1..].iter().filter_map(|statistic| statistic.of(measured));
    if !ranks.is_sorted() {
        return wrong("smallest, median, percentiles and largest are not in the order of their size");
    }
    let spans = [measured.spread, measured.bound, measured.clock_bound_ms];
    if spans.into_iter().flatten().any(|span| !span.is_finite() || span < 0.0) {
        return wrong("a spread or a bound is below 0");
    }
    name(quantity.name(), &measured.by)?;
    if measured.reference.len() > MAX_REFERENCES {
        return wrong(&format!("more than {MAX_REFERENCES} remarks are said with it"));
    }
    measured.reference.iter().try_for_each(|remark| remark.check(quantity.name()))?;
    if !points_fit(&measured.over_time) || !events_fit(&measured.events) {
        return wrong("its points in time are too many, out of order, or not numbers");
    }
    if !measured.histogram.as_ref().is_none_or(histogram_fits) {
        return wrong("its histogram has no bins, too many, or bins without a width");
    }
    Ok(())
}

fn possible(unit: Unit, number: f64) -> bool {
    let within = match unit {
        Unit::Share => (0.0..=1.0).contains(&number),
        Unit::Mos => (1.0..=5.0).contains(&number),
        Unit::Index | Unit::Ratio | Unit::Bps | Unit::Bytes | Unit::Count | Unit::Fps => number >= 0.0,
        Unit::Rating => (0.0..=100.0).contains(&number),
        Unit::Ms | Unit::Db | Unit::Dbfs => true,
        Unit::Word => false,
    };
    number.is_finite() && within
}

fn points_fit(points: &[Point]) -> bool {
    let numbers = |point: &Point| {
        [Some(point.at_s), Some(point.value), point.low, point.high].into_iter().flatten().all(f64::is_finite)
    };
    points.len() <= MAX_POINTS && points.iter().all(numbers) && points.is_sorted_by_key(|point| point.at_s)
}

fn events_fit(events: &[Event]) -> bool {
    let numbers =
        |event: &Event| event.at_s.is_finite() && event.lasting_s.is_finite() && event.lasting_s >= 0.0;
    events.len() <= MAX_POINTS && events.iter().all(numbers) && events.is_sorted_by_key(|event| event.at_s)
}

fn histogram_fits(histogram: &Histogram) -> bool {
    let Histogram { from, width, counts } = histogram;
    from.is_finite() && width.is_finite() && *width > 0.0 && !counts.is_empty() && counts.len() <= MAX_POINTS
}

#[cfg(test)]
mod tests;
