//! `tongke registry`: it serves, and what is done with its database by hand.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::path::Path;
use std::process::Command;
use support::https;
use support::process::{Said, run};
use support::registry::Registry;
use support::relay::free_address;
use support::scratch::Scratch;
use support::taught::{self, FIRST};
use tongke_protocol::WallTime;
use tongke_registry::enrolment::Code;
use tongke_registry::store::{Enrolled, Store, StoredLesson};

/// `tongke registry DEED… --data FOLDER`.
fn registry(folder: &Path, deed: &[&str]) -> Said {
    run(["registry"].iter().chain(deed).chain(&["--data", folder.to_str().unwrap()]))
}

fn lessons(folder: &Path) -> Vec<StoredLesson> {
    taught::with(folder, async |store: Store| {
        let lessons = store.lessons(&Default::default(), None, 1000).await.unwrap();
        // When it was worked out is no part of what it is worth.
        lessons.into_iter().map(|lesson| StoredLesson { decided_us: WallTime(0), ..lesson }).collect()
    })
}

#[test]
fn what_fits_together_is_said_to_and_what_does_not_ends_with_3() {
    let scratch = Scratch::new("registry-check");
    let folder = scratch.file("data");
    taught::fill(&folder);
    let clean = registry(&folder, &["check"]);
    assert_eq!(clean.code, Some(0), "{clean:?}");
    assert!(clean.out.ends_with("Everything fits.\n"), "{clean:?}");
    taught::with(&folder, async |store| {
        taught::keep_facts_of(&store, "nobody-planned-it").await;
        store.settle(taught::now()).await.unwrap();
    });
    let found = registry(&folder, &["check"]);
    assert_eq!(found.code, Some(3), "{found:?}");
    assert!(found.out.starts_with("lesson_unplanned  nobody-planned-it: "), "{found:?}");
    assert!(found.err.starts_with("error: one thing does not fit"), "{found:?}");
    let json = registry(&folder, &["check", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["findings"][0]["code"], "lesson_unplanned");
}

#[test]
fn a_backup_read_back_elsewhere_is_clean_and_gives_the_same_answers() {
    let scratch = Scratch::new("registry-backup");
    let (folder, other, file) = (scratch.file("data"), scratch.file("other"), scratch.file("backup.jsonl"));
    taught::fill(&folder);
    let file = file.to_str().unwrap();
    let written = registry(&folder, &["backup", file]);
    assert_eq!(written.code, Some(0), "{written:?}");
    let again = registry(&folder, &["backup", file]);
    assert!(again.code == Some(2) && again.err.contains("is there already"), "{again:?}");
    let read = registry(&other, &["restore", file]);
    assert_eq!(read.code, Some(0), "{read:?}");
    assert_eq!(registry(&other, &["check"]).code, Some(0));
    let (before, after) = (lessons(&folder), lessons(&other));
    assert!(before.iter().any(|lesson| lesson.session.id.as_str() == FIRST && lesson.decision.counts()));
    assert_eq!(before, after);
    let full = registry(&other, &["restore", file]);
    assert!(full.code == Some(2) && full.err.contains("empty one"), "{full:?}");
    let rebuilt = registry(&other, &["rebuild"]);
    assert!(rebuilt.code == Some(0) && rebuilt.out == "Worked out 4 lessons anew.\n", "{rebuilt:?}");
    assert_eq!(lessons(&other), after);
}

#[test]
fn a_damaged_backup_is_told_with_its_line_and_nothing_is_read_back() {
    let scratch = Scratch::new("registry-damaged");
    let (folder, other, file) = (scratch.file("data"), scratch.file("other"), scratch.file("backup.jsonl"));
    taught::fill(&folder);
    assert_eq!(registry(&folder, &["backup", file.to_str().unwrap()]).code, Some(0));
    let text = std::fs::read_to_string(&file).unwrap();
    let cut = scratch.write("cut.jsonl", &text[..text.len() / 2]);
    let changed = scratch.write("changed.jsonl", &text.replacen("\"lake\"", "\"late\"", 1));
    for damaged in [cut, changed] {
        let said = registry(&other, &["restore", damaged.to_str().unwrap()]);
        assert_eq!(said.code, Some(2), "{said:?}");
        for words in [damaged.to_str().unwrap(), ", line ", "nothing was read back"] {
            assert!(said.err.contains(words), "{said:?}");
        }
        assert_eq!(lessons(&other), []);
    }
    let missing = registry(&other, &["restore", "/nonexistent/backup.jsonl"]);
    assert!(missing.code == Some(2) && missing.err.contains("there is no file"), "{missing:?}");
}

#[test]
fn a_wrong_folder_is_told_and_nothing_is_made_there() {
    let scratch = Scratch::new("registry-nowhere");
    let nowhere = scratch.file("nowhere");
    let backup = scratch.file("b.jsonl");
    let backup = backup.to_str().unwrap();
    let code = ["code", "--machine", "r1", "--kind", "relay"];
    for deed in [&["check"][..], &["rebuild"], &["backup", backup], &code] {
        let said = registry(&nowhere, deed);
        assert_eq!(said.code, Some(2), "{deed:?}: {said:?}");
        assert!(said.err.contains("there is no registry at") && said.err.contains("--data"), "{said:?}");
    }
    assert!(!nowhere.exists());
    let odd = run(["registry", "check", "--database", "mysql://here"]);
    assert!(odd.code == Some(2) && odd.err.contains("sqlite:PATH"), "{odd:?}");
}

#[test]
fn a_database_that_is_newer_or_none_is_left_as_it_is() {
    let scratch = Scratch::new("registry-newer");
    let folder = scratch.file("data");
    taught::fill(&folder);
    let newer = "insert into _sqlx_migrations select 999, description, installed_on, success, checksum, \
        execution_time from _sqlx_migrations limit 1";
    let script =
        "import sqlite3, sys; it = sqlite3.connect(sys.argv[1]); it.execute(sys.argv[2]); it.commit()";
    let database = folder.join("registry.db");
    let changed = Command::new("/usr/bin/python3").args(["-c", script]).arg(&database).arg(newer).status();
    assert!(changed.unwrap().success());
    let said = registry(&folder, &["check"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("do not fit this program") && said.err.contains("newer one"), "{said:?}");
    std::fs::write(
        &database,
        "this is no database, whatever its name says; it is long enough to be one, though",
    )
    .unwrap();
    let said = registry(&folder, &["check"]);
    assert!(said.code == Some(1) && said.err.contains("not a database"), "{said:?}");
}

#[test]
fn a_code_is_printed_and_enrols_one_machine() {
    let scratch = Scratch::new("registry-code");
    let folder = scratch.file("data");
    taught::fill(&folder);
    let said = registry(&folder, &["code", "--machine", "oak-1", "--kind", "node", "--school", "oak"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let code = said.out.trim_end().to_owned();
    assert_eq!(code.len(), 9, "{code}");
    let code = Code::typed(&code.to_lowercase()).unwrap();
    let enrolled = taught::with(&folder, async |store| {
        store.enrol(code.as_str(), "a key", taught::now()).await.unwrap()
    });
    let Enrolled::Done(machine) = enrolled else { panic!("{enrolled:?}") };
    assert_eq!((machine.name.as_str(), machine.school.unwrap().as_str()), ("oak-1", "oak"));
    let unknown = registry(&folder, &["code", "--machine", "n2", "--kind", "node", "--school", "elm"]);
    assert!(unknown.code == Some(2) && unknown.err.contains("there is no school 'elm'"), "{unknown:?}");
    let homeless = registry(&folder, &["code", "--machine", "n3", "--kind", "node"]);
    assert!(homeless.code == Some(2) && homeless.err.contains("--school"), "{homeless:?}");
    let odd = registry(&folder, &["code", "--machine", "n 4", "--kind", "relay"]);
    assert!(odd.code == Some(2) && odd.err.contains("--machine"), "{odd:?}");
}

#[test]
fn the_folder_may_stand_in_the_environment_or_in_a_file() {
    let scratch = Scratch::new("registry-settings");
    let folder = scratch.file("data");
    taught::fill(&folder);
    let file = scratch.write("registry.toml", &format!("data = '{}'\n", folder.display()));
    let said = run(["registry", "check", "--config", file.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let mut command = support::process::tongke();
    command.args(["registry", "check"]);
    command.env("TONGKE_DATABASE", format!("sqlite:{}", folder.join("registry.db").display()));
    assert!(command.status().unwrap().success());
}

#[test]
fn it_says_where_it_listens_and_the_token_that_it_tells_opens_it() {
    let scratch = Scratch::new("registry-serves");
    let mut registry = Registry::start(&scratch, &scratch.file("data"), &[]);
    let said = registry.log();
    assert!(said.contains(&format!("  http://localhost:{}\n", registry.listen.port())), "{said}");
    let command = said.lines().find_map(|line| line.trim().strip_prefix("tongke registry token ")).unwrap();
    let printed = run(["registry", "token"].into_iter().chain(command.split(' ')));
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let token = printed.out.trim_end();
    assert_eq!(registry.get("machines", token).0, 200);
    assert_eq!(registry.get("status", "").0, 200);
    let (status, refusal) = registry.get("machines", "");
    assert_eq!((status, refusal["code"].as_str()), (401, Some("access_missing")), "{refusal}");
    let (status, refusal) = registry.ask("POST", "entries", &registry.token("read"), "{}");
    assert_eq!((status, refusal["code"].as_str()), (403, Some("access_scope")), "{refusal}");
    let other = scratch.write("other", &"s".repeat(40));
    let forged =
        run(["registry", "token", "--name", "x", "--may", "admin", "--secret-file", other.to_str().unwrap()]);
    let (status, refusal) = registry.get("machines", forged.out.trim_end());
    assert_eq!((status, refusal["code"].as_str()), (401, Some("access_signature")), "{refusal}");
    assert_eq!(registry.terminate(), Some(0), "{}", registry.log());
}

#[test]
fn what_a_token_may_is_told_where_it_is_wrong() {
    let scratch = Scratch::new("registry-token");
    let secret = scratch.write("secret", &"s".repeat(40));
    let token = |more: &[&str]| {
        run(["registry", "token", "--secret-file", secret.to_str().unwrap(), "--name", "x"]
            .iter()
            .chain(more))
    };
    let odd = token(&["--may", "everything"]);
    assert!(odd.code == Some(2) && odd.err.contains("read, enter, grant, inspect or admin"), "{odd:?}");
    let long = token(&["--may", "read", "--ttl", "400d"]);
    assert!(long.code == Some(2) && long.err.contains("at most 366d"), "{long:?}");
    let none = run(["registry", "token", "--data", "/nonexistent", "--name", "x", "--may", "read"]);
    assert!(none.code == Some(2) && none.err.contains("'/nonexistent/secret'"), "{none:?}");
}

#[test]
fn a_port_that_is_taken_and_a_folder_that_is_in_use_are_told() {
    let scratch = Scratch::new("registry-twice");
    let registry = Registry::start(&scratch, &scratch.file("data"), &[]);
    let listen = registry.listen.to_string();
    let port =
        run(["registry", "--http", "--listen", &listen, "--data", scratch.file("b").to_str().unwrap()]);
    assert_eq!(port.code, Some(1), "{port:?}");
    for words in ["cannot listen on", &listen, "another program", "--listen"] {
        assert!(port.err.contains(words), "{port:?}");
    }
    let other = free_address().to_string();
    let folder = registry.folder.to_str().unwrap();
    let twice = run(["registry", "--http", "--listen", &other, "--data", folder]);
    assert!(twice.code == Some(1) && twice.err.contains("'tongke registry' is running on"), "{twice:?}");
    let restored = run(["registry", "restore", "/nonexistent/b.jsonl", "--data", folder]);
    assert!(restored.code == Some(1) && restored.err.contains("is running on"), "{restored:?}");
}

#[test]
fn without_more_it_serves_https_with_a_certificate_of_its_own() {
    let scratch = Scratch::new("registry-https");
    let (folder, listen) = (scratch.file("data"), free_address());
    let _registry = Registry::start_at(&scratch, &folder, listen, &["--http=false"]);
    let certificate = std::fs::read(folder.join("tls/cert.pem")).unwrap();
    let answer =
        https::get(&format!("https://localhost:{}/api/openapi.json", listen.port()), &certificate).unwrap();
    assert!(answer.status == 200 && answer.body.contains("\"openapi\":\"3.1"), "{answer:?}");
}

#[test]
fn what_is_answered_after_a_restore_is_what_was_answered_before() {
    let scratch = Scratch::new("registry-answers");
    let (folder, other, file) = (scratch.file("data"), scratch.file("other"), scratch.file("backup.jsonl"));
    taught::fill(&folder);
    let registry = Registry::start(&scratch, &folder, &[]);
    // While it runs.
    assert_eq!(
        run(["registry", "backup", file.to_str().unwrap(), "--data", folder.to_str().unwrap()]).code,
        Some(0)
    );
    assert_eq!(
        run(["registry", "restore", file.to_str().unwrap(), "--data", other.to_str().unwrap()]).code,
        Some(0)
    );
    let restored = Registry::start(&scratch, &other, &[]);
    assert_eq!(run(["registry", "check", "--data", other.to_str().unwrap()]).code, Some(0));
    let questions = [
        "lessons".to_owned(),
        format!("lessons/{FIRST}"),
        format!("lessons/{FIRST}/facts"),
        "entries".to_owned(),
        "things/school".to_owned(),
        "timetable?from=2019-09-01&until=2019-09-30".to_owned(),
    ];
    let tokens = [registry.token("read"), restored.token("read")];
    for question in &questions {
        let (status, mut before) = registry.get(question, &tokens[0]);
        let (again, mut after) = restored.get(question, &tokens[1]);
        assert_eq!((status, again), (200, 200), "{question}: {before} {after}");
        // When a lesson was worked out is told too, and not what it is worth.
        [&mut before, &mut after].into_iter().for_each(without_moments);
        assert_eq!(before, after, "{question}");
    }
}

fn without_moments(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.remove("decided_us");
            fields.values_mut().for_each(without_moments);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_moments),
        _ => {}
    }
}
