//! What is drawn: over time, how often, and what happened when; each with the numbers behind it.

use super::verdict::{grade, kind};
use super::{Plot, Table};
use crate::Source;
use crate::number;
use crate::plot::{Band, Ink, OverTime, Track, histogram, over_time, time_line};
use crate::texts::Texts;
use crate::view::place::Places;
use tongke_inspection::Quantity;
use tongke_inspection::criteria::{self, Better};
use tongke_inspection::facts::{Event, EventKind, Facts, Finding, Measured, Outcome, Point, Scope, Way};
use tongke_inspection::judge::{Grade, Judgement, Verdict};
use tongke_inspection::quantity::Unit;

/// Most rows of a table; of longer series as many stretches as needed are put into one row.
pub(super) const MOST_ROWS: usize = 60;

pub(super) fn plots(source: &Source<'_>, texts: &Texts, places: &Places, judgement: &Judgement) -> Vec<Plot> {
    let facts = &source.report.facts;
    let mut measured: Vec<(&Finding, &Measured)> = facts
        .findings
        .iter()
        .filter_map(|finding| match &finding.outcome {
            Outcome::Measured(measured) => Some((finding, &**measured)),
            Outcome::Found(_) | Outcome::Missing(_) => None,
        })
        // What is no result is not drawn as one.
        .filter(|(finding, _)| !is_invalid(judgement, finding))
        .collect();
    measured.sort_by_key(|(finding, _)| (finding.quantity, finding.way, finding.scope));
    let mut plots = Vec::new();
    for (finding, measured) in &measured {
        if !measured.over_time.is_empty() {
            plots.push(series(source, texts, places, finding, measured));
        }
    }
    plots.extend([None, Some(Way::AToB), Some(Way::BToA)].into_iter().filter_map(|way| {
        let here: Vec<_> = measured.iter().filter(|(finding, _)| finding.way == way).copied().collect();
        events(facts, texts, places, way, &here)
    }));
    for (finding, measured) in &measured {
        plots.extend(spread(source, texts, places, finding, measured));
    }
    plots
}

/// Whether a finding's number must not be believed.
fn is_invalid(judgement: &Judgement, finding: &Finding) -> bool {
    judgement.lines.iter().any(|line| {
        let same = (line.quantity, line.way, line.scope) == (finding.quantity, finding.way, finding.scope);
        same && matches!(line.verdict, Verdict::Invalid(_))
    })
}

/// What a plot shows, and where.
pub(super) fn title(
    texts: &Texts,
    places: &Places,
    key: &str,
    (quantity, way, scope): (Quantity, Option<Way>, Option<Scope>),
) -> String {
    let name = texts.named("quantity", quantity.name());
    let mut place = places.way(way);
    if let Some(scope) = scope {
        let scope = texts.with("scope-short", &[("letter", &format!("{scope:?}"))]);
        place = texts.with("place-in-scope", &[("place", &place), ("scope", &scope)]);
    }
    texts.with(key, &[("name", &name), ("place", &place)])
}

fn series(
    source: &Source<'_>,
    texts: &Texts,
    places: &Places,
    finding: &Finding,
    measured: &Measured,
) -> Plot {
    let unit = finding.quantity.definition().unit;
    let factor = number::scaled(unit, 1.0);
    let line = source.criteria.line(finding.quantity);
    let bands = line.map_or_else(Vec::new, |line| bands(texts, line, factor));
    let has_band = measured.over_time.iter().any(|point| point.low.is_some() || point.high.is_some());
    let y_name = axis_name(texts, finding.quantity);
    let drawing = over_time(&OverTime {
        points: &measured.over_time,
        factor,
        bands: &bands,
        x_name: &texts.get("axis-seconds"),
        y_name: &y_name,
        bars: unit == Unit::Bps && !has_band,
    });
    let mut head =
        vec![texts.get("table-at"), texts.get(if has_band { "table-median" } else { "table-value" })];
    if has_band {
        head.extend([texts.get("table-min"), texts.get("table-max")]);
    }
    let rows = merged(&measured.over_time).into_iter().map(|point| {
        let mut row = vec![number::plain(point.at_s, 0), number::bare(unit, point.value)];
        if has_band {
            row.push(point.low.map_or_else(String::new, |low| number::bare(unit, low)));
            row.push(point.high.map_or_else(String::new, |high| number::bare(unit, high)));
        }
        row
    });
    Plot {
        title: title(texts, places, "plot-over-time", (finding.quantity, finding.way, finding.scope)),
        drawing,
        table: Table { head, rows: rows.collect() },
    }
}

/// The grades as bands of values, where one side is better; two-sided limits are not drawn.
pub(super) fn bands(texts: &Texts, line: &criteria::Line, factor: f64) -> Vec<Band> {
    let mut bands = Vec::new();
    let band =
        |from: f64, until: f64, of: Grade| Band { from, until, kind: kind(of), word: grade(texts, of) };
    match line.better {
        Better::Lower => {
            let mut from = f64::NEG_INFINITY;
            for of in Grade::ALL {
                let until = line
                    .limit(of)
                    .and_then(|limit| limit.at_most)
                    .map_or(f64::INFINITY, |most| most * factor);
                bands.push(band(from, until, of));
                from = until;
            }
        }
        Better::Higher => {
            let mut until = f64::INFINITY;
            for of in Grade::ALL {
                let least = line.limit(of).and_then(|limit| limit.at_least);
                let from = least.map_or(f64::NEG_INFINITY, |least| least * factor);
                bands.insert(0, band(from, until, of));
                until = from;
            }
        }
        Better::Within => {}
    }
    bands
}

/// The unit, or where there is none the quantity.
pub(super) fn axis_name(texts: &Texts, quantity: Quantity) -> String {
    let unit = number::suffix(quantity.definition().unit);
    if unit.is_empty() { texts.named("quantity", quantity.name()) } else { unit.to_owned() }
}

/// Points put together until they fit a table: the median of the medians, the smallest and the largest of all.
fn merged(points: &[Point]) -> Vec<Point> {
    let together = points.len().div_ceil(MOST_ROWS).max(1);
    points
        .chunks(together)
        .map(|chunk| {
            let mut values: Vec<f64> = chunk.iter().map(|point| point.value).collect();
            values.sort_by(f64::total_cmp);
            Point {
                at_s: chunk[0].at_s,
                value: values[(values.len() - 1) / 2],
                low: chunk.iter().filter_map(|point| point.low).reduce(f64::min),
                high: chunk.iter().filter_map(|point| point.high).reduce(f64::max),
            }
        })
        .collect()
}

/// Loss and freezes of a way, if any of the two was measured there.
fn events(
    facts: &Facts,
    texts: &Texts,
    places: &Places,
    way: Option<Way>,
    measured: &[(&Finding, &Measured)],
) -> Option<Plot> {
    let kinds = [
        (EventKind::Loss, Quantity::AudioLoss, "event-loss", Ink::Loss),
        (EventKind::Freeze, Quantity::FreezeShare, "event-freeze", Ink::Freeze),
    ];
    let mut tracks = Vec::new();
    let mut rows: Vec<(f64, Vec<String>)> = Vec::new();
    for (kind, quantity, name, ink) in kinds {
        if !measured.iter().any(|(finding, _)| finding.quantity == quantity) {
            continue;
        }
        let of_kind = |event: &&Event| event.what == kind;
        let found: Vec<Event> =
            measured.iter().flat_map(|(_, measured)| &measured.events).filter(of_kind).copied().collect();
        let total = number::plain(found.iter().map(|event| event.lasting_s).sum(), 1);
        let count = found.len().to_string();
        let name = texts.get(name);
        rows.extend(found.iter().map(|event| {
            let (at, lasting) = (number::plain(event.at_s, 1), number::plain(event.lasting_s, 2));
            (event.at_s, vec![at, name.clone(), lasting])
        }));
        tracks.push(Track {
            name: texts.with("event-track", &[("name", &name), ("count", &count), ("total", &total)]),
            ink,
            events: found.iter().map(|event| (event.at_s, event.lasting_s)).collect(),
        });
    }
    if tracks.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let lasted = (facts.time.ended.as_millisecond() - facts.time.began.as_millisecond()) as f64 / 1000.0;
    let ends = tracks.iter().flat_map(|track| &track.events).map(|(at, lasting)| at + lasting);
    let seconds = ends.fold(lasted.max(1.0), f64::max);
    let head = ["table-at", "table-what", "table-lasting"].map(|key| texts.get(key)).to_vec();
    // What is left out of a long list is seen in the drawing, and in the facts.
    let rows = rows.into_iter().take(MOST_ROWS).map(|(_, row)| row).collect();
    Some(Plot {
        title: texts.with("plot-events", &[("place", &places.way(way))]),
        drawing: time_line(seconds, &tracks, &texts.get("axis-seconds")),
        table: Table { head, rows },
    })
}

fn spread(
    source: &Source<'_>,
    texts: &Texts,
    places: &Places,
    finding: &Finding,
    measured: &Measured,
) -> Option<Plot> {
    let of = measured.histogram.as_ref()?;
    let unit = finding.quantity.definition().unit;
    let line = source.criteria.line(finding.quantity);
    let mark = line.and_then(|line| Some((line.statistic.of(measured)?, line.statistic)));
    let mark = mark.map(|(value, statistic)| {
        let name = texts.named("statistic", statistic.name());
        (value, format!("{name} {}", number::number(unit, value)))
    });
    let drawing = histogram(
        of,
        mark.as_ref().map(|(value, name)| (*value, name.as_str())),
        &axis_name(texts, finding.quantity),
        &texts.get("axis-count"),
    );
    let head = ["table-from", "table-until", "table-count"].map(|key| texts.get(key)).to_vec();
    let bins: Vec<_> = of.bins().collect();
    let together = bins.len().div_ceil(MOST_ROWS).max(1);
    let rows = bins.chunks(together).map(|chunk| {
        let count: u64 = chunk.iter().map(|bin| bin.count).sum();
        let (from, until) = (chunk[0].from, chunk[chunk.len() - 1].until);
        vec![number::bare(unit, from), number::bare(unit, until), count.to_string()]
    });
    let table = Table { head, rows: rows.collect() };
    Some(Plot {
        title: title(texts, places, "plot-histogram", (finding.quantity, finding.way, finding.scope)),
        drawing,
        table,
    })
}
