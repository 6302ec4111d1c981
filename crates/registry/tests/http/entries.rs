//! What people enter: what can be meant is kept as it was said, what cannot be is refused with everything
//! that is wrong with it, and nothing is kept by half.

use crate::databases::{Engine, on_both};
use crate::world::{World, admin, at, entry, problems, scene, school, slot, token, warnings};
use axum::http::Method;
use serde_json::{Value, json};
use tongke_registry::access::Scope;

fn with(mut what: Value, kind: &str, change: Value) -> Value {
    change.as_object().unwrap().iter().for_each(|(key, value)| what[kind][key] = value.clone());
    what
}

on_both! {
    async fn an_entry_may_be_sent_again_and_is_never_changed(engine) {
        let world = World::on(engine).await;
        let first = world.enter("e1", school("lake", "湖滨小学")).await;
        assert_eq!(first.created(), json!({"id": "e1", "status": "new", "warnings": []}));
        assert_eq!(world.enter("e1", school("lake", "湖滨小学")).await.ok()["status"], "known");
        world.enter("e1", school("lake", "湖边小学")).await.is(409, "conflict");
        world.put("/entries/e2", entry("e3", school("lake", "x"))).await.is(422, "id_differs");
        let kept = world.get("/entries/e1").await.ok();
        assert_eq!((&kept["seq"], &kept["entry"]["says"]["school"]["name"]), (&json!(1), &json!("湖滨小学")));
        world.get("/entries/e2").await.is(404, "entry_unknown");
        let mut renamed = entry("e4", school("lake", "湖边小学"));
        renamed["at_us"] = json!(at(1, 7, 30));
        world.put("/entries/e4", renamed).await.created();
        let history = world.get("/things/school/lake").await.ok();
        let names: Vec<&str> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["entry"]["says"]["school"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["湖滨小学", "湖边小学"]);
        let holds = world.get("/things/school").await.ok();
        assert_eq!(holds["items"][0]["entry"]["id"], "e4");
        assert_eq!(world.get("/things/school/nowhere").await.ok()["items"], json!([]));
        world.get("/things/castle").await.is(404, "kind_unknown");
        world.get("/things/castle/x").await.is(404, "kind_unknown");
    }

    async fn things_are_listed_by_their_keys_and_what_was_withdrawn_is_gone(engine) {
        let world = World::on(engine).await;
        for n in 1..=5 {
            world.enter(&format!("e{n}"), school(&format!("s{n}"), &format!("学校{n}"))).await.created();
        }
        let withdrawn = json!({"withdrawn": {"kind": "school", "key": "s3"}});
        let mut gone = entry("w", withdrawn);
        gone["at_us"] = json!(at(1, 7, 30));
        gone["reason"] = json!("it never was");
        world.put("/entries/w", gone).await.created();
        let mut seen = Vec::new();
        let mut path = "/things/school?beginning=s&limit=2".to_owned();
        loop {
            let page = world.get(&path).await.ok();
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| it["entry"]["says"]["school"]["id"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/things/school?beginning=s&limit=2&cursor={next}");
        }
        assert_eq!(seen, ["s1", "s2", "s4", "s5"]);
        assert_eq!(world.get("/things/school?beginning=x").await.ok()["items"], json!([]));
        let commitment = json!({"commitment": {"school": "s1", "year": 2019, "forms": []}});
        world.enter("c", commitment).await.created();
        for path in ["/things/commitment/s1/2019", "/things/commitment/s1%2F2019"] {
            assert_eq!(world.get(path).await.ok()["items"].as_array().unwrap().len(), 1, "{path}");
        }
    }

    async fn everybody_enters_in_their_own_name(engine) {
        let world = World::on(engine).await;
        let put = |id: &'static str, token: String| {
            let world = &world;
            async move {
                let path = format!("/api/v1/entries/{id}");
                world.ask(Method::PUT, &path, &token, Some(entry(id, school(id, id)))).await
            }
        };
        put("e1", token("somebody", &[Scope::Enter])).await.is(403, "author_differs");
        put("e2", token("clerk", &[Scope::Read, Scope::Grant])).await.is(403, "access_scope");
        put("e3", token("clerk", &[Scope::Enter])).await.created();
        put("e4", token("importer", &[Scope::Admin])).await.created();
        put("e5", String::new()).await.is(401, "access_missing");
        let batch = json!({"entries": [entry("e6", school("e6", "e6"))]});
        world
            .ask(Method::POST, "/api/v1/entries", &token("somebody", &[Scope::Enter]), Some(batch))
            .await
            .is(403, "author_differs");
    }

    async fn entries_that_come_together_are_kept_together_or_not_at_all(engine) {
        let world = World::on(engine).await;
        let mut entries: Vec<Value> =
            scene().into_iter().enumerate().map(|(n, says)| entry(&format!("e{n}"), says)).collect();
        entries[3]["says"]["term"]["last"] = json!("2019-09-01");
        let refused = world.post("/entries", json!({"entries": entries})).await;
        assert_eq!(problems(&refused), ["term_ends_before_it_begins", "needs_refused"]);
        assert_eq!(refused.json()["problems"][0]["field"], "entries[3].last");
        assert_eq!(world.get("/entries").await.ok()["items"], json!([]), "nothing is kept by half");
        entries[3]["says"]["term"]["last"] = json!("2019-09-27");
        let results = world.post("/entries", json!({"entries": entries})).await.ok();
        assert_eq!(results["results"].as_array().unwrap().len(), 5);
        let again = world.post("/entries", json!({"entries": entries})).await.ok();
        assert!(again["results"].as_array().unwrap().iter().all(|it| it["status"] == "known"));
        let (one, other) = (entry("x", school("x", "x")), entry("x", school("y", "y")));
        world.post("/entries", json!({"entries": [one, other]})).await.is(409, "conflict");
        world.get("/entries/x").await.is(404, "entry_unknown");
        let twice = entry("z", school("z", "z"));
        let twice = world.post("/entries", json!({"entries": [twice, twice]})).await.ok();
        assert_eq!(
            (&twice["results"][0]["status"], &twice["results"][1]["status"]),
            (&json!("new"), &json!("known"))
        );
        world.post("/entries", json!({"entries": []})).await.is(422, "no_entries");
        world
            .post("/entries", json!({"entries": vec![entry("a", school("a", "a")); 1001]}))
            .await
            .is(422, "too_many_entries");
    }

    async fn what_only_follows_from_another_entrys_problem_is_told_as_that_and_behind_all_causes(engine) {
        let world = World::on(engine).await;
        let mut says = scene();
        says[0]["school"]["name"] = json!("");
        says.extend((2..=70).map(|n| slot(&format!("s{n}"), "10:00:00", "10:40:00")));
        says.push(json!({"pair": {"id": "p2", "supporting": "oak", "receiving": ["nowhere"], "since": "2019-09-01"}}));
        says.push(slot("s99", "09:00:00", "09:00:00"));
        let entries: Vec<Value> =
            says.into_iter().enumerate().map(|(n, says)| entry(&format!("e{n}"), says)).collect();
        let refused = world.post("/entries", json!({"entries": entries})).await;
        let codes = problems(&refused);
        assert_eq!(codes[..3], ["empty", "unknown_school", "no_length"]);
        assert!(codes.len() == 50 && codes[3..].iter().all(|code| code == "needs_refused"), "{codes:?}");
        let all = refused.json();
        assert_eq!(all["message"], all["problems"][0]["message"], "a cause is what is told first");
        let [pair, slot] = [3, 4].map(|at| all["problems"][at].clone());
        assert_eq!((&pair["field"], &slot["field"]), (&json!("entries[2].supporting"), &json!("entries[4].pair")));
        assert!(pair["message"].as_str().unwrap().contains("the school 'lake'"), "{pair}");
        assert!(pair["hint"].as_str().unwrap().contains("entries[0]"), "{pair}");
        assert!(slot["message"].as_str().unwrap().contains("the pair 'p1'"), "{slot}");
        assert!(slot["hint"].as_str().unwrap().contains("entries[2]"), "{slot}");
        assert_eq!(world.get("/entries").await.ok()["items"], json!([]), "nothing is kept by half");
    }

    async fn what_cannot_be_meant_is_refused_and_what_is_strange_is_remarked(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let term = |first: &str, last: &str| {
            json!({"term": {"id": "t2", "name": "t2", "region": "yongjia", "first": first, "last": last}})
        };
        assert_eq!(
            problems(&world.enter("b1", term("2020-02-01", "2020-01-01")).await),
            ["term_ends_before_it_begins"]
        );
        let overlapping = warnings(&world.enter("b3", slot("s3", "08:30:00", "09:10:00")).await);
        assert!(overlapping.contains(&"school_twice".to_owned()), "{overlapping:?}");
        let night = warnings(&world.enter("b4", slot("s4", "23:40:00", "00:20:00")).await);
        assert!(night.contains(&"across_midnight".to_owned()), "{night:?}");
        assert_eq!(problems(&world.enter("b5", slot("s5", "09:00:00", "09:00:00")).await), ["no_length"]);
        assert_eq!(problems(&world.enter("b6", slot("s6", "08:00:00", "07:00:00")).await), ["session_too_long"]);
        let nobody = with(slot("s7", "10:00:00", "10:40:00"), "slot", json!({"pair": "p9"}));
        assert_eq!(problems(&world.enter("b7", nobody).await), ["unknown_pair"]);
        let mut future = entry("b8", school("new", "新"));
        future["at_us"] = json!(at(1, 9, 0));
        assert_eq!(problems(&world.put("/entries/b8", future).await), ["said_in_future"]);
        let mut never = entry("b9", school("new", "新"));
        never["at_us"] = json!(0);
        assert_eq!(problems(&world.put("/entries/b9", never).await), ["date_absurd"]);
        let unknown = json!({"castle": {"id": "x"}});
        world.enter("b10", unknown).await.is(422, "json_unfit");
        let more = with(school("x", "x"), "school", json!({"colour": "red"}));
        world.enter("b11", more).await.is(422, "json_unfit");
        let nul = problems(
            &world
                .put(
                    "/entries/b12",
                    json!({"id": "b12", "at_us": at(1, 7, 0), "author": "a\u{0}b", "says": school("x", "x")}),
                )
                .await,
        );
        assert_eq!(nul, ["invisible_character"]);
        let nul = entry("n\u{0}", school("x", "x"));
        let answer = world.post("/entries", json!({"entries": [nul]})).await;
        assert_eq!(problems(&answer), ["invisible_character"]);
    }

    async fn a_teacher_cannot_be_in_two_places_at_once_without_a_word(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        for (id, says) in [("o1", school("elm", "榆树小学")), ("o2", school("fir", "杉树小学"))] {
            world.enter(id, says).await.created();
        }
        let pair =
            json!({"pair": {"id": "p2", "supporting": "elm", "receiving": ["fir"], "since": "2019-09-01"}});
        world.enter("o3", pair).await.created();
        let lin = json!({"teacher": "lin", "classes": ["lake/3-1", "oak/3"]});
        world.enter("o4", with(slot("s8", "10:00:00", "10:40:00"), "slot", lin)).await.created();
        let lin = json!({"teacher": "lin", "pair": "p2"});
        let found = warnings(&world.enter("o5", with(slot("s9", "10:20:00", "11:00:00"), "slot", lin)).await);
        assert!(
            found
                .iter()
                .any(|code| code.contains("needed") || code.contains("twice") || code.contains("at_once")),
            "{found:?}"
        );
        let timetable = world.get("/timetable?from=2019-09-02&until=2019-09-02").await.ok();
        let clashes = timetable["clashes"].as_array().unwrap();
        assert_eq!(clashes.len(), 1, "{timetable}");
        assert_eq!(clashes[0]["needed"], json!({"person": "lin"}));
        let of_fir = world.get("/timetable?from=2019-09-02&until=2019-09-02&school=fir").await.ok();
        assert_eq!(
            (of_fir["sessions"].as_array().unwrap().len(), of_fir["clashes"].as_array().unwrap().len()),
            (1, 1)
        );
    }

    async fn a_school_that_closes_and_a_pair_that_ends_in_mid_term_take_their_lessons_with_them(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        world.settle().await;
        let closed = with(
            school("oak", "橡树小学"),
            "school",
            json!({"closed": {"last_day": "2019-09-15", "into": "lake"}}),
        );
        let mut entry = entry("x1", closed);
        entry["at_us"] = json!(at(1, 7, 30));
        let found = warnings(&world.put("/entries/x1", entry.clone()).await);
        assert!(found.contains(&"lessons_fall_out".to_owned()), "{found:?}");
        world.settle().await;
        let lessons = |list: Value| list["items"].as_array().unwrap().len();
        assert_eq!(lessons(world.get("/lessons?school=oak").await.ok()), 2);
        let timetable = world.get("/timetable?from=2019-09-01&until=2019-09-30&school=oak").await.ok();
        assert_eq!(timetable["left_out"].as_array().unwrap().len(), 2);
        assert_eq!(timetable["left_out"][0]["why"], json!({"school_closed": {"into": "lake"}}));
        let pair = json!({"pair": {"id": "p1", "supporting": "lake", "receiving": ["oak"], "since": "2019-09-01",
            "until": "2019-09-05"}});
        entry["id"] = json!("x2");
        entry["says"] = pair;
        world.put("/entries/x2", entry).await.created();
        world.settle().await;
        assert_eq!(lessons(world.get("/lessons?pair=p1").await.ok()), 1);
        assert!(world.service.store.check().await.unwrap().findings.is_empty());
    }

    async fn sql_html_and_formulas_are_names_like_any_other(engine) {
        let world = World::on(engine).await;
        for (n, name) in
            ["=1+1", "<script>alert(1)</script>", "'; DROP TABLE entry; --", "{{7*7}}", "%00", "名\\\"字"]
                .iter()
                .enumerate()
        {
            let id = format!("s{n}");
            world.enter(&id, school(&id, name)).await.created();
            assert_eq!(
                world.get(&format!("/entries/{id}")).await.ok()["entry"]["says"]["school"]["name"],
                **name
            );
            assert_eq!(
                world.get(&format!("/things/school/{id}")).await.ok()["items"][0]["entry"]["says"]["school"]["name"],
                **name
            );
        }
        let odd = "e'; DROP TABLE entry; --";
        let body = entry(odd, school("lake", "lake"));
        let path = "/api/v1/entries/e'%3B%20DROP%20TABLE%20entry%3B%20--";
        world.ask(Method::PUT, path, &admin(), Some(body)).await.created();
        assert_eq!(world.ask(Method::GET, path, &admin(), None).await.ok()["entry"]["id"], odd);
    }

    async fn two_requests_at_once_are_judged_one_after_the_other(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        // Either one alone would pass without a word.
        let in_both = |id: &str| with(slot(id, "10:00:00", "10:40:00"), "slot", json!({"teacher": "lin"}));
        let (one, other) = tokio::join!(world.enter("q1", in_both("q")), world.enter("q2", in_both("r")));
        let met = |answer: &crate::world::Answer| warnings(answer).contains(&"teacher_twice".to_owned());
        assert_eq!([met(&one), met(&other)].iter().filter(|met| **met).count(), 1);
    }
}
