use super::*;
use serde_json::json;

fn line(idle_s: u16, most_mbps: u16) -> Task {
    Task::Line(LinePlan { steps: vec![LineStep::Idle], idle_s, most_mbps, metered: false })
}

fn call(seconds: u32) -> Task {
    Task::Call(CallPlan { with: "hill".parse().unwrap(), end: CallEnd::A, seconds, sight: Sight::Software })
}

#[test]
fn every_ask_comes_back_as_it_went() {
    for what in [Task::Facts, Task::Here, Task::Devices, line(30, 120), call(300), Task::Stop] {
        let ask = Ask { id: u32::MAX, what };
        assert_eq!(Ask::parse(&ask.to_body().unwrap()).unwrap(), ask);
    }
}

#[test]
fn the_words_are_those_that_are_written_down() {
    let ask = Ask { id: 7, what: call(60) };
    let word = json!({"id": 7, "what": {
        "task": "call", "with": "hill", "end": "a", "seconds": 60, "sight": "software"
    }});
    assert_eq!(serde_json::to_value(&ask).unwrap(), word);
    let says = Answer::Refused(Refused { code: RefusedCode::LineBusy, message: "busy".into() });
    let word = json!({"id": 7, "says": {"answer": "refused", "code": "line_busy", "message": "busy"}});
    assert_eq!(serde_json::to_value(Reply { id: 7, says }).unwrap(), word);
}

#[test]
fn every_reply_comes_back_as_it_went() {
    let clock = TestClock { report: ClockReport { offset_us: -1_500, bound_us: 400 }, stepped: true };
    let part = Part {
        number: 1,
        of: 2,
        findings: vec![json!({"quantity": "network.rtt"})],
        clock: Some(clock),
        notes: vec![json!("warm")],
    };
    let presence = Presence { school: "山小".into(), room: String::new(), software: "tongke".into() };
    for says in [
        Answer::Progress(Progress { doing: Doing::InCall, left_s: 12 }),
        Answer::Part(part),
        Answer::Yes(presence),
    ] {
        let reply = Reply { id: 3, says };
        assert_eq!(Reply::parse(&reply.to_body().unwrap()).unwrap(), reply);
    }
}

#[test]
fn what_no_node_should_be_made_to_do_is_refused() {
    for what in [line(0, 100), line(61, 100), line(30, 0), line(30, 1_001), call(0), call(3_601)] {
        let body = Ask { id: 1, what }.to_body().unwrap();
        assert!(matches!(Ask::parse(&body), Err(BodyError::OutOfBounds(_))), "{body}");
    }
    let none = Task::Line(LinePlan { steps: vec![], idle_s: 1, most_mbps: 1, metered: false });
    assert!(Ask::parse(&Ask { id: 1, what: none }.to_body().unwrap()).is_err());
}

#[test]
fn what_is_not_of_an_inspection_is_said_so() {
    for body in ["", "{}", r#"{"id":1,"what":{"task":"explode"}}"#, r#"{"id":-1,"what":{"task":"facts"}}"#] {
        assert!(matches!(Ask::parse(body), Err(BodyError::Unreadable(_))), "{body}");
    }
    let surplus = r#"{"id":1,"what":{"task":"line","steps":["idle"],"idle_s":1,"most_mbps":1,"more":2}}"#;
    assert!(Ask::parse(surplus).is_err());
    let long = " ".repeat(MAX_BODY_LEN + 1);
    assert!(matches!(Ask::parse(&long), Err(BodyError::TooLong(_))));
    for (number, of) in [(0, 0), (2, 2), (0, MAX_PARTS + 1)] {
        let part = Part { number, of, findings: vec![], clock: None, notes: vec![] };
        let body = Reply { id: 1, says: Answer::Part(part) }.to_body().unwrap();
        assert!(matches!(Reply::parse(&body), Err(BodyError::OutOfBounds(_))), "{number} of {of}");
    }
}
