//! `tongke serve`, from an empty folder to a node in a lesson.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use support::process::{Running, run, tongke};
use support::relay::{free_address, now_s};
use support::scratch::Scratch;
use support::serve::{Serve, flags};
use support::{eventually, http, https, s};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_empty_folder_becomes_a_page_over_https_and_the_second_start_keeps_everything() {
    let scratch = Scratch::new("serve");
    let folder = scratch.file("data");
    let mut serve = Serve::start(&scratch, &folder, &[]);
    for (name, expected) in [("", 0o700), ("secret", 0o600), ("tls", 0o700), ("tls/key.pem", 0o600)] {
        assert_eq!(mode(&folder.join(name)), expected, "{name}");
    }
    let page = https::get(&serve.url("/lessons/math"), &serve.certificate()).unwrap();
    assert!(page.status == 200 && page.body.contains("<html lang=\"zh-CN\">"), "{page:?}");
    let style = page.body.split('"').find(|word| word.ends_with("/lesson.css")).unwrap();
    assert_eq!(https::get(&serve.url(style), &serve.certificate()).unwrap().status, 200);
    assert_eq!(https::get(&serve.url("/readyz"), &serve.certificate()).unwrap().body, "ok\n");

    let kept = ["secret", "tls/cert.pem", "tls/key.pem"].map(|name| folder.join(name));
    let before = kept.each_ref().map(|path| std::fs::read(path).unwrap());
    assert_eq!(serve.terminate(), Some(0), "{}", serve.log());
    let again = Serve::start_at(&scratch, &folder, serve.listen, &[]);
    assert_eq!(kept.map(|path| std::fs::read(path).unwrap()), before);
    assert_eq!(https::get(&again.url("/"), &before[1]).unwrap().status, 200);
}

#[test]
fn it_says_where_it_listens_and_how_to_make_a_link_that_works() {
    let scratch = Scratch::new("serve-link");
    let serve = Serve::start(&scratch, &scratch.file("data"), &[]);
    let said = serve.log();
    let here = format!("https://localhost:{}", serve.listen.port());
    assert!(said.contains(&format!("  {here}\n")), "{said}");
    let command = said.lines().find_map(|line| line.trim().strip_prefix("tongke token ")).unwrap();
    let printed = run(["token"].into_iter().chain(command.split(' ')));
    let link = printed.out.trim_end();
    assert!(link.starts_with(&format!("{here}/lessons/math?grant=")), "{printed:?}");
    assert_eq!(https::get(link, &serve.certificate()).unwrap().status, 200);
}

#[test]
fn whoever_types_http_is_sent_on_to_https() {
    let scratch = Scratch::new("serve-plain");
    let serve = Serve::start(&scratch, &scratch.file("data"), &[]);
    let link = format!("{}/lessons/math?grant=a.b.c", serve.listen);
    let answer = https::get(&format!("http://{link}"), &serve.certificate()).unwrap();
    assert_eq!((answer.status, answer.location), (308, Some(format!("https://{link}"))));
}

#[test]
fn a_second_one_on_the_same_port_or_folder_says_so() {
    let scratch = Scratch::new("serve-twice");
    let serve = Serve::start(&scratch, &scratch.file("data"), &[]);
    let port = run(["serve".to_owned()].into_iter().chain(flags(&scratch.file("other"), serve.listen)));
    assert_eq!(port.code, Some(1), "{}", port.err);
    let address = serve.listen.to_string();
    for words in ["cannot listen on", &address, "another program", "--listen"] {
        assert!(port.err.contains(words), "{}", port.err);
    }
    let folder = run(["serve".to_owned()].into_iter().chain(flags(&serve.folder, free_address())));
    assert_eq!(folder.code, Some(1), "{}", folder.err);
    assert!(folder.err.contains("another 'tongke serve'") && folder.err.contains("--data"), "{}", folder.err);
}

#[test]
fn a_short_secret_stops_it_and_stays_as_it_is() {
    let scratch = Scratch::new("serve-secret");
    let folder = scratch.file("data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("secret"), "abc\n").unwrap();
    let said = run(["serve".to_owned()].into_iter().chain(flags(&folder, free_address())));
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("holds 3 bytes") && said.err.contains("hint: "), "{}", said.err);
    assert_eq!(std::fs::read(folder.join("secret")).unwrap(), b"abc\n");
}

#[test]
fn plain_http_makes_no_certificate() {
    let scratch = Scratch::new("serve-http");
    let serve = Serve::start(&scratch, &scratch.file("data"), &["--http"]);
    assert!(
        serve.log().contains(&format!("  http://localhost:{}\n", serve.listen.port())),
        "{}",
        serve.log()
    );
    assert_eq!(http::get(serve.listen, "/lessons/math").unwrap().0, 200);
    assert!(!serve.folder.join("tls").exists());
}

/// A node joins over `link`, trusting `authority`.
fn a_node_joins(scratch: &Scratch, serve: &Serve, authority: &Path, link: &str) {
    let token = scratch.write("node.token", &serve.token(&["--lesson", "math", "--role", "supporting"]));
    let mut send = tongke();
    send.args(["send", "--relay", &serve.url(""), "--link", link]).arg("--relay-ca").arg(authority);
    send.arg("--token-file").arg(token).args(["--width", "320", "--height", "180", "--status", "false"]);
    send.args(["--camera", "test", "--microphone", "test", "--video-out", "none", "--sound-out", "none"]);
    let mut node = Running::start(send, &scratch.file(&format!("{link}.log")));
    eventually("the relay has the node's picture", s(20), || {
        assert!(node.ended().is_none(), "the node ended:\n{}", node.log());
        serve.log().contains("track=camera").then_some(())
    });
    assert_eq!(node.terminate(), Some(0), "{}", node.log());
}

#[test]
fn a_node_joins_with_the_certificate_that_was_made_as_its_authority() {
    let scratch = Scratch::new("serve-node");
    let serve = Serve::start(&scratch, &scratch.file("data"), &[]);
    a_node_joins(&scratch, &serve, &serve.folder.join("tls/cert.pem"), "quic");
    let days = std::fs::read_dir(serve.folder.join("facts")).unwrap();
    let kept: Vec<_> = days.map(|day| day.unwrap().path().join("math.jsonl")).collect();
    assert!(kept.iter().any(|facts| facts.exists()), "the lesson is on record: {kept:?}");
}

#[test]
fn a_node_that_took_an_earlier_certificate_trusts_the_next() {
    let scratch = Scratch::new("serve-moved");
    let folder = scratch.file("data");
    let mut first = Serve::start(&scratch, &folder, &[]);
    let earlier = scratch.file("earlier.pem");
    std::fs::write(&earlier, first.certificate()).unwrap();
    assert_eq!(first.terminate(), Some(0));
    // Another address, so another certificate.
    let second = Serve::start(&scratch, &folder, &["--advertise", "203.0.113.9,127.0.0.1"]);
    assert_ne!(second.certificate(), std::fs::read(&earlier).unwrap());
    a_node_joins(&scratch, &second, &earlier, "webrtc-udp");
}

/// The answer below `/api/v1` of the registry inside.
fn asked(serve: &Serve, method: Method, what: &str, token: &str, body: &str) -> (u16, Value) {
    let url = serve.url(&format!("/api/v1/{what}"));
    let answer = https::ask(method, &url, &serve.certificate(), Some(token), body.to_owned()).unwrap();
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body)))
}

/// An access token for the registry inside, by the command that it tells.
fn access_token(serve: &Serve) -> String {
    let said = serve.log();
    let command = said.lines().find_map(|line| line.trim().strip_prefix("tongke registry token ")).unwrap();
    let printed = run(["registry", "token"].into_iter().chain(command.split(' ')));
    assert_eq!(printed.code, Some(0), "{printed:?}");
    printed.out.trim_end().to_owned()
}

#[test]
fn its_relay_is_a_machine_of_the_registry_inside_and_stays_the_same() {
    let scratch = Scratch::new("serve-registry");
    let folder = scratch.file("data");
    let mut serve = Serve::start(&scratch, &folder, &[]);
    let machines = |serve: &Serve| {
        let (status, machines) = asked(serve, Method::GET, "machines", &access_token(serve), "");
        assert_eq!(status, 200, "{machines}");
        machines["items"].clone()
    };
    let first = machines(&serve);
    let names: Vec<_> = first.as_array().unwrap().iter().map(|machine| machine["id"].clone()).collect();
    assert_eq!(names, ["serve"], "{first}");
    assert_eq!(first[0]["kind"], "relay");
    assert_eq!(serve.terminate(), Some(0), "{}", serve.log());
    let again = Serve::start(&scratch, &folder, &[]);
    assert_eq!(machines(&again), first, "another port, the same machine");
    let checked = run(["registry", "check", "--data", folder.to_str().unwrap()]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

#[test]
fn what_happens_in_a_lesson_reaches_the_registry_inside_by_itself() {
    let scratch = Scratch::new("serve-facts");
    let serve = Serve::start(&scratch, &scratch.file("data"), &[]);
    a_node_joins(&scratch, &serve, &serve.folder.join("tls/cert.pem"), "quic");
    let token = access_token(&serve);
    eventually("the registry has what the relay saw", s(20), || {
        let (status, facts) = asked(&serve, Method::GET, "lessons/math/facts", &token, "");
        assert!(status < 500, "{facts}");
        let facts = facts["items"].to_string();
        ["came", "went"].iter().all(|kind| facts.contains(&format!("\"{kind}\""))).then_some(())
    });
}

/// The lesson that is now, of two schools.
const LESSON: &str = "drawing";
/// What is planned of it. The demo's policy asks for half of the seconds that were planned.
const PLANNED_S: u64 = 10;
const POLICY: &str = include_str!("../crates/cli/src/demo/registry/policy.toml");

/// Enters two schools, their pair and the lesson; gives the second at which it is to be over.
fn plan(serve: &Serve, token: &str) -> u64 {
    let school = |id: &str| {
        json!({"school": {"id": id, "name": id, "stage": "primary", "county": "yongjia", "city": "wenzhou",
            "province": "zhejiang"}})
    };
    let (start_s, second_us) = (now_s(), 1_000_000);
    let says = [
        school("lake"),
        school("oak"),
        json!({"pair": {"id": "p1", "supporting": "lake", "receiving": ["oak"], "since": "2019-09-01"}}),
        json!({"session": {"id": LESSON, "purpose": {"help": "sync_class"}, "pair": "p1", "supporting": "lake",
            "receiving": ["oak"], "subject": "美术", "start_us": start_s * second_us,
            "end_us": (start_s + PLANNED_S) * second_us}}),
    ];
    let entry = |(number, says): (usize, Value)| json!({"id": format!("e{number}"), "at_us": start_s * second_us, "author": "admin", "says": says});
    let entries: Vec<Value> = says.into_iter().enumerate().map(entry).collect();
    let (status, said) =
        asked(serve, Method::POST, "entries", token, &json!({"entries": entries}).to_string());
    assert_eq!(status, 200, "{said}");
    start_s + PLANNED_S
}

/// A node of a school, enrolled with a code over HTTPS.
fn enrolled(scratch: &Scratch, serve: &Serve, token: &str, school: &str) -> PathBuf {
    let leave = json!({"machine": format!("{school}-1"), "kind": "node", "school": school, "name": school});
    let (status, made) = asked(serve, Method::POST, "enrolments", token, &leave.to_string());
    assert_eq!(status, 201, "{made}");
    let (data, code) = (scratch.file(school), made["code"].as_str().unwrap());
    let (url, authority) =
        (format!("https://localhost:{}", serve.listen.port()), serve.folder.join("tls/cert.pem"));
    let words = ["enrol", "--registry", &url, "--code", code, "--data", data.to_str().unwrap()];
    let distrustful = run(words);
    assert_eq!(distrustful.code, Some(1), "nobody vouches for it: {distrustful:?}");
    let said = run(words.into_iter().chain(["--authority", authority.to_str().unwrap()]));
    assert_eq!(said.code, Some(0), "the code was not used up in vain: {said:?}");
    data
}

/// A room that knows its folder and the lesson, and nothing else.
fn room(command: &str, data: &Path) -> Running {
    let mut node = tongke();
    node.args([command, "--lesson", LESSON, "--data"]).arg(data).args(["--status", "false"]);
    node.args(["--camera", "test", "--microphone", "test", "--video-out", "none", "--sound-out", "none"]);
    node.args(["--width", "160", "--height", "90", "--fps", "5"]);
    Running::start(node, &data.with_extension("log"))
}

#[test]
fn enrolled_rooms_get_their_grants_there_and_their_lesson_is_credited() {
    let scratch = Scratch::new("serve-credit");
    let folder = scratch.file("data");
    std::fs::create_dir_all(folder.join("policies")).unwrap();
    std::fs::write(folder.join("policies/short.toml"), POLICY).unwrap();
    let mut serve = Serve::start(&scratch, &folder, &[]);
    let token = access_token(&serve);
    let over_s = plan(&serve, &token);
    let mut rooms = [("lake", "send"), ("oak", "receive")].map(|(school, command)| {
        let data = enrolled(&scratch, &serve, &token, school);
        room(command, &data)
    });
    let lesson = || asked(&serve, Method::GET, &format!("lessons/{LESSON}"), &token, "").1;
    eventually("the lesson is over and was held", s(90), || {
        for room in &mut rooms {
            assert!(room.ended().is_none(), "a room ended:\n{}", room.log());
        }
        (now_s() >= over_s && lesson()["decision"]["status"] == "held").then_some(())
    });
    for room in &mut rooms {
        assert_eq!(room.terminate(), Some(0), "{}", room.log());
    }
    let record = eventually("all of it is in the counts", s(20), || {
        let record = lesson();
        let is_settled =
            record["as_of"]["unsettled"] == 0 && record["counted"]["decision"]["status"] == "held";
        is_settled.then_some(record)
    });
    for (school, seen) in ["lake", "oak"].into_iter().zip(record["decision"]["schools"].as_array().unwrap()) {
        assert_eq!((&seen["school"], &seen["status"]), (&json!(school), &json!("held")), "{record}");
        for witness in ["relay", "room"] {
            let saw = |flow: &Value| flow["witness"] == witness && flow["school"] == school;
            let evidence = record["decision"]["evidence"].as_array().unwrap();
            assert!(evidence.iter().any(saw), "no {witness} saw {school}: {record}");
        }
    }
    assert_eq!(serve.terminate(), Some(0), "{}", serve.log());
    let checked = run(["registry", "check", "--data", folder.to_str().unwrap()]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

#[test]
fn a_registry_that_cannot_be_opened_is_told_and_takes_no_lesson_with_it() {
    let scratch = Scratch::new("serve-broken");
    let folder = scratch.file("data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("registry.db"),
        "no database at all, but longer than a header of one would have to be",
    )
    .unwrap();
    let mut serve = Serve::start(&scratch, &folder, &[]);
    let said = serve.log();
    assert!(said.contains("The registry does not work: ") && said.contains("Lessons do;"), "{said}");
    let (status, refusal) = asked(&serve, Method::GET, "status", "", "");
    assert_eq!((status, refusal["code"].as_str()), (503, Some("registry_unavailable")), "{refusal}");
    a_node_joins(&scratch, &serve, &serve.folder.join("tls/cert.pem"), "quic");
    let kept = std::fs::read(folder.join("registry.db")).unwrap();
    assert!(kept.starts_with(b"no database"), "it is left as it is");
    assert_eq!(serve.terminate(), Some(0), "{}", serve.log());
}
