//! By which rules a session counts. The rules are files, each with a version and the first day it is for;
//! one is built in. A decision names the policy it was made by.

use crate::calendar;
use crate::lesson::{Form, Session};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The policy that is built in.
const SHIPPED: &str = include_str!("../../../configs/policies/tongke-1.toml");

/// A policy, as its file says. configs/policies/tongke-1.toml explains every setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whose it is.
    pub name: String,
    /// Which edition.
    pub version: String,
    /// The first day of sessions that it is for.
    #[schema(value_type = String, format = Date)]
    pub since: Date,
    /// What belongs to a session, by time.
    pub time: TimeRules,
    /// From when on something is taken to have flowed.
    pub witness: WitnessRules,
    /// How people are counted.
    pub people: PeopleRules,
    /// What each form of help needs.
    pub forms: FormRules,
}

/// What belongs to a session, by time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeRules {
    /// Minutes before the planned begin and after the planned end that still belong to it.
    pub around_minutes: u32,
    /// Seconds by which a fact may be ahead of the registry's clock.
    pub clock_tolerance_s: u64,
    /// Seconds of the relay's silence, while somebody is there, from which on its record has a gap.
    pub relay_silence_s: u64,
    /// Longest stretch, in seconds, that a room may tell of at a time.
    pub longest_stretch_s: u64,
}

/// From when on something is taken to have flowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessRules {
    /// Whether the relay alone, or the rooms alone, suffice.
    pub one_suffices: bool,
    /// Packets of sound a second.
    pub sound_packets_per_s: f64,
    /// Packets of pictures a second.
    pub picture_packets_per_s: f64,
    /// Share of a stretch, 0 to 1, for which a room must have sent or played.
    pub room_share: f64,
}

/// How people are counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeopleRules {
    /// Teachers in a room whose pupils were counted in the lesson, unless somebody enters their number.
    pub teachers_per_counted_room: u32,
}

/// What each form of help needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormRules {
    /// 城乡同步课堂.
    pub sync_class: FormRule,
    /// 教师网络研修.
    pub teacher_study: FormRule,
    /// 远程专递课堂.
    pub remote_course: FormRule,
    /// 名师网络观摩.
    pub master_observation: FormRule,
}

/// What one form of help needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormRule {
    /// Minutes, at the least.
    pub minutes: f64,
    /// Share of the planned time, 0 to 1, at the least.
    pub share_of_planned: f64,
    /// Which way sound and pictures must flow.
    pub media: Direction,
    /// What is asked of the receiving class's microphone, where they must flow both ways.
    pub sound_back: SoundBack,
    /// At how many receiving schools it must take place in order to count at all.
    pub receiving_schools: usize,
}

/// Which way sound and pictures must flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From each to the other.
    BothWays,
    /// From the supporting school to the receiving one.
    ToReceiving,
}

/// What is asked of the receiving class's microphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundBack {
    /// It was heard at the supporting school.
    Heard,
    /// It sent: a muted class is there all the same.
    Sent,
}

/// Why a file is not a policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("a policy cannot be read: {0}; configs/policies/tongke-1.toml shows every setting")]
    Unreadable(#[from] toml::de::Error),
    /// A number is outside of what it can be.
    #[error("policy {policy}: {setting} is {value}, and must be {must}")]
    Absurd {
        /// Name and version.
        policy: String,
        /// Which setting.
        setting: String,
        /// What it is.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// Two policies are for the same days.
    #[error("policies {0} and {1} both begin on {2}; give one of them another day, or leave it out")]
    SameDay(String, String, Date),
}

impl Policy {
    /// The policy of a TOML text.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let policy: Policy = toml::from_str(text)?;
        policy.check()?;
        Ok(policy)
    }

    /// The policy that is built in.
    pub fn shipped() -> Policy {
        Policy::parse(SHIPPED).expect("configs/policies/tongke-1.toml is tested to be a policy")
    }

    /// Name and version, as decisions carry them: `tongke 1`.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// What a form of help needs.
    pub fn rule(&self, form: Form) -> &FormRule {
        match form {
            Form::SyncClass => &self.forms.sync_class,
            Form::TeacherStudy => &self.forms.teacher_study,
            Form::RemoteCourse => &self.forms.remote_course,
            Form::MasterObservation => &self.forms.master_observation,
        }
    }

    fn check(&self) -> Result<(), PolicyError> {
        let per_second = "more than 0 and at most 10000";
        let rate = |value: f64| value > 0.0 && value <= 10_000.0;
        let WitnessRules { sound_packets_per_s, picture_packets_per_s, room_share, .. } = self.witness;
        let around = f64::from(self.time.around_minutes);
        self.must(rate(sound_packets_per_s), "witness.sound_packets_per_s", sound_packets_per_s, per_second)?;
        self.must(
            rate(picture_packets_per_s),
            "witness.picture_packets_per_s",
            picture_packets_per_s,
            per_second,
        )?;
        let is_share = room_share > 0.0 && room_share <= 1.0;
        self.must(is_share, "witness.room_share", room_share, "more than 0 and at most 1")?;
        self.must(around <= 720.0, "time.around_minutes", around, "at most 720")?;
        for (form, rule) in self.forms.all() {
            let FormRule { minutes, share_of_planned, receiving_schools, .. } = *rule;
            let setting = |name| format!("forms.{form}.{name}");
            let is_lasting = minutes > 0.0 && minutes <= 720.0;
            self.must(is_lasting, &setting("minutes"), minutes, "more than 0 and at most 720")?;
            let is_share = (0.0..=1.0).contains(&share_of_planned);
            self.must(is_share, &setting("share_of_planned"), share_of_planned, "from 0 to 1")?;
            let schools = receiving_schools as f64;
            let is_pair = (1..=2).contains(&receiving_schools);
            self.must(is_pair, &setting("receiving_schools"), schools, "1 or 2")?;
        }
        Ok(())
    }

    fn must(&self, holds: bool, setting: &str, value: f64, must: &'static str) -> Result<(), PolicyError> {
        let absurd =
            || PolicyError::Absurd { policy: self.title(), setting: setting.to_owned(), value, must };
        if holds { Ok(()) } else { Err(absurd()) }
    }
}

impl FormRules {
    /// Every form's, under its name in the file.
    fn all(&self) -> [(&'static str, &FormRule); 4] {
        [
            ("sync_class", &self.sync_class),
            ("teacher_study", &self.teacher_study),
            ("remote_course", &self.remote_course),
            ("master_observation", &self.master_observation),
        ]
    }
}

/// All policies of a registry: each is for the sessions from its first day on, until the next one's.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies(Vec<Policy>);

impl Policies {
    /// The policies of the texts; without any text, the one that is built in.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Policies, PolicyError> {
        let mut policies = texts.into_iter().map(Policy::parse).collect::<Result<Vec<_>, _>>()?;
        policies.sort_by_key(|policy| (policy.since, policy.title()));
        if let Some([a, b]) = policies.array_windows().find(|[a, b]| a.since == b.since) {
            return Err(PolicyError::SameDay(a.title(), b.title(), a.since));
        }
        if policies.is_empty() {
            policies.push(Policy::shipped());
        }
        Ok(Policies(policies))
    }

    /// All, the oldest first.
    pub fn all(&self) -> &[Policy] {
        &self.0
    }

    /// The one by which a session is decided: that of the day on which it was to begin. Before the first
    /// policy's day it is the first.
    pub fn of(&self, session: &Session) -> &Policy {
        let day = calendar::local(session.start_us).date();
        let next = self.0.partition_point(|policy| policy.since <= day);
        &self.0[next.saturating_sub(1)]
    }
}

impl Default for Policies {
    fn default() -> Policies {
        Policies(vec![Policy::shipped()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::Purpose;
    use jiff::civil::date;
    use tongke_protocol::WallTime;

    fn session_on(day: Date) -> Session {
        let start_us = calendar::moment(day.at(8, 20, 0, 0));
        Session {
            id: "math-1".parse().unwrap(),
            purpose: Purpose::Help(Form::SyncClass),
            pair: None,
            supporting: "lake".parse().unwrap(),
            receiving: vec!["oak".parse().unwrap()],
            subject: None,
            grade: None,
            classes: Vec::new(),
            teacher: None,
            assistants: Vec::new(),
            start_us,
            end_us: WallTime(start_us.0 + 40 * 60_000_000),
            slot: None,
            cancelled: None,
            noted: None,
        }
    }

    #[test]
    fn the_shipped_policy_asks_for_twenty_minutes_and_half_of_the_planned_time() {
        let policy = Policy::shipped();
        let rule = policy.rule(Form::SyncClass);
        assert_eq!((policy.title().as_str(), rule.minutes, rule.share_of_planned), ("tongke 1", 20.0, 0.5));
        assert_eq!((rule.media, rule.receiving_schools), (Direction::BothWays, 1));
        assert_eq!(policy.rule(Form::RemoteCourse).media, Direction::ToReceiving);
    }

    #[test]
    fn a_policy_with_an_absurd_number_or_an_unknown_setting_is_refused_and_says_which() {
        let absurd = SHIPPED.replacen("share_of_planned = 0.5", "share_of_planned = 50", 1);
        let error = Policy::parse(&absurd).unwrap_err().to_string();
        assert_eq!(
            error,
            "policy tongke 1: forms.sync_class.share_of_planned is 50, and must be from 0 to 1"
        );
        for (before, after) in [("room_share = 0.5", "room_share = nan"), ("minutes = 20", "minutes = 0")] {
            assert!(Policy::parse(&SHIPPED.replacen(before, after, 1)).is_err(), "{after}");
        }
        let unknown = SHIPPED.replacen("[people]", "[people]\npupils = 3", 1);
        assert!(Policy::parse(&unknown).unwrap_err().to_string().contains("pupils"));
    }

    #[test]
    fn a_session_is_decided_by_the_policy_of_the_day_on_which_it_began() {
        let stricter =
            SHIPPED.replace("version = \"1\"", "version = \"2\"").replace("2019-01-01", "2020-02-01");
        let policies = Policies::parse([stricter.as_str(), SHIPPED]).unwrap();
        let version = |day| policies.of(&session_on(day)).version.clone();
        assert_eq!(version(date(2020, 1, 31)), "1");
        assert_eq!(version(date(2020, 2, 1)), "2");
        assert_eq!(version(date(2018, 9, 1)), "1");
        let twice = Policies::parse([SHIPPED, SHIPPED]).unwrap_err().to_string();
        assert!(twice.contains("both begin on 2019-01-01"), "{twice}");
        assert_eq!(Policies::parse([]).unwrap(), Policies::default());
    }
}
