//! A lesson on several workers, as one of them sees it: who is sent elsewhere, and how somebody is let
//! in who was sent here.

use super::Input;
use super::plane::Plane;
use super::quic::{JoinRequest, wrong_port};
use super::trunk::TrunkPort;
use crate::http::refusal::of_grant;
use tongke_protocol::control::Refusal;
use tongke_protocol::{Grant, LessonId, Now};
use tongke_sfu::JoinError;

/// How far the admission of a QUIC session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It came to this worker's port.
    Asked,
    /// It came to this worker's port, and the lesson's home is asked, which is here.
    AtHome { door: usize },
    /// The lesson's home, which is that worker, lets it in at a branch here.
    Granted { home: usize },
}

impl Plane {
    /// The worker at which the holder of a grant is served in a lesson whose home is here; none: here.
    /// `others`: the other workers, the least loaded first. `joins`: it is about to open a session, so
    /// the lesson has to take it in.
    pub(crate) fn seat(
        &mut self,
        lesson: &LessonId,
        grant: &Grant,
        others: &[usize],
        joins: bool,
    ) -> Result<Option<usize>, JoinError> {
        if grant.role.may_publish() || self.listeners.has(lesson, &grant.participant) {
            return Ok(None);
        }
        let sites: Vec<_> = others.iter().filter_map(|worker| self.trunks.site_of(*worker)).collect();
        let Some(site) = self.core.place(lesson, &grant.participant, &sites) else { return Ok(None) };
        if joins {
            self.core.vet(lesson, grant)?;
        }
        Ok(self.trunks.worker_at(site))
    }

    /// Knows how another worker is reached. If it replaces one that ended, what hung on that one ends too.
    pub(crate) fn meet(&mut self, now: Now, worker: usize, port: TrunkPort) {
        if let Some(lost) = self.trunks.meet(worker, port) {
            self.core.site_lost(now, lost);
        }
    }

    /// Another worker has ended: what hung on it ends too.
    pub(crate) fn lose(&mut self, now: Now, worker: usize) {
        if let Some(lost) = self.trunks.lose(worker) {
            self.core.site_lost(now, lost);
        }
    }

    /// Makes sure that there is a branch here of a lesson whose home is on another worker. False: that
    /// worker is gone.
    #[must_use]
    pub(crate) fn open_branch(&mut self, now: Now, lesson: &LessonId, home: usize) -> bool {
        let Some(site) = self.trunks.site_of(home) else { return false };
        self.core.open_branch(now, lesson, site);
        true
    }

    /// Takes a QUIC session in, or has its lesson's home say where it belongs.
    pub(crate) fn admit(&mut self, now: Now, request: JoinRequest) {
        let span = request.span.clone();
        let _inside = span.enter();
        let (lesson, here) = (request.hello.lesson.clone(), self.index);
        let home = self.placement.home(&lesson);
        match request.admission {
            Admission::Granted { home } => {
                let is_open = self.open_branch(now, &lesson, home);
                if is_open { self.answer(now, request) } else { refuse(request, busy()) }
            }
            Admission::AtHome { door } => match self.admit_elsewhere(&request, door) {
                Ok(()) => {
                    self.pass(door, JoinRequest { admission: Admission::Granted { home: here }, ..request })
                }
                Err(refusal) => refuse(request, refusal),
            },
            Admission::Asked if home != here => {
                self.pass(home, JoinRequest { admission: Admission::AtHome { door: here }, ..request });
            }
            Admission::Asked => match self.seat(&lesson, &request.grant, &self.others(), false) {
                Ok(None) => self.answer(now, request),
                Ok(Some(_)) => refuse(request, wrong_port(&lesson)),
                Err(error) => refuse(request, Refusal::from(&error)),
            },
        }
    }

    /// Whether a session that came to another worker's port is to be there, and is let in.
    fn admit_elsewhere(&mut self, request: &JoinRequest, door: usize) -> Result<(), Refusal> {
        let lesson = &request.hello.lesson;
        self.check_time(lesson, &request.grant).map_err(|error| of_grant(&error))?;
        let seat = self.seat(lesson, &request.grant, &self.others(), true);
        match seat.map_err(|error| Refusal::from(&error))? {
            Some(worker) if worker == door => Ok(()),
            _ => Err(wrong_port(lesson)),
        }
    }

    fn others(&self) -> Vec<usize> {
        self.placement.others(self.index)
    }

    fn pass(&self, worker: usize, request: JoinRequest) {
        if let Err(input) = self.trunks.pass(worker, Input::QuicJoin(Box::new(request)))
            && let Input::QuicJoin(request) = *input
        {
            refuse(*request, busy());
        }
    }

    /// Forgets what is of no use any more, and tells the core which lessons nobody listens to here now.
    pub(crate) fn tidy(&mut self, now: Now) {
        self.senders.tidy(now.instant);
        let unheard = self.listeners.tidy(&self.core);
        if !unheard.is_empty() {
            unheard.iter().for_each(|lesson| self.core.set_listened(now, lesson, false));
            self.flush();
        }
    }
}

fn refuse(request: JoinRequest, refusal: Refusal) {
    // Nobody waits for it when the client has gone.
    let _ = request.reply.send(Err(refusal));
}

/// The refusal of what cannot be answered now.
pub(super) fn busy() -> Refusal {
    Refusal {
        code: "relay_busy".into(),
        message: "the relay has too much to do; try again in a few seconds".into(),
    }
}
