//! Machines enrol once, by a code, and can be shut out.

use crate::databases::{Engine, on_both};
use crate::world::{FIRST, Node, World, at, flow, later};
use serde_json::{Value, json};

async fn code(world: &World, machine: &str) -> Value {
    let allowed =
        json!({"machine": machine, "kind": "node", "school": "oak", "name": "三年级", "valid_s": 3600});
    let made = world.post("/enrolments", allowed).await.created();
    assert_eq!(made["expires_us"], json!(later(at(1, 8, 0), 60)));
    made["code"].clone()
}

on_both! {
    async fn a_code_is_good_once_and_again_only_for_whoever_used_it(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let code = code(&world, "oak-1").await;
        let (node, other) = (Node::new("oak-1"), Node::new("oak-1"));
        let enrol = |node: &Node, code: Value| {
            let body = json!({"code": code, "public_key": node.key.public(), "name": "box\u{7}"});
            world.open("/machines", body)
        };
        let typed = format!(" {} ", code.as_str().unwrap().to_lowercase().replace('-', " "));
        assert_eq!(enrol(&node, typed.into()).await.ok(), json!({"node": "oak-1"}));
        assert_eq!(
            enrol(&node, code.clone()).await.ok(),
            json!({"node": "oak-1"}),
            "the answer was lost on the way"
        );
        enrol(&other, code.clone()).await.is(403, "no_such_code");
        enrol(&other, self::code(&world, "oak-1").await).await.is(409, "name_taken");
        assert_eq!(world.delete("/machines/oak-1").await.status, 204);
        enrol(&node, code).await.is(403, "no_such_code");
        enrol(&other, self::code(&world, "oak-1").await).await.ok();

        let card = world.get("/machines/oak-1").await.ok();
        assert_eq!(
            (&card["kind"], &card["school"], &card["name"]),
            (&json!("node"), &json!("oak"), &json!("三年级"))
        );
        assert_eq!(card["public_key"], json!(other.key.public()));
        let first = world.get("/machines?limit=1").await.ok();
        let next = first["next"].as_str().unwrap();
        let second = world.get(&format!("/machines?limit=1&cursor={next}")).await.ok();
        assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (1, 1));
        assert_eq!(second["next"], json!(null));
        let audit = world.get("/audit").await.ok();
        let done: Vec<&str> =
            audit["items"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect();
        let expected = [
            "machine_allowed",
            "machine_enrolled",
            "machine_enrolled",
            "machine_allowed",
            "machine_revoked",
            "machine_allowed",
            "machine_enrolled",
        ];
        assert_eq!(done, expected);
    }

    async fn a_machine_that_was_shut_out_reports_no_more_and_what_it_said_stays(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let node = world.enrol("node", "oak-1", Some("oak")).await;
        world.bring(&[node.sign(&flow("f1", FIRST, "oak", at(1, 7, 0)))]).await;
        assert_eq!(world.delete("/machines/oak-1").await.status, 204);
        assert_eq!(world.delete("/machines/oak-1").await.status, 204);
        let result = world.bring(&[node.sign(&flow("f2", FIRST, "oak", at(1, 7, 1)))]).await;
        assert_eq!(result[0]["code"], "machine_revoked");
        world.get("/facts/f1").await.ok();
        assert!(world.get("/machines/oak-1").await.ok()["revoked_us"].is_u64());
        world.delete("/machines/nobody").await.is(404, "machine_unknown");
        world.get("/machines/nobody").await.is(404, "machine_unknown");
    }

    async fn leave_that_makes_no_sense_is_not_given(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let ask = |change: Value| {
            let mut body = json!({"machine": "m", "kind": "node", "school": "oak", "name": "m"});
            change.as_object().unwrap().iter().for_each(|(key, value)| body[key] = value.clone());
            world.post("/enrolments", body)
        };
        ask(json!({"school": null})).await.is(422, "school_missing");
        ask(json!({"school": "nowhere"})).await.is(422, "unknown_school");
        for name in ["", " ", "a\u{7}", &"x".repeat(101)] {
            ask(json!({"name": name})).await.is(422, "name_unfit");
        }
        ask(json!({"valid_s": u64::MAX})).await.is(422, "valid_too_long");
        for wrong in [
            json!({"kind": "browser"}),
            json!({"machine": "a b"}),
            json!({"machine": ""}),
            json!({"valid_s": -1}),
        ] {
            ask(wrong).await.is(422, "json_unfit");
        }
        let key = Node::new("m").key.public();
        for wrong in [json!({"code": "ABCD-EFGH", "public_key": "short"}), json!({"code": 1, "public_key": key})]
        {
            world.open("/machines", wrong).await.is(422, "json_unfit");
        }
    }

    async fn codes_cannot_be_guessed_by_trying(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let node = Node::new("oak-1");
        let code = code(&world, "oak-1").await;
        let body = |code: &Value| json!({"code": code, "public_key": node.key.public()});
        for n in 0..200 {
            let guess = format!("AAAA{:04}", n + 2222).replace(['0', '1'], "A").into();
            world.open("/machines", body(&guess)).await.is(403, "no_such_code");
        }
        let held_up = world.open("/machines", body(&code)).await;
        held_up.is(429, "too_many_tries");
        assert_eq!(held_up.headers["retry-after"], "1");
        world.set(later(at(1, 8, 0), 1));
        world.open("/machines", body(&code)).await.ok();
    }
}
