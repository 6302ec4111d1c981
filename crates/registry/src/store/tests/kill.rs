//! A registry that is killed at any moment has lost nothing that it answered for, and what follows from
//! that is made good afterwards.
//!
//! The test starts itself as another process, which keeps facts and settles without end and says what was
//! kept; it is killed in the middle.

use super::databases::{Engine, Fresh};
use super::scene::{self, held, minutes_after, start};
use crate::store::{Kept, Store};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

const ADDRESS: &str = "TONGKE_TEST_STORE";
const ROUND: &str = "TONGKE_TEST_ROUND";
/// In the sequence in which they are tried: how many answers are waited for before the process is killed.
const ANSWERS: [usize; 6] = [1, 2, 3, 17, 40, 90];

/// The other process. Without its address it is no test.
#[tokio::test]
async fn victim() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let round = std::env::var(ROUND).unwrap();
    let store = Store::open(&address).await.unwrap();
    let settling = store.clone();
    tokio::spawn(async move {
        loop {
            settling.settle(start(30)).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    for day in [2, 9, 16, 23].into_iter().cycle() {
        for mut fact in held(&format!("s1-201909{day:02}"), start(day), 40) {
            let number =
                std::sync::atomic::AtomicU64::fetch_add(&NUMBER, 1, std::sync::atomic::Ordering::Relaxed);
            fact.fact.id = format!("{round}-{number}");
            fact.body = serde_json::to_string(&fact.fact).unwrap();
            let id = fact.fact.id.clone();
            assert_eq!(store.keep_facts(&[fact], minutes_after(start(30), 0)).await.unwrap(), [Kept::New]);
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nkept {id}").and_then(|()| out.flush()).unwrap();
        }
    }
}

static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

async fn survives(engine: Engine) {
    let fresh = Fresh::new(engine).await;
    let store = fresh.open().await;
    store.keep_entries(&scene::entries(), start(1)).await.unwrap();
    let mut kept = BTreeSet::new();
    for (round, answers) in ANSWERS.into_iter().enumerate() {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::kill::victim", "--nocapture"])
            .env(ADDRESS, &fresh.address)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = lines.filter_map(|line| line.strip_prefix("kept ").map(str::to_owned));
        kept.extend(said.take(answers));
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    assert_eq!(kept.len(), ANSWERS.iter().sum::<usize>());
    for id in &kept {
        assert!(store.fact(id).await.unwrap().is_some(), "{id} was answered for and is lost");
    }
    store.settle(start(30)).await.unwrap();
    let checked = store.check().await.unwrap();
    // Each process signed with a key of its own.
    let findings: Vec<_> =
        checked.findings.iter().filter(|finding| finding.code != "fact_unsigned").collect();
    assert_eq!((checked.unsettled, findings), (0, Vec::new()));
    for day in [2, 9, 16, 23] {
        let lesson = format!("s1-201909{day:02}").parse().unwrap();
        let settled = store.lesson(&lesson).await.unwrap().unwrap();
        assert_eq!(settled.facts as usize, store.facts_of(&lesson).await.unwrap().len());
    }
}

#[tokio::test]
async fn sqlite_loses_nothing() {
    survives(Engine::Sqlite).await;
}

#[tokio::test]
async fn postgres_loses_nothing() {
    survives(Engine::Postgres).await;
}
