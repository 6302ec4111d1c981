use super::*;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

const DAY: &str = "2026-11-25";

/// A journal in a folder of its own, removed at the end.
struct Journal(PathBuf);

impl Journal {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tongke-follow-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("facts").join(DAY)).unwrap();
        Self(path)
    }

    fn file(&self, day: &str) -> PathBuf {
        self.0.join("facts").join(day).join("math.jsonl")
    }

    fn write(&self, day: &str, text: &str) -> u64 {
        let file = self.file(day);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.metadata().unwrap().len()
    }

    fn follow_until(&self, closed: &str) -> Follow {
        Follow::open(&self.0.join("facts"), &self.0.join("delivered"), closed).unwrap()
    }

    fn follow(&self) -> Follow {
        self.follow_until(DAY)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn line(id: &str) -> String {
    format!("{{\"id\":\"{id}\"}}\n")
}

/// The ids of what is taken next; all of it gets its answer.
fn deliver(follow: &Follow) -> Vec<String> {
    let Some(Taken { facts, mark }) = follow.0.take().unwrap() else { return Vec::new() };
    follow.0.settle(mark);
    facts
        .iter()
        .map(|fact| serde_json::from_slice::<serde_json::Value>(fact).unwrap()["id"].to_string())
        .collect()
}

#[test]
fn a_journal_is_sent_once_across_starts_and_goes_on_where_it_stopped() {
    let journal = Journal::new();
    journal.write(DAY, &(line("a") + &line("b")));
    let follow = journal.follow();
    assert!(follow.waiting_bytes() > 0);
    assert_eq!(deliver(&follow), [r#""a""#, r#""b""#]);
    assert_eq!((deliver(&follow).len(), follow.waiting_bytes()), (0, 0));
    let len = journal.write(DAY, &line("c"));
    assert!(deliver(&follow).is_empty(), "not before it is synced");
    follow.synced(&journal.file(DAY), len);
    assert_eq!(deliver(&follow), [r#""c""#]);
    assert!(deliver(&journal.follow()).is_empty());
    journal.write(DAY, &line("d"));
    assert_eq!(deliver(&journal.follow()), [r#""d""#]);
}

#[test]
fn what_was_taken_and_has_no_answer_is_taken_again() {
    let journal = Journal::new();
    journal.write(DAY, &line("a"));
    let follow = journal.follow();
    assert!(follow.0.take().unwrap().is_some());
    assert_eq!(deliver(&journal.follow()), [r#""a""#]);
}

#[test]
fn a_journal_cut_at_any_byte_loses_nothing_that_is_whole() {
    let text = line("a") + &line("b") + &line("c");
    for len in 0..=text.len() {
        let journal = Journal::new();
        journal.write(DAY, &text[..len]);
        let follow = journal.follow();
        let mut sent = deliver(&follow);
        // The journal goes on as it does: behind the line that was broken off.
        let len_after = journal.write(DAY, &("\n".to_owned() + &line("next")));
        follow.synced(&journal.file(DAY), len_after);
        let Some(Taken { facts, mark }) = follow.0.take().unwrap() else { panic!("nothing after {len}") };
        follow.0.settle(mark);
        let ids = facts.iter().filter_map(|fact| serde_json::from_slice::<serde_json::Value>(fact).ok());
        sent.extend(ids.map(|json| json["id"].to_string()));
        let whole = (len + 1) / line("a").len();
        let expected: Vec<&str> =
            [r#""a""#, r#""b""#, r#""c""#][..whole].iter().copied().chain([r#""next""#]).collect();
        assert_eq!(sent, expected, "cut to {len} bytes");
        assert!(deliver(&journal.follow()).is_empty());
    }
}

#[test]
fn marks_that_are_lost_or_wrong_cost_sending_again_and_nothing_else() {
    let journal = Journal::new();
    journal.write(DAY, &(line("a") + &line("b")));
    deliver(&journal.follow());
    let marks = journal.0.join("delivered").join(format!("{DAY}.json"));
    for wrong in ["", "{", r#"{"open":{"math.jsonl":5}}"#, r#"{"open":{"math.jsonl":5000}}"#] {
        fs::write(&marks, wrong).unwrap();
        assert_eq!(deliver(&journal.follow()).len(), 2, "{wrong}");
    }
    fs::remove_file(&marks).unwrap();
    assert_eq!(deliver(&journal.follow()).len(), 2);
    assert!(deliver(&journal.follow()).is_empty());
}

#[test]
fn days_that_are_over_and_delivered_are_not_looked_at_again() {
    let journal = Journal::new();
    journal.write("2026-11-01", &line("old"));
    journal.write(DAY, &line("new"));
    assert_eq!(deliver(&journal.follow()), [r#""old""#, r#""new""#]);
    assert!(deliver(&journal.follow()).is_empty());
    let mark = fs::read_to_string(journal.0.join("delivered/2026-11-01.json")).unwrap();
    assert_eq!(mark, r#""settled""#);
    let open = fs::read_to_string(journal.0.join("delivered").join(format!("{DAY}.json"))).unwrap();
    assert!(open.starts_with(r#"{"open""#));
}

#[test]
fn a_line_that_was_broken_off_does_not_wait_until_it_is_gone_on_with() {
    let journal = Journal::new();
    journal.write(DAY, &(line("a") + "{\"id\":\"b"));
    let follow = journal.follow();
    assert_eq!(deliver(&follow), [r#""a""#]);
    assert_eq!((deliver(&follow).len(), follow.waiting_bytes()), (0, 0));
    let len = journal.write(DAY, &("\n".to_owned() + &line("c")));
    follow.synced(&journal.file(DAY), len);
    assert!(follow.waiting_bytes() > 0);
    let Some(Taken { facts, mark }) = follow.0.take().unwrap() else { panic!("nothing") };
    assert_eq!(facts.last().unwrap(), line("c").trim_end().as_bytes());
    follow.0.settle(mark);
    assert_eq!(follow.waiting_bytes(), 0);
}
