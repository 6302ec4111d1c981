//! Grants for lessons: who gets one, as what, when; and that the relay's key fits.

use crate::databases::{Engine, on_both};
use crate::world::{FIRST, Node, World, at, later, school, secret, token};
use axum::http::Method;
use serde_json::{Value, json};
use tongke_protocol::{Role, WallTime};
use tongke_registry::access::Scope;

const START: (i8, i8, i8) = (2, 8, 20);

fn start() -> WallTime {
    at(START.0, START.1, START.2)
}

async fn ask(world: &World, node: &Node, lesson: &str, at: WallTime) -> crate::world::Answer {
    let request = node.sign(&json!({"lesson": lesson, "at_us": at, "room": "hall"}));
    world.open("/grants", json!({"request": request})).await
}

on_both! {
    async fn an_enrolled_node_gets_into_the_lessons_of_its_school_when_their_time_comes(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let before = WallTime(start().0 - 31 * 60_000_000);
        world.set(before);
        let early = ask(&world, &oak, FIRST, before).await;
        early.is(409, "too_early");
        assert!(early.json()["message"].as_str().unwrap().ends_with("in 1 minutes"), "{early:?}");
        let now = WallTime(start().0 - 30 * 60_000_000);
        world.set(now);
        let granted = ask(&world, &oak, FIRST, now).await.created();
        let token = granted["token"].as_str().unwrap();
        let grant = secret().verify_for(token, &FIRST.parse().unwrap(), now).unwrap();
        assert_eq!(
            (grant.participant.as_str(), grant.name.as_str(), grant.role),
            ("oak.hall", "橡树小学", Role::Receiving)
        );
        assert_eq!(grant.expires_unix_s, later(start(), 40 + 120).0 / 1_000_000);
        let told = (&granted["participant"], &granted["role"], &granted["relay"], &granted["expires_unix_s"]);
        assert_eq!(
            told,
            (
                &json!("oak.hall"),
                &json!("receiving"),
                &json!("https://relay.example"),
                &json!(grant.expires_unix_s)
            )
        );
        let over = later(start(), 40 + 120);
        world.set(over);
        ask(&world, &oak, FIRST, over).await.is(409, "lesson_over");
        ask(&world, &oak, "nobodys", over).await.is(404, "lesson_unknown");
    }

    async fn a_node_that_is_not_of_the_lesson_or_not_itself_gets_nothing(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.enter("x", school("elm", "榆树小学")).await.created();
        let elm = world.enrol("node", "elm-1", Some("elm")).await;
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let now = start();
        world.set(now);
        ask(&world, &elm, FIRST, now).await.is(403, "not_in_lesson");
        ask(&world, &relay, FIRST, now).await.is(403, "not_a_node");
        ask(&world, &Node::new("nobody"), FIRST, now).await.is(403, "unknown_machine");
        ask(&world, &Node { id: "oak-1".into(), ..Node::new("") }, FIRST, now).await.is(403, "wrong_key");
        for off in [WallTime(now.0 - 121_000_000), WallTime(now.0 + 121_000_000), WallTime(0), WallTime(u64::MAX)]
        {
            let refused = ask(&world, &oak, FIRST, off).await;
            refused.is(403, "clock_off");
            assert!(refused.json()["message"].as_str().unwrap().contains("2019-09-02T08:20:00"), "{refused:?}");
        }
        ask(&world, &oak, FIRST, WallTime(now.0 - 119_000_000)).await.created();
        let odd = |words: Value| world.open("/grants", json!({"request": oak.sign(&words)}));
        odd(json!({"lesson": FIRST})).await.is(422, "malformed");
        odd(json!({"lesson": "a/b", "at_us": now})).await.is(422, "malformed");
        for room in ["", "a.b", "a b", &"x".repeat(21)] {
            odd(json!({"lesson": FIRST, "at_us": now, "room": room})).await.is(422, "room_unfit");
        }
        world.open("/grants", json!({"request": "x"})).await.is(422, "malformed");
        assert_eq!(world.delete("/machines/oak-1").await.status, 204);
        ask(&world, &oak, FIRST, now).await.is(403, "machine_revoked");
    }

    async fn people_let_others_in_as_what_the_timetable_has_them(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.enter("x", school("elm", &"榆".repeat(70))).await.created();
        let path = format!("/api/v1/lessons/{FIRST}/grants");
        let grant = |may: Scope, body: Value| {
            let (world, path) = (&world, &path);
            async move { world.ask(Method::POST, path, &token("clerk", &[may]), Some(body)).await }
        };
        let role = |answer: crate::world::Answer| answer.created()["role"].as_str().unwrap().to_owned();
        assert_eq!(
            role(grant(Scope::Grant, json!({"school": "lake"})).await),
            "supporting",
            "a day before it begins"
        );
        assert_eq!(
            role(grant(Scope::Grant, json!({"school": "oak", "room": "hall", "name": "大厅"})).await),
            "receiving"
        );
        assert_eq!(role(grant(Scope::Grant, json!({"school": "oak", "role": "observer"})).await), "observer");
        let elm = grant(Scope::Grant, json!({"school": "elm"})).await.created();
        assert_eq!((&elm["role"], elm["name"].as_str().unwrap().chars().count()), (&json!("observer"), 64));
        grant(Scope::Grant, json!({"school": "elm", "role": "receiving"})).await.is(403, "role_unfit");
        grant(Scope::Grant, json!({"school": "oak", "role": "supporting"})).await.is(403, "role_unfit");
        grant(Scope::Grant, json!({"school": "elm", "role": "inspector"})).await.is(403, "role_unfit");
        assert_eq!(role(grant(Scope::Admin, json!({"school": "elm", "role": "inspector"})).await), "inspector");
        grant(Scope::Grant, json!({"school": "nowhere"})).await.is(422, "unknown_school");
        grant(Scope::Grant, json!({"school": "oak", "name": "a\u{0}"})).await.is(422, "name_unfit");
        grant(Scope::Grant, json!({"school": "oak", "role": "teacher"})).await.is(422, "json_unfit");
        grant(Scope::Read, json!({"school": "oak"})).await.is(403, "access_scope");
        let off = json!({"session": {"id": FIRST, "purpose": {"help": "sync_class"}, "pair": "p1", "supporting": "lake",
            "receiving": ["oak"], "start_us": start(), "end_us": later(start(), 40), "slot": "s1",
            "cancelled": "snow"}});
        world.enter("off", off).await.created();
        grant(Scope::Grant, json!({"school": "oak"})).await.is(409, "lesson_cancelled");
        world.post("/lessons/nobodys/grants", json!({"school": "oak"})).await.is(404, "lesson_unknown");
    }

    /// 实验小学 and 路口小学 are no pair, and may be linked for a test all the same.
    async fn any_two_schools_may_be_linked_for_a_test(engine) {
        let world = World::on(engine).await;
        for id in ["shiyan", "lukou"] {
            world.enter(id, school(id, id)).await.created();
        }
        let test = json!({"session": {"id": "trial-1", "purpose": "test", "supporting": "shiyan", "receiving": ["lukou"],
            "start_us": start(), "end_us": later(start(), 30)}});
        world.enter("t", test).await.created();
        let node = world.enrol("node", "lukou-1", Some("lukou")).await;
        world.set(start());
        let granted = ask(&world, &node, "trial-1", start()).await.created();
        assert_eq!(granted["role"], "receiving");
        world.settle().await;
        world.set(later(start(), 300));
        world.settle().await;
        assert_eq!(world.get("/lessons/trial-1").await.ok()["decision"]["status"], "never_counts");
    }
}
