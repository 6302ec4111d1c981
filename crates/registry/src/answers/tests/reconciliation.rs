//! An imported 大课表 beside what is known here.

use super::scene::{BILIAN, Noted, Scene};
use crate::answers::LedgerQuestion;
use crate::store::tests::databases::{Engine, on_both};
use jiff::civil::date;
use serde_json::{Value, json};
use tongke_pairing::count::Count;
use tongke_pairing::inputs::Level;
use tongke_pairing::reconcile::Kind;

fn row(ledger: &str, number: u32, day: &str, subject: &str) -> Value {
    json!({"ledger_row": {"ledger": ledger, "row": number, "supporting": "碧莲镇中心小学", "receiving": ["应坑小学"],
        "day": day, "start": "09:00:00", "subject": subject, "form": "sync_class", "lessons": 1}})
}

fn of(ledger: &str) -> LedgerQuestion {
    LedgerQuestion { ledger: ledger.into(), ..LedgerQuestion::default() }
}

/// Lessons of 16 to 19 September; the ledger has the first, the second as 数学, and one of the 24th.
async fn ledger(scene: &Scene) {
    scene.noted(&BILIAN, 4).await;
    scene
        .noted(
            &Noted {
                id: "f",
                pair: "p9",
                schools: &["fenglin", "pankeng"],
                from: date(2019, 9, 17),
                ..BILIAN
            },
            1,
        )
        .await;
    for (number, day, subject) in
        [(1, "2019-09-16", "语文"), (2, "2019-09-17", "数学"), (10, "2019-09-24", "语文")]
    {
        scene.say(row("2019", number, day, subject)).await;
    }
    scene.say(row("2019/autumn", 1, "2019-09-16", "语文")).await;
    scene.settle().await;
}

on_both! {
    async fn both_ledgers_stand_side_by_side_and_a_person_settles(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        ledger(&scene).await;
        let answer = scene.answers().reconciliation(&of("2019")).await.unwrap();
        assert_eq!((answer.region.id.as_str(), answer.region.level), ("yongjia", Level::County));
        assert_eq!(answer.reconciled.span, (date(2019, 9, 16), date(2019, 9, 24)));
        assert_eq!(answer.rows.keys().copied().collect::<Vec<_>>(), [1, 2, 10], "not the other import's");
        let kinds = |of: &crate::answers::Reconciliation| of.reconciled.lines.iter().map(|it| it.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&answer), [Kind::Matched, Kind::Differing, Kind::OnlyThere, Kind::OnlyHere, Kind::OnlyHere, Kind::OnlyHere]);
        assert_eq!(answer.reconciled.lines[1].differs[0].field, "subject");
        let sums = answer.reconciled.sums;
        assert_eq!((sums.lessons_here, sums.lessons_there, sums.unsettled), (5, 3, 5));
        for line in &answer.reconciled.lines[1..] {
            scene.say(json!({"settlement": {"about": line.about, "right": "here"}})).await;
        }
        let settled = scene.answers().reconciliation(&of("2019")).await.unwrap().reconciled;
        assert_eq!((settled.sums.unsettled, settled.sums.lessons_agreed, settled.stale.len()), (0, Count::exactly(5), 0));
        let who = settled.lines[1].settled.as_ref().unwrap();
        assert_eq!((&*who.author, &*who.reason), ("clerk", "a test"));
        // What was settled about lessons alone is no matter of another time.
        let short = LedgerQuestion { from: Some(date(2019, 9, 16)), until: Some(date(2019, 9, 16)), ..of("2019") };
        let first = scene.answers().reconciliation(&short).await.unwrap().reconciled;
        assert_eq!((first.sums.matched, first.sums.lessons_here), (1, 1));
        assert!(first.stale.iter().all(|it| it.about.row.is_some()), "{:?}", first.stale);
        let about = serde_json::to_value(&settled.lines[1].about).unwrap();
        scene.say(json!({"settlement": {"about": about, "right": "there"}})).await;
        let again = scene.answers().reconciliation(&of("2019")).await.unwrap().reconciled;
        assert_eq!(again.lines[1].settled.as_ref().unwrap().before.len(), 1, "what was decided before stays with it");
    }

    async fn imports_are_known_by_the_lines_that_stand(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        ledger(&scene).await;
        scene.say(row("gone", 1, "2019-09-16", "语文")).await;
        scene.say(json!({"withdrawn": {"kind": "ledger_row", "key": "gone/1"}})).await;
        scene.say(json!({"withdrawn": {"kind": "ledger_row", "key": "2019/10"}})).await;
        assert_eq!(scene.store.reading().await.unwrap().ledgers(20).await.unwrap(), ["2019", "2019/autumn"]);
        assert_eq!(scene.store.reading().await.unwrap().ledgers(1).await.unwrap(), ["2019"]);
        assert_eq!(scene.store.reading().await.unwrap().ledger_rows("2019").await.unwrap().len(), 2);
    }

    async fn a_region_that_is_named_is_the_one_that_is_compared(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        ledger(&scene).await;
        let city = LedgerQuestion { region: Some("wenzhou".into()), ..of("2019") };
        let answer = scene.answers().reconciliation(&city).await.unwrap();
        assert_eq!((answer.region.level, answer.reconciled.sums.lessons_here), (Level::City, 5));
    }
}
