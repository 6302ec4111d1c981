//! Who hears a lesson's events: event streams over HTTP and control streams of QUIC sessions.
//!
//! Each listener has a bounded queue. One that falls behind loses what does not fit and, as soon as
//! it has read on, is greeted again instead: a fresh snapshot and what its slots show now (a slot
//! not named after a snapshot is empty). So nobody ever acts on a gap.

use super::dispatches::DispatchError;
use std::collections::{BTreeMap, HashMap};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tongke_protocol::dispatch::Dispatch;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{LessonId, ParticipantId, Role};
use tongke_sfu::{AddressedEvent, Audience, Core, LegId};

/// Events a listener may leave unread; then it is greeted again (see module).
const QUEUE: usize = 256;
/// Listeners of one participant in one lesson; each further one is refused.
const MAX_LISTENERS_EACH: usize = 16;
/// A listener with so many unread events takes no dispatch: one may be as long as hundreds of events.
const MAX_UNREAD: usize = QUEUE / 4;

/// One end of an event queue, for whoever writes it to the network.
pub(crate) type Events = mpsc::Receiver<LessonEvent>;

struct Listener {
    participant: ParticipantId,
    role: Role,
    /// The QUIC leg whose control stream this is; none: an event stream over HTTP.
    leg: Option<LegId>,
    queue: mpsc::Sender<LessonEvent>,
    /// What the leg's slots show, for a second greeting; empty over HTTP, where the core knows.
    slots: BTreeMap<u8, LessonEvent>,
    /// Something did not fit: no further event before a greeting.
    behind: bool,
}

/// All listeners of a worker's lessons.
#[derive(Default)]
pub(crate) struct Listeners {
    lessons: HashMap<LessonId, Vec<Listener>>,
    /// Where a QUIC leg listens.
    legs: HashMap<LegId, LessonId>,
    /// Events that a listener did not get because it was behind.
    pub dropped: u64,
}

impl Listeners {
    /// Adds a listener. An event stream is told the state of the lesson here, a QUIC leg by the
    /// core. None: the participant has too many.
    pub(crate) fn add(
        &mut self,
        core: &Core,
        lesson: &LessonId,
        (participant, role): (&ParticipantId, Role),
        leg: Option<LegId>,
    ) -> Option<Events> {
        let all = self.lessons.entry(lesson.clone()).or_default();
        all.retain(|listener| !listener.queue.is_closed());
        if all.iter().filter(|listener| listener.participant == *participant).count() >= MAX_LISTENERS_EACH {
            return None;
        }
        let (queue, events) = mpsc::channel(QUEUE);
        let slots = BTreeMap::new();
        let participant = participant.clone();
        let mut listener = Listener { participant, role, leg, queue, slots, behind: leg.is_none() };
        if leg.is_none() {
            listener.greet(core, lesson);
        }
        all.push(listener);
        self.legs.extend(leg.map(|leg| (leg, lesson.clone())));
        Some(events)
    }

    /// Hands one event to all who are to hear it.
    pub(crate) fn tell(&mut self, core: &Core, told: AddressedEvent) {
        let AddressedEvent { to, event } = told;
        match to {
            Audience::Lesson(lesson) => self.deliver(core, &lesson, &event, |_| true),
            Audience::Participant(lesson, participant) => self.deliver(core, &lesson, &event, |listener| {
                listener.leg.is_none() && listener.participant == participant
            }),
            Audience::Classrooms(lesson) => self.deliver(core, &lesson, &event, |listener| {
                listener.leg.is_none() && listener.role.may_publish()
            }),
            Audience::Leg(leg) => {
                if let Some(lesson) = self.legs.get(&leg).cloned() {
                    self.deliver(core, &lesson, &event, |listener| listener.leg == Some(leg));
                }
            }
        }
    }

    fn deliver(
        &mut self,
        core: &Core,
        lesson: &LessonId,
        event: &LessonEvent,
        hears: impl Fn(&Listener) -> bool,
    ) {
        let Some(all) = self.lessons.get_mut(lesson) else { return };
        for listener in all.iter_mut().filter(|listener| hears(listener)) {
            if !listener.take(core, lesson, event) {
                self.dropped += 1;
            }
        }
        if let LessonEvent::Ending { reconnect, .. } = event {
            // It is the last that anybody hears, but for the event streams of a lesson that is over:
            // they hear of its reopening.
            all.retain(|listener| !hears(listener) || (!reconnect && listener.leg.is_none()));
        }
    }

    /// Hands a dispatch to its addressee, who must listen here. One of the two must be an inspector.
    pub(crate) fn dispatch(
        &self,
        lesson: &LessonId,
        (from, role): (&ParticipantId, Role),
        Dispatch { to, body }: Dispatch,
    ) -> Result<(), DispatchError> {
        let all = self.lessons.get(lesson).into_iter().flatten();
        let hearing: Vec<_> = all.filter(|it| it.participant == to && !it.queue.is_closed()).collect();
        if hearing.is_empty() {
            return Err(DispatchError::Away(to));
        }
        if role != Role::Inspector && hearing.iter().all(|it| it.role != Role::Inspector) {
            return Err(DispatchError::Role(role));
        }
        let event = LessonEvent::Dispatch { from: from.clone(), body };
        let taken = hearing.into_iter().filter(|listener| listener.take_dispatch(&event)).count();
        if taken == 0 { Err(DispatchError::Busy(to)) } else { Ok(()) }
    }

    /// Ends the queue of a QUIC leg: its control stream is finished after what is queued.
    pub(crate) fn remove_leg(&mut self, leg: LegId) {
        if let Some(lesson) = self.legs.remove(&leg)
            && let Some(all) = self.lessons.get_mut(&lesson)
        {
            all.retain(|listener| listener.leg != Some(leg));
        }
    }

    /// Tells all who listen to a lesson how it stands: it was not known here, or there is a gap.
    pub(crate) fn greet(&mut self, core: &Core, lesson: &LessonId) {
        let all = self.lessons.get_mut(lesson).into_iter().flatten();
        all.for_each(|listener| listener.greet(core, lesson));
    }

    /// Forgets listeners that went, and greets those that were behind and have read on. Returns the
    /// lessons to which nobody listens any more.
    pub(crate) fn tidy(&mut self, core: &Core) -> Vec<LessonId> {
        for (lesson, all) in &mut self.lessons {
            all.retain(|listener| !listener.queue.is_closed());
            all.iter_mut()
                .filter(|listener| listener.behind)
                .for_each(|listener| listener.greet(core, lesson));
        }
        let unheard = self.lessons.extract_if(|_, all| all.is_empty());
        unheard.map(|(lesson, _)| lesson).collect()
    }

    /// Whether somebody listens to a lesson.
    pub(crate) fn has(&self, lesson: &LessonId, participant: &ParticipantId) -> bool {
        let is_open = |it: &Listener| it.participant == *participant && !it.queue.is_closed();
        self.lessons.get(lesson).is_some_and(|all| all.iter().any(is_open))
    }

    /// Ends all queues after what they hold.
    pub(crate) fn close(&mut self) {
        self.lessons.clear();
        self.legs.clear();
    }

    /// Whether anybody listens to a lesson.
    pub(crate) fn hear_of(&self, lesson: &LessonId) -> bool {
        self.lessons.contains_key(lesson)
    }

    /// How many listen: (over HTTP, over QUIC).
    pub(crate) fn count(&self) -> (usize, usize) {
        let all = || self.lessons.values().flatten();
        let quic = all().filter(|listener| listener.leg.is_some()).count();
        (all().count() - quic, quic)
    }
}

impl Listener {
    /// Queues one event; false: it is behind, and will be greeted instead.
    fn take(&mut self, core: &Core, lesson: &LessonId, event: &LessonEvent) -> bool {
        if self.leg.is_some()
            && let LessonEvent::Slot { slot, .. } = event
        {
            self.slots.insert(*slot, event.clone());
        }
        if self.behind {
            self.greet(core, lesson);
            return false;
        }
        // One that went has no gap; it is forgotten when the listeners are tidied.
        self.behind = matches!(self.queue.try_send(event.clone()), Err(TrySendError::Full(_)));
        !self.behind
    }

    /// Queues a dispatch; false: too much is unread. Whoever sent it sends it again: it is no gap.
    fn take_dispatch(&self, event: &LessonEvent) -> bool {
        let unread = QUEUE - self.queue.capacity();
        !self.behind && unread < MAX_UNREAD && self.queue.try_send(event.clone()).is_ok()
    }

    /// Tells the whole state, if there is room for it.
    fn greet(&mut self, core: &Core, lesson: &LessonId) {
        if !core.is_synced(lesson) {
            self.behind = true;
            return;
        }
        let state = if self.leg.is_some() {
            let mut state = vec![core.snapshot_event(lesson)];
            state.extend(self.slots.values().cloned());
            state
        } else {
            core.greeting(lesson, &self.participant, self.role)
        };
        if self.queue.capacity() >= state.len() {
            self.behind = state.into_iter().any(|event| self.queue.try_send(event).is_err());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tongke_sfu::CoreConfig;
    use tongke_transport::webrtc::Certificate;

    fn hand(raised: bool) -> AddressedEvent {
        let event = LessonEvent::Hand { participant: "school-1".parse().unwrap(), raised };
        AddressedEvent { to: Audience::Lesson("math".parse().unwrap()), event }
    }

    fn listening() -> (Core, Listeners, Events) {
        let core = Core::new(CoreConfig::new(Arc::new(Certificate::generate().unwrap())), 7);
        let mut listeners = Listeners::default();
        let lesson = "math".parse().unwrap();
        let events =
            listeners.add(&core, &lesson, (&"school-2".parse().unwrap(), Role::Receiving), None).unwrap();
        (core, listeners, events)
    }

    #[test]
    fn a_listener_that_falls_behind_hears_no_gap_but_a_new_snapshot() {
        let (core, mut listeners, mut events) = listening();
        for _ in 0..2 * QUEUE {
            listeners.tell(&core, hand(true));
        }
        assert_eq!(listeners.dropped, QUEUE as u64 + 1, "the snapshot took one place");
        assert!(matches!(events.try_recv(), Ok(LessonEvent::Snapshot { .. })));
        for _ in 1..QUEUE {
            assert!(matches!(events.try_recv(), Ok(LessonEvent::Hand { .. })));
        }
        listeners.tidy(&core);
        assert!(matches!(events.try_recv(), Ok(LessonEvent::Snapshot { .. })));
        listeners.tell(&core, hand(false));
        assert!(matches!(events.try_recv(), Ok(LessonEvent::Hand { raised: false, .. })));
    }

    #[test]
    fn nothing_comes_after_the_ending() {
        let (core, mut listeners, mut events) = listening();
        let ending = LessonEvent::Ending { reason: "restart".into(), reconnect: true };
        listeners
            .tell(&core, AddressedEvent { to: Audience::Lesson("math".parse().unwrap()), event: ending });
        listeners.tell(&core, hand(true));
        assert!(matches!(events.try_recv(), Ok(LessonEvent::Snapshot { .. })));
        assert!(matches!(events.try_recv(), Ok(LessonEvent::Ending { .. })));
        assert_eq!(events.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
    }

    fn dispatch(to: &str, body: &str) -> Dispatch {
        Dispatch { to: to.parse().unwrap(), body: body.to_owned() }
    }

    #[test]
    fn a_dispatch_is_heard_by_its_addressee_alone_and_one_of_the_two_is_an_inspector() {
        let (core, mut listeners, mut events) = listening();
        let lesson = "math".parse().unwrap();
        let (inspector, teacher) = ("inspector-1".parse().unwrap(), "school-1".parse().unwrap());
        let add = |listeners: &mut Listeners, who, role| listeners.add(&core, &lesson, (who, role), None);
        let mut inspecting = add(&mut listeners, &inspector, Role::Inspector).unwrap();
        let mut teaching = add(&mut listeners, &teacher, Role::Supporting).unwrap();
        for all in [&mut events, &mut inspecting, &mut teaching] {
            assert!(matches!(all.try_recv(), Ok(LessonEvent::Snapshot { .. })));
        }
        let asks = listeners.dispatch(&lesson, (&inspector, Role::Inspector), dispatch("school-2", "how?"));
        assert_eq!(asks, Ok(()));
        let asked = LessonEvent::Dispatch { from: inspector.clone(), body: "how?".into() };
        assert_eq!(events.try_recv(), Ok(asked));
        let answers =
            listeners.dispatch(&lesson, (&teacher, Role::Supporting), dispatch("inspector-1", "well"));
        assert_eq!(answers, Ok(()));
        let answered = LessonEvent::Dispatch { from: teacher.clone(), body: "well".into() };
        assert_eq!(inspecting.try_recv(), Ok(answered));
        let chat = listeners.dispatch(&lesson, (&teacher, Role::Supporting), dispatch("school-2", "psst"));
        assert_eq!(chat, Err(DispatchError::Role(Role::Supporting)));
        let away = listeners.dispatch(&lesson, (&inspector, Role::Inspector), dispatch("school-3", "?"));
        assert_eq!(away, Err(DispatchError::Away("school-3".parse().unwrap())));
        let elsewhere = "art".parse().unwrap();
        let other = listeners.dispatch(&elsewhere, (&inspector, Role::Inspector), dispatch("school-2", "?"));
        assert!(other.is_err());
        for all in [&mut events, &mut inspecting, &mut teaching] {
            assert!(all.try_recv().is_err());
        }
    }

    #[test]
    fn whoever_does_not_read_is_sent_no_more_dispatches_and_misses_no_event_by_them() {
        let (core, mut listeners, mut events) = listening();
        let (lesson, inspector) = ("math".parse().unwrap(), "inspector-1".parse().unwrap());
        let ask =
            |it: &Listeners| it.dispatch(&lesson, (&inspector, Role::Inspector), dispatch("school-2", "?"));
        let taken = (0..2 * QUEUE).filter(|_| ask(&listeners).is_ok()).count();
        assert_eq!(taken, MAX_UNREAD - 1, "the snapshot took one place");
        assert_eq!(ask(&listeners), Err(DispatchError::Busy("school-2".parse().unwrap())));
        listeners.tell(&core, hand(true));
        assert_eq!(listeners.dropped, 0);
        while !matches!(events.try_recv().unwrap(), LessonEvent::Hand { .. }) {}
        assert_eq!(ask(&listeners), Ok(()));
    }

    #[test]
    fn one_participant_has_a_bounded_number_of_listeners_and_closed_ones_do_not_count() {
        let (core, mut listeners, events) = listening();
        let (lesson, participant) = ("math".parse().unwrap(), "school-2".parse().unwrap());
        let mut held = vec![events];
        let mut add = || listeners.add(&core, &lesson, (&participant, Role::Receiving), None);
        while let Some(more) = add() {
            held.push(more);
        }
        assert_eq!(held.len(), MAX_LISTENERS_EACH);
        held.pop();
        assert!(add().is_some());
    }
}
