//! Facts and entries: once, in order, never changed.

use super::databases::{Engine, Fresh, on_both};
use crate::store::{IncomingFact, Kept};
use std::collections::BTreeSet;
use tongke_pairing::entry::{Dispute, Entry, Says};
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_protocol::{LessonId, WallTime};

const NOON: WallTime = WallTime(1_575_000_000_000_000);

pub(super) fn fact(id: &str, lesson: &str, at_us: u64) -> IncomingFact {
    let what = FactKind::Locked { locked: true };
    let fact = LessonFact { id: id.to_owned(), lesson: lesson.parse().unwrap(), at_us, what };
    let body = serde_json::to_string(&fact).unwrap();
    IncomingFact { author: "relay-1".parse().unwrap(), fact, body, proof: "h..s".to_owned() }
}

pub(super) fn dispute(id: &str, lesson: &str, at_us: u64) -> Entry {
    let says = Says::Dispute(Dispute { lesson: lesson.parse().unwrap(), why: "nobody came".to_owned() });
    Entry {
        id: id.to_owned(),
        at_us: WallTime(at_us),
        author: "adviser-1".to_owned(),
        reason: String::new(),
        says,
    }
}

on_both! {
    async fn a_fact_is_kept_once_and_another_one_under_its_id_is_kept_out(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        let (first, second) = (fact("r-1", "math", 5), fact("r-2", "math", 4));
        let batch = [first.clone(), second.clone(), first.clone(), fact("r-2", "math", 9)];
        let kept = store.keep_facts(&batch, NOON).await.unwrap();
        assert_eq!(kept, [Kept::New, Kept::New, Kept::Known, Kept::Conflict]);
        let mut foreign = second.clone();
        foreign.author = "relay-2".parse().unwrap();
        let again = store.keep_facts(&[fact("r-1", "art", 5), first.clone(), foreign], WallTime(0)).await.unwrap();
        assert_eq!(again, [Kept::Conflict, Kept::Known, Kept::Conflict]);
        let lesson: LessonId = "math".parse().unwrap();
        let stored = store.facts_of(&lesson).await.unwrap();
        let seen: Vec<_> = stored.iter().map(|fact| (fact.seq, &fact.said, fact.received_us)).collect();
        assert_eq!(seen, [(1, &first, NOON), (2, &second, NOON)]);
        assert_eq!(store.fact("r-2").await.unwrap().unwrap().said, second);
        assert_eq!(store.fact("r-3").await.unwrap(), None);
    }

    async fn batches_that_arrive_at_once_and_overlap_leave_every_fact_once(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        let batches = (0..8_usize).map(|batch| {
            let store = store.clone();
            tokio::spawn(async move {
                // Every fact comes in two of the batches, in the opposite order.
                let numbers = (0..700).map(|n| (batch / 2) * 700 + if batch % 2 == 0 { n } else { 699 - n });
                let facts: Vec<_> = numbers.map(|n| fact(&format!("r-{n}"), &format!("l{}", n % 7), 1)).collect();
                store.keep_facts(&facts, NOON).await.unwrap()
            })
        });
        let mut new = 0;
        for answers in batches.collect::<Vec<_>>() {
            let answers = answers.await.unwrap();
            assert!(answers.iter().all(|kept| *kept != Kept::Conflict));
            new += answers.iter().filter(|kept| **kept == Kept::New).count();
        }
        assert_eq!(new, 2800);
        let mut seqs = BTreeSet::new();
        for lesson in 0..7 {
            let lesson: LessonId = format!("l{lesson}").parse().unwrap();
            seqs.extend(store.facts_of(&lesson).await.unwrap().iter().map(|fact| fact.seq));
        }
        assert_eq!(seqs, (1..=2800).collect(), "numbered without gaps");
    }

    async fn of_entries_about_a_thing_the_latest_said_is_the_last_however_they_arrive(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        let (late, early) = (dispute("b", "math", 9), dispute("c", "math", 3));
        let same_time = dispute("B", "math", 9);
        let kept = store.keep_entries(&[late.clone(), early.clone(), same_time.clone()], NOON).await.unwrap();
        assert_eq!(kept, [Kept::New; 3]);
        let again = store.keep_entries(&[late.clone(), dispute("b", "art", 9)], NOON).await.unwrap();
        assert_eq!(again, [Kept::Known, Kept::Conflict]);
        let about = store.entries_about(&late.says.thing()).await.unwrap();
        let order: Vec<&str> = about.iter().map(|stored| stored.entry.id.as_str()).collect();
        assert_eq!(order, ["c", "B", "b"], "by moment, then by the bytes of the id");
        let (current,): (String,) = sqlx::query_as("SELECT entry FROM current").fetch_one(&store.database.pool).await.unwrap();
        assert_eq!(current, "b");
        let lesson: LessonId = "math".parse().unwrap();
        assert_eq!(store.entries_of(&lesson).await.unwrap().len(), 3);
        assert_eq!(store.entries_after(1, 1).await.unwrap()[0].entry, early);
    }

    async fn what_was_said_cannot_be_changed_even_by_hand(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        store.keep_facts(&[fact("r-1", "math", 5)], NOON).await.unwrap();
        store.keep_entries(&[dispute("e", "math", 9)], NOON).await.unwrap();
        for sql in ["DELETE FROM fact", "UPDATE fact SET body = ''", "DELETE FROM entry", "UPDATE entry SET at_us = 1"] {
            let refused = sqlx::raw_sql(sql).execute(&store.database.pool).await.unwrap_err().to_string();
            assert!(refused.contains("only added"), "{refused}");
        }
    }
}

#[tokio::test]
async fn on_postgres_too_only_one_writes_at_a_time_whichever_process_it_is_in() {
    let (fresh, store) = Fresh::opened(Engine::Postgres).await;
    let elsewhere = fresh.open().await;
    let is_free = async || {
        let sql = "SELECT pg_try_advisory_xact_lock(7238150731)";
        let (free,): (bool,) = sqlx::query_as(sql).fetch_one(&elsewhere.database.pool).await.unwrap();
        free
    };
    let writing = store.database.write().await.unwrap();
    assert!(!is_free().await);
    writing.commit().await.unwrap();
    assert!(is_free().await);
}
