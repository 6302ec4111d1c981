//! How a school's self-tests went, one after the other.

use super::plots::{MOST_ROWS, axis_name, bands, title};
use super::{Plot, Table};
use crate::Source;
use crate::number;
use crate::plot::{OverTime, over_time};
use crate::texts::Texts;
use crate::trend::{moment, told};
use crate::view::place::Places;
use jiff::Timestamp;
use tongke_inspection::facts::Point;
use tongke_inspection::quantity::Unit;
use tongke_inspection::trend::{self, Course, CoursePoint};

const SECONDS_A_DAY: f64 = 86_400.0;

/// What has changed, in words; nothing where no test is there to compare with.
pub(super) fn changes(source: &Source<'_>, texts: &Texts) -> Vec<String> {
    if source.before.is_empty() {
        return Vec::new();
    }
    told(&source.report.facts, source.before, source.criteria, texts)
}

/// A plot of each quantity that was measured often enough.
pub(super) fn courses(source: &Source<'_>, texts: &Texts, places: &Places) -> Vec<Plot> {
    let courses = trend::courses(&source.report.facts, source.before, source.criteria);
    courses.iter().map(|course| plot(source, texts, places, course)).collect()
}

fn plot(source: &Source<'_>, texts: &Texts, places: &Places, course: &Course) -> Plot {
    let unit = course.quantity.definition().unit;
    let factor = number::scaled(unit, 1.0);
    let line = source.criteria.line(course.quantity);
    let now = source.report.facts.time.began;
    let days = |began: Timestamp| began.duration_since(now).as_secs_f64() / SECONDS_A_DAY;
    let has_sign = matches!(unit, Unit::Ms | Unit::Db | Unit::Dbfs);
    let points: Vec<Point> = course
        .points
        .iter()
        .map(|&CoursePoint { began, value, bound }| Point {
            at_s: days(began),
            value,
            low: Some(if has_sign { value - bound } else { (value - bound).max(0.0) }),
            high: Some(value + bound),
        })
        .collect();
    let drawing = over_time(&OverTime {
        points: &points,
        factor,
        bands: &line.map_or_else(Vec::new, |line| bands(texts, line, factor)),
        x_name: &texts.get("axis-days"),
        y_name: &axis_name(texts, course.quantity),
        bars: false,
    });
    let statistic = line.map_or_else(String::new, |line| texts.named("statistic", line.statistic.name()));
    let offset_minutes = source.report.facts.time.utc_offset_minutes;
    // Of more tests than fit, the newest.
    let fitting = &course.points[course.points.len().saturating_sub(MOST_ROWS)..];
    let rows = fitting.iter().map(|point| {
        let bound = if point.bound > 0.0 { number::bound(unit, point.bound) } else { String::new() };
        vec![moment(offset_minutes, point.began), number::bare(unit, point.value), bound]
    });
    Plot {
        title: title(texts, places, "plot-course", (course.quantity, course.way, course.scope)),
        drawing,
        table: Table {
            head: vec![texts.get("table-day"), statistic, texts.get("table-bound")],
            rows: rows.collect(),
        },
    }
}
