//! Who hears a lesson's events: event streams over HTTP and control streams of QUIC sessions.
//!
//! Each listener has a bounded queue. One that falls behind loses what does not fit and, as soon as
//! it has read on, is greeted again instead: a fresh snapshot and what its slots show now (a slot
//! not named after a snapshot is empty). So nobody ever acts on a gap.

use std::collections::{BTreeMap, HashMap};
use tokio::sync::mpsc;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{LessonId, ParticipantId};
use tongke_sfu::{AddressedEvent, Audience, Core, LegId};

/// Events a listener may leave unread; then it is greeted again (see module).
const QUEUE: usize = 256;
/// Listeners of one participant in one lesson; each further one is refused.
const MAX_LISTENERS_EACH: usize = 16;

/// One end of an event queue, for whoever writes it to the network.
pub(crate) type Events = mpsc::Receiver<LessonEvent>;

struct Listener {
    participant: ParticipantId,
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
        participant: &ParticipantId,
        leg: Option<LegId>,
    ) -> Option<Events> {
        let all = self.lessons.entry(lesson.clone()).or_default();
        all.retain(|listener| !listener.queue.is_closed());
        if all.iter().filter(|listener| listener.participant == *participant).count() >= MAX_LISTENERS_EACH {
            return None;
        }
        let (queue, events) = mpsc::channel(QUEUE);
        let slots = BTreeMap::new();
        let mut listener =
            Listener { participant: participant.clone(), leg, queue, slots, behind: leg.is_none() };
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
        if matches!(event, LessonEvent::Ending { .. }) {
            // It is the last that anybody hears of a lesson.
            all.retain(|listener| !hears(listener));
        }
    }

    /// Ends the queue of a QUIC leg: its control stream is finished after what is queued.
    pub(crate) fn remove_leg(&mut self, leg: LegId) {
        if let Some(lesson) = self.legs.remove(&leg)
            && let Some(all) = self.lessons.get_mut(&lesson)
        {
            all.retain(|listener| listener.leg != Some(leg));
        }
    }

    /// Forgets listeners that went, and greets those that were behind and have read on.
    pub(crate) fn tidy(&mut self, core: &Core) {
        for (lesson, all) in &mut self.lessons {
            all.retain(|listener| !listener.queue.is_closed());
            all.iter_mut()
                .filter(|listener| listener.behind)
                .for_each(|listener| listener.greet(core, lesson));
        }
        self.lessons.retain(|_, all| !all.is_empty());
    }

    /// Ends all queues after what they hold.
    pub(crate) fn close(&mut self) {
        self.lessons.clear();
        self.legs.clear();
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
        self.behind = self.queue.try_send(event.clone()).is_err();
        !self.behind
    }

    /// Tells the whole state, if there is room for it.
    fn greet(&mut self, core: &Core, lesson: &LessonId) {
        let state = if self.leg.is_some() {
            let participants = core.snapshot_of_lesson(lesson);
            let mut state = vec![LessonEvent::Snapshot { lesson: lesson.clone(), participants }];
            state.extend(self.slots.values().cloned());
            state
        } else {
            core.greeting(lesson, &self.participant)
        };
        if self.queue.capacity() >= state.len() {
            self.behind = state.into_iter().any(|event| self.queue.try_send(event).is_err());
        }
    }
}
