use super::super::packet::Direction;
use super::*;

const SECRET: [u8; KEY_LEN] = [1; KEY_LEN];
fn plan() -> Plan {
    let pace = Pace::Search { fastest: Row::new(100) };
    Plan { direction: Direction::Back, pace, length: Duration::from_secs(10) }
}

fn sessions() -> (LoadSessions, u16, Instant) {
    let (mut sessions, now) = (LoadSessions::new(&[9; KEY_LEN], Row::new(100)), Instant::now());
    let session = sessions.open(now, &SECRET).unwrap();
    (sessions, session, now)
}

fn at(port: u16) -> SocketAddr {
    ([192, 0, 2, 1], port).into()
}

fn written(session: u16, run: u8, body: Body) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    Packet { session, run, seq: 0, sent_us: 0, body }.write(&mut bytes, &Key::new(&SECRET));
    bytes
}

/// The token that is sent to an address.
fn token(sessions: &mut LoadSessions, now: Instant, session: u16, from: SocketAddr) -> u64 {
    let Some(Asked::Answer(answer)) = sessions.take(now, from, &written(session, 1, Body::Hello)) else {
        panic!("no answer");
    };
    match Packet::parse(&answer, &Key::new(&SECRET)).unwrap().body {
        Body::Challenge { token } => token,
        other => panic!("{other:?}"),
    }
}

fn start(sessions: &mut LoadSessions, now: Instant, from: SocketAddr, bytes: &[u8]) -> Option<NewRun> {
    match sessions.take(now, from, bytes) {
        Some(Asked::Run(run)) => Some(run),
        _ => None,
    }
}

#[test]
fn only_who_is_at_an_address_has_load_sent_there() {
    let (mut sessions, session, now) = sessions();
    let token = token(&mut sessions, now, session, at(1));
    let bytes = written(session, 1, Body::Start { token, plan: plan() });
    assert!(start(&mut sessions, now, at(2), &bytes).is_none(), "the token is another address's");
    let guessed = written(session, 1, Body::Start { token: token ^ 1, plan: plan() });
    assert!(start(&mut sessions, now, at(1), &guessed).is_none());
    let run = start(&mut sessions, now, at(1), &bytes).unwrap();
    assert_eq!((run.session, run.run, run.plan), (session, 1, plan()));
}

#[test]
fn a_run_begins_once_and_the_next_one_when_it_is_over() {
    let (mut sessions, session, now) = sessions();
    let token = token(&mut sessions, now, session, at(1));
    let mut begin =
        |run| start(&mut sessions, now, at(1), &written(session, run, Body::Start { token, plan: plan() }));
    let first = begin(1).unwrap();
    assert!(begin(1).is_none() && begin(2).is_none());
    drop(first);
    assert!(begin(1).is_none(), "what is sent again begins nothing");
    assert!(begin(2).is_some());
}

#[test]
fn what_is_too_fast_or_too_long_is_not_begun() {
    let (mut sessions, session, now) = sessions();
    let token = token(&mut sessions, now, session, at(1));
    let refused = [
        Plan { pace: Pace::Search { fastest: Row::new(101) }, ..plan() },
        Plan { pace: Pace::Fixed { kbps: 100_001 }, ..plan() },
        Plan { pace: Pace::Fixed { kbps: 0 }, ..plan() },
        Plan { length: LONGEST_RUN + Duration::from_secs(1), ..plan() },
        Plan { length: Duration::ZERO, ..plan() },
        Plan { length: Duration::from_millis(1500), ..plan() },
    ];
    for plan in refused {
        let bytes = written(session, 1, Body::Start { token, plan });
        assert!(start(&mut sessions, now, at(1), &bytes).is_none(), "{plan:?}");
    }
    let plan = Plan { pace: Pace::Fixed { kbps: 100_000 }, length: LONGEST_RUN, ..plan() };
    assert!(start(&mut sessions, now, at(1), &written(session, 1, Body::Start { token, plan })).is_some());
}

#[test]
fn an_end_of_the_session_ends_its_run() {
    let (mut sessions, session, now) = sessions();
    let token = token(&mut sessions, now, session, at(1));
    let bytes = written(session, 1, Body::Start { token, plan: plan() });
    let run = start(&mut sessions, now, at(1), &bytes).unwrap();
    assert_eq!(run.running.stopped(), None);
    sessions.close(session, Stopped::LessonLive);
    assert_eq!(run.running.stopped(), Some(Stopped::LessonLive));
    assert!(sessions.take(now, at(1), &written(session, 2, Body::Hello)).is_none());
}

#[test]
fn there_are_so_many_sessions_and_old_ones_make_room() {
    let (mut sessions, first, now) = sessions();
    let more: Vec<_> = (0..MOST_LOADS).map(|_| sessions.open(now, &SECRET)).collect();
    assert_eq!(more.iter().flatten().count(), MOST_LOADS - 1);
    assert!(more.iter().flatten().all(|number| *number != first));
    assert!(sessions.take(now + LOAD_LASTS, at(1), &written(first, 1, Body::Hello)).is_none());
    assert!(sessions.open(now + LOAD_LASTS, &SECRET).is_some());
}
