//! What is kept of lessons: on disk before it is confirmed, and known to the relay's next run.

use crate::support::*;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tongke_protocol::Role;
use tongke_protocol::conduct::{LessonState, Pass};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_relay::{Relay, RelayConfig};

impl Data {
    fn config(&self) -> RelayConfig {
        RelayConfig { data: Some(self.path().to_owned()), workers: 2, ..config() }
    }

    fn relay(&self) -> Relay {
        Relay::start(&self.config()).unwrap()
    }

    /// The facts of the lesson `math`, from all its days.
    fn facts(&self) -> Vec<LessonFact> {
        let mut days: Vec<PathBuf> =
            fs::read_dir(self.path().join("facts")).unwrap().map(|entry| entry.unwrap().path()).collect();
        days.sort();
        let texts = days.iter().filter_map(|day| fs::read_to_string(day.join("math.jsonl")).ok());
        let read = |text: String| {
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect::<Vec<LessonFact>>()
        };
        texts.flat_map(read).collect()
    }
}

fn teacher(relay: &Relay) -> Http {
    Http::new(relay, token("math", "school-1", Role::Supporting))
}

fn class(relay: &Relay) -> Http {
    Http::new(relay, token("math", "school-2", Role::Receiving))
}

async fn act(http: &Http, action: Value) -> Response {
    http.request(Method::POST, "/lessons/math/actions").json(&action).send().await.unwrap()
}

async fn act_well(http: &Http, action: Value) {
    assert_eq!(act(http, action).await.status(), StatusCode::NO_CONTENT);
}

async fn state(http: &Http) -> LessonState {
    http.get::<Pass>("/lessons/math/self").await.state
}

async fn join(relay: &Relay, participant: &str, role: Role) -> Node {
    let links: tongke_protocol::control::Links =
        Http::new(relay, token("math", participant, role)).get("/lessons/math/links").await;
    let address = ([127, 0, 0, 1], links.quic_port.unwrap()).into();
    let mut node = Node::connect_to(address).await;
    let hello = hello(token("math", participant, role), "math", vec![], 1, 1);
    node.say(&tongke_protocol::control::ClientMessage::Hello(hello)).await;
    node.event(|event| matches!(event, LessonEvent::Snapshot { .. })).await;
    node
}

#[tokio::test]
async fn a_relay_that_is_started_again_knows_how_lessons_stand() {
    let data = Data::new();
    let relay = data.relay();
    let _nodes =
        [join(&relay, "school-1", Role::Supporting).await, join(&relay, "school-2", Role::Receiving).await];
    let http = teacher(&relay);
    act_well(&http, json!({"action": "mute", "participant": "school-2", "muted": true})).await;
    act_well(&http, json!({"action": "lock", "locked": true})).await;
    act_well(&class(&relay), json!({"action": "head_count", "present": 41, "expected": 42})).await;
    let before = state(&http).await;
    within("the end", relay.shutdown("the relay is being restarted")).await;

    let relay = data.relay();
    let http = teacher(&relay);
    let after = state(&http).await;
    assert_eq!(after, before);
    assert!(after.locked && after.head_counts[0].count.present == 41);
    let stranger = Http::new(&relay, token("math", "school-3", Role::Receiving));
    let (status, refused) = refusal(stranger.offer("/whep/math", &offer("recvonly")).await).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::LOCKED, "lesson_locked"));
    let known = class(&relay).offer("/whep/math", &offer("recvonly")).await;
    assert_eq!(known.status(), StatusCode::CREATED, "who was in the lesson comes back");
    act_well(&http, json!({"action": "end"})).await;
    within("the end", relay.shutdown("the relay is being restarted")).await;

    let relay = data.relay();
    let (status, refused) = refusal(teacher(&relay).offer("/whip/math", &offer("sendonly")).await).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::GONE, "lesson_ended"));
    act_well(&teacher(&relay), json!({"action": "reopen"})).await;
    let response = teacher(&relay).offer("/whip/math", &offer("sendonly")).await;
    assert_eq!(response.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn who_came_and_went_is_on_disk_after_a_proper_end() {
    let data = Data::new();
    let relay = data.relay();
    let node = join(&relay, "school-2", Role::Receiving).await;
    let _staying = join(&relay, "school-1", Role::Supporting).await;
    node.connection.close(0u32.into(), b"bye");
    let mut events = EventStream::open(&teacher(&relay), "math").await;
    let gone = |event: &LessonEvent| match event {
        LessonEvent::Snapshot { participants, .. } => participants.len() == 1,
        LessonEvent::Left { .. } => true,
        _ => false,
    };
    events.until(gone).await;
    within("the end", relay.shutdown("the relay is being restarted")).await;
    let told: Vec<String> = data
        .facts()
        .into_iter()
        .map(|fact| match fact.what {
            FactKind::Came { participant, role, .. } => format!("{participant} came as {role}"),
            FactKind::Went { participant, .. } => format!("{participant} went"),
            FactKind::Present { participants } => format!("{} are there", participants.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    let came = ["school-2 came as receiving", "school-1 came as supporting"];
    let went = ["2 are there", "school-2 went", "1 are there", "school-1 went"];
    // Not again if both go within a second.
    let went_together = [went[0], went[1], went[3]];
    assert!(told == [&came[..], &went].concat() || told == [&came[..], &went_together].concat(), "{told:?}");
}

#[tokio::test]
async fn what_a_browser_says_of_its_room_stands_in_the_record_under_its_name() {
    let data = Data::new();
    let relay = data.relay();
    let _node = join(&relay, "school-2", Role::Receiving).await;
    let now_us =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as u64;
    let told = json!({
        "seq": 0, "from_us": now_us - 5_000_000, "until_us": now_us, "sent_audio_ms": 5_000,
        "sent_video_ms": 4_000, "got": [{"participant": "school-1", "audio_ms": 1, "video_ms": 2}],
    });
    let tell = |http: Http, told: Value| async move {
        http.request(Method::POST, "/lessons/math/flow").json(&told).send().await.unwrap()
    };
    let answer = tell(class(&relay), told.clone()).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let mut longer = told.clone();
    longer["sent_audio_ms"] = json!(9_000);
    let (status, refused) = refusal(tell(class(&relay), longer).await).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "flow_unreasonable"));
    let (status, refused) = refusal(tell(teacher(&relay), told).await).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::CONFLICT, "not_in_lesson"));
    within("the end", relay.shutdown("the relay is being restarted")).await;
    let flows: Vec<LessonFact> =
        data.facts().into_iter().filter(|fact| matches!(fact.what, FactKind::Flow { .. })).collect();
    let [FactKind::Flow { participant, sent_audio_ms: 5_000, .. }] =
        flows.iter().map(|fact| &fact.what).collect::<Vec<_>>()[..]
    else {
        panic!("{flows:?}")
    };
    assert_eq!(participant.as_str(), "school-2");
}

#[tokio::test]
async fn whoever_was_there_when_the_relay_was_killed_went_when_it_was_last_seen() {
    let data = Data::new();
    let relay = data.relay();
    let _node = join(&relay, "school-1", Role::Supporting).await;
    act_well(&teacher(&relay), json!({"action": "lock", "locked": true})).await;
    drop(relay);
    let again = async {
        loop {
            match Relay::start(&data.config()) {
                Ok(relay) => break relay,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let relay = within("the journal", again).await;
    // What is confirmed later was written later.
    act_well(&teacher(&relay), json!({"action": "lock", "locked": false})).await;
    let facts = data.facts();
    let (came, went) = (&facts[0], &facts[2]);
    assert_eq!((&went.id, went.at_us), (&format!("{}-went", came.id), came.at_us));
    let FactKind::Went { reason, .. } = &went.what else { panic!("{facts:?}") };
    assert!(reason.starts_with("the relay stopped; last seen 20"), "{reason}");
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_as_such_and_the_lesson_goes_on() {
    let data = Data::new();
    let relay = data.relay();
    let http = teacher(&relay);
    let _node = join(&relay, "school-1", Role::Supporting).await;
    act_well(&http, json!({"action": "lock", "locked": false})).await;
    let (facts, elsewhere) = (data.path().join("facts"), data.path().join("elsewhere"));
    fs::rename(&facts, &elsewhere).unwrap();
    fs::write(&facts, "in the way").unwrap();

    let (status, refused) = refusal(act(&http, json!({"action": "lock", "locked": true})).await).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not_kept"));
    assert!(state(&http).await.locked, "it holds for as long as this relay runs");
    let ready = http.request(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    let text = ready.text().await.unwrap();
    assert!(text.contains("facts of lessons are not written") && text.contains("Not a directory"), "{text}");
    assert!(http.metric("tongke_facts_write_failures_total").await >= 1.0);
    assert_eq!(http.offer("/whip/math", &offer("sendonly")).await.status(), StatusCode::CREATED);

    fs::remove_file(&facts).unwrap();
    fs::rename(&elsewhere, &facts).unwrap();
    act_well(&http, json!({"action": "lock", "locked": true})).await;
    assert_eq!(data.facts().len(), 4, "the one that waited, and the one asked for again");
    let ready = http.request(Method::GET, "/readyz").send().await.unwrap().text().await.unwrap();
    assert_eq!(ready, "ok\n");
    assert!(http.metric("tongke_facts_written_total").await >= 4.0);
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_used_is_named_with_its_setting() {
    let data = Data::new();
    fs::write(data.path(), "a file").unwrap();
    let text = Relay::start(&data.config()).err().unwrap().to_string();
    fs::remove_file(data.path()).unwrap();
    assert!(text.starts_with("setting 'data': ") && text.contains("cannot be made"), "{text}");
    let _first = data.relay();
    let text = Relay::start(&data.config()).err().unwrap().to_string();
    assert!(text.contains("another relay writes to"), "{text}");
}

#[tokio::test]
async fn without_a_data_directory_actions_are_carried_out_and_nothing_is_kept() {
    let relay = relay();
    let http = teacher(&relay);
    act_well(&http, json!({"action": "lock", "locked": true})).await;
    let text = http.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(!text.contains("tongke_facts"), "{text}");
}

#[tokio::test]
async fn nothing_is_written_down_of_a_test() {
    let data = Data::new();
    let relay = data.relay();
    let http = Http::new(&relay, token("test-1", "school-1", Role::Supporting));
    let links: tongke_protocol::control::Links = http.get("/lessons/test-1/links").await;
    let mut node = Node::connect_to(([127, 0, 0, 1], links.quic_port.unwrap()).into()).await;
    let hello = hello(http.token.clone(), "test-1", vec![], 1, 1);
    node.say(&tongke_protocol::control::ClientMessage::Hello(hello)).await;
    node.event(|event| matches!(event, LessonEvent::Snapshot { .. })).await;
    let locked = json!({"action": "lock", "locked": true});
    let response = http.request(Method::POST, "/lessons/test-1/actions").json(&locked).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT, "a test is conducted as a lesson is");
    let _beside = join(&relay, "school-1", Role::Supporting).await;
    within("the end", relay.shutdown("the relay is being restarted")).await;
    assert!(!data.facts().is_empty(), "the lesson beside it is written down");
    let days = fs::read_dir(data.path().join("facts")).unwrap().map(|entry| entry.unwrap().path());
    assert!(days.map(|day| day.join("test-1.jsonl")).all(|file| !file.exists()));
}
