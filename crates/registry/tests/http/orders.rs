//! Orders to machines: given by people, taken by the machine over its link, never where a lesson is.

use crate::databases::{Engine, on_both};
use crate::world::{Answer, FIRST, Node, World, at, held, later, school, secret, token};
use axum::http::Method;
use serde_json::{Value, json};
use tongke_protocol::order::{MachineAsks, OrderNews, OrderState, Question};
use tongke_protocol::{LessonScope, Role, WallTime};
use tongke_registry::access::Scope;

impl World {
    /// A question of a machine, signed now.
    async fn asks(&self, node: &Node, path: &str, asks: Question) -> Answer {
        let words = serde_json::to_value(MachineAsks { at_us: self.service.now().0, asks }).unwrap();
        self.open(path, json!({"request": node.sign(&words)})).await
    }

    async fn orders(&self, node: &Node, wait_s: u32) -> Vec<Value> {
        let answer = self.asks(node, "/machines/me/orders", Question::Orders { wait_s }).await.ok();
        answer["orders"].as_array().unwrap().clone()
    }

    async fn tell(&self, node: &Node, order: &str, state: OrderState, report: Option<&str>) -> Answer {
        let news = OrderNews { state, words: "…".into(), report: report.map(str::to_owned) };
        let asks = Question::News { order: order.to_owned(), news };
        self.asks(node, &format!("/orders/{order}/progress"), asks).await
    }

    async fn state(&self, order: &str) -> String {
        self.get(&format!("/orders/{order}")).await.ok()["state"].as_str().unwrap().to_owned()
    }
}

fn inspector() -> String {
    token("inspector Wang", &[Scope::Inspect])
}

async fn two_nodes(world: &World) -> (Node, Node) {
    world.fill().await;
    (world.enrol("node", "lake-1", Some("lake")).await, world.enrol("node", "oak-1", Some("oak")).await)
}

on_both! {
    async fn a_self_test_is_ordered_taken_once_and_followed_to_its_report(engine) {
        let world = World::on(engine).await;
        let (_, oak) = two_nodes(&world).await;
        assert_eq!(world.orders(&oak, 0).await, [Value::Null; 0]);
        let path = "/api/v1/machines/oak-1/self-tests";
        world.ask(Method::POST, path, &token("x", &[Scope::Read, Scope::Enter]), None).await.is(403, "access_scope");
        let ordered = world.ask(Method::POST, path, &inspector(), None).await.created();
        assert_eq!(ordered["link_open"], true);
        let id = ordered["order"].as_str().unwrap().to_owned();
        world.ask(Method::POST, path, &inspector(), None).await.is(409, "machine_busy");

        let orders = world.orders(&oak, 25).await;
        assert_eq!((orders.len(), &orders[0]["id"]), (1, &json!(id)));
        let door = &orders[0]["what"]["self_test"];
        assert_eq!(door["relay"], "https://relay.example");
        let lesson = door["lesson"].as_str().unwrap();
        assert!(lesson.starts_with("test-"), "{lesson}");
        let grant = secret().verify_for(door["grant"].as_str().unwrap(), &lesson.parse().unwrap(), world.service.now()).unwrap();
        assert_eq!((grant.participant.as_str(), grant.name.as_str(), grant.role), ("oak-1", "橡树小学", Role::Receiving));
        assert_eq!(grant.lesson, LessonScope::Only(lesson.parse().unwrap()));
        assert!(grant.expires_unix_s < later(world.service.now(), 6).0 / 1_000_000);

        assert_eq!(world.orders(&oak, 0).await.len(), 1, "what is not taken comes again");
        assert_eq!(world.tell(&oak, &id, OrderState::Taken, None).await.status, 204);
        assert_eq!(world.state(&id).await, "taken");
        assert_eq!(world.tell(&oak, &id, OrderState::Done, Some("t-1")).await.status, 204);
        assert_eq!(world.tell(&oak, &id, OrderState::Done, Some("t-1")).await.status, 204, "the answer was lost");
        world.tell(&oak, &id, OrderState::Failed, None).await.is(409, "order_over");
        assert_eq!(world.orders(&oak, 0).await.len(), 0, "what is done does not come again");
        let card = world.get(&format!("/orders/{id}")).await.ok();
        assert_eq!((&card["state"], &card["report"], &card["author"]), (&json!("done"), &json!("t-1"), &json!("inspector Wang")));
        assert!(!card.to_string().contains(door["grant"].as_str().unwrap()), "what lets the machine in is its own");
        world.ask(Method::POST, path, &inspector(), None).await.created();
        let audit = world.get("/audit").await.ok().to_string();
        assert_eq!(audit.matches("machine_ordered").count(), 2, "{audit}");
        world.get("/orders/none").await.is(404, "order_unknown");
        let nobody = "/api/v1/machines/nobody/self-tests";
        world.ask(Method::POST, nobody, &inspector(), None).await.is(404, "machine_unknown");
    }

    async fn a_machine_that_waits_is_told_at_once(engine) {
        let world = World::on(engine).await;
        let (_, oak) = two_nodes(&world).await;
        let begun = std::time::Instant::now();
        let order = async {
            // The other one asks first: both are on one thread.
            tokio::task::yield_now().await;
            world.post("/machines/oak-1/self-tests", json!(null)).await.created()
        };
        let (orders, _) = tokio::join!(world.orders(&oak, 25), order);
        assert_eq!(orders.len(), 1);
        assert!(begun.elapsed().as_secs() < 20, "it did not wait to the end");
    }

    async fn an_order_whose_time_is_over_is_never_done(engine) {
        let world = World::on(engine).await;
        let (_, oak) = two_nodes(&world).await;
        let ordered = world.post("/machines/oak-1/self-tests", json!(null)).await.created();
        assert_eq!(ordered["link_open"], false);
        let id = ordered["order"].as_str().unwrap().to_owned();
        world.set(later(at(1, 8, 0), 2));
        assert_eq!(world.orders(&oak, 0).await.len(), 0, "the machine was away");
        world.tell(&oak, &id, OrderState::Taken, None).await.is(409, "order_expired");
        assert_eq!(world.state(&id).await, "expired");
        // One that falls silent while it is at work holds up nothing for long.
        let id = world.post("/machines/oak-1/self-tests", json!(null)).await.created()["order"].as_str().unwrap().to_owned();
        assert_eq!(world.tell(&oak, &id, OrderState::Taken, None).await.status, 204);
        world.set(later(at(1, 8, 0), 3));
        world.post("/machines/oak-1/self-tests", json!(null)).await.is(409, "machine_busy");
        world.set(later(at(1, 8, 0), 4));
        assert_eq!(world.state(&id).await, "lost");
        world.post("/machines/oak-1/self-tests", json!(null)).await.created();
    }

    async fn a_machine_that_was_stopped_at_work_is_told_its_order_again_while_there_is_time(engine) {
        let world = World::on(engine).await;
        let (_, oak) = two_nodes(&world).await;
        let path = "/machines/oak-1/self-tests";
        let id = world.post(path, json!(null)).await.created()["order"].as_str().unwrap().to_owned();
        assert_eq!(world.tell(&oak, &id, OrderState::Taken, None).await.status, 204);
        world.set(later(at(1, 8, 0), 1));
        // Whoever asks has nothing in hand.
        let again = world.orders(&oak, 0).await;
        assert_eq!((again.len(), &again[0]["id"]), (1, &json!(id)));
        assert_eq!(world.tell(&oak, &id, OrderState::Taken, None).await.status, 204);
        world.set(later(at(1, 8, 0), 2));
        assert_eq!(world.orders(&oak, 0).await.len(), 0, "its time is over");
        assert_eq!(world.state(&id).await, "taken", "it may be at work yet");
        assert_eq!(world.tell(&oak, &id, OrderState::Done, Some("t-1")).await.status, 204);
    }

    async fn an_inspection_is_ordered_from_both_nodes_and_one_of_them_leads(engine) {
        let world = World::on(engine).await;
        let (lake, oak) = two_nodes(&world).await;
        world.enter("x", school("elm", "榆树小学")).await.created();
        let elm = world.enrol("node", "elm-1", Some("elm")).await;
        let wanted = |from: &str, to: &str, more: Value| {
            let mut body = json!({"from": from, "to": to});
            body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            body
        };
        let ordered = world.post("/inspections", wanted("lake-1", "elm-1", json!({"hold_s": 60}))).await.created();
        assert_eq!(ordered.get("grant"), None, "the node leads");
        let (near, far) = (world.orders(&lake, 0).await, world.orders(&elm, 0).await);
        let (near, far) = (&near[0]["what"]["join_inspection"], &far[0]["what"]["join_inspection"]);
        assert_eq!((&near["door"]["lesson"], &far["door"]["lesson"]), (&ordered["lesson"], &ordered["lesson"]));
        assert_eq!(far.get("lead"), None);
        let lead = &near["lead"];
        assert_eq!((&lead["from"], &lead["to"], &lead["hold_s"]), (&json!("lake-1"), &json!("elm-1"), &json!(60)));
        let lesson = ordered["lesson"].as_str().unwrap().parse().unwrap();
        let role = |token: &Value| secret().verify_for(token.as_str().unwrap(), &lesson, world.service.now()).unwrap().role;
        assert_eq!(role(&lead["grant"]), Role::Inspector);
        assert_eq!((role(&near["door"]["grant"]), role(&far["door"]["grant"])), (Role::Supporting, Role::Receiving));

        // One of them is busy: the other one gets no order either.
        world.post("/inspections", wanted("oak-1", "elm-1", json!({}))).await.is(409, "machine_busy");
        assert_eq!(world.orders(&oak, 0).await.len(), 0);
        let [led, joined] = ["from", "to"].map(|order| ordered[order]["order"].as_str().unwrap());
        for (node, order) in [(&lake, led), (&elm, joined)] {
            assert_eq!(world.tell(node, order, OrderState::Taken, None).await.status, 204);
        }
        assert_eq!(world.tell(&lake, led, OrderState::Done, Some("i-1")).await.status, 204);
        assert_eq!(world.state(joined).await, "done", "who led ends it for both");
        world.tell(&elm, joined, OrderState::Taken, None).await.is(409, "order_over");
        let asker = world.post("/inspections", wanted("lake-1", "oak-1", json!({"lead": "asker"}))).await.created();
        assert!(asker["grant"].is_string());
        assert_eq!(world.orders(&lake, 0).await[0]["what"]["join_inspection"].get("lead"), None);
        world.post("/inspections", wanted("oak-1", "oak-1", json!({}))).await.is(422, "same_node");
        for odd in [json!({"hold_s": 0}), json!({"hold_s": 3_601}), json!({"idle_s": 0}), json!({"idle_s": 61})] {
            world.post("/inspections", wanted("oak-1", "elm-1", odd)).await.is(422, "hold_unfit");
        }
        world.post("/inspections", wanted("oak-1", "nobody", json!({}))).await.is(404, "machine_unknown");
        world.settle().await;
        assert_eq!(world.get("/lessons?limit=200").await.ok()["items"].as_array().unwrap().len(), 4, "tests are no lessons");
    }

    async fn nothing_is_ordered_where_a_lesson_is_or_will_be_before_the_end(engine) {
        let world = World::on(engine).await;
        let (lake, oak) = two_nodes(&world).await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let start = at(2, 8, 20);
        let inspect = || world.post("/inspections", json!({"from": "oak-1", "to": "lake-1", "hold_s": 300}));
        let test = || world.post("/machines/oak-1/self-tests", json!(null));
        world.set(WallTime(start.0 - 10 * 60_000_000));
        inspect().await.is(409, "lesson_live");
        test().await.created();
        world.set(WallTime(start.0 - 5 * 60_000_000));
        test().await.is(409, "lesson_live");
        world.asks(&oak, "/machines/me/self-tests", Question::SelfTest).await.is(409, "lesson_live");
        world.set(later(start, 39));
        let refused = test().await;
        refused.is(409, "lesson_live");
        assert!(refused.json()["message"].as_str().unwrap().contains(FIRST), "{refused:?}");
        // The lesson is over by the timetable, and goes on as the relay tells.
        world.set(later(start, 45));
        let facts: Vec<String> = held(FIRST, start, 44).iter().map(|fact| relay.sign(fact)).collect();
        world.bring(&facts).await;
        test().await.is(409, "lesson_live");
        world.set(later(start, 47));
        test().await.created();
        let lessons = world.asks(&lake, "/machines/me/timetable", Question::Timetable).await.ok();
        assert_eq!(lessons["lessons"], json!([{"lesson": FIRST, "start_us": start, "end_us": later(start, 40)}]));
    }

    async fn only_the_machine_itself_asks_and_only_now(engine) {
        let world = World::on(engine).await;
        let (lake, oak) = two_nodes(&world).await;
        let relay = world.enrol("relay", "relay-1", None).await;
        let orders = Question::Orders { wait_s: 0 };
        world.asks(&Node::new("nobody"), "/machines/me/orders", orders.clone()).await.is(403, "unknown_machine");
        world.asks(&Node::new("oak-1"), "/machines/me/orders", orders.clone()).await.is(403, "wrong_key");
        world.asks(&oak, "/machines/me/timetable", orders.clone()).await.is(422, "other_question");
        let old = json!({"at_us": world.service.now().0 - 121_000_000, "asks": {"orders": {"wait_s": 0}}});
        world.open("/machines/me/orders", json!({"request": oak.sign(&old)})).await.is(403, "clock_off");
        let grant = json!({"lesson": FIRST, "at_us": world.service.now()});
        world.open("/machines/me/orders", json!({"request": oak.sign(&grant)})).await.is(422, "malformed");
        world.asks(&relay, "/machines/me/timetable", Question::Timetable).await.is(403, "not_a_node");
        world.asks(&relay, "/machines/me/self-tests", Question::SelfTest).await.is(409, "not_a_node");

        let own = world.asks(&oak, "/machines/me/self-tests", Question::SelfTest).await.created();
        let id = own["id"].as_str().unwrap();
        assert_eq!(world.get(&format!("/orders/{id}")).await.ok()["author"], "oak-1");
        world.tell(&lake, id, OrderState::Taken, None).await.is(404, "order_unknown");
        world.tell(&oak, id, OrderState::Given, None).await.is(422, "news_unfit");
        let news = OrderNews { state: OrderState::Taken, words: "x".repeat(501), report: None };
        let asks = Question::News { order: id.to_owned(), news };
        world.asks(&oak, &format!("/orders/{id}/progress"), asks).await.is(422, "news_unfit");

        let card = world.get("/machines/oak-1").await.ok();
        assert_eq!((&card["link_open"], &card["seen_us"]), (&json!(true), &json!(at(1, 8, 0))));
        world.set(later(at(1, 8, 0), 1));
        assert_eq!(world.get("/machines/oak-1").await.ok()["link_open"], false);
        assert_eq!(world.delete("/machines/oak-1").await.status, 204);
        world.asks(&oak, "/machines/me/orders", orders).await.is(403, "machine_revoked");
    }
}
