//! The core and everything its outputs go to. All of it is synchronous: one call changes the core,
//! [`Plane::flush`] carries out what the core wants.

use super::audience::{Events, Listeners};
use super::dispatches::Senders;
use super::egress::SharedEgress;
use super::quic::{Admitted, JoinRequest};
use super::spread::Admission;
use super::trunk::Trunks;
use crate::clock::machine_wall;
use crate::http::refusal::of_grant;
use crate::journal::{Journal, Keeping};
use crate::placement::Placement;
use std::net::IpAddr;
use std::sync::Arc;
use tongke_protocol::conduct::{LessonAction, SlotSize};
use tongke_protocol::control::{Hello, Refusal};
use tongke_protocol::{Grant, GrantError, LessonId, Now, ParticipantId};
use tongke_sfu::{ActionError, Carrier as _, Core, LegId, PatchError, Patched, SessionPlace};

/// What a worker owns besides its tasks.
pub(crate) struct Plane {
    /// Rooms, tracks, sessions.
    pub core: Core,
    /// The ways out. The core has them too, for what must not wait until it is through.
    pub egress: SharedEgress,
    /// Who hears events.
    pub listeners: Listeners,
    /// Who sends dispatches.
    pub senders: Senders,
    /// Where facts are written down, if they are.
    pub journal: Option<Journal>,
    /// This worker's number.
    pub index: usize,
    /// Which worker a lesson lives on.
    pub placement: Arc<Placement>,
    /// The ways to the cores of other workers.
    pub trunks: Trunks,
}

impl Plane {
    /// Sends and tells all that the core wants. To be called after each turn's changes.
    pub(crate) fn flush(&mut self) {
        // Nobody waits for these: whoever does has taken its facts itself.
        let _ = self.keep_facts();
        let Self { core, egress, listeners, trunks, .. } = self;
        trunks.send(core);
        let outputs = core.outputs();
        if outputs.is_empty() {
            return;
        }
        egress.carry(&outputs.arena, &outputs.udp, &outputs.quic);
        let events = std::mem::take(&mut outputs.events);
        let closed = std::mem::take(&mut outputs.closed);
        let greet = std::mem::take(&mut outputs.greet);
        outputs.clear();
        greet.iter().for_each(|lesson| listeners.greet(core, lesson));
        for told in events {
            listeners.tell(core, told);
        }
        for gone in closed {
            listeners.remove_leg(gone.leg);
            egress.with(|egress| egress.quic.remove(gone.leg, &gone.reason));
        }
    }

    /// Has the core's facts written down, if there are any and if facts are kept. Those of tests never are.
    fn keep_facts(&mut self) -> Option<Keeping> {
        let mut facts = std::mem::take(&mut self.core.outputs().facts);
        facts.retain(|fact| !fact.lesson.is_test());
        let journal = self.journal.as_ref().filter(|_| !facts.is_empty())?;
        Some(journal.keep(facts))
    }

    /// Carries out an action. What it leaves to be kept is on its way to the disk then.
    pub(crate) fn act(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        action: &LessonAction,
    ) -> Result<Option<Keeping>, ActionError> {
        let acted = self.core.act(now, lesson, grant, action)?;
        Ok(self.keep_facts().filter(|_| !acted.facts.is_empty()))
    }

    /// Takes a QUIC session in that belongs here, opens its event queue and answers.
    pub(crate) fn answer(&mut self, now: Now, request: JoinRequest) {
        let JoinRequest { grant, hello, connection, reply, admission, .. } = request;
        let checked = match admission {
            Admission::Granted { .. } => Ok(()),
            _ => self.check_time(&hello.lesson, &grant).map_err(|error| of_grant(&error)),
        };
        let answer = checked.and_then(|()| self.join_quic(now, &grant, &hello, connection));
        if let Err(Ok(unheard)) = reply.send(answer) {
            // The client went while it was being answered.
            self.core.leave(now, unheard.leg, "left before it was welcomed");
        }
    }

    fn join_quic(
        &mut self,
        now: Now,
        grant: &Grant,
        hello: &Hello,
        connection: quinn::Connection,
    ) -> Result<Admitted, Refusal> {
        let (leg, welcome) = self.core.join_quic(now, grant, hello).map_err(|error| Refusal::from(&error))?;
        match self.listeners.add(&self.core, &hello.lesson, (&grant.participant, grant.role), Some(leg)) {
            Some(events) => {
                let ended = self.egress.with(|egress| egress.quic.add(leg, connection));
                Ok(Admitted { leg, welcome, events, ended })
            }
            None => {
                self.core.leave(now, leg, "too many sessions of one participant");
                Err(Refusal {
                    code: "too_many_sessions".into(),
                    message: "this participant has too many sessions in the lesson; end some of them".into(),
                })
            }
        }
    }

    /// Whether a grant is still good: its time is not over, or its holder was in the lesson when it was.
    pub(crate) fn check_time(&self, lesson: &LessonId, grant: &Grant) -> Result<(), GrantError> {
        let now = machine_wall();
        let ended = grant.check_time(now);
        if self.core.may_return(lesson, grant, now) { Ok(()) } else { ended }
    }

    /// Opens an event stream. None: the participant has too many.
    pub(crate) fn listen(&mut self, now: Now, lesson: &LessonId, grant: &Grant) -> Option<Events> {
        let events = self.listeners.add(&self.core, lesson, (&grant.participant, grant.role), None)?;
        self.core.set_listened(now, lesson, true);
        Some(events)
    }

    /// The leg of a WHIP or WHEP resource, if it is `lesson`'s.
    pub(crate) fn session(&self, lesson: &LessonId, session: &str) -> Option<(LegId, ParticipantId)> {
        let leg = self.core.find_session(session)?;
        let info = self.core.leg_info(leg)?;
        (info.lesson == *lesson).then_some((leg, info.participant))
    }

    /// Changes the ICE session of a WHIP or WHEP resource of `participant`.
    pub(crate) fn patch(
        &mut self,
        now: Now,
        target: &Resource,
        fragment: &str,
        if_match: Option<&str>,
    ) -> Result<Patched, ResourceError> {
        let leg = self.own(target)?;
        self.core.patch(now, leg, fragment, if_match).map_err(ResourceError::Patch)
    }

    /// Ends a WHIP or WHEP session of `participant`.
    pub(crate) fn delete(&mut self, now: Now, target: &Resource) -> Result<(), ResourceError> {
        let leg = self.own(target)?;
        self.core.leave(now, leg, "left");
        Ok(())
    }

    /// Notes how large `participant` shows the slots of its WHEP session.
    pub(crate) fn set_slot_sizes(
        &mut self,
        now: Now,
        target: &Resource,
        sizes: &[SlotSize],
    ) -> Result<(), ResourceError> {
        let leg = self.own(target)?;
        self.core.set_slot_sizes(now, leg, sizes);
        Ok(())
    }

    /// Of these lessons those that nothing here knows of: no session, no listener, no conduct.
    pub(crate) fn forgotten(&mut self, now: Now, mut lessons: Vec<LessonId>) -> Vec<LessonId> {
        lessons.retain(|lesson| !self.listeners.hear_of(lesson) && !self.core.remembers(now, lesson));
        lessons
    }

    /// Whether somebody takes part in a lesson from this address, or as this participant; tests are no lessons.
    pub(crate) fn is_live_on(&self, address: Option<IpAddr>, participant: &ParticipantId) -> bool {
        let remote_of = |session: &SessionPlace<'_>| {
            session.remote.or_else(|| self.egress.with(|egress| egress.quic.remote(session.leg)))
        };
        let here = |session: &SessionPlace<'_>| {
            let from = || remote_of(session).map(|remote| remote.ip().to_canonical());
            session.participant == participant || address.is_some() && from() == address
        };
        let mut lessons = self.core.sessions().filter(|session| !session.lesson.is_test());
        lessons.any(|session| here(&session))
    }

    fn own(&self, target: &Resource) -> Result<LegId, ResourceError> {
        let (leg, owner) = self
            .session(&target.lesson, &target.session)
            .ok_or(ResourceError::Patch(PatchError::NoSession))?;
        if owner == target.participant { Ok(leg) } else { Err(ResourceError::NotYours) }
    }
}

/// A WHIP or WHEP resource and who asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub lesson: LessonId,
    pub session: String,
    pub participant: ParticipantId,
}

/// Why a WHIP or WHEP resource is not changed.
#[derive(Debug)]
pub(crate) enum ResourceError {
    /// It is another participant's.
    NotYours,
    /// The core refuses.
    Patch(PatchError),
}

impl Plane {
    /// Tells all that the relay ends and lets them go.
    pub(crate) fn shutdown(&mut self, now: Now, reason: &str) {
        self.core.shutdown(now, reason);
        self.flush();
        self.listeners.close();
    }
}
