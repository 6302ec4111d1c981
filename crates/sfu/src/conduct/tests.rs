use super::*;

const HOUR_US: u64 = 3_600_000_000;

fn id(text: &str) -> ParticipantId {
    text.parse().unwrap()
}

fn now() -> Now {
    Now { instant: Instant::now(), wall: WallTime(100 * HOUR_US) }
}

fn teacher() -> Actor {
    Actor { id: id("teacher"), name: "王老师".into(), role: Role::Supporting }
}

fn grant(name: &str, role: Role) -> Grant {
    Grant {
        lesson: "math".parse().unwrap(),
        participant: id(name),
        name: name.into(),
        role,
        expires_unix_s: 0,
    }
}

/// A lesson with a teacher, two classes and an observer.
fn lesson() -> Conduct {
    let mut conduct = Conduct::new(now());
    for (name, role) in
        [("teacher", Role::Supporting), ("a", Role::Receiving), ("b", Role::Receiving), ("o", Role::Observer)]
    {
        conduct.on_came(&id(name), role);
    }
    conduct
}

fn act(conduct: &mut Conduct, action: &LessonAction) -> Result<Decided, ActionError> {
    conduct.act(now(), &teacher(), action)
}

fn floor(to: &str) -> LessonAction {
    LessonAction::Floor { to: Some(id(to)) }
}

fn mute(whom: &str, muted: bool) -> LessonAction {
    LessonAction::Mute { participant: id(whom), muted }
}

#[test]
fn the_floor_opens_a_microphone_that_the_class_itself_had_switched_off() {
    let mut conduct = lesson();
    let class = Actor { id: id("a"), name: "A".into(), role: Role::Receiving };
    conduct.act(now(), &class, &LessonAction::Microphone { open: false }).unwrap();
    assert!(!conduct.state.is_heard(&id("a")));
    let decided = act(&mut conduct, &floor("a")).unwrap();
    assert!(conduct.state.is_heard(&id("a")) && conduct.state.microphones_off.is_empty());
    assert_eq!(decided.facts, [FactKind::Floor { to: Some(id("a")) }]);
}

#[test]
fn a_muted_class_is_heard_while_it_has_the_floor_and_muting_it_again_takes_the_floor_back() {
    let mut conduct = lesson();
    act(&mut conduct, &mute("a", true)).unwrap();
    act(&mut conduct, &mute("b", true)).unwrap();
    act(&mut conduct, &mute("a", true)).unwrap();
    assert_eq!(conduct.state.muted, [id("a"), id("b")]);
    act(&mut conduct, &floor("a")).unwrap();
    assert!(conduct.state.is_heard(&id("a")));
    let decided = act(&mut conduct, &mute("a", true)).unwrap();
    assert!(!conduct.state.is_heard(&id("a")) && conduct.state.floor.is_none());
    assert_eq!(decided.facts.len(), 2);
    act(&mut conduct, &mute("a", false)).unwrap();
    assert!(conduct.state.is_heard(&id("a")) && !conduct.state.is_heard(&id("b")));
}

#[test]
fn only_classrooms_that_were_in_the_lesson_get_the_floor_or_are_muted() {
    let mut conduct = lesson();
    for name in ["nobody", "o"] {
        assert_eq!(act(&mut conduct, &floor(name)), Err(ActionError::ParticipantUnknown(id(name))));
        assert_eq!(act(&mut conduct, &mute(name, true)), Err(ActionError::ParticipantUnknown(id(name))));
    }
    conduct.on_went(now(), &id("a"));
    act(&mut conduct, &mute("a", true)).unwrap();
    assert_eq!(conduct.state.muted, [id("a")], "who is gone for a moment comes back muted");
}

#[test]
fn when_a_lesson_is_over_only_reopening_and_counting_are_left() {
    let mut conduct = lesson();
    act(&mut conduct, &LessonAction::End).unwrap();
    let count = HeadCount { present: 41, expected: None };
    for action in [floor("a"), LessonAction::End, LessonAction::Lock { locked: true }] {
        assert_eq!(act(&mut conduct, &action), Err(ActionError::Ended));
    }
    act(&mut conduct, &LessonAction::HeadCount(count)).unwrap();
    let decided = act(&mut conduct, &LessonAction::Reopen).unwrap();
    assert_eq!(decided.facts, [FactKind::Reopened { by: id("teacher") }]);
    act(&mut conduct, &floor("a")).unwrap();
}

#[test]
fn a_message_is_text_of_bounded_length_and_the_last_ones_are_kept() {
    let mut conduct = lesson();
    let say = |text: &str| LessonAction::Say { text: text.to_owned() };
    for bad in ["", " \n ", "bell\u{7}", &"长".repeat(MAX_MESSAGE_CHARS + 1)] {
        assert!(matches!(act(&mut conduct, &say(bad)), Err(ActionError::Text(_))), "{bad:?}");
    }
    let mut last = 0;
    for number in 1..=60 {
        let text = format!(" {}\n第{number}条", "长".repeat(400));
        let message = act(&mut conduct, &say(&text)).unwrap().message.unwrap();
        assert!(message.id > last);
        last = message.id;
    }
    assert_eq!(conduct.messages.len(), MAX_MESSAGES);
    let oldest = &conduct.messages[0];
    assert!(oldest.text.starts_with('长') && oldest.text.ends_with("\n第11条") && oldest.name == "王老师");
    let mut later_run = Conduct::new(now());
    let message =
        later_run.act(now().plus(Duration::from_secs(1)), &teacher(), &say("回来了")).unwrap().message;
    assert!(message.unwrap().id > last, "a restart takes no number twice");
}

#[test]
fn a_new_head_count_takes_the_place_of_the_rooms_old_one() {
    let mut conduct = lesson();
    for present in [41, 42] {
        let count = HeadCount { present, expected: Some(42) };
        let decided = act(&mut conduct, &LessonAction::HeadCount(count)).unwrap();
        assert_eq!(decided.facts, [FactKind::HeadCount { participant: id("teacher"), count }]);
    }
    assert_eq!(conduct.state.head_counts.len(), 1);
    assert_eq!(conduct.state.head_counts[0].count.present, 42);
}

#[test]
fn an_ended_grant_is_good_for_whoever_was_there_when_it_ended() {
    let mut conduct = lesson();
    let expires_s = 100 * 3600;
    let may = |conduct: &Conduct, name: &str, expires_unix_s: u64, hours: u64| {
        let grant = Grant { expires_unix_s, ..grant(name, Role::Receiving) };
        conduct.may_return(&grant, WallTime((100 + hours) * HOUR_US))
    };
    assert!(may(&conduct, "a", expires_s, 1));
    assert!(!may(&conduct, "a", expires_s, 4), "not for ever");
    assert!(!may(&conduct, "nobody", expires_s, 1));
    assert!(!may(&conduct, "teacher", expires_s, 1), "it was there as something else");
    conduct.on_went(now(), &id("a"));
    assert!(may(&conduct, "a", expires_s, 1), "it was there at the end");
    assert!(may(&conduct, "a", expires_s + 240, 1), "or only minutes before");
    assert!(!may(&conduct, "a", expires_s + 600, 1), "it had gone long before");
    conduct.state.ended = true;
    assert!(!may(&conduct, "b", expires_s, 1));
}

#[test]
fn a_lock_keeps_strangers_out_and_nobody_else() {
    let mut conduct = lesson();
    conduct.state.locked = true;
    conduct.on_went(now(), &id("a"));
    assert!(conduct.check_lock(&grant("a", Role::Receiving), false).is_ok());
    assert!(conduct.check_lock(&grant("i", Role::Inspector), false).is_ok());
    assert!(conduct.check_lock(&grant("c", Role::Receiving), true).is_ok(), "its second session");
    assert!(conduct.check_lock(&grant("s", Role::Supporting), false).is_ok(), "it could open the lock");
    for role in [Role::Observer, Role::Receiving] {
        assert_eq!(conduct.check_lock(&grant("c", role), false), Err(JoinError::Locked));
    }
}

#[test]
fn whoever_is_gone_longest_is_forgotten_first() {
    let mut conduct = lesson();
    conduct.on_went(now(), &id("b"));
    conduct.on_went(now().plus(Duration::from_secs(1)), &id("a"));
    for number in 0..=MAX_PEOPLE - 4 {
        conduct.on_came(&id(&format!("p{number}")), Role::Observer);
    }
    assert!(!conduct.is_known(&id("b")) && conduct.is_known(&id("a")) && conduct.is_known(&id("teacher")));
}
