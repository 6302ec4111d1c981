//! Two schools while they have a lesson: their nodes are asked for their facts now and again, and nothing is sent that
//! the lesson could feel. Told the time and what was answered; says what to ask.

mod facts;
mod flow;
#[cfg(test)]
mod tests;

use super::{Head, Side};
use crate::facts::{Cause, Facts};
use flow::Flow;
use std::time::{Duration, Instant};
use tongke_protocol::event::ClockReport;
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::inspect::{Answer, Ask, Reply, Task};
use tongke_protocol::{Now, ParticipantId};

/// Facts that do not come are asked for again after so long.
const REPEAT: Duration = Duration::from_secs(3);
/// A node that answers nothing for so long is not there.
const SILENCE: Duration = Duration::from_secs(30);
/// The last facts are waited for so long.
const GRACE: Duration = Duration::from_secs(5);
/// What a clock may drift against the relay's between two reports beyond their bounds, µs: 50 ppm over 10 s, fourfold.
const DRIFT_US: u64 = 2_000;

/// Who is asked, and how often.
#[derive(Debug, Clone)]
pub struct BesidePlan {
    /// What is written over the document, and who is asked.
    pub head: Head,
    /// Between two asks.
    pub every: Duration,
}

/// What is known of a side.
#[derive(Debug)]
struct Node {
    /// The number of the ask that waits for an answer.
    waits: Option<u32>,
    next_ask: Instant,
    heard: Instant,
    /// Facts so far.
    last: Option<NodeFacts>,
    clock: Option<ClockReport>,
    stepped: bool,
    school: Option<String>,
    /// Since when nothing is heard any more, and what that means.
    gone: Option<Cause>,
    /// What came from the other side, as this one counted it.
    flow: Flow,
}

/// An inspection beside a lesson.
#[derive(Debug)]
pub struct Beside {
    plan: BesidePlan,
    began: Now,
    nodes: [Node; 2],
    next_id: u32,
    ending: Option<Instant>,
    facts: Option<Facts>,
}

impl Beside {
    /// Begins: the first asks are there at once.
    pub fn new(plan: BesidePlan, now: Now) -> Beside {
        let node = || Node {
            waits: None,
            next_ask: now.instant,
            heard: now.instant,
            last: None,
            clock: None,
            stepped: false,
            school: None,
            gone: None,
            flow: Flow::default(),
        };
        let (nodes, next_id) = ([node(), node()], plan.head.first_ask);
        Beside { plan, began: now, nodes, next_id, ending: None, facts: None }
    }

    /// What came of it, once it has ended.
    pub fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// How long it has been going on, and of how many facts of each side it knows.
    pub fn seen(&self, now: Instant) -> (Duration, [u64; 2]) {
        let since = now.saturating_duration_since(self.began.instant);
        (since, [&self.nodes[0], &self.nodes[1]].map(|node| node.flow.looks))
    }

    fn side(&self, who: &ParticipantId) -> Option<Side> {
        [(&self.plan.head.a, Side::A), (&self.plan.head.b, Side::B)]
            .into_iter()
            .find_map(|(node, side)| (node == who).then_some(side))
    }

    /// A node answers.
    pub fn on_reply(&mut self, now: Now, from: &ParticipantId, reply: Reply) {
        let Some(side) = self.side(from) else { return };
        let other = if side == Side::A { self.plan.head.b.clone() } else { self.plan.head.a.clone() };
        let at_s = now.instant.saturating_duration_since(self.began.instant).as_secs_f64();
        let node = &mut self.nodes[side as usize];
        // An older answer than the last, or to somebody else.
        if node.waits != Some(reply.id) {
            return;
        }
        (node.waits, node.heard, node.gone) = (None, now.instant, None);
        if let Answer::Facts(facts) = reply.says {
            node.flow.look(at_s, &facts, &other);
            node.last = Some(*facts);
        }
        node.next_ask = now.instant + self.plan.every;
        self.end_if_done(now);
    }

    /// The lesson tells a participant's name, or its clock against the relay's.
    pub fn on_told(&mut self, who: &ParticipantId, name: Option<&str>, clock: Option<ClockReport>) {
        let Some(side) = self.side(who) else { return };
        let node = &mut self.nodes[side as usize];
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            node.school = Some(name.to_owned());
        }
        if let Some((clock, before)) = clock.zip(node.clock) {
            let allowed = clock.bound_us + before.bound_us + DRIFT_US;
            node.stepped |= clock.offset_us.abs_diff(before.offset_us) > allowed;
        }
        node.clock = clock.or(node.clock);
    }

    /// The last facts are asked for, and then it ends.
    pub fn end(&mut self, now: Now) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(now.instant);
        for node in self.nodes.iter_mut().filter(|node| node.gone.is_none()) {
            (node.waits, node.next_ask) = (None, now.instant);
        }
        self.end_if_done(now);
    }

    /// When to look at the clock again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.facts.is_some() {
            return None;
        }
        let nodes = self.nodes.iter().flat_map(|node| {
            let silence = node.gone.is_none().then_some(node.heard + SILENCE + self.plan.every);
            [Some(node.next_ask), silence]
        });
        nodes.chain([self.ending.map(|since| since + GRACE)]).flatten().min()
    }

    /// Looks at the clock.
    pub fn handle_timeout(&mut self, now: Now) {
        for node in self.nodes.iter_mut().filter(|node| node.gone.is_none()) {
            if now.instant >= node.heard + SILENCE + self.plan.every {
                let was_there = node.last.is_some();
                node.gone = Some(if was_there { Cause::NodeDisappeared } else { Cause::FarSideAsleep });
            }
        }
        self.end_if_done(now);
    }

    /// What to ask next, and whom; to be asked for until there is nothing.
    pub fn poll_ask(&mut self, now: Instant) -> Option<(ParticipantId, Ask)> {
        if self.facts.is_some() {
            return None;
        }
        for (side, who) in [(0, &self.plan.head.a), (1, &self.plan.head.b)] {
            let node = &mut self.nodes[side];
            if now < node.next_ask {
                continue;
            }
            // The same facts again would be older ones: each ask has a number of its own.
            let id = self.next_id;
            self.next_id = id.wrapping_add(1);
            (node.waits, node.next_ask) = (Some(id), now + REPEAT);
            return Some((who.clone(), Ask { id, what: Task::Facts }));
        }
        None
    }

    fn end_if_done(&mut self, now: Now) {
        let Some(since) = self.ending.filter(|_| self.facts.is_none()) else { return };
        let answered = |node: &Node| node.gone.is_some() || node.heard >= since && node.waits.is_none();
        let over = now.instant >= since + GRACE;
        if over || self.nodes.iter().all(|node| answered(node) && node.next_ask > now.instant) {
            self.facts = Some(facts::of(self, now.wall));
        }
    }
}
