//! The main walk: schools, a pair, a term and a lesson are entered, machines enrol, tell what they saw, and
//! the lesson is credited; its evidence opens.

use crate::databases::{Engine, on_both};
use crate::world::{FIRST, World, at, flow, held, later};
use serde_json::json;
use tongke_protocol::WallTime;

on_both! {
    async fn a_lesson_that_took_place_is_credited_and_every_number_opens_to_its_evidence(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.settle().await;
        let timetable = world.get("/timetable?from=2019-09-01&until=2019-09-30").await.ok();
        let planned: Vec<&str> = timetable["sessions"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(planned, [FIRST, "s1-20190909", "s1-20190916", "s1-20190923"]);
        assert_eq!(world.get(&format!("/lessons/{FIRST}")).await.ok()["decision"]["status"], "planned");

        let relay = world.enrol("relay", "relay-1", None).await;
        let node = world.enrol("node", "oak-1", Some("oak")).await;
        let start = at(2, 8, 20);
        world.set(later(start, 41));
        let facts: Vec<String> = held(FIRST, start, 40).iter().map(|fact| relay.sign(fact)).collect();
        for piece in facts.chunks(7).rev() {
            let results = world.bring(piece).await;
            assert!(results.iter().all(|result| result["status"] == "new"), "{results:?}");
        }
        assert!(world.bring(&facts).await.iter().all(|result| result["status"] == "known"));
        let said = node.sign(&flow("oak-1-0", FIRST, "oak", start));
        assert_eq!(world.bring(&[said]).await[0], json!({"id": "oak-1-0", "status": "new"}));
        let status = world.get("/status").await.ok();
        assert_eq!((&status["as_of"]["fact"], &status["as_of"]["entry"]), (&json!(44), &json!(5)));
        assert_eq!(status["as_of"]["unsettled"], 1);
        world.settle().await;

        let lesson = world.get(&format!("/lessons/{FIRST}")).await.ok();
        assert_eq!((&lesson["decision"]["status"], &lesson["counted"]["unsettled"]), (&json!("held"), &json!(false)));
        assert_eq!(lesson["counted"]["decision"]["status"], "held");
        let credited: Vec<_> = lesson["decision"]["schools"].as_array().unwrap().iter()
            .map(|it| (it["school"].as_str().unwrap(), it["status"].as_str().unwrap())).collect();
        assert_eq!(credited, [("lake", "held"), ("oak", "held")]);
        assert!(!lesson["decision"]["evidence"].as_array().unwrap().is_empty());
        assert!(lesson["counted"]["decision"]["evidence"].as_array().unwrap().is_empty());

        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = world.get(&format!("/lessons/{FIRST}/facts?limit=20{cursor}")).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().map(|fact| fact["jws"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 44);
        assert!(facts.iter().all(|jws| seen.contains(jws)), "the evidence is what was signed");
        let fact = world.get("/facts/oak-1-0").await.ok();
        assert_eq!((&fact["author"], &fact["fact"]["fact"]), (&json!("oak-1"), &json!("flow")));
        assert_eq!(fact["received_us"], json!(later(start, 41)));

        let held = world.get("/lessons?school=oak&status=held").await.ok();
        assert_eq!(held["items"].as_array().unwrap().len(), 1);
        assert_eq!(held["items"][0]["session"]["id"], FIRST);
        for all in ["pair=p1", "region=yongjia", "region=zhejiang", "slot=s1", "term=2019-1", "form=sync_class"] {
            let list = world.get(&format!("/lessons?{all}")).await.ok();
            assert_eq!(list["items"].as_array().unwrap().len(), 4, "{all}");
        }
        let days = world.get("/lessons?from=2019-09-09&until=2019-09-16").await.ok();
        assert_eq!(days["items"].as_array().unwrap().len(), 2);
        assert!(world.service.store.check().await.unwrap().findings.is_empty());
    }
}

on_both! {
    async fn a_dispute_and_a_ruling_stand_beside_the_policys_verdict(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let start = at(2, 8, 20);
        world.set(later(start, 60));
        let facts: Vec<String> = held(FIRST, start, 40).iter().map(|fact| relay.sign(fact)).collect();
        world.bring(&facts).await;
        world.enter("d1", json!({"dispute": {"lesson": FIRST, "why": "nobody was there"}})).await.created();
        world.settle().await;
        assert_eq!(
            world.get(&format!("/lessons/{FIRST}")).await.ok()["counted"]["decision"]["status"],
            "disputed"
        );
        let ruling = json!({"id": "r1", "at_us": later(start, 50), "author": "clerk", "reason": "the video shows it",
            "says": {"ruling": {"lesson": FIRST, "held": true}}});
        world.put("/entries/r1", ruling).await.created();
        world.settle().await;
        let lesson = world.get(&format!("/lessons/{FIRST}")).await.ok();
        assert_eq!(lesson["decision"]["status"], "held");
        assert_eq!(lesson["decision"]["schools"][0]["reason"]["code"], "ruled");
        let said: Vec<&str> =
            lesson["entries"].as_array().unwrap().iter().map(|it| it["entry"]["id"].as_str().unwrap()).collect();
        assert_eq!(said, ["d1", "r1"]);
    }

    async fn a_lesson_that_nobody_planned_has_facts_and_is_no_lesson(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let facts: Vec<String> = held("nobodys", at(1, 7, 0), 5).iter().map(|fact| relay.sign(fact)).collect();
        world.bring(&facts).await;
        world.settle().await;
        world.get("/lessons/nobodys").await.is(404, "lesson_unknown");
        assert_eq!(
            world.get("/lessons/nobodys/facts").await.ok()["items"].as_array().unwrap().len(),
            facts.len()
        );
        world.get("/lessons/no%2Fbodys").await.is(400, "address_unfit");
        world.get("/lessons?status=over").await.is(400, "query_unfit");
        world.get("/lessons?school=a%20b").await.is(400, "query_unfit");
        world.get("/lessons?form=lesson").await.is(400, "query_unfit");
        world.get("/lessons?from=2019-02-30").await.is(400, "query_unfit");
        let end_of_time = world.get("/lessons?from=9999-12-31&until=9999-12-31").await.ok();
        assert_eq!(end_of_time["items"], json!([]));
        assert_eq!(world.get("/lessons?from=-009999-01-01").await.ok()["next"], json!(null));
    }

    async fn the_list_of_lessons_goes_on_where_it_ended(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.settle().await;
        let mut seen = Vec::new();
        let mut path = "/lessons?limit=3".to_owned();
        loop {
            let page = world.get(&path).await.ok();
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| it["session"]["id"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/lessons?limit=3&cursor={next}");
        }
        assert_eq!(seen, [FIRST, "s1-20190909", "s1-20190916", "s1-20190923"]);
        let others = world.get("/entries?limit=1").await.ok()["next"].as_str().unwrap().to_owned();
        world.get(&format!("/lessons?cursor={others}")).await.is(400, "cursor_unknown");
    }

    async fn the_registry_works_by_itself_when_something_comes(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let start = at(2, 8, 20);
        world.set(later(start, 60));
        let work = tokio::spawn(world.service.clone().work());
        let facts: Vec<String> = held(FIRST, start, 40).iter().map(|fact| relay.sign(fact)).collect();
        world.bring(&facts).await;
        let is_held = async {
            while world.get("/lessons?status=held").await.ok()["items"] == json!([]) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), is_held).await.unwrap();
        work.abort();
        assert_eq!(
            WallTime(world.get("/lessons?status=held").await.ok()["items"][0]["decided_us"].as_u64().unwrap()),
            later(start, 60)
        );
    }
}
