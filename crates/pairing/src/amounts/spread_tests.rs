//! The solver against every way of sharing out, and against the numbers of the sources.

use super::*;
use crate::amounts::Known;
use crate::lesson::Form;
use proptest::prelude::*;

fn amounts(cells: &[(&str, u32, u32)], mixed: &[(u32, &[&str])]) -> Amounts {
    let cell = |name: &str| Cell { form: Form::SyncClass, subject: Some(name.to_owned()) };
    let known = |&(name, done, open): &(&str, u32, u32)| (cell(name), Known { done, open, planned: 0 });
    Amounts {
        cells: cells.iter().map(known).collect(),
        mixed: mixed.iter().map(|(n, over)| (*n, over.iter().map(|name| cell(name)).collect())).collect(),
    }
}

fn spread(cells: &[(&str, u32, u32)], mixed: &[(u32, &[&str])]) -> Spread<String> {
    Spread::new(&amounts(cells, mixed), |cell| cell.subject.clone())
}

#[test]
fn twenty_six_over_two_subjects() {
    // 枫林: both subjects were taught, so each has one at least.
    let it = spread(&[("语文", 1, 0), ("数学", 1, 0)], &[(24, &["语文", "数学"])]);
    assert_eq!(it.reaching(|_| 1), Count::exactly(2));
    assert_eq!(
        it.reaching(|_| 10),
        Count::between(1, 2),
        "16 + 10 does, 20 + 6 does not; 13 is always there"
    );
    assert_eq!(it.every_opened(10), Verdict::Undecided);
    assert_eq!(it.short_every(10), Count::between(0, 9));
    assert_eq!(it.every_opened(15), Verdict::Short, "two times 15 are more than 26");
    assert_eq!(it.short_every(15), Count::between(4, 14));
    assert_eq!(it.short_number(15, 2), Count::between(4, 14));
}

#[test]
fn seventeen_seventeen_one() {
    let it = spread(&[("语文", 17, 0), ("数学", 17, 0), ("英语", 1, 0)], &[]);
    assert_eq!(it.every_opened(10), Verdict::Short);
    assert_eq!(it.short_every(10), Count::exactly(9));
    assert_eq!(it.short_every(15), Count::exactly(14));
    assert_eq!(it.reaching(|_| 10), Count::exactly(2));
    assert_eq!(it.short_number(15, 2), Count::exactly(0));
    assert_eq!(it.short_number(15, 3), Count::exactly(14));
}

#[test]
fn enough_lessons_are_enough_however_they_are_shared() {
    let it = spread(&[], &[(34, &["a", "b", "c"])]);
    assert_eq!(
        it.reaching(|_| 12),
        Count::between(1, 2),
        "11 + 11 + 12 at the worst, 12 + 12 + 10 at the best"
    );
    assert_eq!(spread(&[], &[(33, &["a", "b", "c"])]).reaching(|_| 12), Count::between(0, 2));
}

#[test]
fn open_lessons_may_count_and_need_not() {
    let it = spread(&[("a", 8, 3), ("b", 10, 0)], &[]);
    assert_eq!(it.every_opened(10), Verdict::Undecided);
    assert_eq!(it.short_every(10), Count::between(0, 2));
    assert_eq!(spread(&[("a", 8, 1), ("b", 10, 0)], &[]).every_opened(10), Verdict::Short);
}

#[test]
fn nothing_misses_everything() {
    assert_eq!(spread(&[], &[]).short_number(10, 2), Count::exactly(20));
    assert_eq!(spread(&[], &[]).every_opened(10), Verdict::Met, "no subject is short; a setting says more");
}

#[test]
fn too_many_cases_leave_bounds_that_hold() {
    let names: Vec<String> = (0..14).map(|i| format!("s{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let it = spread(&[("s0", 12, 0)], &[(30, &names)]);
    assert_eq!(it.reaching(|_| 10), Count::between(1, 14));
    assert_eq!(it.every_opened(10), Verdict::Undecided);
}

/// Every way of sharing out, one lesson after the other.
fn all_ways(it: &Spread<String>) -> Vec<Vec<u32>> {
    let mut ways = vec![it.least.clone()];
    for supply in &it.supplies {
        for _ in 0..supply.number {
            let put = |has: &Vec<u32>| {
                let mut next: Vec<Vec<u32>> = if supply.leaves { vec![has.clone()] } else { Vec::new() };
                for cell in &supply.over {
                    let mut with = has.clone();
                    with[*cell] += 1;
                    next.push(with);
                }
                next
            };
            ways = ways.iter().flat_map(put).collect();
            ways.sort();
            ways.dedup();
        }
    }
    for cell in 0..it.names.len() {
        let open = it.most[cell] - it.least[cell];
        let put = |has: &Vec<u32>| {
            let with = |more: u32| {
                let mut has = has.clone();
                has[cell] += more;
                has
            };
            (0..=open).map(with).collect::<Vec<_>>()
        };
        ways = ways.iter().flat_map(put).collect();
    }
    ways
}

proptest! {
    #[test]
    fn it_says_what_trying_everything_says(
        done in proptest::collection::vec((0_u32..5, 0_u32..3), 3),
        first in 0_u32..6,
        second in 0_u32..6,
        need in 1_u32..6,
    ) {
        let cells = [("a", done[0].0, done[0].1), ("b", done[1].0, done[1].1), ("c", done[2].0, done[2].1)];
        let it = spread(&cells, &[(first, &["a", "b"]), (second, &["a", "b", "c"])]);
        let ways = all_ways(&it);
        let range = |of: &dyn Fn(&Vec<u32>) -> u32| {
            Count::between(ways.iter().map(of).min().unwrap(), ways.iter().map(of).max().unwrap())
        };
        let reaching = |has: &Vec<u32>| has.iter().filter(|n| **n >= need).count() as u32;
        prop_assert_eq!(it.reaching(|_| need), range(&reaching));

        let all_right = |has: &Vec<u32>| has.iter().all(|n| *n == 0 || *n >= need);
        let verdict = Verdict::of(ways.iter().all(all_right), ways.iter().any(all_right));
        prop_assert_eq!(it.every_opened(need), verdict);

        let missing = |has: &Vec<u32>| has.iter().filter(|n| **n > 0).map(|n| need.saturating_sub(*n)).sum();
        let (says, is) = (it.short_every(need), range(&missing));
        prop_assert_eq!(says.at_least, is.at_least);
        prop_assert!(says.at_most >= is.at_most);

        let until_two = |has: &Vec<u32>| {
            let mut short: Vec<u32> = has.iter().map(|n| need.saturating_sub(*n)).collect();
            short.sort_unstable();
            short[0] + short[1]
        };
        let (says, is) = (it.short_number(need, 2), range(&until_two));
        prop_assert_eq!(says.at_least, is.at_least);
        prop_assert!(says.at_most >= is.at_most);
    }
}
