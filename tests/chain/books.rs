//! What the registry has in the end, read from its database.

use super::county::{LESSONS, LIVE, lesson};
use super::support::process::run;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_registry::store::{Store, StoredFact, TallyFilter};

pub struct Books {
    folder: PathBuf,
    runtime: Runtime,
    store: Store,
}

impl Books {
    pub fn open(folder: &Path) -> Books {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let address = format!("sqlite:{}", folder.join("registry.db").display());
        let store = runtime.block_on(Store::open(&address)).unwrap();
        Books { folder: folder.to_owned(), runtime, store }
    }

    fn facts_of(&self, lesson: &str) -> Vec<StoredFact> {
        self.runtime.block_on(self.store.facts_of(&lesson.parse().unwrap())).unwrap()
    }

    /// Every fact as its machine signed it.
    pub fn every_jws(&self) -> Vec<String> {
        let lessons = (0..LESSONS).map(|number| lesson(number).0).chain([LIVE.to_owned()]);
        lessons.flat_map(|lesson| self.facts_of(&lesson)).map(|fact| fact.said.jws()).collect()
    }

    pub fn every_lesson_has_its_facts_once(&self, facts: usize) {
        for number in 0..LESSONS {
            let (id, _) = lesson(number);
            let ids: Vec<String> = self.facts_of(&id).into_iter().map(|fact| fact.said.fact.id).collect();
            let once: BTreeSet<&String> = ids.iter().collect();
            assert_eq!((ids.len(), once.len()), (facts, facts), "facts of {id}");
        }
    }

    pub fn every_lesson_is_held_for_both_schools(&self) {
        for number in 0..LESSONS {
            let (id, _) = lesson(number);
            let stored = self.runtime.block_on(self.store.lesson(&id.parse().unwrap())).unwrap().unwrap();
            assert_eq!(stored.decision.credited().count(), 2, "{id}: {:?}", stored.decision);
        }
    }

    /// Lessons of the reporters that count: each once, and for each of its schools.
    pub fn totals(&self) -> (u64, u64) {
        let filter = TallyFilter { years: Some((2019, 2019)), ..TallyFilter::default() };
        // A reading ends where it began: on the runtime.
        let totals = async { self.store.reading().await.unwrap().totals(&filter).await.unwrap() };
        let totals = self.runtime.block_on(totals);
        assert_eq!(
            totals.person_times,
            totals.school_credits * 31,
            "thirty pupils and a teacher in each room"
        );
        (totals.distinct_lessons, totals.school_credits)
    }

    /// Every whole line of a relay's journal, to the letter.
    pub fn have_every_line_of(&self, journal: &[String]) {
        let kept: BTreeMap<String, String> =
            self.facts_of(LIVE).into_iter().map(|fact| (fact.said.fact.id.clone(), fact.said.body)).collect();
        let mut seen = 0;
        for line in journal {
            let Ok(fact) = serde_json::from_str::<LessonFact>(line) else { continue };
            assert_eq!(kept.get(&fact.id), Some(line), "a line of the journal is lost");
            seen += 1;
        }
        assert!(seen > 100, "the relay wrote only {seen} lines: nothing was tried");
    }

    /// A node counts its stretches: in what one run of it said, none is missing.
    pub fn stretches_of_live_rooms_have_no_gap(&self) {
        let mut runs: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for stored in self.facts_of(LIVE) {
            if let FactKind::Flow { seq, .. } = stored.said.fact.what {
                let run = stored.said.fact.id.rsplit_once('-').unwrap().0.to_owned();
                assert!(runs.entry(run).or_default().insert(seq), "a stretch was said twice");
            }
        }
        assert!(runs.len() >= 2, "{runs:?}");
        for (run, seqs) in runs {
            assert_eq!(seqs.iter().max().map(|last| last + 1), Some(seqs.len() as u64), "{run}: {seqs:?}");
        }
    }

    /// What `tongke registry check` says, and that counts made anew are the same.
    pub fn fit_together(self) {
        let before = self.totals();
        let folder = self.folder.to_str().unwrap();
        for deed in ["check", "rebuild", "check"] {
            let said = run(["registry", deed, "--data", folder]);
            assert_eq!(said.code, Some(0), "{deed}: {said:?}");
        }
        assert_eq!(self.totals(), before);
    }
}
