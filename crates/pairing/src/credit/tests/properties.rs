//! What holds of every story, however it is told.

use super::story::*;
use crate::credit::{Decision, Status, decide};
use crate::entry::HeadCount;
use crate::evidence::{Evidence, Told};
use crate::lesson::{Form, Noted, Purpose, Session};
use crate::policy::Policy;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

/// A piece of a lesson: who says what for how long.
#[derive(Debug, Clone)]
enum Piece {
    Relay(u32, u32, Vec<(&'static str, Does)>),
    Room(&'static str, u32, u32, Vec<&'static str>),
    Counted(&'static str, u16),
    Wild(&'static str, i32, i32),
}

const SCHOOLS: [&str; 3] = [SUPPORTING, RECEIVING, SECOND];

fn any_school() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(SCHOOLS.as_slice())
}

fn any_piece() -> impl Strategy<Value = Piece> {
    let does = proptest::sample::select(vec![TAKES_PART, SILENT, NO_SOUND, HEARS_NOBODY]);
    let rooms = proptest::collection::vec((any_school(), does), 1..4);
    let others = proptest::collection::vec(any_school(), 0..3);
    prop_oneof![
        (0_u32..40, 1_u32..30, rooms).prop_map(|(from, long, rooms)| Piece::Relay(from, from + long, rooms)),
        (any_school(), 0_u32..40, 1_u32..30, others).prop_map(|(room, from, long, got)| Piece::Room(
            room,
            from,
            from + long,
            got
        )),
        (any_school(), 0_u16..60).prop_map(|(room, count)| Piece::Counted(room, count)),
        (any_school(), -900_i32..900, -30_i32..900)
            .prop_map(|(room, from, long)| Piece::Wild(room, from, long)),
    ]
}

fn told(pieces: &[Piece]) -> Story {
    let mut story = Story::default();
    for piece in pieces {
        match piece {
            Piece::Relay(from, until, rooms) => {
                story.relay(*from..*until, rooms);
            }
            Piece::Room(room, from, until, got) => {
                story.room(room, *from..*until, got);
            }
            Piece::Counted(room, count) => {
                story.counted(room, 5.0, *count, None);
            }
            Piece::Wild(room, from, long) => {
                let (from, until) = (minute(f64::from(*from)), minute(f64::from(*from + *long)));
                story.stretch(room, from, until, &SCHOOLS);
                story.evidence.told.last_mut().unwrap().received_us = minute(41.0);
            }
        }
    }
    story
}

fn any_story() -> impl Strategy<Value = Story> {
    proptest::collection::vec(any_piece(), 0..6).prop_map(|pieces| told(&pieces))
}

fn is_credited(decision: &Decision, school: &str) -> bool {
    credit(decision, school).status == Status::Held
}

fn any_session() -> impl Strategy<Value = Session> {
    const FORMS: [Form; 4] =
        [Form::SyncClass, Form::TeacherStudy, Form::RemoteCourse, Form::MasterObservation];
    let purpose = prop_oneof![
        8 => proptest::sample::select(FORMS.as_slice()).prop_map(Purpose::Help),
        1 => Just(Purpose::Test),
        1 => Just(Purpose::Inspection),
    ];
    let noted =
        proptest::option::weighted(0.2, Just(Noted { source: "minutes".into(), present: Vec::new() }));
    (purpose, noted, any::<bool>()).prop_map(|(purpose, noted, to_two)| {
        let receiving: &[&str] = if to_two { &[RECEIVING, SECOND] } else { &[RECEIVING] };
        Session { purpose, noted, ..session(receiving) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn order_and_repetition_of_facts_change_nothing(
        story in any_story(),
        session in any_session(),
        order in proptest::collection::vec(any::<Index>(), 1..400),
    ) {
        let decision = story.decided(&session);
        let mut again = story;
        let told = &mut again.evidence.told;
        if !told.is_empty() {
            for index in &order {
                let at = index.index(told.len());
                let copy: Told = told[at].clone();
                told.push(copy);
                let end = told.len() - 1;
                told.swap(index.index(end), end);
            }
        }
        prop_assert_eq!(again.decided(&session), decision);
    }

    #[test]
    fn never_more_is_credited_than_was_scheduled_or_noted(
        lessons in proptest::collection::vec((any_story(), any_session()), 0..5),
    ) {
        let mut scheduled: BTreeMap<String, u32> = BTreeMap::new();
        let mut credited: BTreeMap<String, u32> = BTreeMap::new();
        let (mut distinct, mut planned) = (0, 0);
        for (story, session) in &lessons {
            let decision = story.decided(session);
            let is_help = matches!(session.purpose, Purpose::Help(_));
            planned += u32::from(is_help);
            distinct += u32::from(decision.counts());
            prop_assert_eq!(decision.counts(), decision.credited().count() > 0);
            for school in &decision.schools {
                *scheduled.entry(school.school.to_string()).or_default() += u32::from(is_help);
            }
            for school in decision.credited() {
                *credited.entry(school.school.to_string()).or_default() += 1;
            }
        }
        prop_assert!(distinct <= planned);
        for (school, credited) in credited {
            prop_assert!(credited <= scheduled[&school], "{}", school);
        }
    }

    #[test]
    fn more_evidence_of_media_never_takes_a_credit_away(
        story in any_story(),
        session in any_session(),
        from in 0_u32..39,
        long in 1_u32..40,
    ) {
        let before = story.decided(&session);
        let mut more = story;
        for room in SCHOOLS {
            more.room(room, from..from + long, &SCHOOLS);
        }
        let after = more.decided(&session);
        for school in &before.schools {
            let school = school.school.as_str();
            prop_assert!(!is_credited(&before, school) || is_credited(&after, school), "{}", school);
        }
        // Where no witness contradicted it, it even suffices alone.
        if before.evidence.is_empty() && before.set_aside.is_empty() && before.rooms.is_empty() && long >= 20 {
            let is_help = matches!(session.purpose, Purpose::Help(_));
            prop_assert_eq!(after.status == Status::Held, is_help);
        }
    }

    #[test]
    fn what_is_proven_is_possible_and_what_is_decided_has_its_reason(
        story in any_story(),
        session in any_session(),
    ) {
        let decision = story.decided(&session);
        for school in &decision.schools {
            let reason = &school.reason;
            if let (Some(minutes), Some(possible), Some(needed)) =
                (reason.minutes, reason.possible_minutes, reason.needed_minutes)
            {
                prop_assert!(minutes <= possible);
                match school.status {
                    Status::Held => prop_assert!(minutes >= needed),
                    Status::NotHeld => prop_assert!(possible < needed, "{:?}", reason),
                    Status::Undecided => prop_assert!(minutes < needed && possible >= needed),
                    _ => {}
                }
            }
        }
        let json = serde_json::to_string(&decision).unwrap();
        prop_assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision);
    }

    #[test]
    fn a_stricter_policy_credits_nobody_more(story in any_story(), session in any_session(), extra in 0_u32..60) {
        let now = minute(220.0);
        let policy = Policy::shipped();
        let mut strict = policy.clone();
        strict.forms.sync_class.minutes += f64::from(extra);
        strict.witness.one_suffices = false;
        let (wide, narrow) =
            (decide(&session, &story.evidence, &policy, now), decide(&session, &story.evidence, &strict, now));
        for school in narrow.credited() {
            prop_assert!(is_credited(&wide, school.school.as_str()));
        }
    }

    #[test]
    fn absurd_numbers_upset_nothing(
        at in any::<u64>(), from in any::<u64>(), until in any::<u64>(), start in any::<u64>(), end in any::<u64>(),
        counts in any::<[u64; 4]>(), received in any::<u64>(), pupils in any::<u32>(),
    ) {
        use tongke_protocol::WallTime;
        let mut story = whole_lesson();
        story.stretch(RECEIVING, WallTime(from), WallTime(until), &SCHOOLS);
        let does = Does { sends: (counts[0] / 40, counts[1] / 40), gets: (counts[2] / 40, counts[3] / 40) };
        story.relay(0..39, &[(RECEIVING, does), (SECOND, does)]);
        let last = story.evidence.told.last_mut().unwrap();
        (last.fact.at_us, last.received_us) = (at, WallTime(received));
        let (lesson, school) = (session(&[]).id, RECEIVING.parse().unwrap());
        story.evidence.head_counts = vec![HeadCount { lesson, school, pupils, teachers: u32::MAX }];
        let odd = Session { start_us: WallTime(start), end_us: WallTime(end), ..session(&[RECEIVING, SECOND]) };
        let evidence: &Evidence = &story.evidence;
        let decision = decide(&odd, evidence, &Policy::shipped(), WallTime(u64::MAX));
        prop_assert_eq!(decision.schools.len(), 3);
        prop_assert!(story.decided(&session(&[RECEIVING])).reason.minutes.unwrap_or(0.0) <= 320.0);
    }
}
