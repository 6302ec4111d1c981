//! Reports: once, never changed, and a check that notices what is not as it came.

use super::databases::{Engine, Fresh, on_both};
use super::scene;
use crate::store::{Kept, ReportCard, ReportFilter, ReportPlace};
use serde_json::json;
use tongke_inspection::facts::Kind;
use tongke_inspection::signature::Report;
use tongke_inspection::{Criteria, Facts};
use tongke_protocol::WallTime;

const BEGAN: WallTime = WallTime(1_567_353_600_000_000);

pub(super) fn card(id: &str) -> ReportCard {
    ReportCard {
        id: id.to_owned(),
        kind: Kind::SelfTest,
        machine: "relay-1".parse().unwrap(),
        a: ReportPlace { node: "oak-1".to_owned(), school: Some("oak".parse().unwrap()) },
        b: None,
        began_us: BEGAN,
    }
}

/// A report as the relay of the scene signs it.
fn file(id: &str) -> String {
    let facts = json!({"version": 1, "id": id, "kind": "self_test", "asked_by": "x",
        "places": {"a": {"school": "oak", "node": "oak-1"}, "relay": "https://relay.example"},
        "time": {"began": "2019-09-01T16:00:00Z", "ended": "2019-09-01T16:01:00Z", "utc_offset_minutes": 480},
        "software": "tongke", "steps": [], "findings": []});
    let facts = Facts::parse(facts.to_string().as_bytes()).unwrap();
    Report { facts, criteria: Criteria::shipped().title }.sign("relay-1", scene::key()).unwrap()
}

on_both! {
    async fn a_report_stays_as_it_came(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::enrol(&store).await;
        let file = file("t-1");
        assert_eq!(store.keep_report(&card("t-1"), &file, WallTime(5)).await.unwrap(), Kept::New);
        assert_eq!(store.keep_report(&card("t-1"), &file, WallTime(6)).await.unwrap(), Kept::Known);
        assert_eq!(store.keep_report(&card("t-1"), "{}", WallTime(6)).await.unwrap(), Kept::Conflict);
        assert_eq!(store.report_file("t-1").await.unwrap(), Some(file));
        let kept = store.reports(&ReportFilter::default(), None, 9).await.unwrap();
        assert_eq!((kept.len(), &kept[0].card, kept[0].received_us), (1, &card("t-1"), WallTime(5)));
        for sql in ["DELETE FROM report", "UPDATE report SET file = '{}'"] {
            let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&store.database.pool).await.unwrap_err();
            assert!(refused.to_string().contains("only added"), "{refused}");
        }
        assert_eq!(store.check().await.unwrap().findings, []);
    }

    async fn a_check_notices_reports_that_are_not_what_they_were(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        scene::enrol(&store).await;
        let other = ReportPlace { node: "oak-2".to_owned(), school: None };
        let altered = file("t-2").replace("\"asked_by\":\"x\"", "\"asked_by\":\"y\"");
        let brought = [
            (card("t-1"), "no report".to_owned()),
            (card("t-2"), altered),
            (ReportCard { a: other, ..card("t-3") }, file("t-3")),
            (ReportCard { machine: "relay-2".parse().unwrap(), ..card("t-4") }, file("t-4")),
            (card("t-5"), file("t-5")),
        ];
        for (card, file) in &brought {
            assert_eq!(store.keep_report(card, file, WallTime(5)).await.unwrap(), Kept::New);
        }
        let findings = store.check().await.unwrap().findings;
        let found: Vec<(&str, &str)> = findings.iter().map(|it| (it.code, it.about.as_str())).collect();
        let expected = [("report_unreadable", "t-1"), ("report_unsigned", "t-2"), ("report_differs", "t-3"), ("report_unsigned", "t-4")];
        assert_eq!(found, expected);
    }
}
