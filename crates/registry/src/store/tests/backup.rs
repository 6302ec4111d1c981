//! Backups go from any database to any database, whole or not at all.

use super::databases::{Engine, Folder, Fresh};
use super::facts::{dispute, fact};
use crate::store::{BackupError, Deed, Enrolment, MachineKind, PupilKey, Store, Webhook};
use std::fs;
use std::path::Path;
use tongke_people::{Account, Appointment, Role};
use tongke_protocol::WallTime;

const NOW: WallTime = WallTime(1_575_000_000_000_000);

/// A bit of everything.
async fn fill(store: &Store, key: &Path) {
    let facts: Vec<_> = (0..1300).map(|n| fact(&format!("r-{n}"), &format!("l{}", n % 7), n)).collect();
    store.keep_facts(&facts, NOW).await.unwrap();
    let entries: Vec<_> =
        (0..30).map(|n| dispute(&format!("e{n}"), &format!("l{}", n % 7), 100 - n)).collect();
    store.keep_entries(&entries, NOW).await.unwrap();
    let enrolment = Enrolment {
        machine: "node-1".parse().unwrap(),
        kind: MachineKind::Relay,
        school: None,
        name: "Relay".to_owned(),
        author: "admin".to_owned(),
        expires_us: WallTime(100),
    };
    store.allow_enrolment("AAAA", &enrolment, WallTime(1)).await.unwrap();
    store.allow_enrolment("BBBB", &enrolment, WallTime(1)).await.unwrap();
    store.enrol("AAAA", "key", WallTime(2)).await.unwrap();
    let key = PupilKey::load_or_make(key).unwrap();
    store.add_pupil(&key, &"lake".parse().unwrap(), "3-2", "王小明", NOW).await.unwrap();
    let (id, url, secret) = ("a".to_owned(), "https://county.example".to_owned(), "\u{1F512}\"\n".to_owned());
    store.add_webhook(&Webhook { id, url, secret, made_us: NOW, ended_us: None }).await.unwrap();
    for id in 0..10 {
        // One is as long as reports are at most.
        let text = if id == 3 { "x".repeat(7_900_000) } else { "同课".to_owned() };
        let file = format!("{{\"report\":\t\"{text}\"}}\n");
        store.keep_report(&super::reports::card(&format!("t-{id}")), &file, NOW).await.unwrap();
    }
    let who = Account {
        id: "a1".parse().unwrap(),
        login: "shan".into(),
        name: "单志明".into(),
        appointments: vec![Appointment { role: Role::Teacher, place: "school:lake".parse().unwrap() }],
        ended: false,
    };
    store.add_account(&who, Some("$argon2id$"), Some("iss|1"), "admin", NOW).await.unwrap();
    store.audit(Deed { who: "admin", what: "revoked", about: "node-1", detail: "" }, NOW).await.unwrap();
}

/// The lines of a backup but for the first and the last and what a restore itself writes down.
fn rows(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let rows = lines[1..lines.len() - 1].iter().filter(|line| !line.contains(r#""what":"restored""#));
    rows.map(|line| (*line).to_owned()).collect()
}

async fn goes(from: Engine, to: Engine) {
    let folder = Folder::new(&format!("backup-{from:?}-{to:?}"));
    let (first, second) = (folder.0.join("first.jsonl"), folder.0.join("second.jsonl"));
    let (source, target) = (Fresh::new(from).await, Fresh::new(to).await);
    let (store, restored) = (source.open().await, target.open().await);
    fill(&store, &folder.0.join("key")).await;
    let written = store.backup(&first, NOW).await.unwrap();
    assert_eq!(written, restored.restore(&first, NOW).await.unwrap());
    restored.backup(&second, NOW).await.unwrap();
    assert_eq!(rows(&first), rows(&second));
    assert_eq!(restored.as_of().await.unwrap().unsettled, 7, "everything is to be worked out anew");
    let again = restored.restore(&first, NOW).await.unwrap_err();
    assert!(matches!(again, BackupError::NotEmpty), "{again}");
    let kept = restored.keep_facts(&[fact("r-0", "l0", 0), fact("r-new", "l0", 0)], NOW).await.unwrap();
    assert_eq!(kept, [crate::store::Kept::Known, crate::store::Kept::New], "it goes on where it was");
}

#[tokio::test]
async fn from_sqlite_to_postgres() {
    goes(Engine::Sqlite, Engine::Postgres).await;
}

#[tokio::test]
async fn from_postgres_to_sqlite() {
    goes(Engine::Postgres, Engine::Sqlite).await;
}

#[tokio::test]
async fn from_sqlite_to_sqlite() {
    goes(Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test]
async fn from_postgres_to_postgres() {
    goes(Engine::Postgres, Engine::Postgres).await;
}

#[tokio::test]
async fn a_backup_that_was_cut_off_or_changed_is_not_read_back() {
    let folder = Folder::new("backup-damaged");
    let source = Fresh::new(Engine::Sqlite).await;
    let (store, path) = (source.open().await, folder.0.join("whole.jsonl"));
    fill(&store, &folder.0.join("key")).await;
    store.backup(&path, NOW).await.unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let without_last = lines[..lines.len() - 1].concat();
    let without_one =
        lines.iter().enumerate().filter(|(at, _)| *at != 700).map(|(_, line)| *line).collect::<String>();
    let damaged = [
        String::new(),
        "{}\n".to_owned(),
        whole[..whole.len() - 1].to_owned(),
        whole[..whole.len() / 2].to_owned(),
        without_last,
        without_one,
        whole.replacen("\"r-77\"", "\"r-78\"", 1),
        whole.replacen("nobody came", "everybody came", 1),
        whole.replacen("\"tongke_registry_backup\":1", "\"tongke_registry_backup\":2", 1),
    ];
    for (at, text) in damaged.iter().enumerate() {
        let path = folder.0.join("damaged.jsonl");
        fs::write(&path, text).unwrap();
        let target = Fresh::new(Engine::Sqlite).await;
        let empty = target.open().await;
        assert!(empty.restore(&path, NOW).await.is_err(), "case {at}");
        assert_eq!(empty.as_of().await.unwrap().fact, 0, "case {at}: nothing was read back");
        assert_eq!(empty.audit_after(0, 9).await.unwrap(), [], "case {at}");
    }
}
