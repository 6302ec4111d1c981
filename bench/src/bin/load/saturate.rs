//! How much a target carries: sizes are tried until the greatest that goes well is known.

use crate::args::Args;
use crate::progress::Line;
use crate::run::{self, Outcome};
use crate::target::Kind;
use std::time::Duration;
use tongke_load::{Link, Shape};

/// The search ends when the greatest good size and the least bad one are as near as this.
const RESOLUTION: f64 = 0.05;
/// Sizes grow by this factor until one is bad.
const GROWTH: f64 = 1.35;
/// Most sizes tried.
const MOST_TRIES: usize = 9;
/// Packets a second through one core, in terms of the peer.
const MOST_ASKED: f64 = 2.5;
/// Length of a trial.
const TRIAL: Duration = Duration::from_secs(4);
/// A lesson of pairs goes well up to here.
const PAIRS_P99_MS: f64 = 5.0;
const PAIRS_LOSS: f64 = 0.0001;

/// A search for the greatest size that goes well; good sizes are taken to be below bad ones.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    good: Option<usize>,
    bad: Option<usize>,
    next: usize,
    tries: usize,
}

impl Search {
    /// A search that begins with this size.
    pub fn from(size: usize) -> Self {
        Self { good: None, bad: None, next: size.max(1), tries: 0 }
    }

    /// The size to be tried; none: the search is over.
    pub fn next(&self) -> Option<usize> {
        let is_over = self.tries >= MOST_TRIES || self.good == Some(self.next) || self.bad == Some(self.next);
        (!is_over).then_some(self.next)
    }

    /// Notes how the size went that was tried.
    pub fn note(&mut self, went_well: bool) {
        let tried = self.next;
        self.tries += 1;
        if went_well {
            self.good = Some(self.good.map_or(tried, |good| good.max(tried)));
        } else {
            self.bad = Some(self.bad.map_or(tried, |bad| bad.min(tried)));
        }
        self.next = match (self.good, self.bad) {
            (Some(good), Some(bad)) if bad as f64 <= good as f64 * (1.0 + RESOLUTION) => good,
            (Some(good), Some(bad)) => usize::midpoint(good, bad),
            (Some(good), None) => ((good as f64 * GROWTH) as usize).max(good + 1),
            (None, Some(bad)) => (bad as f64 / GROWTH / GROWTH) as usize,
            (None, None) => tried,
        };
        if self.next == 0 {
            // Nothing goes well.
            self.tries = MOST_TRIES;
        }
    }

    /// The greatest size that went well.
    pub fn good(&self) -> Option<usize> {
        self.good
    }
}

/// What was found.
pub struct Found {
    /// Of which target.
    pub target: Kind,
    /// Of which kind of shape.
    pub shape: Shape,
    /// The greatest size that went well; none: none did.
    pub size: Option<usize>,
    /// All sizes that were tried and ran, and whether they went well.
    pub trials: Vec<(Outcome, bool)>,
    /// Whether the load gave out before the target.
    pub by_generator: bool,
}

impl Found {
    /// Packets a second at the greatest size that went well.
    pub fn packets_per_s(&self) -> f64 {
        let best = self.trials.iter().find(|(outcome, _)| Some(outcome.shape.size()) == self.size);
        best.map_or(0.0, |(outcome, _)| outcome.seen.packets_per_s())
    }

    /// For people; `all` are those of the same shape.
    pub fn text(&self, all: &[Found]) -> String {
        let size = self.size.map_or("nothing".to_owned(), |size| self.shape.resized(size).to_string());
        let mut text =
            format!("  {:10} {size:12} {:9.0} packets/s", self.target.name(), self.packets_per_s());
        let is_peer = |found: &&Found| found.target == Kind::Peer && found.shape == self.shape;
        if self.target == Kind::Relay
            && let Some(peer) = all.iter().find(is_peer).filter(|peer| peer.size.is_some())
        {
            let ratio = self.packets_per_s() / peer.packets_per_s();
            let is = if ratio >= MOST_ASKED { "yes" } else { "NO" };
            text.push_str(&format!(", relay/peer {ratio:.2} (asked: >= {MOST_ASKED}: {is})"));
        }
        if self.by_generator {
            text.push_str("; the generator was the limit");
        }
        text
    }
}

/// Finds the greatest size of a shape that a target carries.
pub fn search(args: &Args, kind: Kind, shape: Shape, line: &mut Line) -> Found {
    let mut search = Search::from(shape.size());
    let (mut trials, mut by_generator) = (Vec::new(), false);
    while let Some(size) = search.next() {
        let shape = shape.resized(size);
        let outcome = run::run(args, kind, (shape, Link::Webrtc, 0), TRIAL, line);
        // Who is not let in or gets no picture is as good as lost.
        let went_well = outcome.as_ref().is_ok_and(goes_well);
        line.tell(&told(kind, shape, outcome.as_ref().map_err(ToString::to_string), went_well));
        by_generator = !went_well && outcome.as_ref().is_ok_and(|it| it.seen.generator.limit().is_some());
        trials.extend(outcome.map(|outcome| (outcome, went_well)));
        search.note(went_well);
    }
    Found { target: kind, shape, size: search.good(), trials, by_generator }
}

fn goes_well(outcome: &Outcome) -> bool {
    match outcome.shape {
        Shape::Spread { .. } => outcome.seen.lost == 0,
        Shape::Pairs { .. } => {
            outcome.seen.loss() <= PAIRS_LOSS && outcome.seen.frame_end.p99_ms <= PAIRS_P99_MS
        }
    }
}

fn told(kind: Kind, shape: Shape, outcome: Result<&Outcome, String>, went_well: bool) -> String {
    let verdict = if went_well { "well" } else { "not well" };
    match outcome {
        Ok(Outcome { seen, .. }) => format!(
            "{} {shape}: {verdict}: {:.0} packets/s at {:.2} us, {} lost, frame's end p99 {:.1} ms, \
             load {:.0} % busy",
            kind.name(),
            seen.packets_per_s(),
            seen.cpu_us().map_or(f64::NAN, |cost| cost.0),
            seen.lost,
            seen.frame_end.p99_ms,
            seen.generator.busy * 100.0,
        ),
        Err(error) => format!("{} {shape}: {verdict}: {error}", kind.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes tried for a target that carries up to `limit`, and what was found.
    fn found(start: usize, limit: usize) -> (Vec<usize>, Option<usize>) {
        let (mut search, mut tried) = (Search::from(start), Vec::new());
        while let Some(size) = search.next() {
            tried.push(size);
            search.note(size <= limit);
        }
        (tried, search.good())
    }

    #[test]
    fn the_greatest_good_size_is_found_within_the_resolution() {
        for limit in [7, 60, 150, 333, 600, 900] {
            let (tried, good) = found(200, limit);
            let good = good.unwrap();
            assert!(good <= limit && good as f64 * 1.2 >= limit as f64, "{limit}: {tried:?}");
            assert!(tried.len() <= MOST_TRIES);
        }
    }

    #[test]
    fn no_size_is_tried_twice() {
        for limit in 1..400 {
            let (mut tried, _) = found(100, limit);
            tried.sort_unstable();
            assert!(tried.windows(2).all(|pair| pair[0] < pair[1]), "{limit}: {tried:?}");
        }
    }

    #[test]
    fn where_nothing_goes_well_the_search_ends() {
        let (tried, good) = found(100, 0);
        assert_eq!(good, None);
        assert!(tried.len() <= MOST_TRIES && !tried.contains(&0));
    }
}
