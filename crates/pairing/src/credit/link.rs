//! For how long sound and pictures flowed between two schools: proven, disputed between the witnesses,
//! unknown. Everything is a set of moments, so nothing depends on the order of the facts.

use crate::evidence::{Got, Interval, Media, Sight, Witness};
use crate::id::SchoolId;
use crate::policy::{Direction, FormRule, SoundBack};
use crate::spans::Spans;

/// What the policy asks of one end.
#[derive(Debug, Clone, Copy)]
struct Needs {
    sent: Media,
    got: Media,
}

impl Needs {
    fn of(rule: &FormRule, is_supporting: bool) -> Needs {
        let back = match rule.media {
            Direction::BothWays => Media { picture: true, sound: rule.sound_back == SoundBack::Heard },
            Direction::ToReceiving => Media::NONE,
        };
        // The class's own microphone must send, be it heard or not.
        let sent_back = Media { sound: back.picture, ..back };
        match is_supporting {
            true => Needs { sent: Media::BOTH, got: back },
            false => Needs { sent: sent_back, got: Media::BOTH },
        }
    }
}

/// When an end of the link was as it must be, and when it was not. Where it is neither, nobody knows.
#[derive(Debug, Default)]
struct End {
    yes: Spans,
    no: Spans,
    /// One witness says yes and the other no.
    contested: Spans,
}

impl End {
    /// What both witnesses say together.
    fn of(sight: &Sight, school: &SchoolId, other: &SchoolId, needs: Needs, one_suffices: bool) -> End {
        let relay = End::by(sight, Witness::Relay, school, other, needs);
        let room = End::by(sight, Witness::Room, school, other, needs);
        let contested = relay.yes.and(&room.no).or(&relay.no.and(&room.yes));
        let yes = if one_suffices { relay.yes.or(&room.yes) } else { relay.yes.and(&room.yes) };
        let no = relay.no.or(&room.no);
        End { yes: yes.without(&contested), no: no.without(&contested), contested }
    }

    /// What one witness says. A school with several rooms is in the lesson with what they do together.
    fn by(sight: &Sight, witness: Witness, school: &SchoolId, other: &SchoolId, needs: Needs) -> End {
        let during = |holds: &dyn Fn(Media, Option<Media>) -> bool| {
            let told = sight.of_school(witness, school).filter(|flow| {
                let got = match &flow.got {
                    Got::Unknown => None,
                    Got::Together(media) => Some(*media),
                    Got::From(schools) => Some(schools.get(other).copied().unwrap_or(Media::NONE)),
                };
                holds(flow.sent, got)
            });
            Spans::of(told.map(|flow| flow.during))
        };
        let sent_sound = during(&|sent, _| sent.sound || !needs.sent.sound);
        let sent_picture = during(&|sent, _| sent.picture || !needs.sent.picture);
        let got_sound = during(&|_, got| !needs.got.sound || got.is_some_and(|got| got.sound));
        let got_picture = during(&|_, got| !needs.got.picture || got.is_some_and(|got| got.picture));
        let (sent, got) = (sent_sound.and(&sent_picture), got_sound.and(&got_picture));
        let told_sent = during(&|_, _| true);
        let told_got = during(&|_, got| got.is_some());
        let yes = sent.and(&got);
        let mut no = told_sent.without(&sent).or(&told_got.without(&got));
        if witness == Witness::Relay {
            no = no.or(&sight.watched.without(&sight.connections_of(school)));
        }
        End { no: no.without(&yes), yes, contested: Spans::default() }
    }
}

/// What is known of the link between the supporting school and one receiving school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// Sound and pictures flowed: proven.
    pub proven_us: u64,
    /// The witnesses contradict each other.
    pub contested_us: u64,
    /// Nobody knows, within the planned time.
    pub unknown_us: u64,
    /// Facts whose clock cannot be right claim so much.
    pub claimed_us: u64,
    /// They flowed at another time than the session's.
    pub elsewhere_us: u64,
}

/// When a session was planned, and when it may have taken place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub planned: Interval,
    pub around: Interval,
}

impl Link {
    /// Between two schools, by what was seen and by what facts claim that cannot be right.
    pub fn between(
        (supporting, receiving): (&SchoolId, &SchoolId),
        (sight, claims): (&Sight, &Sight),
        rule: &FormRule,
        one_suffices: bool,
        window: Window,
    ) -> Link {
        let ends = |sight: &Sight, one_suffices| {
            let to_receiving = Needs::of(rule, true);
            let back = Needs::of(rule, false);
            let supporter = End::of(sight, supporting, receiving, to_receiving, one_suffices);
            (supporter, End::of(sight, receiving, supporting, back, one_suffices))
        };
        let (supporter, receiver) = ends(sight, one_suffices);
        let yes = supporter.yes.and(&receiver.yes);
        let no = supporter.no.or(&receiver.no);
        let contested = supporter.contested.or(&receiver.contested).without(&no);
        let around = Spans::from(window.around);
        let unknown = Spans::from(window.planned).without(&yes).without(&no).without(&contested);
        let (claimed_by_supporter, claimed_by_receiver) = ends(claims, true);
        let claimed = |end: &End| end.yes.or(&end.contested).length_us();
        Link {
            proven_us: yes.and(&around).length_us(),
            contested_us: contested.and(&around).length_us(),
            unknown_us: unknown.length_us(),
            claimed_us: claimed(&claimed_by_supporter).saturating_add(claimed(&claimed_by_receiver)),
            elsewhere_us: yes.or(&contested).without(&around).length_us(),
        }
    }
}
