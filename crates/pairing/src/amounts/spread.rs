//! What can be said for certain of numbers whose parts are not known.
//!
//! A mixed number is a supply that goes to some of its cells, nobody knows how. A statement is certain
//! if it holds however the supplies are shared out, and possible if it holds for one way of sharing. Whether
//! a way exists is a question of flow through two layers, answered by its smallest cut (Ford and Fulkerson
//! 1956); there are few supplies, so all cuts are tried. Where there are too many, bounds are given
//! that hold but may be wide.

use super::{Amounts, Cell};
use crate::count::{Count, Verdict};
use std::collections::BTreeMap;

/// Supplies and touched cells up to which every case is tried: 2^6 cuts of 2^10 choices.
const MOST_SUPPLIES: usize = 6;
const MOST_TOUCHED: usize = 10;
/// Ways of giving each supply to one cell that are tried.
const MOST_WAYS: usize = 4096;

/// A number over several cells.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Supply {
    number: u32,
    over: Vec<usize>,
    /// Some of it may be outside all the cells.
    leaves: bool,
}

/// Numbers of cells of the same kind, say the subjects of one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spread<K> {
    names: Vec<K>,
    /// What each has at least, and at most, without the supplies.
    least: Vec<u32>,
    most: Vec<u32>,
    supplies: Vec<Supply>,
}

impl<K: Ord + Clone> Spread<K> {
    /// The cells by name; what has no name is left out.
    pub fn new(amounts: &Amounts, name: impl Fn(&Cell) -> Option<K>) -> Self {
        let mut cells: BTreeMap<K, (u32, u32)> = BTreeMap::new();
        for (cell, known) in &amounts.cells {
            let Some(name) = name(cell) else { continue };
            let (least, most) = cells.entry(name).or_default();
            *least += known.done;
            *most += known.done + known.open;
        }
        for cell in amounts.mixed.iter().flat_map(|(_, over)| over) {
            if let Some(name) = name(cell) {
                cells.entry(name).or_default();
            }
        }
        let names: Vec<K> = cells.keys().cloned().collect();
        let (least, most) = cells.into_values().unzip();
        let mut spread = Self { names, least, most, supplies: Vec::new() };
        for (number, over) in &amounts.mixed {
            let named: Vec<Option<K>> = over.iter().map(&name).collect();
            let leaves = named.iter().any(Option::is_none);
            let named: Vec<K> = named.into_iter().flatten().collect();
            spread.supply(*number, &named, leaves);
        }
        spread
    }

    /// Makes sure that a cell with this name is there.
    pub fn cell(&mut self, name: K) {
        if !self.names.contains(&name) {
            self.names.push(name);
            self.least.push(0);
            self.most.push(0);
        }
    }

    /// Adds a number over cells that are there.
    pub fn supply(&mut self, number: u32, over: &[K], leaves: bool) {
        let mut over: Vec<usize> =
            over.iter().filter_map(|name| self.names.iter().position(|it| it == name)).collect();
        over.sort_unstable();
        over.dedup();
        if number == 0 || over.is_empty() {
            return;
        }
        if let ([only], false) = (over.as_slice(), leaves) {
            self.least[*only] += number;
            self.most[*only] += number;
            return;
        }
        match self.supplies.iter_mut().find(|it| it.over == over && it.leaves == leaves) {
            Some(same) => same.number += number,
            None => self.supplies.push(Supply { number, over, leaves }),
        }
    }

    /// Adds lessons to every cell that may, each, be in it.
    pub fn may_have(&mut self, more: u32) {
        self.most.iter_mut().for_each(|most| *most += more);
    }

    /// The cells' names with what each may have.
    pub fn cells(&self) -> impl Iterator<Item = (&K, Count)> {
        self.names.iter().enumerate().map(|(cell, name)| (name, self.range(cell)))
    }

    fn range(&self, cell: usize) -> Count {
        let may_get: u32 =
            self.supplies.iter().filter(|it| it.over.contains(&cell)).map(|it| it.number).sum();
        Count::between(self.least[cell], self.most[cell] + may_get)
    }

    fn touched(&self) -> Vec<usize> {
        let mut touched: Vec<usize> = self.supplies.iter().flat_map(|it| it.over.clone()).collect();
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    fn untouched(&self) -> impl Iterator<Item = usize> {
        let touched = self.touched();
        (0..self.names.len()).filter(move |cell| !touched.contains(cell))
    }

    fn can_try_all(&self) -> bool {
        self.supplies.len() <= MOST_SUPPLIES && self.touched().len() <= MOST_TOUCHED
    }

    /// How much of the supplies fits, if a cell has room for so much, by the smallest cut.
    fn fits(&self, room: impl Fn(usize) -> u64, outside: u64) -> u64 {
        let cut = |chosen: usize| -> u64 {
            let is_in = |i: usize| chosen & (1 << i) != 0;
            let all = || self.supplies.iter().enumerate();
            let left: u64 = all().filter(|(i, _)| !is_in(*i)).map(|(_, it)| u64::from(it.number)).sum();
            let mut cells: Vec<usize> =
                all().filter(|(i, _)| is_in(*i)).flat_map(|(_, it)| it.over.clone()).collect();
            cells.sort_unstable();
            cells.dedup();
            let leaves = all().any(|(i, it)| is_in(i) && it.leaves);
            let rooms = cells.iter().fold(0_u64, |sum, cell| sum.saturating_add(room(*cell)));
            left.saturating_add(rooms).saturating_add(if leaves { outside } else { 0 })
        };
        (0..1_usize << self.supplies.len()).map(cut).min().unwrap_or(0)
    }

    fn supplied(&self) -> u64 {
        self.supplies.iter().map(|it| u64::from(it.number)).sum()
    }

    /// What these cells miss at the least, if as much as can goes to them.
    fn least_short(&self, cells: &[usize], need: impl Fn(usize) -> u32) -> u32 {
        let lacks = |cell: usize| u64::from(need(cell).saturating_sub(self.most[cell]));
        let sum: u64 = cells.iter().map(|cell| lacks(*cell)).sum();
        let got = self.fits(|cell| if cells.contains(&cell) { lacks(cell) } else { 0 }, 0);
        u32::try_from(sum.saturating_sub(got)).unwrap_or(u32::MAX)
    }

    /// What these cells miss at the most. What they miss is convex in what they get, so the worst case
    /// gives each supply to one cell as a whole.
    fn most_short(&self, cells: &[usize], need: impl Fn(usize) -> u32) -> u32 {
        let places = |it: &Supply| it.over.len() + usize::from(it.leaves);
        let ways = self.supplies.iter().map(places).try_fold(1_usize, |n, p| n.checked_mul(p));
        let short = |has: &[u32]| cells.iter().map(|c| need(*c).saturating_sub(has[*c])).sum::<u32>();
        let Some(ways) = ways.filter(|ways| *ways <= MOST_WAYS) else { return short(&self.least) };
        let way = |mut number: usize| {
            let mut has = self.least.clone();
            for it in &self.supplies {
                let place = number % places(it);
                number /= places(it);
                if let Some(cell) = it.over.get(place) {
                    has[*cell] += it.number;
                }
            }
            short(&has)
        };
        (0..ways).map(way).max().unwrap_or(0)
    }

    /// How many cells have what they need.
    pub fn reaching(&self, need: impl Fn(&K) -> u32) -> Count {
        let need = |cell: usize| need(&self.names[cell]);
        let ranges: Vec<Count> = (0..self.names.len()).map(|cell| self.range(cell)).collect();
        let surely = |cell: &usize| self.least[*cell] >= need(*cell);
        let maybe = |cell: &usize| ranges[*cell].at_most >= need(*cell);
        if !self.can_try_all() {
            let count = |is: &dyn Fn(&usize) -> bool| (0..self.names.len()).filter(is).count() as u32;
            return Count::between(count(&surely), count(&maybe));
        }
        let apart = Count::between(
            self.untouched().filter(surely).count() as u32,
            self.untouched().filter(maybe).count() as u32,
        );
        let touched = self.touched();
        let (mut least, mut most) = (touched.len() as u32, 0);
        for chosen in subsets(&touched) {
            let size = chosen.len() as u32;
            if size > most && self.least_short(&chosen, need) == 0 {
                most = size;
            }
            let none_surely = touched.iter().all(|cell| chosen.contains(cell) || !surely(cell));
            if size < least && none_surely && self.others_may_stay_below(&chosen, need) {
                least = size;
            }
        }
        apart.plus(Count::between(least, most))
    }

    /// Whether the supplies can be shared out so that only `chosen` of the touched cells have enough.
    fn others_may_stay_below(&self, chosen: &[usize], need: impl Fn(usize) -> u32) -> bool {
        let room = |cell: usize| match chosen.contains(&cell) {
            true => u64::from(u32::MAX),
            false => u64::from(need(cell).saturating_sub(1).saturating_sub(self.least[cell])),
        };
        self.fits(room, u64::from(u32::MAX)) >= self.supplied()
    }

    /// Sets of touched cells that may be the ones with anything in them.
    fn opened_sets(&self) -> Vec<Vec<usize>> {
        let touched = self.touched();
        let may = |chosen: &Vec<usize>| {
            let empty = |cell: &usize| chosen.contains(cell) || self.least[*cell] == 0;
            let goes_in = |it: &Supply| it.leaves || it.over.iter().any(|cell| chosen.contains(cell));
            touched.iter().all(empty) && self.supplies.iter().all(goes_in)
        };
        subsets(&touched).filter(may).collect()
    }

    /// Whether every cell with anything in it has `need`.
    pub fn every_opened(&self, need: u32) -> Verdict {
        let wrong = |cell: usize| {
            let range = self.range(cell);
            range.at_least.max(1) <= range.at_most.min(need.saturating_sub(1))
        };
        let certain = !(0..self.names.len()).any(wrong);
        let alone = |cell: usize| self.least[cell] == 0 || self.range(cell).at_most >= need;
        let possible = (0..self.names.len()).all(alone)
            && (!self.can_try_all()
                || self.opened_sets().iter().any(|set| self.least_short(set, |_| need) == 0));
        Verdict::of(certain, possible)
    }

    /// How many the cells with anything in them miss together, if each needs `need`.
    pub fn short_every(&self, need: u32) -> Count {
        let short_if_opened =
            |cell: usize, has: u32| need.saturating_sub(has.max(1)) * u32::from(self.range(cell).at_most > 0);
        let sure = |cell: usize| match self.least[cell] {
            0 => 0,
            _ => need.saturating_sub(self.range(cell).at_most),
        };
        let apart = Count::between(
            self.untouched().map(sure).sum(),
            self.untouched().map(|cell| short_if_opened(cell, self.least[cell])).sum(),
        );
        let touched = self.touched();
        let all_opened = touched.iter().all(|cell| self.least[*cell] > 0);
        let most = match all_opened {
            true => self.most_short(&touched, |_| need),
            false => touched.iter().map(|cell| short_if_opened(*cell, self.least[*cell])).sum(),
        };
        let least = match self.can_try_all() {
            true => {
                let short = |set: &Vec<usize>| self.least_short(set, |_| need);
                self.opened_sets().iter().map(short).min().unwrap_or(0)
            }
            false => touched.iter().map(|cell| sure(*cell)).sum(),
        };
        apart.plus(Count::between(least, most))
    }

    /// How many are missing until `number` cells have `need` each.
    pub fn short_number(&self, need: u32, number: u32) -> Count {
        let number = number as usize;
        let sorted = |has: &[u32]| {
            let mut short: Vec<u32> = self.untouched().map(|c| need.saturating_sub(has[c])).collect();
            short.extend(std::iter::repeat_n(need, number));
            short.sort_unstable();
            short
        };
        let (at_best, at_worst) = (sorted(&self.most), sorted(&self.least));
        if !self.can_try_all() {
            let ranges = (0..self.names.len()).map(|cell| self.range(cell).at_most);
            let mut best: Vec<u32> = ranges.map(|has| need.saturating_sub(has)).collect();
            best.extend(std::iter::repeat_n(need, number));
            best.sort_unstable();
            return Count::between(best[..number].iter().sum(), at_worst[..number].iter().sum());
        }
        let touched = self.touched();
        let sets = || subsets(&touched).filter(|set| set.len() <= number);
        let rest = |of: &[u32], set: &[usize]| of[..number - set.len()].iter().sum::<u32>();
        let least = sets().map(|set| self.least_short(&set, |_| need) + rest(&at_best, &set)).min();
        let most = sets().map(|set| self.most_short(&set, |_| need) + rest(&at_worst, &set)).min();
        Count::between(least.unwrap_or(0), most.unwrap_or(0))
    }
}

/// All sets of some of these, none among them.
fn subsets(of: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let taken = move |set: usize| {
        let chosen = of.iter().enumerate().filter(move |(i, _)| set & (1 << i) != 0);
        chosen.map(|(_, cell)| *cell).collect()
    };
    (0..1_usize << of.len()).map(taken)
}

#[cfg(test)]
#[path = "spread_tests.rs"]
mod tests;
