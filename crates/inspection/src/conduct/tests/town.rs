//! Two nodes, their inspectors and the way between them, in memory under a virtual clock: packets take their time,
//! are lost and overtake each other, by a seed.

use super::super::{Head, Inspection, Plan, Side};
use crate::facts::{Cause, Finding, Measured, Method, Outcome, Scope, Way};
use crate::quantity::{Extent, Quantity, Step};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tongke_protocol::event::ClockReport;
use tongke_protocol::inspect::{
    Answer, Ask, Doing, LineStep, Part, Presence, Progress, Refused, RefusedCode, Reply, Sight, Task,
    TestClock,
};
use tongke_protocol::{Now, WallTime};

/// How long a task takes at a node, but for a call.
pub const TASK_S: u64 = 20;

/// One of the two nodes.
#[derive(Debug, Default)]
pub struct Node {
    /// It says nothing from then on; seconds since the begin.
    pub gone_at_s: Option<f64>,
    /// It says nothing until then, and then what it has.
    pub mute: Option<(f64, f64)>,
    /// Its clock is set from then on.
    pub stepped: bool,
    /// Its room takes no part in calls.
    pub roomless: bool,
    /// For whom, which ask, until when it works at it.
    at_work: Option<(usize, Ask, Instant)>,
    done: BTreeMap<(usize, u32), Task>,
}

enum Event {
    Ask(usize, Side, Ask),
    Reply(usize, Side, Reply),
    Beat(Side),
}

/// All of it.
pub struct Town {
    pub start: Now,
    pub now: Instant,
    pub nodes: [Node; 2],
    pub inspectors: Vec<Inspection>,
    /// Share of the dispatches that are lost.
    pub loss: f64,
    /// Asks that reached a node, by task.
    pub asked: Vec<(Side, Task)>,
    random: u64,
    queue: BTreeMap<(Instant, u64), Event>,
    number: u64,
}

pub fn head(id: String, first_ask: u32) -> Head {
    Head {
        id,
        asked_by: "somebody".into(),
        relay: "https://relay.example".into(),
        software: "tongke 0".into(),
        utc_offset_minutes: 480,
        a: "valley".parse().unwrap(),
        b: "hill".parse().unwrap(),
        first_ask,
    }
}

pub fn plan(first_ask: u32) -> Plan {
    Plan {
        head: head(format!("inspection-{first_ask}"), first_ask),
        patience: Duration::from_secs(30),
        idle_s: 20,
        most_mbps: 100,
        metered: false,
        hold_s: 20,
        sight: Sight::Software,
    }
}

impl Town {
    pub fn new(seed: u64, loss: f64) -> Town {
        let start = Now { instant: Instant::now(), wall: WallTime(1_796_000_000_000_000) };
        let inspectors = vec![Inspection::new(plan(seed as u32), start)];
        let mut town = Town {
            start,
            now: start.instant,
            nodes: [Node::default(), Node::default()],
            inspectors,
            loss,
            asked: Vec::new(),
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            queue: BTreeMap::new(),
            number: 0,
        };
        Side::BOTH.into_iter().for_each(|side| town.put(Duration::from_secs(1), Event::Beat(side)));
        town
    }

    /// 0 to 1 (xorshift64*, Vigna).
    fn chance(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn put(&mut self, after: Duration, event: Event) {
        self.number += 1;
        self.queue.insert((self.now + after, self.number), event);
    }

    /// On its way, unless it is lost: 5 to 800 ms, so that dispatches overtake each other.
    fn send(&mut self, event: Event) {
        if self.chance() >= self.loss {
            let after = Duration::from_secs_f64(0.005 + 0.795 * self.chance());
            self.put(after, event);
        }
    }

    pub fn since_s(&self) -> f64 {
        (self.now - self.start.instant).as_secs_f64()
    }

    pub fn time(&self) -> Now {
        self.start.plus(self.now - self.start.instant)
    }

    /// Runs until every inspection has ended, or `until`.
    pub fn run(&mut self, until: Duration) {
        let end = self.start.instant + until;
        while self.now < end {
            self.send_asks();
            if self.inspectors.iter().all(|inspection| inspection.facts().is_some()) {
                return;
            }
            let timers = self.inspectors.iter().filter_map(Inspection::poll_timeout).min();
            let first = self.queue.keys().next().map(|(at, _)| *at);
            let next = timers.into_iter().chain(first).min().unwrap_or(end).min(end);
            self.now = self.now.max(next);
            let now = self.time();
            self.inspectors.iter_mut().for_each(|inspection| inspection.handle_timeout(now));
            while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let event = entry.remove();
                self.take(event);
            }
        }
    }

    fn send_asks(&mut self) {
        for index in 0..self.inspectors.len() {
            while let Some((to, ask)) = self.inspectors[index].poll_ask(self.now) {
                let side = if to.as_str() == "valley" { Side::A } else { Side::B };
                // As it would travel.
                let ask = Ask::parse(&ask.to_body().unwrap()).unwrap();
                self.send(Event::Ask(index, side, ask));
            }
        }
    }

    fn is_silent(&self, side: Side) -> bool {
        let (node, at_s) = (&self.nodes[side as usize], self.since_s());
        let muted = node.mute.is_some_and(|(from, until)| (from..until).contains(&at_s));
        muted || node.gone_at_s.is_some_and(|gone_s| at_s >= gone_s)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Reply(index, side, reply) => {
                let from = plan(0).head.node(side).clone();
                let reply = Reply::parse(&reply.to_body().unwrap()).unwrap();
                let now = self.time();
                self.inspectors[index].on_reply(now, &from, reply);
            }
            Event::Ask(index, side, ask) if !self.is_silent(side) => self.on_ask(index, side, ask),
            Event::Ask(..) => {}
            Event::Beat(side) => {
                self.beat(side);
                self.put(Duration::from_secs(1), Event::Beat(side));
            }
        }
    }

    fn on_ask(&mut self, from: usize, side: Side, ask: Ask) {
        self.asked.push((side, ask.what.clone()));
        let presence =
            Presence { school: format!("school {side:?}"), room: String::new(), software: "t".into() };
        let id = ask.id;
        match ask.what {
            Task::Here => self.say(from, side, id, Answer::Yes(presence)),
            Task::Stop => {
                self.finish(side, from);
                self.say(from, side, id, Answer::Yes(presence));
            }
            Task::Facts => {}
            what => self.work(from, side, &Ask { id, what }),
        }
    }

    fn work(&mut self, from: usize, side: Side, ask: &Ask) {
        let node = &mut self.nodes[side as usize];
        if let Some(what) = node.done.get(&(from, ask.id)).cloned() {
            return self.answer(from, side, ask.id, &what);
        }
        match &node.at_work {
            None => {
                let takes_s = if let Task::Call(plan) = &ask.what { plan.seconds.into() } else { TASK_S };
                node.at_work = Some((from, ask.clone(), self.now + Duration::from_secs(takes_s)));
                self.progress(from, side, ask.id);
            }
            Some((whose, which, _)) if (*whose, which.id) == (from, ask.id) => {
                self.progress(from, side, ask.id)
            }
            Some(_) => {
                let refused = Refused { code: RefusedCode::LineBusy, message: "busy".into() };
                self.say(from, side, ask.id, Answer::Refused(refused));
            }
        }
    }

    fn progress(&mut self, from: usize, side: Side, id: u32) {
        self.say(from, side, id, Answer::Progress(Progress { doing: Doing::IdleLine, left_s: 1 }));
    }

    fn beat(&mut self, side: Side) {
        let Some((from, ask, until)) = self.nodes[side as usize].at_work.clone() else { return };
        if self.now >= until {
            self.finish(side, from);
        } else if !self.is_silent(side) {
            self.progress(from, side, ask.id);
        }
    }

    fn finish(&mut self, side: Side, from: usize) {
        let node = &mut self.nodes[side as usize];
        let Some((_, ask, _)) = node.at_work.take_if(|(whose, ..)| *whose == from) else { return };
        node.done.insert((from, ask.id), ask.what.clone());
        let (mute, at_s) = (node.mute, self.since_s());
        if !self.is_silent(side) {
            self.answer(from, side, ask.id, &ask.what);
        } else if let Some((_, until)) = mute.filter(|(_, until)| at_s < *until) {
            // It tries until the relay takes it.
            self.put(Duration::from_secs_f64(until - at_s), Event::Ask(from, side, ask));
        }
    }

    /// In three parts.
    fn answer(&mut self, from: usize, side: Side, id: u32, what: &Task) {
        let stepped = self.nodes[side as usize].stepped;
        let report = ClockReport { offset_us: if side == Side::A { -2_000 } else { 3_000 }, bound_us: 700 };
        let mut findings = findings(side, what);
        if self.nodes[side as usize].roomless && matches!(what, Task::Call(_)) {
            let air = Finding::missing(Quantity::MouthToEar, Some(Way::BToA), Cause::NoDevice);
            findings.push(Finding { scope: Some(Scope::B), ..air });
        }
        for number in 0..3u16 {
            let third = findings.iter().skip(number.into()).step_by(3);
            let findings = third.map(|finding| serde_json::to_value(finding).unwrap()).collect();
            let clock = (number == 0).then_some(TestClock { report, stepped });
            let part = Part { number, of: 3, findings, clock, notes: Vec::new() };
            self.say(from, side, id, Answer::Part(part));
        }
    }

    fn say(&mut self, to: usize, side: Side, id: u32, says: Answer) {
        self.send(Event::Reply(to, side, Reply { id, says }));
    }
}

/// What a node finds: of everything that its task measures, seen from itself. The value says who saw it, and which way.
fn findings(side: Side, what: &Task) -> Vec<Finding> {
    let steps: &[Step] = match what {
        Task::Devices => &[Step::Devices],
        Task::Line(plan) if plan.steps.contains(&LineStep::Capacity) => &[Step::Capacity, Step::LoadedLine],
        Task::Line(_) => &[Step::Reachability, Step::IdleLine],
        _ => &[Step::Delay, Step::Media, Step::Echo],
    };
    let is_call = matches!(what, Task::Call(_));
    let mut all = Vec::new();
    for quantity in Quantity::ALL.iter().copied().filter(|it| steps.contains(&it.definition().step)) {
        let ways: &[Option<Way>] = match quantity.definition().extent {
            Extent::Whole => &[None],
            Extent::Place => &[Some(Way::AtA)],
            // In a call, what comes from there.
            Extent::Directed if is_call => &[Some(Way::BToA)],
            Extent::Directed => &[Some(Way::AToB), Some(Way::BToA)],
        };
        all.extend(ways.iter().map(|way| found(side, quantity, *way)));
    }
    all
}

fn found(side: Side, quantity: Quantity, way: Option<Way>) -> Finding {
    let definition = quantity.definition();
    let outcome = match definition.words.first() {
        Some(word) => Outcome::Found((*word).to_owned()),
        None if definition.unit == crate::quantity::Unit::Word => Outcome::Found("1280 × 720".to_owned()),
        None if definition.unit == crate::quantity::Unit::Mos => {
            Outcome::Measured(Box::new(measured(1.0 + value(side, way))))
        }
        None => Outcome::Measured(Box::new(measured(value(side, way)))),
    };
    let scope = quantity.has_scope().then_some(Scope::A);
    Finding { quantity, unit: definition.unit, way, scope, outcome }
}

/// 0.1 and 0.2 outwards and towards here at a, 0.3 and 0.4 at b; else 0.5: within every unit's bounds, with 1 added for
/// a MOS.
pub fn value(side: Side, way: Option<Way>) -> f64 {
    match (side, way) {
        (Side::A, Some(Way::AToB)) => 0.1,
        (Side::A, Some(Way::BToA)) => 0.2,
        (Side::B, Some(Way::AToB)) => 0.3,
        (Side::B, Some(Way::BToA)) => 0.4,
        _ => 0.5,
    }
}

pub fn measured(value: f64) -> Measured {
    Measured {
        n: 1_000,
        value: Some(value),
        min: Some(value),
        median: Some(value),
        p95: Some(value),
        p999: Some(value),
        max: Some(value),
        spread: None,
        bound: None,
        clock_bound_ms: Some(1.4),
        one_sided: None,
        method: Method::Stamp,
        by: "node".into(),
        reference: Vec::new(),
        over_time: Vec::new(),
        histogram: None,
        events: Vec::new(),
    }
}

/// The cause of a finding that is missing.
pub fn cause(finding: Option<&Finding>) -> Option<Cause> {
    match &finding?.outcome {
        Outcome::Missing(missing) => Some(missing.cause),
        _ => None,
    }
}
