//! An inspection of two schools, conducted from outside: who is asked for what and when, what their answers are, and
//! what both halves make together. Told the time and what was answered; says what to ask next.
//!
//! Whether a node is there follows from what it says, not from the relay's events: a node at work leaves and joins the
//! lesson with its calls.

pub mod beside;
mod facts;
mod job;
mod legs;
mod plan;
#[cfg(test)]
mod tests;
mod turn;

pub use plan::{Head, Plan, Stage};

use crate::facts::{Cause, Facts, Remark};
use job::{Job, State};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tongke_protocol::inspect::{Answer, Ask, Doing, Presence, Reply, Task};
use tongke_protocol::{Now, ParticipantId};

/// An inspection that is ended before its time waits so long for what was measured by then.
const GRACE: Duration = Duration::from_secs(5);
/// Whether somebody who is not there has come back is asked so often.
const KNOCK_AGAIN: Duration = Duration::from_secs(10);

/// Which of the two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Place a.
    A,
    /// Place b.
    B,
}

impl Side {
    /// Both.
    pub const BOTH: [Side; 2] = [Side::A, Side::B];

    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
}

/// How far an inspection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The stage.
    pub stage: Stage,
    /// What the nodes say that they are at: a's, b's.
    pub doing: [Option<Doing>; 2],
    /// How long it still takes, in seconds, as far as it is known.
    pub left_s: u64,
}

/// What is known of a side's node.
#[derive(Debug, Clone, PartialEq, Eq)]
enum There {
    /// Nothing yet.
    Unknown,
    Yes,
    /// It does not answer, and why that is thought. When to knock again.
    No(Cause, Remark, Instant),
}

/// One ask of a side, and of which stage.
#[derive(Debug)]
struct Asked {
    stage: Stage,
    side: Side,
    job: Job,
    /// That there is no answer was seen to.
    given_up: bool,
}

/// An inspection under way.
#[derive(Debug)]
pub struct Inspection {
    plan: Plan,
    began: Now,
    stage: Stage,
    asked: Vec<Asked>,
    there: [There; 2],
    presence: [Option<Presence>; 2],
    next_id: u32,
    /// What nobody waits for an answer to.
    besides: VecDeque<(Side, Ask)>,
    /// Since when it has been being ended before its time.
    ending: Option<Instant>,
    facts: Option<Facts>,
}

impl Inspection {
    /// Begins: the first asks are there at once.
    pub fn new(plan: Plan, now: Now) -> Inspection {
        let mut inspection = Inspection {
            next_id: plan.head.first_ask,
            plan,
            began: now,
            stage: Stage::Knocking,
            asked: Vec::new(),
            there: [There::Unknown, There::Unknown],
            presence: [None, None],
            besides: VecDeque::new(),
            ending: None,
            facts: None,
        };
        inspection.open(now.instant);
        inspection
    }

    /// What came of it, once it has ended.
    pub fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// A node answers.
    pub fn on_reply(&mut self, now: Now, from: &ParticipantId, reply: Reply) {
        let Some(side) = Side::BOTH.into_iter().find(|side| self.plan.head.node(*side) == from) else {
            return;
        };
        let since_first = |id: u32| id.wrapping_sub(self.plan.head.first_ask);
        // What another inspection asked is no word to this one.
        if since_first(reply.id) >= since_first(self.next_id) {
            return;
        }
        self.there[side as usize] = There::Yes;
        if let Answer::Yes(presence) = &reply.says {
            self.presence[side as usize] = Some(presence.clone());
        }
        let asked = self.asked.iter_mut().find(|asked| asked.side == side && asked.job.id() == reply.id);
        if let Some(asked) = asked {
            asked.job.on_answer(now.instant, reply.says);
        }
        self.go_on(now);
    }

    /// Somebody wants it to end now. What was measured by then is asked for and kept.
    pub fn end(&mut self, now: Now) {
        if self.ending.is_some() || self.facts.is_some() {
            return;
        }
        self.ending = Some(now.instant);
        Side::BOTH.into_iter().for_each(|side| self.stop(side));
        self.go_on(now);
    }

    /// When to look at the clock again, if nothing comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.facts.is_some() {
            return None;
        }
        let jobs = self.open_jobs().filter_map(|asked| asked.job.poll_timeout());
        let knocks = self.there.iter().filter_map(|there| match there {
            There::No(_, _, again) => Some(*again),
            There::Unknown | There::Yes => None,
        });
        jobs.chain(knocks).chain(self.ending.map(|since| since + GRACE)).min()
    }

    /// Looks at the clock.
    pub fn handle_timeout(&mut self, now: Now) {
        self.asked.iter_mut().for_each(|asked| asked.job.handle_timeout(now.instant));
        self.knock_again(now.instant);
        if self.ending.is_some_and(|since| now.instant >= since + GRACE) {
            self.asked.iter_mut().for_each(|asked| asked.job.end());
        }
        self.go_on(now);
    }

    /// What to ask next, and whom; to be asked for until there is nothing.
    pub fn poll_ask(&mut self, now: Instant) -> Option<(ParticipantId, Ask)> {
        let due = |asked: &mut Asked| asked.job.poll_ask(now).map(|ask| (asked.side, ask));
        let due = self.besides.pop_front().or_else(|| self.asked.iter_mut().find_map(due));
        due.map(|(side, ask)| (self.plan.head.node(side).clone(), ask))
    }

    /// How far it is.
    pub fn telling(&self, now: Instant) -> Telling {
        let jobs = |side| self.open_jobs().find(move |asked| asked.side == side).map(|asked| &asked.job);
        let left = |side| jobs(side).map(|job| self.left_of(job, now)).unwrap_or_default();
        let later = Stage::ALL.into_iter().filter(|stage| *stage > self.stage);
        let later: Duration = later.map(|stage| self.plan.takes(stage)).sum();
        let left = left(Side::A).max(left(Side::B)) + later;
        let doing = |side| Some(jobs(side)?.progress.as_ref()?.0.doing);
        Telling {
            stage: self.stage,
            doing: Side::BOTH.map(doing),
            left_s: if self.ending.is_some() { GRACE.as_secs() } else { left.as_secs() },
        }
    }

    fn left_of(&self, job: &Job, now: Instant) -> Duration {
        let (whole, since) = match &job.progress {
            Some((progress, at)) => (Duration::from_secs(progress.left_s.into()), *at),
            None => (self.plan.takes(self.stage), job.began),
        };
        whole.saturating_sub(now.saturating_duration_since(since))
    }

    fn open_jobs(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(|asked| asked.job.is_open())
    }

    /// From stage to stage, as far as it goes.
    fn go_on(&mut self, now: Now) {
        if self.facts.is_some() {
            return;
        }
        self.give_up_on_the_silent(now.instant);
        while self.open_jobs().next().is_none() {
            let next = if self.ending.is_some() { None } else { self.stage.next() };
            let Some(next) = next else {
                self.facts = Some(facts::of(self, now.wall));
                // They are free for others.
                Side::BOTH.into_iter().for_each(|side| self.stop(side));
                return;
            };
            self.stage = next;
            self.open(now.instant);
        }
    }

    /// Asks of this stage, of whoever is there.
    fn open(&mut self, now: Instant) {
        let is_there = |side: Side| !matches!(self.there[side as usize], There::No(..));
        // A call needs two.
        if self.stage == Stage::Call && !Side::BOTH.into_iter().all(is_there) {
            return;
        }
        for side in Side::BOTH.into_iter().filter(|side| is_there(*side)).collect::<Vec<_>>() {
            let Some(what) = self.plan.task(self.stage, side) else { continue };
            let takes = self.plan.takes(self.stage) + plan::SLACK;
            let ask = Ask { id: self.take_id(), what };
            let job = match self.stage {
                Stage::Knocking => Job::knock(now, ask.id, self.plan.patience),
                _ => Job::new(now, ask, takes),
            };
            self.asked.push(Asked { stage: self.stage, side, job, given_up: false });
        }
    }

    fn take_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        id
    }

    /// A node that says nothing is not there until it says something again; and nobody goes on calling it.
    fn give_up_on_the_silent(&mut self, now: Instant) {
        let mut stops = Vec::new();
        for asked in self.asked.iter_mut().filter(|asked| !asked.given_up) {
            let State::Failed(cause @ (Cause::FarSideAsleep | Cause::NodeDisappeared), why) =
                &asked.job.state
            else {
                continue;
            };
            asked.given_up = true;
            self.there[asked.side as usize] = There::No(*cause, why.clone(), now + KNOCK_AGAIN);
            stops.push(asked.side);
            if asked.stage == Stage::Call {
                stops.push(asked.side.other());
            }
        }
        stops.into_iter().for_each(|side| self.stop(side));
    }

    fn knock_again(&mut self, now: Instant) {
        for side in Side::BOTH {
            if let There::No(_, _, again) = &mut self.there[side as usize]
                && now >= *again
            {
                *again = now + KNOCK_AGAIN;
                let ask = Ask { id: self.take_id(), what: Task::Here };
                self.besides.push_back((side, ask));
            }
        }
    }

    /// Has a node stop what it does; what it has measured it then answers.
    fn stop(&mut self, side: Side) {
        let ask = Ask { id: self.take_id(), what: Task::Stop };
        self.besides.push_back((side, ask));
    }
}
