//! What is read for one answer stood there at one moment.

use super::databases::{Engine, Fresh, on_both};
use super::scene::{self, FIRST, entry, minutes_after, school, start};
use crate::store::{LessonFilter, Reading, TallyFilter};
use serde_json::json;

/// All that is counted and listed, as text.
async fn everything(reading: &mut Reading) -> String {
    let (all, lessons) = (TallyFilter::default(), LessonFilter::default());
    let counted = (reading.tallies(&all).await.unwrap(), reading.sums(&all).await.unwrap());
    let rows = (reading.totals(&all).await.unwrap(), reading.credit_rows(&all).await.unwrap());
    let reported = reading.reported(&["school:oak".to_owned()]).await.unwrap();
    let listed = (reading.lessons(&lessons, None, 100).await.unwrap(), reading.ledgers(9).await.unwrap());
    let ledger = (reading.ledger_rows("autumn").await.unwrap(), reading.settlements("autumn").await.unwrap());
    format!("{counted:#?} {rows:#?} {reported:#?} {listed:#?} {ledger:#?} {:#?}", reading.as_of())
}

on_both! {
    async fn nothing_that_is_said_or_worked_out_meanwhile_is_in_it(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::fill(&store).await;
        let after = minutes_after(start(2), 45);
        store.settle(after).await.unwrap();
        let mut undisturbed = store.reading().await.unwrap();
        let before = everything(&mut undisturbed).await;
        undisturbed.end().await.unwrap();

        let mut reading = store.reading().await.unwrap();
        let says = [
            school("elm", "yongjia"),
            json!({"session": {"id": FIRST, "purpose": {"help": "sync_class"}, "pair": "p1", "supporting": "lake",
                "receiving": ["oak"], "start_us": start(2), "end_us": minutes_after(start(2), 40), "slot": "s1",
                "cancelled": "snow"}}),
            json!({"reported": {"of": "school:oak", "what": "total:sync_class", "period": "2019",
                "value": {"number": 7.0}, "source": "S003"}}),
            json!({"ledger_row": {"ledger": "autumn", "row": 1, "supporting": "lake", "receiving": ["oak"],
                "lessons": 1}}),
            json!({"settlement": {"about": {"row": ["autumn", 1]}, "right": "here"}}),
        ];
        let entries: Vec<_> = says.into_iter().enumerate().map(|(n, says)| entry(&format!("m{n}"), 2, says)).collect();
        store.keep_entries(&entries, after).await.unwrap();
        store.settle(after).await.unwrap();
        assert_eq!(store.book().await.unwrap().schools().count(), 3);
        assert_eq!(everything(&mut reading).await, before);
        assert_eq!(reading.book().schools().count(), 2);
        reading.end().await.unwrap();

        let mut reading = store.reading().await.unwrap();
        let now = everything(&mut reading).await;
        for new in ["snow", "S003", "autumn", "Settlement"] {
            assert!(now.contains(new) && !before.contains(new), "{new}: {now}");
        }
    }

    async fn the_book_reaches_as_far_as_the_counts(engine) {
        const SCHOOLS: u64 = 60;
        let (_fresh, store) = Fresh::opened(engine).await;
        let other = store.clone();
        let says = tokio::spawn(async move {
            for n in 1..=SCHOOLS {
                let said = entry(&format!("e{n}"), n, school(&format!("s{n}"), "yongjia"));
                other.keep_entries(&[said], start(1)).await.unwrap();
                // Whoever asks for it meanwhile reads it on.
                other.book().await.unwrap();
            }
        });
        loop {
            let (one, another) = tokio::join!(store.reading(), store.reading());
            for reading in [one.unwrap(), another.unwrap()] {
                assert_eq!(reading.book().schools().count() as u64, reading.as_of().entry);
            }
            if store.as_of().await.unwrap().entry == SCHOOLS {
                break;
            }
        }
        says.await.unwrap();
    }
}
