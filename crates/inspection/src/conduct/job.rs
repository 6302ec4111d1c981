//! One ask of one node, until it is answered or cannot be any more.

use crate::facts::{Cause, Finding, Remark, RemarkCode};
use std::time::{Duration, Instant};
use tongke_protocol::inspect::{Answer, Ask, Part, Progress, Refused, RefusedCode, Task, TestClock};

/// An ask is said again after so long without a word.
const REPEAT: Duration = Duration::from_secs(2);
/// A node that says nothing for so long is gone: it would have said how far it is a dozen times.
const SILENCE: Duration = Duration::from_secs(15);

/// What became of an ask.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It is being worked out.
    Open,
    /// The whole answer is there.
    Answered(Vec<Finding>),
    /// There is no answer, and why.
    Failed(Cause, Remark),
}

/// An ask, and what came of it so far.
#[derive(Debug)]
pub struct Job {
    ask: Ask,
    /// When it was first asked.
    pub began: Instant,
    /// When the node was last heard.
    heard: Instant,
    next_ask: Instant,
    /// Longest that the task takes.
    deadline: Instant,
    /// What silence means.
    silence: (Cause, Duration),
    parts: Vec<Option<Part>>,
    /// What the node said last of how far it is, and when.
    pub progress: Option<(Progress, Instant)>,
    pub state: State,
}

impl Job {
    /// A task that a node that is there takes at most so long for.
    pub fn new(now: Instant, ask: Ask, takes: Duration) -> Job {
        Job {
            ask,
            began: now,
            heard: now,
            next_ask: now,
            deadline: now + takes,
            silence: (Cause::NodeDisappeared, SILENCE),
            parts: Vec::new(),
            progress: None,
            state: State::Open,
        }
    }

    /// The first ask of all: silence means that nobody is there.
    pub fn knock(now: Instant, id: u32, patience: Duration) -> Job {
        let ask = Ask { id, what: Task::Here };
        Job { silence: (Cause::FarSideAsleep, patience), ..Job::new(now, ask, patience) }
    }

    pub fn id(&self) -> u32 {
        self.ask.id
    }

    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// When something is to be done without a word from the node.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.is_open().then(|| self.next_ask.min(self.deadline).min(self.heard + self.silence.1))
    }

    /// What is to be asked now, if anything is.
    pub fn poll_ask(&mut self, now: Instant) -> Option<Ask> {
        if !self.is_open() || now < self.next_ask {
            return None;
        }
        self.next_ask = now + REPEAT;
        Some(self.ask.clone())
    }

    /// Looks at the clock.
    pub fn handle_timeout(&mut self, now: Instant) {
        if !self.is_open() {
            return;
        }
        let (cause, patience) = self.silence;
        if now >= self.heard + patience {
            self.fail(cause, Remark::of(RemarkCode::NoWord).with("seconds", patience.as_secs()));
        } else if now >= self.deadline {
            let takes = self.deadline - self.began;
            let late = Remark::of(RemarkCode::NoWholeAnswer).with("seconds", takes.as_secs());
            self.fail(Cause::NodeDisappeared, late);
        }
    }

    /// The task is ended before its time; what the node has measured by then it may still say.
    pub fn end(&mut self) {
        if self.is_open() {
            self.fail(Cause::EndedEarly, RemarkCode::InspectionEnded.into());
        }
    }

    fn fail(&mut self, cause: Cause, detail: Remark) {
        self.state = State::Failed(cause, detail);
    }

    /// The node says something to this ask. An answer that comes when nobody waits for it any more counts as well:
    /// what was measured is measured.
    pub fn on_answer(&mut self, now: Instant, answer: Answer) {
        if matches!(self.state, State::Answered(_)) {
            return;
        }
        self.heard = now;
        self.next_ask = now + REPEAT;
        match answer {
            Answer::Progress(progress) => self.progress = Some((progress, now)),
            Answer::Part(part) => self.on_part(part),
            Answer::Yes(_) => self.state = State::Answered(Vec::new()),
            Answer::Refused(Refused { code, message }) => self.fail(cause_of(code), message.into()),
            // Nothing here asks for them.
            Answer::Facts(_) => {}
        }
    }

    fn on_part(&mut self, part: Part) {
        // The answer was worked out anew: parts of two answers do not fit.
        if self.parts.len() != usize::from(part.of) {
            self.parts = vec![None; part.of.into()];
        }
        let number = usize::from(part.number);
        if let Some(place) = self.parts.get_mut(number) {
            *place = Some(part);
        }
        if !self.parts.iter().all(Option::is_some) {
            return;
        }
        let values = self.parts().flat_map(|part| part.findings.iter());
        let findings: Result<Vec<Finding>, _> =
            values.map(|value| serde_json::from_value(value.clone())).collect();
        match findings {
            Ok(findings) => self.state = State::Answered(findings),
            Err(error) => {
                let unreadable = Remark::of(RemarkCode::AnswerUnreadable).with("problem", error);
                self.fail(Cause::TaskFailed, unreadable);
            }
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().flatten()
    }

    /// The node's clock, as it stood at the end of the task; one that was set stays one.
    pub fn clock(&self) -> Option<TestClock> {
        let stepped = self.parts().filter_map(|part| part.clock).any(|clock| clock.stepped);
        self.parts().filter_map(|part| part.clock).last().map(|clock| TestClock { stepped, ..clock })
    }

    /// What the node remarks.
    pub fn notes(&self) -> impl Iterator<Item = Remark> {
        let notes = self.parts().flat_map(|part| part.notes.iter());
        notes.filter_map(|note| serde_json::from_value(note.clone()).ok())
    }
}

fn cause_of(code: RefusedCode) -> Cause {
    match code {
        RefusedCode::LessonLive => Cause::LessonLive,
        RefusedCode::LineBusy => Cause::LineBusy,
        RefusedCode::OutOfBounds | RefusedCode::Failed => Cause::TaskFailed,
    }
}
