use super::*;
use crate::entry::Says;
use crate::pair::Scope;

fn entry(id: &str, at: u64, says: serde_json::Value) -> Entry {
    let says: Says = serde_json::from_value(says).unwrap();
    Entry { id: id.into(), at_us: WallTime(at), author: "clerk".into(), reason: String::new(), says }
}

fn school(id: &str, name: &str, county: &str, city: &str) -> serde_json::Value {
    serde_json::json!({"school": {"id": id, "name": name, "stage": "primary",
        "county": county, "city": city, "province": "zj"}})
}

fn pair(id: &str, supporting: &str, receiving: &[&str]) -> serde_json::Value {
    serde_json::json!({"pair": {"id": id, "supporting": supporting, "receiving": receiving, "since": "2019-09-01"}})
}

#[test]
fn the_later_entry_stands_whichever_comes_first() {
    let early = entry("a", 1, school("lake", "湖小学", "yongjia", "wz"));
    let late = entry("b", 2, school("lake", "湖滨小学", "yongjia", "wz"));
    let gone = entry("c", 3, serde_json::json!({"withdrawn": {"kind": "school", "key": "lake"}}));
    let mut book = Book::default();
    assert!(book.apply(&late));
    assert!(!book.apply(&early) && !book.apply(&late), "nothing new");
    assert_eq!(book.named("湖滨小学", None).one(), Some("lake".parse().unwrap()));
    assert_eq!(book.named("湖小学", None).one(), None, "what it was called is forgotten");
    assert!(book.apply(&gone) && !book.apply(&late));
    assert_eq!(book.schools().count(), 0);
    assert_eq!(book, Book::of([&gone, &late, &late]));
}

#[test]
fn scope_is_the_widest_of_a_pairs_schools() {
    let entries = [
        entry("1", 1, school("a", "甲小学", "yongjia", "wz")),
        entry("2", 1, school("b", "乙小学", "yongjia", "wz")),
        entry("3", 1, school("c", "丙小学", "pingyang", "wz")),
        entry("4", 1, school("d", "丁小学", "kaihua", "qz")),
        entry("5", 1, pair("p1", "a", &["b"])),
        entry("6", 1, pair("p2", "a", &["b", "c"])),
        entry("7", 1, pair("p3", "a", &["c", "d"])),
        entry("8", 1, pair("p4", "a", &["nowhere"])),
    ];
    let book = Book::of(&entries);
    let scope = |id: &str| book.scope(book.pair(&id.parse().unwrap()).unwrap());
    assert_eq!(scope("p1"), Some(Scope::County));
    assert_eq!(scope("p2"), Some(Scope::City));
    assert_eq!(scope("p3"), Some(Scope::Province));
    assert_eq!(scope("p4"), None);
}
