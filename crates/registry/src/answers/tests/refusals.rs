//! Questions that cannot be answered: each says what could be asked.

use super::scene::{Scene, over, with};
use crate::answers::{AnswerError, LedgerQuestion, Question, Refusal, RefusalKind};
use crate::store::tests::databases::{Engine, on_both};
use jiff::civil::{Date, date};
use serde_json::json;
use tongke_pairing::inputs::Level;

fn refused<T: std::fmt::Debug>(answer: Result<T, AnswerError>) -> Refusal {
    match answer {
        Err(AnswerError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn of_a_school(engine) {
        let scene = Scene::new(engine, date(2020, 12, 1)).await;
        let table = [
            ("nowhere", over("2020-1"), "school_unknown", "look its id up"),
            ("瓯北二小", over("2020-1"), "school_unknown", "oubei-2 (永嘉县瓯北第二小学)"),
            ("'; DROP TABLE entry", over("2020-1"), "school_unknown", "look its id up"),
            ("bilian", over("1999"), "period_unknown", "2020-1, 2019-1"),
            ("bilian", over("2031-2"), "period_unknown", "2020-1, 2019-1"),
            ("bilian", over(""), "period_unknown", "2020-1, 2019-1"),
            ("bilian", over("2018"), "rules_none", "2019, 2020"),
            ("bilian", Question { rules: Some("2024".into()), ..over("2020-1") }, "rules_unknown", "2019, 2020"),
            ("bilian", over("2020"), "period_account", "2020-1"),
            ("bilian", over("2019-1"), "period_account", "period=2019"),
            ("bilian", with(over("2020-1"), "per_lesson", "x"), "setting_unknown", "per_subject"),
            ("bilian", with(over("2020-1"), "per_subject", "x"), "setting_value", "every_opened, required_number"),
            ("bilian", with(over("2020-1"), "region_ratio", "80"), "setting_value", "a share from 0 to 1"),
        ];
        for (school, question, code, hint) in table {
            let refusal = refused(scene.answers().school_progress(school, &question).await);
            assert_eq!(refusal.code, code, "{school} {question:?}");
            assert!(refusal.hint.contains(hint), "{refusal:?}");
            let is_unknown = code.ends_with("_unknown") && code != "setting_unknown" || code == "rules_none";
            assert_eq!(refusal.kind == RefusalKind::Unknown, is_unknown, "{code}");
        }
        scene.is_on(date(2019, 8, 1));
        let early = Question { rules: Some("2020".into()), ..Question::default() };
        assert_eq!(refused(scene.answers().school_progress("bilian", &early).await).code, "period_missing");
    }

    async fn of_a_region(engine) {
        let scene = Scene::new(engine, date(2020, 12, 1)).await;
        let answers = scene.answers();
        let unknown = refused(answers.overview("atlantis", &Question::default()).await);
        assert_eq!((unknown.code, &*unknown.hint), ("region_unknown", "schools lie in: wenzhou, yongjia, zhejiang"));
        assert_eq!(refused(answers.duties("atlantis", &over("2019")).await).code, "region_unknown");
        let level = refused(answers.score("wenzhou", Some(Level::County), &over("2019")).await);
        assert_eq!((level.code, &*level.hint), ("region_level", "ask with level=city"));
        let province = refused(answers.score("zhejiang", None, &over("2019")).await);
        assert_eq!((province.code, &*province.hint), ("region_level", "ask for one of its cities or counties: wenzhou, yongjia"));
        let sheet = refused(answers.score("yongjia", None, &over("2020-1")).await);
        assert_eq!((sheet.code, &*sheet.hint), ("rules_without_sheet", "name a set that does with rules=NAME: 2019"));
        let named = Question { rules: Some("2020".into()), ..over("2020") };
        assert_eq!(refused(answers.overview("yongjia", &named).await).code, "period_account", "who names a set wants it");
        let month = async |month, rules: Option<&str>| {
            let question = Question { rules: rules.map(str::to_owned), ..Question::default() };
            refused(answers.monthly("yongjia", month, &question).await).code
        };
        for (text, code) in [("2020-13", "month_malformed"), ("november", "month_malformed"), ("2021-01", "month_to_come"),
            ("2018-11", "rules_none")]
        {
            assert_eq!(month(text, None).await, code, "{text}");
        }
        assert_eq!(month("2019-05", Some("2020")).await, "period_missing", "no term had begun");
        assert_eq!(answers.rule_set("2024").unwrap_err().code, "rules_unknown");
    }

    async fn of_an_import(engine) {
        let scene = Scene::new(engine, date(2020, 12, 1)).await;
        let row = |ledger: &str, receiving: &str, day: Option<&str>| json!({"ledger_row": {"ledger": ledger, "row": 1,
            "supporting": "碧莲镇中心小学", "receiving": [receiving], "day": day, "lessons": 1}});
        scene.say(row("dated", "应坑小学", Some("2019-09-16"))).await;
        scene.say(row("undated", "应坑小学", None)).await;
        scene.say(row("strange", "某小学", Some("2019-09-16"))).await;
        let ask = async |ledger: &str, from: Option<Date>, until: Option<Date>, region: Option<&str>| {
            let region = region.map(str::to_owned);
            let question = LedgerQuestion { ledger: ledger.into(), region, from, until };
            refused(scene.answers().reconciliation(&question).await)
        };
        let unknown = ask("none", None, None, None).await;
        assert_eq!((unknown.code, &*unknown.hint), ("ledger_unknown", "there are: dated, strange, undated"));
        assert_eq!(ask("undated", None, None, None).await.code, "span_missing");
        assert_eq!(ask("strange", None, None, None).await.code, "region_missing");
        assert_eq!(ask("dated", None, None, Some("atlantis")).await.code, "region_unknown");
        assert_eq!(ask("dated", Some(date(2019, 9, 17)), None, None).await.code, "span_backwards");
        assert_eq!(ask("dated", Some(date(2017, 9, 17)), None, None).await.code, "span_too_long");
    }
}
