//! Score sheets, duties, monthly reports, and what is counted by.

use super::scene::{BILIAN, Noted, Scene, id, over, pair, with};
use crate::answers::Question;
use crate::store::tests::databases::{Engine, on_both};
use jiff::civil::date;
use serde_json::json;
use tongke_pairing::count::Verdict;
use tongke_pairing::inputs::Level;
use tongke_pairing::points::{PointRange, Points};
use tongke_pairing::rubric::{Evidence, ItemScore, Sheet};

fn points(points: f64) -> PointRange {
    PointRange::exactly(points.into())
}

fn item<'a>(sheet: &'a Sheet, id: &str) -> &'a ItemScore {
    sheet.items.iter().find(|it| it.id == id).unwrap()
}

on_both! {
    async fn each_lost_point_names_its_school_its_rule_and_its_evidence(engine) {
        let scene = Scene::new(engine, date(2020, 1, 1)).await;
        for (id, subject, from) in [("b1", "语文", date(2019, 9, 16)), ("b2", "数学", date(2019, 10, 8))] {
            scene.noted(&Noted { id, subject, from, ..BILIAN }, 10).await;
        }
        scene.say(pair("early", "bilian", &["yingkeng"], "2019-03-01")).await;
        scene.report("school:bilian", "space_open", "2019", json!({"day": "2019-06-30"})).await;
        scene.report("region:yongjia", "satisfaction_pupils", "2019", json!({"number": 0.85})).await;
        scene.settle().await;
        let answer = scene.answers().score("yongjia", None, &over("2019")).await.unwrap();
        let sheet = &answer.sheet;
        assert_eq!((sheet.region.level, sheet.schools, sheet.is_final), (Level::County, 20, true));
        let full: Points = sheet.parts.iter().map(|part| part.full).sum();
        assert_eq!((f64::from(full), f64::from(sheet.unknown)), (200.0, 5.0), "A1 lacks five points");
        let total = item(sheet, "A3.1c");
        assert_eq!(total.losses.len(), 18, "all but 碧莲 and 应坑");
        let loss = &total.losses[0];
        assert_eq!((loss.school.clone(), &*loss.rule), (Some(id("chengxi")), "A3.1c"));
        assert!(matches!(&loss.evidence[0], Evidence::Lessons { need: 20, done, .. } if done.at_most == 0), "{loss:?}");
        assert_eq!(answer.names[&id("chengxi")], "永嘉县上塘城西小学");
        // Only who was paired by the end of June could be late; 碧莲 was not.
        let late: Vec<_> = item(sheet, "A2.2").losses.iter().map(|it| it.school.clone()).collect();
        assert_eq!(late, [Some(id("yingkeng"))]);
        assert_eq!(item(sheet, "B1.1").points, points(9.5), "five points below 90 %");
        let city = scene.answers().score("wenzhou", Some(Level::City), &over("2019")).await.unwrap().sheet;
        assert_eq!(item(&city, "A3.1c").points, points(8.2), "18 times 0.1");
        let floorless = with(over("2019"), "floor", "none");
        let below = scene.answers().score("yongjia", None, &floorless).await.unwrap();
        assert_eq!(item(&below.sheet, "A3.1c").points, points(-8.0));
        let floor = below.settings.iter().find(|it| it.name == "floor").unwrap();
        assert_eq!((&*floor.value, floor.asked, floor.matters), ("none", true, true));
    }

    async fn a_citys_sheet_sees_figures_of_its_counties(engine) {
        let scene = Scene::new(engine, date(2020, 1, 1)).await;
        scene.report("region:wenzhou", "experiment_zone", "2019", json!({"flag": false})).await;
        scene.report("region:yongjia", "experiment_zone", "2019", json!({"flag": true})).await;
        let sheet = scene.answers().score("wenzhou", None, &over("2019")).await.unwrap().sheet;
        assert_eq!(item(&sheet, "B3").points, points(18.0));
        let sheet = scene.answers().score("yongjia", None, &over("2019")).await.unwrap().sheet;
        assert_eq!(item(&sheet, "B3").points, points(20.0));
    }

    async fn what_is_late_comes_first_among_duties(engine) {
        let scene = Scene::new(engine, date(2020, 1, 1)).await;
        scene.report("school:daao", "space_open", "2019", json!({"day": "2019-07-01"})).await;
        scene.report("school:bilian", "space_open", "2019", json!({"day": "2019-06-30"})).await;
        let answer = scene.answers().duties("yongjia", &over("2019")).await.unwrap();
        assert_eq!((&*answer.duties[0].of, &*answer.duties[0].duty), ("school:daao", "space"));
        let of = |what: &str| answer.duties.iter().find(|it| it.duty == "space" && it.of == what).unwrap().verdict;
        assert_eq!((of("school:bilian"), of("school:yingkeng")), (Verdict::Met, Verdict::Undecided));
        let names: Vec<&str> = answer.settings.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["county_cases", "november_task"]);
        // Terms of other counties are no matter of this one.
        scene.say(json!({"term": {"id": "other", "name": "other", "region": "pingyang",
            "first": "2019-09-01", "last": "2020-01-10"}})).await;
        let again = scene.answers().duties("yongjia", &over("2019")).await.unwrap();
        assert_eq!(again.duties, answer.duties);
    }

    async fn published_totals_of_november_stand_beside_ours(engine) {
        let scene = Scene::new(engine, date(2020, 1, 1)).await;
        for (what, number) in [("total:sync_class", 668.0), ("total:teacher_study", 385.0), ("completion_rate", 1.2)] {
            scene.report("region:yongjia", what, "2019", json!({"number": number})).await;
        }
        scene.noted(&Noted { from: date(2019, 10, 28), ..BILIAN }, 7).await;
        scene.noted(&Noted { id: "december", from: date(2019, 12, 2), ..BILIAN }, 5).await;
        scene.settle().await;
        let answer = scene.answers().monthly("yongjia", "2019-11", &Question::default()).await.unwrap();
        let report = &answer.report;
        assert_eq!((&*report.month, report.as_of, &*report.rules), ("2019-11", date(2019, 11, 30), "2019/1"));
        assert_eq!((report.in_month[0].distinct_lessons, report.so_far[0].distinct_lessons), (3, 7), "December is not yet");
        let so_far = &report.so_far[0];
        assert_eq!((so_far.school_credited, so_far.person_times, so_far.classes), (14, 14 * 19, 2));
        let published: Vec<_> = report.published.iter().map(|it| (&*it.what, it.published, &*it.source)).collect();
        assert_eq!(published, [("total:sync_class", 668.0, "S003"), ("total:teacher_study", 385.0, "S003"),
            ("completion_rate", 1.2, "S003")]);
        let ours: Vec<_> = report.published[0].ours.iter().map(|it| (&*it.definition, it.value)).collect();
        assert_eq!(ours, [("distinct_lessons", 7.0), ("school_credited", 14.0)]);
        assert!(report.published[2].same_by.is_empty(), "120 % cannot be reproduced");
        let december = scene.answers().monthly("yongjia", "2019-12", &Question::default()).await.unwrap();
        assert_eq!((december.report.in_month[0].distinct_lessons, december.report.so_far[0].distinct_lessons), (5, 12));
        let city = scene.answers().monthly("wenzhou", "2019-11", &Question::default()).await.unwrap();
        assert_eq!(city.report.schools.all(), 20);
    }

    async fn a_month_of_2020_is_summed_up_by_its_term(engine) {
        let scene = Scene::new(engine, date(2020, 10, 5)).await;
        scene.noted(&Noted { from: date(2020, 9, 28), ..BILIAN }, 6).await;
        scene.settle().await;
        let answer = scene.answers().monthly("yongjia", "2020-10", &Question::default()).await.unwrap();
        assert_eq!((answer.report.as_of, answer.report.period.key()), (date(2020, 10, 5), "2020-1".to_owned()));
        assert_eq!((answer.report.in_month[0].distinct_lessons, answer.report.so_far[0].distinct_lessons), (3, 6));
        // January is the end of a term that began by the rules of the year before.
        let january = scene.answers().monthly("yongjia", "2020-01", &Question::default()).await.unwrap().report;
        assert_eq!((&*january.rules, january.period.key(), january.finished.at_least), ("2020/1", "2019-1".to_owned(), 20));
    }

    async fn rule_sets_and_policies_are_told_with_their_choices(engine) {
        let scene = Scene::new(engine, date(2019, 12, 1)).await;
        let sets = scene.answers().rule_sets();
        assert_eq!(sets.items.iter().map(|it| (&*it.name, it.has_score_sheet)).collect::<Vec<_>>(), [("2019", true), ("2020", false)]);
        assert_eq!(sets.today.as_deref(), Some("2019"));
        let setting = sets.items[0].settings.iter().find(|it| it.name == "per_subject").unwrap();
        assert_eq!((&*setting.value, &setting.choices[..]), ("every_opened", &["every_opened".to_owned(), "required_number".to_owned()][..]));
        assert_eq!(scene.answers().rule_set("2020").unwrap().name, "2020");
        let policies = scene.answers().policies();
        assert_eq!(policies.items.iter().map(|it| it.title()).collect::<Vec<_>>(), ["tongke 1"]);
    }
}
