//! Progress: the store's numbers reach the rules as they are.

use super::scene::{BILIAN, Noted, Scene, over, pair, school, with};
use crate::answers::{Question, SettingUsed};
use crate::store::tests::databases::{Engine, on_both};
use jiff::civil::date;
use serde_json::json;
use tongke_pairing::count::Verdict::{Met, Short, Undecided};
use tongke_pairing::count::{Count, Verdict};
use tongke_pairing::inputs::Basis;
use tongke_pairing::period::Period;

/// 语文 17, 数学 17, 英语 1 (S003).
async fn bilian(scene: &Scene) {
    for (id, subject, from, count) in [
        ("b1", "语文", date(2019, 9, 16), 17),
        ("b2", "数学", date(2019, 10, 8), 17),
        ("b3", "英语", date(2019, 11, 4), 1),
    ] {
        scene.noted(&Noted { id, subject, from, ..BILIAN }, count).await;
    }
    scene.settle().await;
}

on_both! {
    async fn bilian_has_seventeen_seventeen_and_one(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        bilian(&scene).await;
        let year = over("2019");
        for school in ["bilian", "yingkeng"] {
            let answer = scene.answers().school_progress(school, &year).await.unwrap();
            assert_eq!((&*answer.progress.rules, answer.as_of.unsettled), ("2019/1", 0));
            let of = |id: &str| answer.progress.targets.iter().find(|it| it.target == id).unwrap().clone();
            assert_eq!((of("sync.subjects").verdict, of("sync.subjects").done), (Met, Count::exactly(3)));
            assert_eq!((of("sync.total").verdict, of("sync.total").done), (Met, Count::exactly(35)));
            let each = of("sync.each_subject");
            assert_eq!((each.verdict, each.short_by), (Short, Count::exactly(9)), "英语 has 1 of 10");
            let numbers = &answer.numbers;
            assert_eq!((numbers.lessons.held, numbers.figures[0].number, numbers.figures[4].number), (35, 35, 35 * 19));
        }
        let question = with(year, "per_subject", "required_number");
        let answer = scene.answers().school_progress("bilian", &question).await.unwrap();
        let each = answer.progress.targets.iter().find(|it| it.target == "sync.each_subject").unwrap();
        assert_eq!(each.verdict, Met, "17 and 17 are two subjects with ten");
        let used = SettingUsed { name: "per_subject".into(), value: "required_number".into(), asked: true, matters: true };
        assert!(answer.settings.contains(&used), "{:?}", answer.settings);
        assert!(answer.settings.iter().all(|it| it.asked == (it.name == "per_subject")), "{:?}", answer.settings);
    }

    async fn fenglins_twenty_six_over_two_subjects_stay_undecided(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        scene.report("pair:p9", "count:sync_class/语文+sync_class/数学", "2019", json!({"number": 26.0})).await;
        let question = Question { basis: Basis::Reported, ..over("2019") };
        for school in ["fenglin", "pankeng"] {
            let each = scene.target(school, &question, "sync.each_subject").await;
            assert_eq!((each.verdict, &*each.why.code), (Undecided, "split_unknown"));
            assert_eq!(each.short_by, Count::between(0, 9));
            assert_eq!(scene.target(school, &question, "sync.total").await.done, Count::exactly(26));
        }
        let counted = scene.target("fenglin", &over("2019"), "sync.total").await;
        assert_eq!((counted.verdict, counted.done), (Short, Count::exactly(0)), "the two are never mixed");
    }

    async fn thirty_lessons_and_twenty_trainings_are_ten_short_of_sixty(engine) {
        let scene = Scene::new(engine, date(2020, 12, 31)).await;
        scene.say(school("town", "yongjia", "wenzhou")).await;
        scene.say(school("hill", "yongjia", "wenzhou")).await;
        scene.say(pair("n1", "town", &["hill"], "2020-06-01")).await;
        scene.say(json!({"agreement": {"id": "a1", "pair": "n1", "signed": "2020-08-01",
            "forms": ["sync_class", "teacher_study"], "first": "2020-08-01", "last": "2023-07-31", "round": 1}})).await;
        for (id, form, subject, month, count) in [
            ("n1", "sync_class", "音乐", 9, 15), ("n2", "sync_class", "美术", 10, 15), ("n3", "teacher_study", "", 11, 20),
        ] {
            let schools = &["town", "hill"];
            let noted = Noted { id, pair: "n1", schools, form, subject, from: date(2020, month, 2) };
            scene.noted(&noted, count).await;
        }
        scene.settle().await;
        // Nobody says which period: the term that runs.
        let progress = scene.progress("hill", &Question::default()).await;
        assert_eq!((&progress.period, &*progress.rules), (&Period::Term("2020-1".parse().unwrap()), "2020/1"));
        let of = |id: &str| progress.targets.iter().find(|it| it.target == id).unwrap();
        for target in ["sync.subjects", "sync.each_subject", "sync.total", "study"] {
            assert_eq!(of(target).verdict, Met, "{target}");
        }
        let all = of("all_forms");
        assert_eq!((all.verdict, all.done, all.short_by), (Short, Count::exactly(50), Count::exactly(10)));
        assert_eq!((&all.counted_over, all.weeks_left), (&Period::Year(2020), 1));
        // Ten more in January belong to the term, and not to the year.
        let late = Noted { id: "n4", pair: "n1", schools: &["town", "hill"], form: "sync_class", subject: "音乐",
            from: date(2021, 1, 4) };
        scene.noted(&late, 10).await;
        scene.is_on(date(2021, 1, 20));
        scene.settle().await;
        assert_eq!(scene.target("hill", &over("2020-1"), "all_forms").await.verdict, Short);
        let autumn = with(over("2020-1"), "grand_total", "autumn_term");
        let all = scene.target("hill", &autumn, "all_forms").await;
        assert_eq!((all.verdict, all.done), (Met, Count::exactly(60)));
    }

    async fn a_lesson_that_becomes_disputed_lowers_progress_in_the_next_answer(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        scene.noted(&BILIAN, 20).await;
        scene.settle().await;
        let total = async || {
            let it = scene.target("yingkeng", &over("2019"), "sync.total").await;
            (it.verdict, it.done, it.open)
        };
        assert_eq!(total().await, (Met, Count::exactly(20), 0));
        let before = scene.answers().status().await.unwrap();
        scene.say(json!({"dispute": {"lesson": "b-3", "why": "nobody was there"}})).await;
        let status = scene.answers().status().await.unwrap();
        assert_eq!((status.entry, status.unsettled), (before.entry + 1, 1), "it is said that it is not in yet");
        scene.settle().await;
        assert_eq!(total().await, (Undecided, Count::between(19, 20), 1));
        scene.say(json!({"ruling": {"lesson": "b-3", "held": false}})).await;
        scene.settle().await;
        assert_eq!(total().await, (Short, Count::exactly(19), 0));
    }

    async fn what_the_timetable_has_is_forecast(engine) {
        let scene = Scene::new(engine, date(2020, 9, 14)).await;
        for (id, weekday, subject) in [("s1", 1, "音乐"), ("s2", 3, "美术")] {
            scene.say(json!({"slot": {"id": id, "pair": "p10", "form": "sync_class", "term": "2020-1",
                "when": {"weekly": {"weekday": weekday}}, "start": "09:00:00", "end": "09:40:00", "subject": subject}})).await;
        }
        scene.settle().await;
        let total = scene.target("yingkeng", &over("2020-1"), "sync.total").await;
        // Of 20 Mondays and 21 Wednesdays two each are over, without anybody who saw them.
        assert_eq!((total.verdict, total.planned, total.open), (Short, 37, 4));
        assert_eq!((total.short_by, total.weeks_left), (Count::between(26, 30), 19));
        assert_eq!((total.forecast.verdict, total.forecast.short_by), (Met, Count::exactly(0)));
        assert_eq!(total.forecast.needed_per_week, Some(30.0 / 19.0));
    }

    async fn one_of_three_forms_may_be_reached_by_the_whole_county(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        scene.say(json!({"commitment": {"school": "yingkeng", "year": 2019, "forms": ["master_observation"]}})).await;
        let watched = Noted { id: "m", pair: "p9", schools: &["fenglin", "pankeng"], form: "master_observation",
            subject: "", from: date(2019, 10, 1) };
        scene.noted(&watched, 6).await;
        scene.settle().await;
        let choice = async |question: Question| {
            let progress = scene.progress("yingkeng", &question).await;
            (progress.choices[0].verdict, progress.choices[0].settings.clone())
        };
        let (verdict, settings) = choice(over("2019")).await;
        assert_eq!(verdict, Short);
        let other = settings.iter().find(|it| it.name == "master_observation").unwrap();
        assert_eq!((&*other.otherwise[0].value, &*other.otherwise[0].result), ("regional", "met"), "6 at each of two schools");
        assert_eq!(choice(with(over("2019"), "master_observation", "regional")).await.0, Met);
    }

    async fn a_regions_schools_are_listed_page_by_page(engine) {
        let scene = Scene::new(engine, date(2019, 12, 31)).await;
        bilian(&scene).await;
        let (mut seen, mut behind) = (Vec::new(), None);
        loop {
            let page = scene.answers().region_progress("wenzhou", &over("2019"), behind.as_ref(), 7).await.unwrap();
            assert!(page.items.len() <= 7 && page.schools == 20);
            seen.extend(page.items.into_iter().map(|it| (it.progress.school.to_string(), it.name)));
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((seen.len(), &sorted), (20, &seen));
        assert_eq!(seen[0], ("bilian".to_owned(), "永嘉县碧莲镇中心小学".to_owned()));
    }

    async fn the_rule_set_is_the_one_of_the_periods_first_day_or_the_one_that_is_named(engine) {
        let scene = Scene::new(engine, date(2021, 3, 1)).await;
        let table = [(over("2019"), "2019/1"), (over("2020-1"), "2020/1"),
            (Question { rules: Some("2020".into()), ..Question::default() }, "2020/1"),
            (Question { rules: Some("2019".into()), ..over("2020") }, "2019/1")];
        for (question, label) in table {
            assert_eq!(scene.progress("bilian", &question).await.rules, label, "{question:?}");
        }
        let old: Vec<Verdict> = scene.progress("bilian", &Question { rules: Some("2019".into()), ..over("2020") }).await
            .targets.iter().map(|it| it.verdict).collect();
        assert!(old.iter().all(|it| *it == Verdict::NotOwed), "the set of 2019 asks nothing of 2020");
    }
}
