//! Questions: the answers are tested where they are made; here, that each route asks for the right one.

use crate::databases::{Engine, on_both};
use crate::world::{World, at, token};
use axum::http::Method;
use serde_json::{Value, json};
use tongke_pairing::entry::Entry;
use tongke_registry::access::Scope;

const YONGJIA: &str = include_str!("../../../pairing/fixtures/yongjia-2019.jsonl");

/// The county of the sources, a term, a rate and a line of a 大课表, at the end of September 2019.
async fn yongjia(engine: Engine) -> World {
    let world = World::on(engine).await;
    let mut entries: Vec<Entry> = YONGJIA.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (number, says) in [
        json!({"term": {"id": "2019-1", "name": "1", "region": "yongjia", "first": "2019-09-02", "last": "2020-01-17"}}),
        json!({"reported": {"of": "region:yongjia", "what": "total:sync_class", "period": "2019",
            "value": {"number": 668.0}, "source": "S003"}}),
        json!({"ledger_row": {"ledger": "autumn", "row": 1, "supporting": "碧莲镇中心小学", "receiving": ["应坑小学"],
            "day": "2019-09-16", "lessons": 1}}),
    ]
    .into_iter()
    .enumerate()
    {
        let (id, author, at_us) = (format!("e{number}"), "clerk".to_owned(), at(13, 8, 0));
        let says = serde_json::from_value(says).unwrap();
        entries.push(Entry { id, at_us, author, reason: String::new(), says });
    }
    world.set(at(29, 12, 0));
    world.service.store.keep_entries(&entries, at(13, 9, 0)).await.unwrap();
    world.service.store.settle(at(29, 12, 0)).await.unwrap();
    world
}

on_both! {
    async fn every_question_is_answered_with_until_where_counts_reach(engine) {
        let world = yongjia(engine).await;
        for (path, pointer, expected) in [
            ("/schools/bilian/progress", "/progress/rules", json!("2019/1")),
            ("/schools/bilian/progress?period=2019&basis=reported", "/progress/basis", json!("reported")),
            (
                "/schools/bilian/progress?setting.floor=none",
                "/settings/0",
                json!({"name": "floor", "value": "none", "asked": true, "matters": false}),
            ),
            ("/regions/yongjia/overview", "/schools", json!(20)),
            ("/regions/wenzhou/progress?limit=3", "/schools", json!(20)),
            ("/regions/yongjia/score", "/sheet/region/level", json!("county")),
            ("/regions/wenzhou/score?level=city&setting.floor=none", "/sheet/region/level", json!("city")),
            ("/regions/yongjia/duties?period=2019", "/rules", json!("2019/1")),
            ("/regions/yongjia/monthly?month=2019-09", "/report/published/0/published", json!(668.0)),
            ("/ledgers/autumn/reconciliation", "/reconciled/sums/only_there", json!(1)),
            (
                "/ledgers/autumn/reconciliation?region=wenzhou&from=2019-09-17&until=2019-09-18",
                "/reconciled/span/0",
                json!("2019-09-17"),
            ),
        ] {
            let answer = world.get(path).await.ok();
            assert_eq!(answer.pointer(pointer), Some(&expected), "{path}: {answer}");
            assert_eq!(answer["as_of"], json!({"fact": 0, "entry": 33, "unsettled": 0}), "{path}");
        }
        assert_eq!(world.get("/rules").await.ok()["today"], "2019");
        assert_eq!(world.get("/rules/2020").await.ok()["account"], "term");
        assert_eq!(world.get("/policies").await.ok()["items"][0]["name"], "tongke");
    }

    async fn the_list_of_a_regions_schools_goes_on_where_it_ended(engine) {
        let world = yongjia(engine).await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("/regions/wenzhou/progress?limit=7&cursor={cursor}")).await.ok();
            let schools = page["items"].as_array().unwrap().iter().map(|it| it["progress"]["school"].clone());
            seen.extend(schools.map(|school| school.as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            assert!(!seen.iter().any(|school| school == next), "'{next}' is a school; whoever knows will make one up");
            cursor = next.to_owned();
        }
        assert!(seen.len() == 20 && seen.is_sorted(), "{seen:?}");
        // Another list's cursor is none of this one.
        let slots = world.get("/entries?limit=1").await.ok()["next"].as_str().unwrap().to_owned();
        world.get(&format!("/regions/wenzhou/progress?cursor={slots}")).await.is(400, "cursor_unknown");
    }

    async fn what_cannot_be_answered_is_refused_and_says_what_could_be_asked(engine) {
        let world = yongjia(engine).await;
        for (path, status, code) in [
            ("/schools/nowhere/progress", 404, "school_unknown"),
            ("/schools/bilian/progress?period=2031-1", 404, "period_unknown"),
            ("/schools/bilian/progress?period=2018", 404, "rules_none"),
            ("/schools/bilian/progress?rules=2031", 404, "rules_unknown"),
            ("/schools/bilian/progress?period=2019-1", 422, "period_account"),
            ("/schools/bilian/progress?setting.floor=cellar", 422, "setting_value"),
            ("/schools/bilian/progress?setting.ceiling=1", 422, "setting_unknown"),
            ("/schools/bilian/progress?basis=guessed", 400, "query_unfit"),
            ("/schools/bilian/progress?perod=2019", 400, "query_unfit"),
            ("/schools/bilian/progress?period=2019&period=2020", 400, "query_unfit"),
            ("/regions/nowhere/overview", 404, "region_unknown"),
            ("/regions/yongjia/progress?limit=0", 400, "limit_unfit"),
            ("/regions/yongjia/progress?limit=x", 400, "query_unfit"),
            ("/regions/yongjia/progress?cursor=*", 400, "cursor_unknown"),
            ("/regions/yongjia/progress?cursor=daao", 400, "cursor_unknown"),
            ("/regions/yongjia/score?level=city", 422, "region_level"),
            ("/regions/yongjia/score?level=moon", 400, "query_unfit"),
            ("/regions/zhejiang/score", 422, "region_level"),
            ("/regions/yongjia/monthly", 422, "month_malformed"),
            ("/regions/yongjia/monthly?month=2019-10", 422, "month_to_come"),
            ("/regions/yongjia/monthly?month=2019-09&period=2019", 400, "query_unfit"),
            ("/ledgers/spring/reconciliation", 404, "ledger_unknown"),
            ("/ledgers/autumn/reconciliation?from=2019-09-31", 400, "query_unfit"),
            ("/ledgers/autumn/reconciliation?from=2019-09-17", 422, "span_backwards"),
            ("/rules/2031", 404, "rules_unknown"),
        ] {
            world.get(path).await.is(status, code);
        }
    }

    async fn questions_need_a_token_that_may_read(engine) {
        let world = yongjia(engine).await;
        for path in ["/schools/bilian/progress", "/regions/yongjia/overview", "/rules", "/policies"] {
            let path = format!("/api/v1{path}");
            world.ask(Method::GET, &path, "", None).await.is(401, "access_missing");
            let enter = token("clerk", &[Scope::Enter]);
            world.ask(Method::GET, &path, &enter, None).await.is(403, "access_scope");
            let read = token("reader", &[Scope::Read]);
            assert!(matches!(world.ask(Method::GET, &path, &read, None).await.ok(), Value::Object(_)));
        }
    }
}
