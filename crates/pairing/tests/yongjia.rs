//! The ten pairs of a county's notice of 12 September 2019, and the names by which a report of that
//! December calls their schools. People are made up.

#![allow(clippy::unwrap_used, reason = "a test")]

use tongke_pairing::book::{Book, Named};
use tongke_pairing::check::check;
use tongke_pairing::entry::Entry;
use tongke_pairing::id::{RegionId, SchoolId};
use tongke_pairing::pair::Scope;

fn entries() -> Vec<Entry> {
    let lines = include_str!("../fixtures/yongjia-2019.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn id(id: &str) -> SchoolId {
    id.parse().unwrap()
}

fn school(number: usize, name: &str, county: &str) -> Entry {
    let says = serde_json::json!({"school": {"id": format!("other-{number}"), "name": name, "stage": "primary",
        "county": county, "city": "wenzhou", "province": "zhejiang"}});
    let entry = serde_json::json!({"id": format!("o{number}"), "at_us": 1, "author": "a", "says": says});
    serde_json::from_value(entry).unwrap()
}

#[test]
fn every_entry_of_the_notice_is_kept_without_a_warning() {
    let mut book = Book::default();
    for entry in entries() {
        assert_eq!(check(&book, &entry), Ok(Vec::new()), "{}", entry.id);
        assert!(book.apply(&entry));
    }
    assert_eq!((book.schools().count(), book.pairs().count()), (20, 10));
    assert!(book.pairs().all(|pair| book.scope(pair) == Some(Scope::County) && pair.adviser.is_some()));
}

#[test]
fn schools_are_found_by_the_names_of_the_report() {
    let book = Book::of(&entries());
    let names = [
        ("瓯北二小", "oubei-2"),
        ("大岙小学", "daao"),
        ("碧莲镇中心小学", "bilian"),
        ("应坑小学", "yingkeng"),
        ("枫林镇中心小学", "fenglin"),
        ("潘坑小学", "pankeng"),
        ("实验小学", "shiyan"),
        ("路口小学", "lukou"),
        // As others may write them.
        ("永嘉县瓯北第二小学", "oubei-2"),
        ("温州市永嘉县瓯北第二小学", "oubei-2"),
        (" 瓯北 第２小学\u{3000}", "oubei-2"),
        ("瓯北2小", "oubei-2"),
        ("桥下一小", "qiaoxia-1"),
        ("碧莲中心小学", "bilian"),
        ("上塘镇路口小学", "lukou"),
        ("外国语实验小学", "waiguoyu"),
        ("oubei-2", "oubei-2"),
    ];
    for (written, school) in names {
        assert_eq!(book.named(written, None), Named::One(id(school)), "{written}");
    }
}

#[test]
fn most_follow_from_the_full_names_alone() {
    let mut entries = entries();
    for entry in &mut entries {
        if let tongke_pairing::entry::Says::School(school) = &mut entry.says {
            school.aliases.clear();
        }
    }
    let book = Book::of(&entries);
    for (written, school) in [("瓯北二小", "oubei-2"), ("大岙小学", "daao"), ("实验小学", "shiyan")]
    {
        assert_eq!(book.named(written, None), Named::One(id(school)), "{written}");
    }
    // 上塘路口小学 does not say that 上塘 is a town: offered, never taken.
    assert_eq!(book.named("路口小学", None), Named::Unknown { like: vec![id("lukou")] });
}

#[test]
fn what_may_be_two_schools_or_another_is_never_guessed() {
    let mut entries = entries();
    entries.push(school(1, "平阳县实验小学", "pingyang"));
    entries.push(school(2, "永嘉县岩头镇大岙小学", "yongjia"));
    let book = Book::of(&entries);
    assert_eq!(book.named("实验小学", None), Named::Several(vec![id("other-1"), id("shiyan")]));
    let yongjia: RegionId = "yongjia".parse().unwrap();
    assert_eq!(book.named("实验小学", Some(&yongjia)), Named::One(id("shiyan")));
    assert_eq!(book.named("大岙小学", Some(&yongjia)), Named::Several(vec![id("daao"), id("other-2")]));
    assert_eq!(book.named("碧莲镇大岙小学", None), Named::One(id("daao")));
    let unknown = |written: &str| match book.named(written, None) {
        Named::Unknown { like } => like.len(),
        found => panic!("{written}: {found:?}"),
    };
    assert_eq!(unknown("瑞安市实验小学"), 3, "the name fits, the place does not");
    assert_eq!(unknown("巽宅镇大岙小学"), 2, "nor does the town");
    assert_eq!(unknown("第一小学"), 2, "瓯北 and 桥下 have one");
    assert_eq!(unknown("中心小学"), 4);
    assert_eq!(unknown(""), 0);
    assert_eq!(unknown("小学"), Named::MOST_LIKE);
}

#[test]
fn any_two_schools_may_be_linked_for_a_test() {
    let book = Book::of(&entries());
    let day = jiff::civil::date(2019, 12, 10);
    // The inspection of December 2019 linked 实验小学 and 路口小学, which are in pairs 1 and 3.
    assert_eq!(book.pairs_between(&id("shiyan"), &id("lukou"), day).count(), 0);
    assert_eq!(book.pairs_between(&id("lukou"), &id("chengxi"), day).count(), 1);
    let session = |purpose: serde_json::Value| -> Entry {
        // 10 December 2019, 10:00 to 10:30.
        let says = serde_json::json!({"session": {"id": "inspection-1", "purpose": purpose, "supporting": "shiyan",
            "receiving": ["lukou"], "start_us": 1_575_943_200_000_000_u64, "end_us": 1_575_945_000_000_000_u64}});
        let entry =
            serde_json::json!({"id": "i1", "at_us": 1_575_900_000_000_000_u64, "author": "a", "says": says});
        serde_json::from_value(entry).unwrap()
    };
    for purpose in ["test", "inspection"] {
        assert_eq!(check(&book, &session(purpose.into())), Ok(Vec::new()));
    }
    let lesson = check(&book, &session(serde_json::json!({"help": "sync_class"}))).unwrap_err();
    assert_eq!(lesson.problems[0].code, "pair_missing");
}
