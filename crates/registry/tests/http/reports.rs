//! Reports come signed, once each, and are looked for, judged and checked.

use crate::databases::{Engine, on_both};
use crate::world::{Answer, Node, World, at, later, school, token};
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};
use tongke_inspection::signature::Report;
use tongke_inspection::{Criteria, Facts};
use tongke_protocol::WallTime;
use tongke_registry::access::Scope;

/// What a self-test or, with two places, an inspection measured: a line that loses nothing.
pub fn facts(id: &str, places: &[(&str, &str)], began: WallTime) -> Facts {
    let place = |(school, node): &(&str, &str)| json!({"school": school, "node": node});
    let kind = if places.len() == 1 { "self_test" } else { "inspection" };
    let moment = |at: WallTime| jiff::Timestamp::from_microsecond(at.0.try_into().unwrap()).unwrap();
    let mut facts = json!({
        "version": 1, "id": id, "kind": kind, "asked_by": "tester",
        "places": {"a": place(&places[0]), "relay": "https://relay.example"},
        "time": {"began": moment(began).to_string(), "ended": moment(later(began, 1)).to_string(), "utc_offset_minutes": 480},
        "software": "tongke test", "steps": [],
        "findings": [{"quantity": "network.tcp", "unit": "word", "way": "at_a", "outcome": {"found": "reachable"}}],
    });
    if let Some(b) = places.get(1) {
        facts["places"]["b"] = place(b);
        facts["findings"] = json!([]);
    }
    Facts::parse(facts.to_string().as_bytes()).unwrap()
}

pub fn signed(node: &Node, facts: Facts) -> String {
    Report { facts, criteria: Criteria::shipped().title }.sign(&node.id, &node.key).unwrap()
}

/// Brings a file, or has it checked.
async fn send(world: &World, path: &str, file: impl Into<Vec<u8>>) -> Answer {
    let request = Request::builder().method(Method::POST).uri(format!("/api/v1{path}"));
    let request = request.header(header::CONTENT_TYPE, "application/json");
    world.send(request.body(Body::from(file.into())).unwrap()).await
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

on_both! {
    async fn a_report_is_kept_once_and_comes_back_byte_for_byte(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let file = signed(&oak, facts("t-1", &[("橡树小学", "oak-1")], at(1, 7, 0)));
        assert_eq!(send(&world, "/reports", file.clone()).await.created(), json!({"id": "t-1"}));
        assert_eq!(send(&world, "/reports", file.clone()).await.ok(), json!({"id": "t-1"}));
        let other = signed(&oak, facts("t-1", &[("橡树小学", "oak-1")], at(1, 7, 1)));
        send(&world, "/reports", other).await.is(409, "conflict");
        let kept = world.get("/reports/t-1").await;
        assert_eq!((kept.status.as_u16(), String::from_utf8(kept.bytes).unwrap()), (200, file));
        world.get("/reports/t-2").await.is(404, "report_unknown");
        world.get("/reports/t-2/judgement").await.is(404, "report_unknown");
        let judged = world.get("/reports/t-1/judgement").await.ok();
        assert_eq!(judged["criteria"]["name"], json!(Criteria::shipped().title.name));
        assert!(judged["overall"]["verdict"].is_object(), "{judged}");
        let audit = world.get("/audit").await.ok();
        let brought: Vec<&Value> =
            audit["items"].as_array().unwrap().iter().filter(|line| line["what"] == "report_brought").collect();
        assert_eq!(brought.len(), 1);
        assert_eq!((&brought[0]["who"], &brought[0]["about"]), (&json!("oak-1"), &json!("t-1")));
        assert!(world.service.store.check().await.unwrap().findings.is_empty());
        world.ask(Method::GET, "/api/v1/reports/t-1", "", None).await.is(401, "access_missing");
        world.ask(Method::GET, "/api/v1/reports", &token("x", &[Scope::Enter]), None).await.is(403, "access_scope");
    }

    async fn reports_are_found_by_school_node_kind_machine_and_day_the_latest_first(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.enter("x", school("elm", "榆树小学")).await.created();
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let inspector = world.enrol("node", "inspector", Some("elm")).await;
        for day in 2..5_i8 {
            let file = signed(&oak, facts(&format!("t-{day}"), &[("o", "anything")], at(day, 3, 0)));
            send(&world, "/reports", file).await.created();
        }
        // By an enrolled machine's name, and by a participant's.
        let file = signed(&inspector, facts("i-1", &[("o", "oak-1"), ("l", "lake.hall")], at(3, 9, 0)));
        send(&world, "/reports", file).await.created();
        let list = async |query: &str| world.get(&format!("/reports?{query}")).await.ok();
        assert_eq!(ids(&list("").await), ["t-4", "i-1", "t-3", "t-2"]);
        assert_eq!(ids(&list("school=oak").await), ["t-4", "i-1", "t-3", "t-2"]);
        assert_eq!(ids(&list("school=lake").await), ["i-1"]);
        assert_eq!(ids(&list("school=elm").await), [""; 0], "the inspector's own school is not what it is about");
        assert_eq!(ids(&list("kind=self_test").await), ["t-4", "t-3", "t-2"]);
        assert_eq!(ids(&list("node=oak-1").await), ["i-1"]);
        assert_eq!(ids(&list("node=lake.hall").await), ["i-1"], "at either end");
        assert_eq!(ids(&list("machine=inspector").await), ["i-1"]);
        assert_eq!(ids(&list("from=2019-09-03&until=2019-09-03").await), ["i-1", "t-3"]);
        let first = list("limit=3").await;
        assert_eq!(ids(&first), ["t-4", "i-1", "t-3"]);
        let rest = list(&format!("limit=3&cursor={}", first["next"].as_str().unwrap())).await;
        assert_eq!((ids(&rest), &rest["next"]), (vec!["t-2"], &json!(null)));
        let inspection = &first["items"][1];
        assert_eq!(inspection["schools"], json!(["oak", "lake"]));
        assert_eq!(inspection["nodes"], json!(["oak-1", "lake.hall"]));
        assert!(!first.to_string().contains("verdict"));
        world.get("/reports?kind=guess").await.is(400, "query_unfit");
    }

    async fn what_no_enrolled_machine_signed_is_not_kept(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let test = || facts("t-1", &[("o", "oak-1")], at(1, 7, 0));
        send(&world, "/reports", "{}").await.is(422, "malformed");
        let unsigned = Report { facts: test(), criteria: Criteria::shipped().title }.unsigned().unwrap();
        send(&world, "/reports", unsigned).await.is(422, "not_signed");
        let altered = signed(&oak, test()).replace("tester", "tested");
        send(&world, "/reports", altered).await.is(422, "altered");
        send(&world, "/reports", signed(&Node::new("nobody"), test())).await.is(403, "unknown_machine");
        send(&world, "/reports", signed(&Node::new("oak-1"), test())).await.is(403, "wrong_key");
        send(&world, "/reports", signed(&relay, test())).await.is(403, "not_a_node");
        let long = vec![b' '; (8 << 20) + 1];
        send(&world, "/reports", long).await.is(413, "body_too_large");
        assert_eq!(world.delete("/machines/oak-1").await.status, 204);
        send(&world, "/reports", signed(&oak, test())).await.is(403, "machine_revoked");
        assert_eq!(ids(&world.get("/reports").await.ok()), [""; 0]);
    }

    async fn anybody_may_ask_whether_a_file_was_altered_but_not_without_end(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let file = signed(&oak, facts("t-1", &[("o", "oak-1")], at(1, 7, 0)));
        let check = async |file: String| send(&world, "/reports/check", file).await.ok();
        let intact = check(file.clone()).await;
        assert_eq!((&intact["state"], &intact["machine"], &intact["id"]), (&json!("intact"), &json!("oak-1"), &json!("t-1")));
        assert_eq!((&intact["key"], &intact["began_us"]), (&json!(oak.key.public()), &json!(at(1, 7, 0))));
        let shipped = Criteria::shipped().title;
        assert_eq!(intact["judged_by"], json!({"name": shipped.name, "version": shipped.version}));
        assert_eq!(intact["verdict"], "undecided", "mandatory lines are missing");
        let altered = check(file.replace("reachable", "reachablE")).await;
        assert_eq!(altered["state"], "altered");
        assert!(altered["verdict"].is_null(), "what was altered is not judged");
        assert!(altered["why"].as_str().unwrap().contains("not those that were signed"), "{altered}");
        let stranger = check(signed(&Node::new("oak-1"), facts("t-1", &[("o", "oak-1")], at(1, 7, 0)))).await;
        assert_eq!(stranger["state"], "unknown_key", "a name proves nothing");
        assert_eq!(check("a holiday's picture".to_owned()).await["state"], "altered");
        send(&world, "/reports/check", "").await.is(422, "file_empty");
        assert_eq!(ids(&world.get("/reports").await.ok()), [""; 0], "a check keeps nothing");
        // What was signed before stays so when the machine is shut out, and that is said beside it.
        assert_eq!(world.delete("/machines/oak-1").await.status, 204);
        let after = check(file).await;
        assert_eq!((&after["state"], after["revoked_us"].is_u64()), (&json!("intact"), true));
        for _ in 0..194 {
            check("x".to_owned()).await;
        }
        send(&world, "/reports/check", "x").await.is(429, "too_many_tries");
    }
}
