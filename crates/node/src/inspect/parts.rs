//! A long answer in parts that dispatches carry.

use tongke_inspection::facts::{Finding, Histogram, Measured, Outcome, Point, Remark};
use tongke_protocol::inspect::{Answer, MAX_PARTS, Part, Refused, RefusedCode, TestClock};

/// Longest findings of a part, in bytes: with quotes marked on the way, a third more, it fits a dispatch by far.
const LONGEST: usize = 24 * 1024;
/// Most points of a plot of a finding that is too long.
const POINTS: usize = 120;

/// What a task came to.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub findings: Vec<Finding>,
    pub clock: Option<TestClock>,
    pub notes: Vec<Remark>,
}

/// The parts of an answer.
pub(super) fn of(found: Found) -> Vec<Answer> {
    let mut parts: Vec<Vec<serde_json::Value>> = vec![Vec::new()];
    let mut filled = 0;
    for mut finding in found.findings {
        let mut length = written(&finding);
        if length > LONGEST {
            thin(&mut finding);
            length = written(&finding);
        }
        let Ok(value) = serde_json::to_value(&finding) else { continue };
        if filled + length > LONGEST {
            parts.push(Vec::new());
            filled = 0;
        }
        filled += length;
        parts.last_mut().expect("there is one from the begin").push(value);
    }
    let of = parts.len() as u16;
    if of > MAX_PARTS {
        let message = format!("the answer is too long: it has {of} parts, and {MAX_PARTS} are taken");
        return vec![Answer::Refused(Refused { code: RefusedCode::Failed, message })];
    }
    let mut rest = Some((found.clock, found.notes));
    let part = |(number, findings): (usize, _)| {
        let (clock, notes) = rest.take().unwrap_or_default();
        let notes = notes.iter().filter_map(|note| serde_json::to_value(note).ok()).collect();
        Answer::Part(Part { number: number as u16, of, findings, clock, notes })
    };
    parts.into_iter().enumerate().map(part).collect()
}

fn written(finding: &Finding) -> usize {
    serde_json::to_string(finding).map_or(0, |json| json.len())
}

/// Draws a finding's plots more coarsely; its figures stay what they are.
fn thin(finding: &mut Finding) {
    let Outcome::Measured(measured) = &mut finding.outcome else { return };
    let Measured { over_time, histogram, events, .. } = &mut **measured;
    let stretch = over_time.len().div_ceil(POINTS).max(1);
    *over_time = over_time.chunks(stretch).filter_map(joined).collect();
    if let Some(histogram) = histogram {
        coarser(histogram);
    }
    // The longest are what people look for.
    if events.len() > POINTS {
        events.sort_by(|a, b| b.lasting_s.total_cmp(&a.lasting_s));
        events.truncate(POINTS);
        events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    }
}

/// Stretches as one: the median of their medians, the least and the greatest of all.
fn joined(points: &[Point]) -> Option<Point> {
    let first = points.first()?;
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    values.sort_by(f64::total_cmp);
    Some(Point {
        at_s: first.at_s,
        value: values[values.len() / 2],
        low: points.iter().filter_map(|point| point.low).min_by(f64::total_cmp),
        high: points.iter().filter_map(|point| point.high).max_by(f64::total_cmp),
    })
}

fn coarser(histogram: &mut Histogram) {
    let joined = histogram.counts.len().div_ceil(POINTS).max(1);
    histogram.counts = histogram.counts.chunks(joined).map(|bins| bins.iter().sum()).collect();
    histogram.width *= joined as f64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_inspection::Quantity;
    use tongke_inspection::facts::{Event, EventKind, Method, Way};
    use tongke_protocol::dispatch::Dispatch;
    use tongke_protocol::inspect::Reply;

    fn finding(points: usize) -> Finding {
        let point = |index: usize| Point {
            at_s: index as f64,
            value: 120.125 + index as f64,
            low: Some(100.0625),
            high: Some(180.875 + index as f64),
        };
        let event = |index: usize| Event {
            what: EventKind::Freeze,
            at_s: index as f64,
            lasting_s: if index == points / 2 { 9.0 } else { 0.2 },
        };
        let measured = Measured {
            over_time: (0..points).map(point).collect(),
            events: (0..points).map(event).collect(),
            histogram: Some(Histogram { from: 0.0, width: 1.0, counts: vec![3; points.max(1)] }),
            ..Measured::new(points as u64, Method::MarkerSoftware, "node")
        };
        Finding::measured(Quantity::FreezeShare, Some(Way::BToA), measured)
    }

    fn parts(findings: Vec<Finding>) -> Vec<Part> {
        let answers = of(Found { findings, clock: None, notes: vec!["one".into()] });
        let part = |answer: Answer| {
            let body = Reply { id: u32::MAX, says: answer }.to_body().unwrap();
            let dispatch = Dispatch { to: "inspector".parse().unwrap(), body };
            assert_eq!(dispatch.check_length(), Ok(()));
            match Reply::parse(&dispatch.body).unwrap().says {
                Answer::Part(part) => part,
                other => panic!("{other:?}"),
            }
        };
        answers.into_iter().map(part).collect()
    }

    #[test]
    fn a_short_answer_is_one_part_and_nothing_is_one_too() {
        assert_eq!(parts(Vec::new()).len(), 1);
        let short = parts(vec![finding(3), finding(4)]);
        assert_eq!((short.len(), short[0].findings.len(), short[0].notes.len()), (1, 2, 1));
    }

    #[test]
    fn a_long_answer_comes_in_parts_that_fit_and_every_finding_is_in_one() {
        let all = parts(vec![finding(100); 30]);
        assert!(all.len() > 5, "{}", all.len());
        assert_eq!(all.iter().map(|part| part.findings.len()).sum::<usize>(), 30);
        assert_eq!(all.iter().map(|part| part.notes.len()).sum::<usize>(), 1);
    }

    #[test]
    fn the_plots_of_an_hour_are_drawn_more_coarsely_and_keep_their_peaks() {
        let all = parts(vec![finding(3_600)]);
        let thinned: Finding = serde_json::from_value(all[0].findings[0].clone()).unwrap();
        let Outcome::Measured(measured) = thinned.outcome else { panic!() };
        assert_eq!(measured.over_time.len(), POINTS);
        assert_eq!(measured.over_time.last().unwrap().high, Some(180.875 + 3_599.0));
        assert!(measured.events.iter().any(|event| event.lasting_s == 9.0));
        assert!(measured.events.is_sorted_by_key(|event| event.at_s));
        let histogram = measured.histogram.unwrap();
        assert_eq!(histogram.counts.iter().sum::<u64>(), 3 * 3_600);
        assert_eq!((histogram.counts.len(), histogram.width), (120, 30.0));
    }
}
