//! Builds what machines would say of a lesson: 枫林镇中心小学 and 潘坑小学 on 27 November 2019, 8:20 to 9:00.

use crate::calendar::moment;
use crate::credit::{Decision, SchoolCredit, Status, decide};
use crate::evidence::{Evidence, Told};
use crate::lesson::{Form, Purpose, Session};
use crate::policy::Policy;
use jiff::civil::date;
use std::ops::Range;
use tongke_protocol::conduct::HeadCount;
use tongke_protocol::record::{FactKind, GotFrom, LessonFact, Presence};
use tongke_protocol::{Role, WallTime};

pub(super) const MINUTE: u64 = 60_000_000;
pub(super) const SUPPORTING: &str = "fenglin";
pub(super) const RECEIVING: &str = "pankeng";
pub(super) const SECOND: &str = "dongao";

/// A moment so many minutes after the planned begin.
pub(super) fn minute(after: f64) -> WallTime {
    let start = moment(date(2019, 11, 27).at(8, 20, 0, 0));
    start.offset_by_us((after * MINUTE as f64) as i64)
}

pub(super) fn session(receiving: &[&str]) -> Session {
    Session {
        id: "yuwen-20191127".parse().unwrap(),
        purpose: Purpose::Help(Form::SyncClass),
        pair: Some("p9".parse().unwrap()),
        supporting: SUPPORTING.parse().unwrap(),
        receiving: receiving.iter().map(|school| school.parse().unwrap()).collect(),
        subject: Some("语文".into()),
        grade: Some(4),
        classes: vec!["fenglin/4-1".into(), "pankeng/4".into()],
        teacher: None,
        assistants: Vec::new(),
        start_us: minute(0.0),
        end_us: minute(40.0),
        slot: None,
        cancelled: None,
        noted: None,
    }
}

/// What a room does in a minute, in packets of sound and pictures sent and got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Does {
    pub sends: (u64, u64),
    pub gets: (u64, u64),
}

/// Sound and pictures both ways.
pub(super) const TAKES_PART: Does = Does { sends: (3000, 9000), gets: (3000, 9000) };
/// Connected, and nothing flows.
pub(super) const SILENT: Does = Does { sends: (0, 0), gets: (0, 0) };
/// The microphone does not work.
pub(super) const NO_SOUND: Does = Does { sends: (0, 9000), gets: (3000, 9000) };
/// What the class says is not let through: its teacher's own room hears nobody.
pub(super) const HEARS_NOBODY: Does = Does { sends: (3000, 9000), gets: (0, 9000) };

/// A lesson that is being told.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    pub evidence: Evidence,
    facts: u64,
}

impl Story {
    /// A fact of the relay or of a room, which comes a second later.
    pub fn say(&mut self, by: &str, at: WallTime, what: FactKind) -> &mut Self {
        let id = format!("{by}-{}", self.facts);
        self.facts += 1;
        let fact = LessonFact { id, lesson: session(&[]).id, at_us: at.0, what };
        self.evidence.told.push(Told { fact, received_us: at.offset_by_us(1_000_000) });
        self
    }

    /// The number of the next fact.
    pub fn facts_from(&mut self, number: u64) -> &mut Self {
        self.facts = number;
        self
    }

    pub fn came(&mut self, room: &str, at: f64) -> &mut Self {
        let role = if room.starts_with(SUPPORTING) { Role::Supporting } else { Role::Receiving };
        let participant = room.parse().unwrap();
        self.say("relay", minute(at), FactKind::Came { participant, name: room.into(), role })
    }

    pub fn went(&mut self, room: &str, at: f64) -> &mut Self {
        let participant = room.parse().unwrap();
        self.say("relay", minute(at), FactKind::Went { participant, reason: "left".into() })
    }

    /// The relay sees rooms come, counts each minute and sees them go.
    pub fn relay(&mut self, minutes: Range<u32>, rooms: &[(&str, Does)]) -> &mut Self {
        for (room, _) in rooms {
            self.came(room, f64::from(minutes.start));
        }
        for now in minutes.clone().skip(1).chain([minutes.end]) {
            self.present(f64::from(now), u64::from(now - minutes.start), rooms);
        }
        for (room, _) in rooms {
            self.went(room, f64::from(minutes.end));
        }
        self
    }

    /// One count of the relay, so many minutes after the rooms came.
    pub fn present(&mut self, at: f64, since: u64, rooms: &[(&str, Does)]) -> &mut Self {
        let presence = |(room, does): &(&str, Does)| Presence {
            participant: room.parse().unwrap(),
            audio_packets: since * does.sends.0,
            video_packets: since * does.sends.1,
            audio_packets_out: Some(since * does.gets.0),
            video_packets_out: Some(since * does.gets.1),
        };
        let participants = rooms.iter().map(presence).collect();
        self.say("relay", minute(at), FactKind::Present { participants })
    }

    /// A room says minute by minute that it sent, and whom it heard and saw.
    pub fn room(&mut self, room: &str, minutes: Range<u32>, from: &[&str]) -> &mut Self {
        for now in minutes {
            let (from_us, until_us) = (minute(f64::from(now)), minute(f64::from(now + 1)));
            self.stretch(room, from_us, until_us, from);
        }
        self
    }

    /// One stretch of a room. Who hears and sees nobody sends nothing either: its link is broken.
    pub fn stretch(&mut self, room: &str, from: WallTime, until: WallTime, got: &[&str]) -> &mut Self {
        let ms = until.0.saturating_sub(from.0) / 1000;
        let sent = if got.is_empty() { 0 } else { ms };
        let got = got.iter().map(|other| {
            let participant = other.parse().unwrap();
            GotFrom { participant, audio_ms: ms, video_ms: ms }
        });
        let what = FactKind::Flow {
            participant: room.parse().unwrap(),
            seq: self.facts,
            from_us: from.0,
            until_us: until.0,
            sent_audio_ms: sent,
            sent_video_ms: sent,
            got: got.collect(),
        };
        self.say(room, until, what)
    }

    pub fn counted(&mut self, room: &str, at: f64, present: u16, expected: Option<u16>) -> &mut Self {
        let count = HeadCount { present, expected };
        let participant = room.parse().unwrap();
        self.say("relay", minute(at), FactKind::HeadCount { participant, count })
    }

    /// The decision at noon.
    pub fn decided(&self, session: &Session) -> Decision {
        decide(session, &self.evidence, &Policy::shipped(), minute(220.0))
    }
}

/// Both rooms take part from the first minute to the last, as the relay says.
pub(super) fn whole_lesson() -> Story {
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)]);
    story
}

pub(super) fn credit<'a>(decision: &'a Decision, school: &str) -> &'a SchoolCredit {
    decision.schools.iter().find(|credit| credit.school.as_str() == school).unwrap()
}

pub(super) fn statuses(decision: &Decision) -> Vec<Status> {
    decision.schools.iter().map(|credit| credit.status).collect()
}
