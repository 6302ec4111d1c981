//! Facts that machines bring, good and forged ones.

use crate::databases::{Engine, on_both};
use crate::world::{FIRST, MINUTE_US, Node, World, at, flow, held, later};
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};

fn refused(result: &Value) -> &str {
    assert_eq!(result["status"], "refused", "{result}");
    assert!(result["message"].as_str().is_some_and(|text| !text.is_empty()));
    result["code"].as_str().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn put(world: &World, id: &str, kind: &str, body: String) -> crate::world::Answer {
    let request = Request::builder().method(Method::PUT).uri(format!("/api/v1/facts/{id}"));
    world.send(request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()).await
}

on_both! {
    async fn forged_facts_are_refused_each_with_its_reason_and_the_others_are_kept(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let (relay, oak) =
            (world.enrol("relay", "relay-1", None).await, world.enrol("node", "oak-1", Some("oak")).await);
        let gone = world.enrol("node", "oak-2", Some("oak")).await;
        assert_eq!(world.delete("/machines/oak-2").await.status, 204);
        let start = at(1, 7, 0);
        let fact = |id: &str| flow(id, FIRST, "oak", start);
        let stranger = Node::new("stranger");
        // With another machine's name and one's own key; with a name that is none.
        let forged = Node { id: "relay-1".into(), ..Node::new("") };
        let odd = Node { id: "o'; DROP TABLE fact; --".into(), ..Node::new("") };
        let came = json!({"id": "c", "lesson": FIRST, "at_us": start, "fact": "came", "participant": "oak",
            "name": "oak", "role": "receiving"});
        let good = oak.sign(&fact("f1"));
        let (head, tail) = good.rsplit_once('.').unwrap();
        let changed = format!("{}.{tail}", head.replacen('e', "f", 1));
        let results = world
            .bring(&[
                good.clone(),
                oak.sign(&flow("f2", FIRST, "lake", start)),
                oak.sign(&flow("f3", FIRST, "oak.hall", start)),
                oak.sign(&flow("f4", FIRST, "oakwood", start)),
                oak.sign(&came),
                stranger.sign(&fact("f5")),
                forged.sign(&fact("f6")),
                gone.sign(&fact("f7")),
                odd.sign(&fact("f8")),
                "not signed".to_owned(),
                String::new(),
                oak.sign(&json!({"id": "f9", "what": "nothing"})),
                oak.sign(&fact("")),
                oak.sign(&fact("a\u{0}b")),
                oak.sign(&fact("'; DROP TABLE fact; --")),
                changed,
                relay.sign(&came),
            ])
            .await;
        let became = |it: &Value| if it["status"] == "refused" { refused(it).to_owned() } else { text(&it["status"]) };
        let statuses: Vec<String> = results.iter().map(became).collect();
        let expected = [
            "new",
            "wrong_school",
            "new",
            "wrong_school",
            "wrong_kind",
            "unknown_machine",
            "wrong_key",
            "machine_revoked",
            "unknown_machine",
            "malformed",
            "malformed",
            "malformed",
            "malformed",
            "malformed",
            "malformed",
            "malformed",
            "new",
        ];
        assert_eq!(statuses, expected, "{results:#?}");
        assert_eq!((&results[1]["id"], &results[5]["id"]), (&json!("f2"), &json!(null)));
        world.settle().await;
        assert!(world.service.store.check().await.unwrap().findings.is_empty());
    }

    async fn a_fact_counts_for_the_lesson_and_under_the_id_that_were_signed_and_for_no_other(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let start = at(1, 7, 0);
        let good = oak.sign(&flow("f1", FIRST, "oak", start));
        put(&world, "f2", "application/jose", good.clone()).await.is(422, "id_differs");
        let first = put(&world, "f1", "application/jose", good.clone()).await;
        assert_eq!(first.created(), json!({"id": "f1", "status": "new"}));
        assert_eq!(
            put(&world, "f1", "text/plain; charset=utf-8", format!("{good}\n")).await.ok()["status"],
            "known"
        );
        // The words of one lesson cannot be put under another one's name without the key.
        let other = flow("f3", "s1-20190909", "oak", start).to_string();
        let mut parts = good.split('.');
        let (header, _, signature) = (parts.next().unwrap(), parts.next(), parts.next().unwrap());
        use base64::Engine as _;
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(other);
        put(&world, "f3", "application/jose", format!("{header}.{payload}.{signature}"))
            .await
            .is(403, "wrong_key");
        let elsewhere = oak.sign(&flow("f1", "s1-20190909", "oak", start));
        put(&world, "f1", "application/jose", elsewhere.clone()).await.is(409, "conflict");
        let results = world.bring(&[elsewhere]).await;
        assert_eq!((&results[0]["status"], &results[0]["code"]), (&json!("conflict"), &json!("conflict")));
        assert_eq!(world.get("/facts/f1").await.ok()["fact"]["lesson"], FIRST, "the first one stays");
        let quality = json!({"id": "q", "lesson": FIRST, "at_us": start, "fact": "quality", "measured": {
            "lesson": "s1-20190909", "participant": "oak", "role": "receiving", "transport": "quic", "seconds": 1.0,
            "reconnects": 0, "cpu_seconds": null, "first_picture_ms": null, "sent": [], "received": [], "av_skew": [],
            "notes": []}});
        assert_eq!(refused(&world.bring(&[oak.sign(&quality)]).await[0]), "wrong_lesson");
        world.get("/facts/q").await.is(404, "fact_unknown");
    }

    async fn facts_from_the_future_are_kept_remarked_and_count_for_nothing(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let relay = world.enrol("relay", "relay-1", None).await;
        // The relay's clock is three hours ahead: what it says of 8:20 it says to be of 11:20.
        let start = at(2, 8, 20);
        world.set(later(start, 41));
        let facts = held(FIRST, later(start, 180), 40);
        let results = world.bring(&facts.iter().map(|fact| relay.sign(fact)).collect::<Vec<_>>()).await;
        assert!(results.iter().all(|it| it["status"] == "new" && it["warning"] == "clock_ahead"), "{results:?}");
        world.settle().await;
        let lesson = world.get(&format!("/lessons/{FIRST}")).await.ok();
        assert_ne!(lesson["decision"]["status"], "held", "{lesson}");
        let aside: u64 = lesson["decision"]["set_aside"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["facts"].as_u64().unwrap())
            .sum();
        assert!(aside > 0, "{}", lesson["decision"]);
        let absurd = json!({"id": "x", "lesson": FIRST, "at_us": u64::MAX, "fact": "locked", "locked": true});
        let early = json!({"id": "y", "lesson": FIRST, "at_us": 0, "fact": "locked", "locked": true});
        let results = world.bring(&[relay.sign(&absurd), relay.sign(&early)]).await;
        assert_eq!(
            results,
            [json!({"id": "x", "status": "new", "warning": "clock_ahead"}), json!({"id": "y", "status": "new"})]
        );
        let flow = json!({"id": "z", "lesson": FIRST, "at_us": 1, "fact": "flow", "participant": "oak", "seq": u64::MAX,
            "from_us": u64::MAX, "until_us": 0, "sent_audio_ms": u64::MAX, "sent_video_ms": u64::MAX,
            "got": [{"participant": "lake", "audio_ms": u64::MAX, "video_ms": u64::MAX}]});
        assert_eq!(world.bring(&[relay.sign(&flow)]).await[0]["status"], "new");
        world.settle().await;
        world.get(&format!("/lessons/{FIRST}")).await.ok();
        assert!(world.service.store.check().await.unwrap().findings.is_empty());
    }

    async fn names_come_back_byte_for_byte_whatever_they_are_made_of(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let name = "=1+1'; DROP TABLE fact; --<script>alert(1)</script>\u{0}\u{202e}\\\"同课";
        let came = json!({"id": "c", "lesson": FIRST, "at_us": at(1, 7, 0), "fact": "came", "participant": "oak",
            "name": name, "role": "receiving"});
        let jws = relay.sign(&came);
        assert_eq!(world.bring(std::slice::from_ref(&jws)).await[0]["status"], "new");
        let fact = world.get("/facts/c").await.ok();
        assert_eq!((fact["fact"]["name"].as_str(), fact["jws"].as_str()), (Some(name), Some(jws.as_str())));
        world.settle().await;
    }

    async fn what_is_no_list_of_facts_is_refused_as_a_whole(engine) {
        let world = World::on(engine).await;
        world.open("/facts", json!({"facts": []})).await.is(422, "no_facts");
        world.open("/facts", json!({"facts": vec![""; 1001]})).await.is(422, "too_many_facts");
        world.open("/facts", json!({"facts": [1]})).await.is(422, "json_unfit");
        world.open("/facts", json!({"facts": [], "more": 1})).await.is(422, "json_unfit");
        world.open("/facts", json!([])).await.is(422, "json_unfit");
        let send = |kind: Option<&str>, body: &str| {
            let mut request = Request::builder().method(Method::POST).uri("/api/v1/facts");
            if let Some(kind) = kind {
                request = request.header(header::CONTENT_TYPE, kind);
            }
            world.send(request.body(Body::from(body.to_owned())).unwrap())
        };
        for kind in [None, Some("text/html"), Some("application/x-www-form-urlencoded"), Some("application/jose")]
        {
            send(kind, "{}").await.is(415, "wrong_content_type");
        }
        for broken in ["", "{", "{\"facts\": [", "nothing", "\u{0}", "{\"facts\": [\"\u{1}\"]}"] {
            send(Some("application/json; charset=utf-8"), broken).await.is(400, "json_broken");
        }
        send(Some("application/json"), &"[".repeat(100_000)).await.is(422, "json_unfit");
        send(Some("application/json"), &" ".repeat((1 << 20) + 1)).await.is(413, "body_too_large");
        put(&world, "x", "application/json", "{}".into()).await.is(415, "wrong_content_type");
        put(&world, "x", "application/jose", "a.b.c".into()).await.is(422, "malformed");
        put(&world, "x", "application/jose", "x".repeat(300_000)).await.is(422, "malformed");
        let not_utf8 = Request::builder()
            .method(Method::PUT)
            .uri("/api/v1/facts/x")
            .header(header::CONTENT_TYPE, "text/plain");
        world.send(not_utf8.body(Body::from(vec![0xff])).unwrap()).await.is(422, "malformed");
    }

    async fn a_stranger_cannot_have_hundreds_of_machines_looked_up_with_one_request(engine) {
        let world = World::on(engine).await;
        world.fill().await;
        let oak = world.enrol("node", "oak-1", Some("oak")).await;
        let fact = |id: &str| flow(id, FIRST, "oak", at(1, 7, 0));
        let of_strangers = |count: usize| (0..count).map(|n| Node::new(&format!("stranger-{n}")).sign(&fact("f")));
        let facts: Vec<String> = std::iter::once(oak.sign(&fact("mine"))).chain(of_strangers(20)).collect();
        let refused = world.open("/facts", json!({"facts": facts})).await;
        refused.is(422, "too_many_machines");
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("21") && message.contains("20"), "{message}");
        world.get("/facts/mine").await.is(404, "fact_unknown");
        let results = world.bring(&facts[..20]).await;
        assert_eq!((&results[0]["status"], &results[19]["code"]), (&json!("new"), &json!("unknown_machine")));
        // One machine's facts are one name, however many they are.
        let facts: Vec<String> = (0..50).map(|n| oak.sign(&fact(&format!("f{n}")))).collect();
        assert!(world.bring(&facts).await.iter().all(|it| it["status"] == "new"));
    }

    async fn a_thousand_facts_at_a_time_are_taken(engine) {
        let world = World::on(engine).await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let fact = |n: u64| {
            let at_us = n * MINUTE_US;
            relay.sign(&json!({"id": format!("l-{n}"), "lesson": "x", "at_us": at_us, "fact": "locked", "locked": true}))
        };
        let facts: Vec<String> = (0..1000).map(fact).collect();
        assert!(world.bring(&facts).await.iter().all(|it| it["status"] == "new"));
    }
}
