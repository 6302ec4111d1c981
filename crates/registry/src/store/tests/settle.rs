//! What follows from facts and entries: lessons, credits, counts. In whatever order they come.

use super::databases::{Engine, Fresh, on_both};
use super::scene::{self, FIRST, entry, held, minutes_after, start};
use crate::store::settle::{Mark, remove};
use crate::store::{LessonFilter, Store, TallyFilter, Totals, Webhook};
use serde_json::json;
use tongke_pairing::credit::Status;
use tongke_pairing::tally::Tally;
use tongke_protocol::WallTime;

/// When all is over.
fn later() -> WallTime {
    start(30)
}

async fn statuses(store: &Store) -> Vec<(String, Status)> {
    let lessons = store.lessons(&LessonFilter::default(), None, 100).await.unwrap();
    lessons.into_iter().map(|lesson| (lesson.session.id.to_string(), lesson.decision.status)).collect()
}

fn of_school(school: &str) -> TallyFilter {
    TallyFilter { school: Some(school.parse().unwrap()), ..TallyFilter::default() }
}

async fn tally(store: &Store, school: &str) -> Tally {
    let mut tallies = store.reading().await.unwrap().tallies(&of_school(school)).await.unwrap();
    assert_eq!(tallies.len(), 1, "{tallies:?}");
    tallies.remove(0)
}

/// credited, planned, open, missed
fn counts(tally: &Tally) -> [u32; 4] {
    [tally.credited, tally.planned, tally.open, tally.missed]
}

on_both! {
    async fn a_term_is_planned_and_a_lesson_that_took_place_counts_for_both_schools(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::fill(&store).await;
        assert!(store.as_of().await.unwrap().unsettled > 0);
        store.settle(minutes_after(start(2), 45)).await.unwrap();
        assert_eq!(store.as_of().await.unwrap().unsettled, 0);
        let expected = [FIRST, "s1-20190909", "s1-20190916", "s1-20190923"].map(str::to_owned);
        let found = statuses(&store).await;
        assert_eq!(found.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), expected);
        assert_eq!(found[0].1, Status::Held);
        let lake = tally(&store, "lake").await;
        assert_eq!(counts(&lake), [1, 3, 0, 0]);
        assert_eq!((lake.subject.as_deref(), lake.term.as_ref().unwrap().as_str(), lake.year), (Some("art"), "2019-1", 2019));
        assert_eq!(counts(&tally(&store, "oak").await), [1, 3, 0, 0]);
        let region = TallyFilter { region: Some("wenzhou".parse().unwrap()), ..TallyFilter::default() };
        assert_eq!(store.reading().await.unwrap().tallies(&region).await.unwrap().len(), 2);
        let totals = Totals { distinct_lessons: 1, school_credits: 2, person_times: 0, uncounted: 2 };
        assert_eq!(store.reading().await.unwrap().totals(&region).await.unwrap(), totals, "one lesson, for two schools");
        let elsewhere = TallyFilter { region: Some("kaihua".parse().unwrap()), ..TallyFilter::default() };
        assert_eq!(store.reading().await.unwrap().tallies(&elsewhere).await.unwrap(), []);
        let lesson = store.lesson(&FIRST.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((lesson.facts, lesson.unsettled, lesson.decision.evidence.len()), (43, false, 0));
        let decision = store.decision(&FIRST.parse().unwrap(), later()).await.unwrap().unwrap();
        assert!(!decision.evidence.is_empty());
        assert_eq!(store.check().await.unwrap().findings, []);
    }

    async fn the_order_in_which_things_are_said_does_not_matter(engine) {
        let mut seen = Vec::new();
        for order in 0..3_u64 {
            let (_fresh, store) = Fresh::opened(engine).await;
            scene::enrol(&store).await;
            let (mut entries, mut facts) = (scene::entries(), held(FIRST, start(2), 40));
            entries.push(entry("e6", 9, json!({"head_count": {"lesson": FIRST, "school": "oak", "pupils": 18, "teachers": 1}})));
            entries.push(entry("e7", 7, json!({"head_count": {"lesson": FIRST, "school": "oak", "pupils": 81, "teachers": 1}})));
            if order > 0 {
                entries.reverse();
                facts.reverse();
            }
            for (number, fact) in facts.iter().enumerate() {
                if order == 2 && number % 10 == 0 {
                    if let Some(entry) = entries.pop() {
                        store.keep_entries(&[entry], start(3)).await.unwrap();
                    }
                    store.settle(later()).await.unwrap();
                }
                store.keep_facts(std::slice::from_ref(fact), start(3)).await.unwrap();
            }
            store.keep_entries(&entries, start(3)).await.unwrap();
            store.settle(later()).await.unwrap();
            let lessons = store.lessons(&LessonFilter::default(), None, 100).await.unwrap();
            let decisions: Vec<_> = lessons.into_iter().map(|lesson| lesson.decision).collect();
            let totals = store.reading().await.unwrap().totals(&TallyFilter::default()).await.unwrap();
            assert_eq!((totals.person_times, totals.uncounted), (19, 1));
            seen.push((decisions, store.reading().await.unwrap().tallies(&TallyFilter::default()).await.unwrap(), totals));
            assert_eq!(store.check().await.unwrap().findings, []);
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
    }

    async fn time_alone_turns_planned_lessons_into_others(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        store.keep_entries(&scene::entries(), start(1)).await.unwrap();
        store.settle(start(1)).await.unwrap();
        assert_eq!(counts(&tally(&store, "oak").await), [0, 4, 0, 0]);
        store.settle(minutes_after(start(2), 10)).await.unwrap();
        assert_eq!(statuses(&store).await[0].1, Status::Live);
        store.settle(later()).await.unwrap();
        assert_eq!(counts(&tally(&store, "oak").await)[1], 0, "none of them is planned any more");
        assert_eq!(store.settle(later()).await.unwrap().lessons, 0, "nothing is left to do");
        assert_eq!(store.check().await.unwrap().findings, []);
    }

    async fn a_changed_timetable_changes_what_is_planned_and_facts_stay(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::fill(&store).await;
        store.settle(minutes_after(start(2), 45)).await.unwrap();
        let shorter = entry("e8", 2, scene::term("2019-09-02", "2019-09-13"));
        let renamed = entry("e9", 2, scene::slot("s1", "music"));
        store.keep_entries(&[shorter, renamed], start(3)).await.unwrap();
        store.settle(start(3)).await.unwrap();
        let oak = tally(&store, "oak").await;
        assert_eq!((counts(&oak), oak.subject.as_deref()), ([1, 1, 0, 0], Some("music")));
        let moved = json!({"session": {"id": "s1-20190909", "purpose": {"help": "sync_class"}, "pair": "p1",
            "supporting": "lake", "receiving": ["oak"], "subject": "art", "start_us": start(10).0,
            "end_us": minutes_after(start(10), 40).0, "slot": "s1"}});
        store.keep_entries(&[entry("e10", 3, moved)], start(3)).await.unwrap();
        store.settle(start(3)).await.unwrap();
        assert_eq!(store.reading().await.unwrap().tallies(&of_school("oak")).await.unwrap().len(), 2, "music and art");
        let gone = entry("e11", 4, json!({"withdrawn": {"kind": "slot", "key": "s1"}}));
        store.keep_entries(&[gone], start(3)).await.unwrap();
        store.settle(start(3)).await.unwrap();
        let left = statuses(&store).await;
        assert_eq!(left.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["s1-20190909"], "entered by itself");
        assert_eq!(store.facts_of(&FIRST.parse().unwrap()).await.unwrap().len(), 43);
        let findings = store.check().await.unwrap().findings;
        assert_eq!(findings.iter().map(|finding| (finding.code, finding.about.as_str())).collect::<Vec<_>>(),
            [("lesson_unplanned", FIRST)]);
    }

    async fn a_dispute_opens_a_lesson_and_a_ruling_closes_it_and_webhooks_are_told(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let hook = Webhook { id: "a".to_owned(), url: "https://county.example".to_owned(), secret: "s".to_owned(),
            made_us: WallTime(1), ended_us: None };
        store.add_webhook(&hook).await.unwrap();
        scene::fill(&store).await;
        let now = minutes_after(start(2), 45);
        store.settle(now).await.unwrap();
        let dispute = entry("d", now.0, json!({"dispute": {"lesson": FIRST, "why": "nobody came"}}));
        store.keep_entries(&[dispute], now).await.unwrap();
        store.settle(now).await.unwrap();
        assert_eq!(counts(&tally(&store, "lake").await), [0, 3, 1, 0]);
        let ruling = entry("r", now.0 + 1, json!({"ruling": {"lesson": FIRST, "held": false}}));
        store.keep_entries(&[ruling], now).await.unwrap();
        store.settle(now).await.unwrap();
        assert_eq!(counts(&tally(&store, "lake").await), [0, 3, 0, 1]);
        let told = store.due_deliveries(now, 10).await.unwrap();
        let mut told: Vec<String> = told.iter().map(|delivery| {
            let body: serde_json::Value = serde_json::from_str(&delivery.body).unwrap();
            assert_eq!(body["data"]["lesson"], FIRST);
            body["data"]["status"].as_str().unwrap().to_owned()
        }).collect();
        told.sort_unstable();
        assert_eq!(told, ["disputed", "held", "not_held"]);
    }

    async fn counts_can_be_thrown_away_and_made_anew_and_nobody_is_told_of_it(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::fill(&store).await;
        let now = minutes_after(start(2), 45);
        store.settle(now).await.unwrap();
        let hook = Webhook { id: "a".to_owned(), url: "https://county.example".to_owned(), secret: "s".to_owned(),
            made_us: WallTime(1), ended_us: None };
        store.add_webhook(&hook).await.unwrap();
        let before = (statuses(&store).await, store.reading().await.unwrap().tallies(&TallyFilter::default()).await.unwrap());
        store.rebuild().await.unwrap();
        assert_eq!(store.reading().await.unwrap().tallies(&TallyFilter::default()).await.unwrap(), []);
        store.settle(now).await.unwrap();
        assert_eq!((statuses(&store).await, store.reading().await.unwrap().tallies(&TallyFilter::default()).await.unwrap()), before);
        assert_eq!(store.due_deliveries(now, 10).await.unwrap(), []);
        assert_eq!(store.check().await.unwrap().findings, []);
    }

    async fn a_check_finds_what_was_changed_by_hand(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::fill(&store).await;
        store.settle(later()).await.unwrap();
        assert_eq!(store.check().await.unwrap().findings, []);
        let found = async |sql: &'static str| {
            sqlx::raw_sql(sql).execute(&store.database.pool).await.unwrap();
            store.check().await.unwrap().findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(found("UPDATE credit SET status = 'not_held' WHERE lesson = 's1-20190902' AND school = 'oak'").await,
            ["credits_differ"]);
        store.rebuild().await.unwrap();
        store.settle(later()).await.unwrap();
        assert_eq!(found("UPDATE lesson SET decision = replace(decision, '\"held\"', '\"not_held\"') \
            WHERE id = 's1-20190902'").await, ["decision_differs"]);
        store.rebuild().await.unwrap();
        store.settle(later()).await.unwrap();
        assert_eq!(found("UPDATE current SET entry = 'e2' WHERE thing = 'lake'").await, ["current_differs"]);
        store.rebuild().await.unwrap();
        store.settle(later()).await.unwrap();
        assert_eq!(found("DELETE FROM place WHERE school = 'oak'").await.first(), Some(&"school_unknown"));
        store.rebuild().await.unwrap();
        store.settle(later()).await.unwrap();
        assert_eq!(found("UPDATE counter SET value = value + 1 WHERE name = 'fact'").await, ["rows_missing"]);
    }

    async fn lists_go_on_behind_a_lesson_and_keep_to_what_is_asked(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::fill(&store).await;
        store.settle(minutes_after(start(2), 45)).await.unwrap();
        for school in [None, Some("oak".parse().unwrap())] {
            let filter = LessonFilter { school, ..LessonFilter::default() };
            let first = store.lessons(&filter, None, 3).await.unwrap();
            let rest = store.lessons(&filter, Some(&first[2].cursor()), 3).await.unwrap();
            let ids: Vec<String> = first.iter().chain(&rest).map(|lesson| lesson.session.id.to_string()).collect();
            assert_eq!(ids, [FIRST, "s1-20190909", "s1-20190916", "s1-20190923"]);
        }
        let none = LessonFilter::default;
        let asked = [
            (LessonFilter { statuses: vec![Status::Held, Status::Undecided], ..none() }, 1),
            (LessonFilter { region: Some("yongjia".parse().unwrap()), ..none() }, 4),
            (LessonFilter { region: Some("kaihua".parse().unwrap()), ..none() }, 0),
            (LessonFilter { pair: Some("p1".parse().unwrap()), term: Some("2019-1".parse().unwrap()), ..none() }, 4),
            (LessonFilter { school: Some("lake".parse().unwrap()), statuses: vec![Status::Planned], ..none() }, 3),
            (LessonFilter { slot: Some("s2".parse().unwrap()), ..none() }, 0),
            (LessonFilter { from_us: Some(start(9)), until_us: Some(start(23)), ..none() }, 2),
        ];
        for (filter, count) in asked {
            assert_eq!(store.lessons(&filter, None, 100).await.unwrap().len(), count, "{filter:?}");
        }
    }

    async fn a_mark_that_was_read_is_not_removed_when_something_came_since(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let facts = held(FIRST, start(2), 40);
        store.keep_facts(&facts[..10], start(3)).await.unwrap();
        let read = sqlx::query("SELECT * FROM dirty").fetch_all(&store.database.pool).await.unwrap();
        let marks: Vec<Mark> = read.iter().map(|row| Mark::read(row).unwrap()).collect();
        store.keep_facts(&facts[10..], start(3)).await.unwrap();
        let mut writing = store.database.write().await.unwrap();
        assert!(remove(&mut writing, &marks).await.unwrap().is_empty());
        writing.commit().await.unwrap();
        assert_eq!(store.as_of().await.unwrap().unsettled, 1);
    }

    async fn facts_that_arrive_while_others_are_settled_are_settled_too(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::enrol(&store).await;
        store.keep_entries(&scene::entries(), start(1)).await.unwrap();
        let mut facts: Vec<_> = [2, 9, 16, 23].into_iter()
            .flat_map(|day| held(&format!("s1-201909{day:02}"), start(day), 40)).collect();
        let mut deliveries = Vec::new();
        for backwards in [false, true] {
            // Both deliver everything, in batches that touch all lessons in opposite orders.
            facts.sort_by_key(|said| said.fact.at_us % 1_000_003);
            if backwards {
                facts.reverse();
            }
            let (store, facts) = (store.clone(), facts.clone());
            deliveries.push(tokio::spawn(async move {
                for batch in facts.chunks(9) {
                    store.keep_facts(batch, start(30)).await.unwrap();
                }
            }));
        }
        while deliveries.iter().any(|delivery| !delivery.is_finished()) {
            store.settle(start(30)).await.unwrap();
        }
        for delivery in deliveries {
            delivery.await.unwrap();
        }
        store.settle(start(30)).await.unwrap();
        assert_eq!(counts(&tally(&store, "oak").await), [4, 0, 0, 0]);
        assert_eq!(store.check().await.unwrap().findings, []);
    }
}
