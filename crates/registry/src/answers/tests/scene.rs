//! The county of the sources: twenty schools in ten pairs, and lessons that were noted by hand.

use crate::answers::{Answers, Question};
use crate::store::tests::databases::{Engine, Fresh};
use crate::store::{Kept, Store};
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use std::cell::Cell;
use tongke_pairing::calendar::moment;
use tongke_pairing::entry::Entry;
use tongke_pairing::id::SchoolId;
use tongke_pairing::progress::{SchoolProgress, TargetProgress};
use tongke_pairing::rules::RuleSet;
use tongke_protocol::WallTime;

const YONGJIA: &str = include_str!("../../../../pairing/fixtures/yongjia-2019.jsonl");
const MINUTE_US: u64 = 60_000_000;

/// A store of which the county is known, on a day.
pub(super) struct Scene {
    _fresh: Fresh,
    pub(super) store: Store,
    rules: Vec<RuleSet>,
    now: Cell<WallTime>,
    said: Cell<u64>,
}

impl Scene {
    pub(super) async fn new(engine: Engine, day: Date) -> Scene {
        let (_fresh, store) = Fresh::opened(engine).await;
        let (rules, now) = (RuleSet::shipped(), Cell::new(noon(day)));
        let scene = Scene { _fresh, store, rules, now, said: Cell::new(0) };
        let schools = YONGJIA.lines().map(|line| serde_json::from_str(line).unwrap());
        scene.keep(schools.collect()).await;
        scene.say(term("2019-1", "2019-09-02", "2020-01-17")).await;
        scene.say(term("2020-1", "2020-09-01", "2021-01-22")).await;
        scene
    }

    pub(super) fn is_on(&self, day: Date) {
        self.now.set(noon(day));
    }

    pub(super) fn answers(&self) -> Answers<'_> {
        Answers::new(&self.store, &self.rules, self.now.get())
    }

    /// Somebody says something; each time a little later.
    pub(super) async fn say(&self, says: Value) {
        self.said.set(self.said.get() + 1);
        let entry = Entry {
            id: format!("said-{}", self.said.get()),
            at_us: WallTime(noon(date(2019, 9, 13)).0 + self.said.get()),
            author: "clerk".into(),
            reason: "a test".into(),
            says: serde_json::from_value(says).unwrap(),
        };
        self.keep(vec![entry]).await;
    }

    async fn keep(&self, entries: Vec<Entry>) {
        let kept = self.store.keep_entries(&entries, self.now.get()).await.unwrap();
        assert!(kept.iter().all(|kept| *kept == Kept::New));
    }

    /// Sessions of a pair in a form and subject, one a day from a day on, noted by hand.
    pub(super) async fn noted(&self, pair: &Noted<'_>, count: i64) {
        for n in 0..count {
            let day = pair.from.checked_add(jiff::Span::new().days(n)).unwrap();
            self.say(pair.session(&format!("{}-{n}", pair.id), day)).await;
        }
    }

    /// A figure that others report.
    pub(super) async fn report(&self, of: &str, what: &str, period: &str, value: Value) {
        self.say(
            json!({"reported": {"of": of, "what": what, "period": period, "value": value, "source": "S003"}}),
        )
        .await;
    }

    pub(super) async fn settle(&self) {
        self.store.settle(self.now.get()).await.unwrap();
    }

    pub(super) async fn progress(&self, school: &str, question: &Question) -> SchoolProgress {
        self.answers().school_progress(school, question).await.unwrap().progress
    }

    pub(super) async fn target(&self, school: &str, question: &Question, target: &str) -> TargetProgress {
        let progress = self.progress(school, question).await;
        progress.targets.into_iter().find(|it| it.target == target).unwrap()
    }
}

/// Sessions that somebody notes.
pub(super) struct Noted<'a> {
    /// Before the number in the lesson's name.
    pub id: &'a str,
    pub pair: &'a str,
    /// The supporting school and the receiving ones.
    pub schools: &'a [&'a str],
    pub form: &'a str,
    pub subject: &'a str,
    pub from: Date,
}

impl Noted<'_> {
    pub(super) fn session(&self, id: &str, day: Date) -> Value {
        let start = moment(day.at(9, 0, 0, 0)).0;
        let subject = (!self.subject.is_empty()).then_some(self.subject);
        let classes: Vec<String> = self.schools.iter().map(|school| format!("{school}/4-1")).collect();
        let present: Vec<(&str, u32)> = self.schools.iter().map(|school| (*school, 19)).collect();
        json!({"session": {"id": id, "purpose": {"help": self.form}, "pair": self.pair,
            "supporting": self.schools[0], "receiving": self.schools[1..], "subject": subject,
            "classes": classes, "start_us": start, "end_us": start + 40 * MINUTE_US,
            "noted": {"source": "lesson register", "present": present}}})
    }
}

/// 碧莲镇中心小学 and 应坑小学.
pub(super) const BILIAN: Noted<'static> = Noted {
    id: "b",
    pair: "p10",
    schools: &["bilian", "yingkeng"],
    form: "sync_class",
    subject: "语文",
    from: date(2019, 9, 16),
};

pub(super) fn noon(day: Date) -> WallTime {
    moment(day.at(12, 0, 0, 0))
}

pub(super) fn term(id: &str, first: &str, last: &str) -> Value {
    json!({"term": {"id": id, "name": id, "region": "yongjia", "first": first, "last": last}})
}

pub(super) fn school(id: &str, county: &str, city: &str) -> Value {
    json!({"school": {"id": id, "name": format!("{id}小学"), "stage": "primary", "county": county, "city": city,
        "province": "zhejiang"}})
}

pub(super) fn pair(id: &str, supporting: &str, receiving: &[&str], since: &str) -> Value {
    json!({"pair": {"id": id, "supporting": supporting, "receiving": receiving, "since": since}})
}

/// A question about a period.
pub(super) fn over(period: &str) -> Question {
    Question { period: Some(period.into()), ..Question::default() }
}

/// The same with a setting.
pub(super) fn with(mut question: Question, name: &str, value: &str) -> Question {
    question.settings.push((name.into(), value.into()));
    question
}

pub(super) fn id(school: &str) -> SchoolId {
    school.parse().unwrap()
}
