//! What a node that stands by makes of what it is asked. Told the time; says what to answer and what to begin.
//!
//! One inspector at a time: who has it do something keeps it until it says stop, or is not heard of any more.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tongke_protocol::ParticipantId;
use tongke_protocol::inspect::{Answer, Ask, Presence, Progress, Refused, RefusedCode, Reply, Task};

/// An inspector that asks nothing for so long has gone: a whole turn of the other place's line lies between.
const HELD: Duration = Duration::from_secs(180);
/// An inspector that is not in the lesson for so long does not come back.
const AWAY: Duration = Duration::from_secs(30);
/// Answers that are kept, to be said again.
const KEPT: usize = 8;

/// What is to be done now.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Todo {
    /// Say this.
    Say(ParticipantId, Reply),
    /// Begin with this.
    Begin(Task),
    /// End what was begun; what came of it by then is [`Desk::on_done`]'s.
    End,
}

/// What is being done.
#[derive(Debug)]
struct Work {
    of: ParticipantId,
    id: u32,
    progress: Progress,
}

/// What a node is asked, and what it answered.
#[derive(Debug)]
pub(super) struct Desk {
    presence: Presence,
    /// For whom this node is there, and when it last asked something.
    holder: Option<(ParticipantId, Instant)>,
    /// Since when the holder is not in the lesson.
    away: Option<Instant>,
    work: Option<Work>,
    /// Since when nobody has it do something, after somebody had.
    released: Option<Instant>,
    kept: VecDeque<(ParticipantId, u32, Vec<Answer>)>,
}

impl Desk {
    pub(super) fn new(presence: Presence) -> Desk {
        Desk { presence, holder: None, away: None, work: None, released: None, kept: VecDeque::new() }
    }

    /// An inspector asks: the relay brings classrooms dispatches of nobody else.
    pub(super) fn on_ask(&mut self, now: Instant, from: &ParticipantId, ask: Ask) -> Vec<Todo> {
        let Ask { id, what } = ask;
        if self.holder.as_ref().is_some_and(|(holder, _)| holder == from) {
            self.holder = Some((from.clone(), now));
            self.away = None;
        }
        match what {
            Task::Here => vec![say(from, id, Answer::Yes(self.presence.clone()))],
            Task::Facts => {
                let message = "this node stands by and has no lesson to tell of";
                vec![refuse(from, id, RefusedCode::Failed, message)]
            }
            Task::Stop => self.on_stop(now, from, id),
            task => self.on_task(now, from, id, task),
        }
    }

    fn on_stop(&mut self, now: Instant, from: &ParticipantId, id: u32) -> Vec<Todo> {
        let mut todo = vec![say(from, id, Answer::Yes(self.presence.clone()))];
        if self.holder.take_if(|(holder, _)| holder == from).is_some() {
            self.released = Some(now);
            todo.extend(self.work.iter().map(|_| Todo::End));
        }
        todo
    }

    fn on_task(&mut self, now: Instant, from: &ParticipantId, id: u32, task: Task) -> Vec<Todo> {
        if let Some((_, _, answers)) = self.kept.iter().find(|(of, known, _)| of == from && *known == id) {
            return answers.iter().map(|answer| say(from, id, answer.clone())).collect();
        }
        if let Some(work) = self.work.as_ref().filter(|work| work.of == *from && work.id == id) {
            return vec![say(from, id, Answer::Progress(work.progress.clone()))];
        }
        let held = |(holder, asked): &(ParticipantId, Instant)| holder != from && now < *asked + HELD;
        if self.work.is_some() || self.holder.as_ref().is_some_and(held) {
            let message = "another test is at work here; wait until it has ended";
            return vec![refuse(from, id, RefusedCode::LineBusy, message)];
        }
        self.holder = Some((from.clone(), now));
        self.released = None;
        let progress = Progress { doing: super::work::first(&task), left_s: super::work::takes_s(&task) };
        self.work = Some(Work { of: from.clone(), id, progress: progress.clone() });
        vec![Todo::Begin(task), say(from, id, Answer::Progress(progress))]
    }

    /// What is at work is so far.
    pub(super) fn on_progress(&mut self, progress: Progress) {
        if let Some(work) = &mut self.work {
            work.progress = progress;
        }
    }

    /// What was at work is done.
    pub(super) fn on_done(&mut self, answers: Vec<Answer>) -> Vec<Todo> {
        let Some(Work { of, id, .. }) = self.work.take() else { return Vec::new() };
        let todo = answers.iter().map(|answer| say(&of, id, answer.clone())).collect();
        self.kept.push_back((of, id, answers));
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        todo
    }

    /// A second has passed: whoever waits hears how far it is, and nobody works for an inspector that has gone.
    pub(super) fn on_beat(&mut self, now: Instant) -> Vec<Todo> {
        if self.away.is_some_and(|since| now >= since + AWAY) {
            (self.away, self.holder, self.released) = (None, None, Some(now));
            return self.work.iter().map(|_| Todo::End).collect();
        }
        let is_forgotten = |(_, asked): &mut (ParticipantId, Instant)| now >= *asked + HELD;
        if self.work.is_none() && self.holder.take_if(is_forgotten).is_some() {
            self.released = Some(now);
        }
        let told = |work: &Work| say(&work.of, work.id, Answer::Progress(work.progress.clone()));
        self.work.iter().map(told).collect()
    }

    /// For how long nobody has had it do anything, after somebody had; none: somebody has, or nobody ever did.
    pub(super) fn released_for(&self, now: Instant) -> Option<Duration> {
        let released = self.released.filter(|_| self.work.is_none())?;
        Some(now.saturating_duration_since(released))
    }

    /// Whether a word to somebody came to the lesson: an inspector that is not there any more is not worked for.
    pub(super) fn on_sent(&mut self, now: Instant, to: &ParticipantId, is_there: bool) {
        if self.holder.as_ref().is_some_and(|(holder, _)| holder == to) {
            self.away = if is_there { None } else { self.away.or(Some(now)) };
        }
    }
}

fn say(to: &ParticipantId, id: u32, says: Answer) -> Todo {
    Todo::Say(to.clone(), Reply { id, says })
}

fn refuse(to: &ParticipantId, id: u32, code: RefusedCode, message: &str) -> Todo {
    say(to, id, Answer::Refused(Refused { code, message: message.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_protocol::inspect::Doing;

    fn desk() -> Desk {
        Desk::new(Presence { school: "山小".into(), room: String::new(), software: "tongke".into() })
    }

    fn who(name: &str) -> ParticipantId {
        name.parse().unwrap()
    }

    fn devices(id: u32) -> Ask {
        Ask { id, what: Task::Devices }
    }

    fn begins(todo: &[Todo]) -> bool {
        todo.iter().any(|todo| matches!(todo, Todo::Begin(_)))
    }

    fn is_refused(todo: &[Todo]) -> bool {
        matches!(todo, [Todo::Say(_, Reply { says: Answer::Refused(refused), .. })]
            if refused.code == RefusedCode::LineBusy)
    }

    #[test]
    fn a_task_is_begun_once_and_its_answer_said_as_often_as_it_is_asked() {
        let (mut desk, now, lin) = (desk(), Instant::now(), who("lin"));
        assert!(begins(&desk.on_ask(now, &lin, devices(1))));
        assert!(!begins(&desk.on_ask(now, &lin, devices(1))));
        let refused = Refused { code: RefusedCode::Failed, message: "no".into() };
        let said = desk.on_done(vec![Answer::Refused(refused)]);
        assert_eq!(said.len(), 1);
        assert_eq!(desk.on_ask(now, &lin, devices(1)), said);
        assert!(begins(&desk.on_ask(now, &lin, devices(2))));
    }

    #[test]
    fn one_inspector_at_a_time_and_between_its_tasks_too() {
        let (mut desk, now, lin, wu) = (desk(), Instant::now(), who("lin"), who("wu"));
        desk.on_ask(now, &lin, devices(1));
        assert!(is_refused(&desk.on_ask(now, &wu, devices(7))));
        desk.on_done(Vec::new());
        assert!(is_refused(&desk.on_ask(now, &wu, devices(8))));
        let here = desk.on_ask(now, &wu, Ask { id: 9, what: Task::Here });
        assert!(matches!(&here[..], [Todo::Say(_, Reply { says: Answer::Yes(_), .. })]));
        desk.on_ask(now, &wu, Ask { id: 10, what: Task::Stop });
        assert!(is_refused(&desk.on_ask(now, &wu, devices(11))), "nobody stops another's");
        desk.on_ask(now, &lin, Ask { id: 2, what: Task::Stop });
        assert!(begins(&desk.on_ask(now, &wu, devices(12))));
    }

    #[test]
    fn an_inspector_that_asks_nothing_any_more_holds_nobody_for_ever() {
        let (mut desk, now, lin, wu) = (desk(), Instant::now(), who("lin"), who("wu"));
        desk.on_ask(now, &lin, devices(1));
        desk.on_done(Vec::new());
        assert!(is_refused(&desk.on_ask(now + HELD / 2, &wu, devices(7))));
        desk.on_ask(now + HELD / 2, &lin, Ask { id: 2, what: Task::Here });
        assert!(is_refused(&desk.on_ask(now + HELD, &wu, devices(8))), "it has knocked meanwhile");
        assert!(begins(&desk.on_ask(now + HELD / 2 + HELD, &wu, devices(9))));
    }

    #[test]
    fn what_is_at_work_ends_when_its_inspector_stops_it_or_has_left() {
        let (mut desk, now, lin) = (desk(), Instant::now(), who("lin"));
        desk.on_ask(now, &lin, devices(1));
        assert!(desk.on_ask(now, &lin, Ask { id: 2, what: Task::Stop }).contains(&Todo::End));
        desk.on_done(Vec::new());
        desk.on_ask(now, &lin, devices(3));
        desk.on_sent(now, &lin, false);
        assert!(!desk.on_beat(now + AWAY / 2).contains(&Todo::End));
        desk.on_sent(now + AWAY / 2, &lin, true);
        assert!(!desk.on_beat(now + AWAY).contains(&Todo::End), "it was back");
        desk.on_sent(now + AWAY, &lin, false);
        assert_eq!(desk.on_beat(now + 2 * AWAY), [Todo::End]);
    }

    #[test]
    fn a_node_is_free_once_its_inspector_lets_go_leaves_or_asks_no_more_and_not_before_one_came() {
        let (now, lin) = (Instant::now(), who("lin"));
        let had = || {
            let mut desk = desk();
            assert_eq!(desk.released_for(now + HELD), None, "nobody has come yet");
            desk.on_ask(now, &lin, devices(1));
            assert_eq!(desk.released_for(now), None, "it is at work");
            desk
        };
        let second = Duration::from_secs(1);
        let mut stopped = had();
        stopped.on_ask(now, &lin, Ask { id: 2, what: Task::Stop });
        assert_eq!(stopped.released_for(now), None, "what it did is not ended yet");
        stopped.on_done(Vec::new());
        assert_eq!(stopped.released_for(now + second), Some(second));
        stopped.on_ask(now + second, &lin, devices(3));
        stopped.on_done(Vec::new());
        assert_eq!(stopped.released_for(now + second), None, "it is held again");
        let mut left = had();
        left.on_sent(now, &lin, false);
        left.on_beat(now + AWAY);
        left.on_done(Vec::new());
        assert_eq!(left.released_for(now + AWAY + second), Some(second));
        let mut silent = had();
        silent.on_done(Vec::new());
        silent.on_beat(now + HELD - second);
        assert_eq!(silent.released_for(now + HELD), None);
        silent.on_beat(now + HELD);
        assert_eq!(silent.released_for(now + HELD + second), Some(second));
    }

    #[test]
    fn whoever_waits_hears_each_second_how_far_it_is() {
        let (mut desk, now, lin) = (desk(), Instant::now(), who("lin"));
        assert_eq!(desk.on_beat(now), []);
        desk.on_ask(now, &lin, devices(1));
        desk.on_progress(Progress { doing: Doing::Devices, left_s: 3 });
        let told = Answer::Progress(Progress { doing: Doing::Devices, left_s: 3 });
        assert_eq!(desk.on_beat(now), [say(&lin, 1, told)]);
    }
}
