//! The decision itself. A person's word stands above the policy, the policy above nothing: what cannot
//! be shown either way is undecided.

use super::link::{Link, Window};
use super::people::count;
use super::schools::{Said, people_say, supporting, together, unless_closed};
use super::{Code, Decision, Reason, SchoolCredit, Status};
use crate::evidence::{Evidence, Interval, Sight};
use crate::id::SchoolId;
use crate::lesson::{Purpose, Session};
use crate::policy::{FormRule, Policy};
use crate::spans::Spans;
use tongke_protocol::WallTime;

const MINUTE_US: u64 = 60_000_000;

/// What a session is worth at `now`. Facts that come later may change it; who wants it changed without
/// new facts enters a dispute, and somebody rules.
pub fn decide(session: &Session, evidence: &Evidence, policy: &Policy, now: WallTime) -> Decision {
    let window = Window::of(session, policy);
    let (sight, claims, set_aside) = Sight::of(evidence, window.around, policy);
    let case = Case { session, evidence, policy, now, window, sight: &sight, claims: &claims };
    let credits = schools(session).zip(case.verdicts()).map(|(school, (by_policy, standing))| SchoolCredit {
        school: school.clone(),
        supporting: *school == session.supporting,
        status: standing.0,
        reason: standing.1,
        by_policy: by_policy.0,
        present: sight.presence_of(school).and(&window.around.into()).into(),
        people: count(session, school, &evidence.head_counts, &sight, policy),
    });
    let schools: Vec<SchoolCredit> = credits.collect();
    let (status, reason) = together(&schools);
    Decision {
        lesson: session.id.clone(),
        day: session.day(),
        status,
        reason,
        schools,
        policy: policy.title(),
        changes_at_us: case.changes_at(),
        rooms: sight.presences(),
        evidence: sight.flows,
        set_aside,
    }
}

/// The schools that were to take part, the supporting one first, each once.
fn schools(session: &Session) -> impl Iterator<Item = &SchoolId> {
    let receiving = &session.receiving;
    let is_first = |(at, school): &(usize, &SchoolId)| {
        **school != session.supporting && !receiving[..*at].contains(school)
    };
    let receiving = receiving.iter().enumerate().filter(is_first).map(|(_, school)| school);
    std::iter::once(&session.supporting).chain(receiving)
}

impl Window {
    fn of(session: &Session, policy: &Policy) -> Window {
        let (start, end) = (session.start_us, session.end_us);
        let planned = Interval { from_us: start, until_us: end };
        let around_us = u64::from(policy.time.around_minutes) * MINUTE_US;
        let around = Interval {
            from_us: WallTime(start.0.saturating_sub(around_us)),
            until_us: WallTime(end.0.saturating_add(around_us)),
        };
        Window { planned, around }
    }
}

/// Everything that bears on a session.
struct Case<'a> {
    session: &'a Session,
    evidence: &'a Evidence,
    policy: &'a Policy,
    now: WallTime,
    window: Window,
    sight: &'a Sight,
    claims: &'a Sight,
}

impl Case<'_> {
    /// The verdicts on the schools, in their order: the policy's, and the one that stands.
    fn verdicts(&self) -> Vec<(Said, Said)> {
        let by_policy: Vec<Said> = match self.before_evidence() {
            Some(said) => schools(self.session).map(|_| said.clone()).collect(),
            None => self.by_evidence(),
        };
        let mut standing = by_policy.clone();
        if let Some(word) = self.evidence.word.as_ref().filter(|_| self.may_be_judged()) {
            let names: Vec<&SchoolId> = schools(self.session).collect();
            people_say(word, &names, &mut standing);
        }
        by_policy.into_iter().zip(standing).collect()
    }

    /// Nobody rules on what is no lesson, or has not been.
    fn may_be_judged(&self) -> bool {
        matches!(self.session.purpose, Purpose::Help(_)) && self.is_over()
    }

    fn is_over(&self) -> bool {
        self.session.end_us <= self.now
    }

    fn changes_at(&self) -> Option<WallTime> {
        let Session { purpose, start_us, end_us, .. } = *self.session;
        let ahead = [start_us, end_us].into_iter().find(|at| self.now < *at);
        ahead.filter(|_| matches!(purpose, Purpose::Help(_)))
    }

    /// What is the same for all schools, whatever machines saw.
    fn before_evidence(&self) -> Option<Said> {
        let Session { purpose, start_us, cancelled, .. } = self.session;
        if !matches!(purpose, Purpose::Help(_)) {
            return Some((Status::NeverCounts, Reason::bare(Code::NoHelp)));
        }
        if self.is_over() {
            return None;
        }
        if let Some(why) = cancelled {
            return Some(called_off(why));
        }
        Some(match self.now < *start_us {
            true => (Status::Planned, Reason::bare(Code::NotYet)),
            false => (Status::Live, Reason::bare(Code::Running)),
        })
    }

    /// What the policy makes of a session that is over.
    fn by_evidence(&self) -> Vec<Said> {
        let Purpose::Help(form) = self.session.purpose else { return Vec::new() };
        let rule = self.policy.rule(form);
        let receiving: Vec<&SchoolId> = schools(self.session).skip(1).collect();
        let mut said: Vec<Said> = match &self.session.noted {
            Some(noted) => {
                let reason = Reason { detail: Some(noted.source.clone()), ..Reason::bare(Code::NotedByHand) };
                receiving.iter().map(|_| (Status::Held, reason.clone())).collect()
            }
            None => receiving.iter().map(|school| self.by_media(school, rule)).collect(),
        };
        for (said, school) in said.iter_mut().zip(&receiving) {
            unless_closed(said, self.is_closed(school));
        }
        let mut supporting = supporting(&mut said, rule.receiving_schools);
        unless_closed(&mut supporting, self.is_closed(&self.session.supporting));
        let mut all = vec![supporting];
        all.extend(said);
        all.iter_mut().for_each(|said| self.unless_called_off(said));
        all
    }

    /// Whether the school's last day was over when the session was to begin.
    fn is_closed(&self, school: &SchoolId) -> bool {
        let day = self.session.day();
        self.evidence.closed.iter().any(|(closed, last_day)| closed == school && *last_day < day)
    }

    /// What was called off and shows no sign of life stays so.
    fn unless_called_off(&self, said: &mut Said) {
        let Some(why) = &self.session.cancelled else { return };
        *said = match said.0 {
            Status::Held if said.1.code == Code::MediaFlowed => {
                let reason =
                    Reason { code: Code::CalledOffButHeld, detail: Some(why.clone()), ..said.1.clone() };
                (Status::Undecided, reason)
            }
            _ => called_off(why),
        };
    }

    /// What the minutes of sound and pictures between it and the supporting school say of a receiving one.
    fn by_media(&self, receiving: &SchoolId, rule: &FormRule) -> Said {
        let planned_us = self.window.planned.length_us();
        let needed_us = rule.needed_us(planned_us);
        let supporting = &self.session.supporting;
        let ends = (supporting, receiving);
        let one_suffices = self.policy.witness.one_suffices;
        let link = Link::between(ends, (self.sight, self.claims), rule, one_suffices, self.window);
        let reason = |code| link.reason(code, needed_us);
        if planned_us < needed_us {
            return (Status::NotHeld, reason(Code::PlannedTooShort));
        }
        if link.proven_us >= needed_us {
            return (Status::Held, reason(Code::MediaFlowed));
        }
        match self.doubt(&link, needed_us) {
            Some(code) => (Status::Undecided, reason(code)),
            None => (Status::NotHeld, reason(self.shortfall(supporting, receiving))),
        }
    }

    /// What might make up the minutes that are missing: the first that could.
    fn doubt(&self, link: &Link, needed_us: u64) -> Option<Code> {
        let silence = if self.is_nothing_known() { Code::NoEvidence } else { Code::Gaps };
        let clock = (link.claimed_us, Code::ClockOff);
        let doubts = [
            (link.contested_us, Code::WitnessesDisagree),
            clock,
            (link.elsewhere_us, Code::OtherTime),
            (link.unknown_us, silence),
        ];
        // The weightiest reason that alone suffices; else the last that is needed for it.
        let alone = |(us, _): &&(u64, Code)| link.proven_us.saturating_add(*us) >= needed_us;
        if let Some((_, code)) = doubts.iter().find(alone) {
            return Some(*code);
        }
        let mut sum_us = link.proven_us;
        doubts.iter().find_map(|(us, code)| {
            sum_us = sum_us.saturating_add(*us);
            (sum_us >= needed_us).then_some(*code)
        })
    }

    fn is_nothing_known(&self) -> bool {
        let around = Spans::from(self.window.around);
        let is_silent = |school| self.sight.presence_of(school).and(&around).is_empty();
        schools(self.session).all(is_silent)
    }

    /// Why a session was not held: the plainest cause.
    fn shortfall(&self, supporting: &SchoolId, receiving: &SchoolId) -> Code {
        let around = Spans::from(self.window.around);
        let is_absent = |school| self.sight.presence_of(school).and(&around).is_empty();
        match (is_absent(receiving), is_absent(supporting)) {
            (true, _) => Code::Absent,
            (false, true) => Code::OtherEndAbsent,
            (false, false) => Code::TooShort,
        }
    }
}

impl FormRule {
    /// How long it must be, of so much planned time.
    fn needed_us(&self, planned_us: u64) -> u64 {
        let share_us = self.share_of_planned * planned_us as f64;
        (self.minutes * MINUTE_US as f64).max(share_us).ceil() as u64
    }
}

impl Link {
    fn reason(&self, code: Code, needed_us: u64) -> Reason {
        let minutes = |us: u64| Some(us as f64 / MINUTE_US as f64);
        let Link { proven_us, contested_us, unknown_us, claimed_us, elsewhere_us } = *self;
        let possible_us = [contested_us, unknown_us, claimed_us, elsewhere_us];
        Reason {
            minutes: minutes(proven_us),
            possible_minutes: minutes(possible_us.into_iter().fold(proven_us, u64::saturating_add)),
            needed_minutes: minutes(needed_us),
            ..Reason::bare(code)
        }
    }
}

fn called_off(why: &str) -> Said {
    (Status::Cancelled, Reason { detail: Some(why.to_owned()), ..Reason::bare(Code::CalledOff) })
}
