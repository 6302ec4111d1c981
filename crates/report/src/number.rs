//! Numbers with their units, as people read them, and no more precise than they are.

use tongke_inspection::criteria;
use tongke_inspection::facts::OneSided;
use tongke_inspection::judge::Grade;
use tongke_inspection::quantity::Unit;

/// Joins a number and its unit so that no line ends between them.
const NBSP: char = '\u{a0}';
/// Decimals beyond which a number is told even where it rounds to a limit that it does not meet.
const MOST_DECIMALS: usize = 6;
/// A bound that is this wide, in ms, leaves no room for a number to the millisecond.
const WIDE_BOUND_MS: f64 = 10.0;

/// How a unit is printed: what its numbers are multiplied with, the decimals, and what stands behind.
struct Form {
    factor: f64,
    decimals: usize,
    suffix: &'static str,
}

fn form(unit: Unit, value: f64, bound: f64) -> Form {
    let (factor, decimals, suffix) = match unit {
        Unit::Ms => (1.0, usize::from(value.abs() < 100.0 && bound < WIDE_BOUND_MS), "ms"),
        Unit::Share => (100.0, 2, "%"),
        Unit::Ratio => (1.0, 2, "×"),
        Unit::Index | Unit::Mos => (1.0, 2, ""),
        Unit::Rating => (1.0, 1, ""),
        Unit::Db => (1.0, 1, "dB"),
        Unit::Dbfs => (1.0, 1, "dBFS"),
        Unit::Bps => (1e-6, 1, "Mbit/s"),
        Unit::Bytes if value.abs() >= 1e6 => (1e-6, 1, "MB"),
        Unit::Bytes => (1.0, 0, "B"),
        Unit::Fps => (1.0, 1, "fps"),
        Unit::Count | Unit::Word => (1.0, 0, ""),
    };
    Form { factor, decimals, suffix }
}

fn with_suffix(number: &str, suffix: &str) -> String {
    if suffix.is_empty() { number.to_owned() } else { format!("{number}{NBSP}{suffix}") }
}

/// A number to so many decimals, with a true minus sign.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
    match text.strip_prefix('-') {
        Some(digits) if is_zero => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// A number with its unit.
pub(crate) fn number(unit: Unit, value: f64) -> String {
    let form = form(unit, value, 0.0);
    with_suffix(&plain(value * form.factor, form.decimals), form.suffix)
}

/// A bound by itself, rounded up.
pub(crate) fn bound(unit: Unit, value: f64) -> String {
    let form = form(unit, value, 0.0);
    with_suffix(&up(value * form.factor, form.decimals), form.suffix)
}

/// A number without its unit, for columns whose head names it.
pub(crate) fn bare(unit: Unit, value: f64) -> String {
    let form = form(unit, value, 0.0);
    plain(value * form.factor, form.decimals)
}

/// What stands behind the numbers of a unit.
pub(crate) fn suffix(unit: Unit) -> &'static str {
    form(unit, 0.0, 0.0).suffix
}

/// A number in the unit's printed scale: per cent for shares, Mbit/s for bits a second.
pub(crate) fn scaled(unit: Unit, value: f64) -> f64 {
    value * form(unit, value, 0.0).factor
}

/// A judged value with its bound: `86.4 ± 5.4 ms`. Where it would round to another grade it gets more decimals.
pub(crate) fn judged(
    unit: Unit,
    value: f64,
    bound: Option<f64>,
    one_sided: Option<OneSided>,
    line: Option<&criteria::Line>,
) -> String {
    let form = form(unit, value, bound.unwrap_or(0.0));
    let grade = |value: f64| {
        let meets = |grade: &Grade| {
            line.and_then(|line| line.limit(*grade)).is_none_or(|limit| limit.contains(value, value))
        };
        Grade::ALL.into_iter().find(meets)
    };
    let rounds_well = |decimals: &usize| {
        let power = 10_f64.powi(i32::try_from(*decimals).unwrap_or(0));
        let rounded = (value * form.factor * power).round() / power / form.factor;
        // 0.03 × 100 is not 3: what differs in the last digits only is the same number.
        let near = (rounded - value).abs() <= value.abs() * 1e-12;
        near || grade(rounded) == grade(value)
    };
    let decimals = (form.decimals..MOST_DECIMALS).find(rounds_well).unwrap_or(MOST_DECIMALS);
    let text = plain(value * form.factor, decimals);
    let text = match one_sided {
        Some(OneSided::AtLeast) => format!("≥{NBSP}{text}"),
        Some(OneSided::AtMost) => format!("≤{NBSP}{text}"),
        None => text,
    };
    match bound.filter(|bound| *bound > 0.0) {
        Some(bound) => {
            let bound = up(bound * form.factor, decimals);
            with_suffix(&format!("{text}{NBSP}±{NBSP}{bound}"), form.suffix)
        }
        None => with_suffix(&text, form.suffix),
    }
}

/// A value that is no result: from where to where it may lie, in steps as wide as a tenth of what is unknown.
pub(crate) fn range(unit: Unit, value: f64, bound: f64) -> String {
    let form = form(unit, value, bound);
    let (low, high) = ((value - bound) * form.factor, (value + bound) * form.factor);
    let step = 10_f64.powf((high - low).max(f64::MIN_POSITIVE).log10().floor() - 1.0).max(1.0);
    let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
    with_suffix(&format!("{}{NBSP}~{NBSP}{}", plain(low, 0), plain(high, 0)), form.suffix)
}

/// A bound, rounded up: it must not become narrower by being printed.
fn up(bound: f64, decimals: usize) -> String {
    let power = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    let exact = bound * power;
    let near = exact.round();
    let rounded = if (exact - near).abs() < 1e-9 * near.max(1.0) { near } else { exact.ceil() };
    plain(rounded / power, decimals)
}

/// A limit: `≤ 150 ms`, `≥ 1.5 ×`, `−60 ~ +40 ms`. As many decimals as it was written with.
pub(crate) fn limit(unit: Unit, at_least: Option<f64>, at_most: Option<f64>) -> String {
    let form = form(unit, at_most.or(at_least).unwrap_or(0.0), 0.0);
    let short = |value: f64| {
        let text = plain(value * form.factor, 3);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let signed = |value: f64| if value > 0.0 { format!("+{}", short(value)) } else { short(value) };
    let text = match (at_least, at_most) {
        (Some(low), Some(high)) => format!("{}{NBSP}~{NBSP}{}", signed(low), signed(high)),
        (Some(low), None) => format!("≥{NBSP}{}", short(low)),
        (None, Some(high)) => format!("≤{NBSP}{}", short(high)),
        (None, None) => String::new(),
    };
    with_suffix(&text, form.suffix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_inspection::{Criteria, Quantity};

    fn of(unit: Unit, value: f64, bound: Option<f64>) -> String {
        judged(unit, value, bound, None, None).replace(NBSP, " ")
    }

    #[test]
    fn a_value_is_told_with_its_bound_and_no_more_digits_than_it_has() {
        assert_eq!(of(Unit::Ms, 86.43, Some(5.41)), "86.4 ± 5.5 ms");
        assert_eq!(of(Unit::Ms, 86.43, Some(50.0)), "86 ± 50 ms");
        assert_eq!(of(Unit::Ms, -12.34, None), "−12.3 ms");
        assert_eq!(of(Unit::Ms, -0.01, None), "0.0 ms");
        assert_eq!(of(Unit::Share, 0.042, Some(0.004)), "4.20 ± 0.40 %");
        assert_eq!(of(Unit::Bps, 19_640_000.0, None), "19.6 Mbit/s");
        assert_eq!(
            judged(Unit::Db, 63.0, None, Some(OneSided::AtLeast), None).replace(NBSP, " "),
            "≥ 63.0 dB"
        );
    }

    #[test]
    fn a_value_never_rounds_onto_the_other_side_of_a_limit() {
        let criteria = Criteria::shipped();
        let line = criteria.line(Quantity::MouthToEar);
        assert_eq!(judged(Unit::Ms, 150.04, None, None, line).replace(NBSP, " "), "150.04 ms");
        assert_eq!(judged(Unit::Ms, 149.6, None, None, line).replace(NBSP, " "), "150 ms");
        assert_eq!(judged(Unit::Ms, 150.0, None, None, line).replace(NBSP, " "), "150 ms");
        let line = criteria.line(Quantity::AudioLoss);
        assert_eq!(judged(Unit::Share, 0.03, None, None, line).replace(NBSP, " "), "3.00 %");
        assert_eq!(judged(Unit::Share, 0.030001, None, None, line).replace(NBSP, " "), "3.0001 %");
    }

    #[test]
    fn a_bound_by_itself_is_not_made_narrower() {
        assert_eq!(bound(Unit::Ms, 0.02).replace(NBSP, " "), "0.1 ms");
        assert_eq!(bound(Unit::Ms, 5.0).replace(NBSP, " "), "5.0 ms");
    }

    #[test]
    fn what_is_no_result_is_told_as_a_range() {
        assert_eq!(range(Unit::Ms, 62.4, 50.0).replace(NBSP, " "), "10 ~ 120 ms");
        assert_eq!(range(Unit::Ms, 62.4, 4.0).replace(NBSP, " "), "58 ~ 67 ms");
    }

    #[test]
    fn limits_are_told_as_they_were_written() {
        let told = |unit, low, high| limit(unit, low, high).replace(NBSP, " ");
        assert_eq!(told(Unit::Ms, None, Some(150.0)), "≤ 150 ms");
        assert_eq!(told(Unit::Ratio, Some(1.2), None), "≥ 1.2 ×");
        assert_eq!(told(Unit::Share, None, Some(0.001)), "≤ 0.1 %");
        assert_eq!(told(Unit::Share, None, Some(0.0)), "≤ 0 %");
        assert_eq!(told(Unit::Ms, Some(-60.0), Some(40.0)), "−60 ~ +40 ms");
    }
}
