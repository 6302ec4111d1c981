//! Machines enrol once with a code; names of pupils are sealed and can be erased; webhooks are told.

use super::databases::{Engine, Folder, Fresh, on_both};
use crate::store::{Attempt, Deed, Enrolled, Enrolment, MachineKind, PupilKey, Store, Webhook, webhooks};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tongke_protocol::WallTime;

fn enrolment(machine: &str) -> Enrolment {
    Enrolment {
        machine: machine.parse().unwrap(),
        kind: MachineKind::Node,
        school: Some("lake".parse().unwrap()),
        name: "Room 3".to_owned(),
        author: "admin".to_owned(),
        expires_us: WallTime(100),
    }
}

async fn tell(store: &Store, event: &str, now: WallTime) {
    let mut writing = store.database.write().await.unwrap();
    webhooks::tell(&mut writing, event, "{}", now).await.unwrap();
    writing.commit().await.unwrap();
}

on_both! {
    async fn a_machine_enrols_once_with_a_code_and_again_after_it_was_revoked(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        for code in ["AAAA", "BBBB", "CCCC"] {
            store.allow_enrolment(code, &enrolment("node-1"), WallTime(1)).await.unwrap();
        }
        assert_eq!(store.enrol("ZZZZ", "key-1", WallTime(2)).await.unwrap(), Enrolled::NoSuchCode);
        assert_eq!(store.enrol("AAAA", "key-1", WallTime(100)).await.unwrap(), Enrolled::NoSuchCode, "too late");
        let Enrolled::Done(machine) = store.enrol("AAAA", "key-1", WallTime(3)).await.unwrap() else { panic!() };
        assert_eq!((machine.id.as_str(), machine.school.as_ref().unwrap().as_str()), ("node-1", "lake"));
        assert_eq!(store.enrol("AAAA", "key-2", WallTime(4)).await.unwrap(), Enrolled::NoSuchCode, "used up");
        let again = store.enrol("AAAA", "key-1", WallTime(4)).await.unwrap();
        assert_eq!(again, Enrolled::Done(machine.clone()), "whoever did not hear the answer hears it again");
        assert_eq!(store.enrol("BBBB", "key-2", WallTime(4)).await.unwrap(), Enrolled::NameTaken);
        let id = machine.id.clone();
        assert!(store.revoke(&id, WallTime(5)).await.unwrap());
        assert_eq!(store.enrol("AAAA", "key-1", WallTime(5)).await.unwrap(), Enrolled::NoSuchCode, "and not once it is shut out");
        assert!(!store.revoke(&id, WallTime(6)).await.unwrap());
        assert_eq!(store.machine(&id).await.unwrap().unwrap().revoked_us, Some(WallTime(5)));
        assert_eq!(store.enrol("BBBB", "key-1", WallTime(7)).await.unwrap(), Enrolled::NameTaken, "a revoked key stays so");
        assert!(matches!(store.enrol("BBBB", "key-2", WallTime(8)).await.unwrap(), Enrolled::Done(_)));
        let now = store.machine(&id).await.unwrap().unwrap();
        assert_eq!((now.public_key.as_str(), now.revoked_us), ("key-2", None));
        assert_eq!(store.machines().await.unwrap().len(), 2, "what the old key signed can still be checked");
        let tables: Vec<(String,)> = sqlx::query_as("SELECT code_hash FROM enrolment").fetch_all(&store.database.pool).await.unwrap();
        assert!(tables.iter().all(|(hash,)| hash.len() == 64), "codes themselves are not kept");
    }

    async fn pupils_names_are_sealed_and_gone_when_they_are_erased(engine) {
        let (fresh, folder) = (Fresh::new(engine).await, Folder::new(&format!("pupils-{engine:?}")));
        let store = fresh.open().await;
        let path = folder.0.join("pupils.key");
        let key = PupilKey::load_or_make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let school = "lake".parse().unwrap();
        let one = store.add_pupil(&key, &school, "3-2", "王小明", WallTime(1)).await.unwrap();
        store.add_pupil(&key, &school, "3-2", "李小红", WallTime(2)).await.unwrap();
        let again = PupilKey::load_or_make(&path).unwrap();
        let names = |pupils: Vec<crate::store::Pupil>| pupils.into_iter().map(|pupil| pupil.name).collect::<Vec<_>>();
        assert_eq!(names(store.pupils(&again, &school).await.unwrap()), ["王小明", "李小红"]);
        let other = PupilKey::load_or_make(&folder.0.join("other.key")).unwrap();
        let refused = store.pupils(&other, &school).await.unwrap_err().to_string();
        assert!(refused.contains("the key is not the one"), "{refused}");
        // A name that is put in another one's place does not open.
        sqlx::raw_sql("UPDATE pupil SET school = 'hill'").execute(&store.database.pool).await.unwrap();
        assert!(store.pupils(&key, &"hill".parse().unwrap()).await.is_err());
        sqlx::raw_sql("UPDATE pupil SET school = 'lake'").execute(&store.database.pool).await.unwrap();

        let (sealed,): (Vec<u8>,) = sqlx::query_as("SELECT sealed FROM pupil WHERE id = $1").bind(one.clone())
            .fetch_one(&store.database.pool).await.unwrap();
        assert!(store.erase_pupil(&school, &one).await.unwrap() && !store.erase_pupil(&school, &one).await.unwrap());
        assert_eq!(names(store.pupils(&key, &school).await.unwrap()), ["李小红"]);
        if let Some(path) = fresh.address.strip_prefix("sqlite:") {
            for file in [path.to_owned(), format!("{path}-wal")] {
                let bytes = fs::read(file).unwrap();
                assert!(!bytes.windows(sealed.len()).any(|window| window == sealed), "not even sealed");
            }
        }
        assert_eq!(store.erase_pupils_of(&school).await.unwrap(), 1);
    }

    async fn each_event_is_told_to_each_webhook_until_it_is_taken_or_given_up(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        let hook = |id: &str| Webhook { id: id.to_owned(), url: "https://county.example/hook".to_owned(),
            secret: "s".to_owned(), made_us: WallTime(1), ended_us: None };
        assert!(store.add_webhook(&hook("a")).await.unwrap() && store.add_webhook(&hook("b")).await.unwrap());
        assert!(!store.add_webhook(&hook("a")).await.unwrap());
        tell(&store, "e1", WallTime(10)).await;
        tell(&store, "e1", WallTime(11)).await;
        assert_eq!(store.due_deliveries(WallTime(9), 9).await.unwrap(), []);
        let due = store.due_deliveries(WallTime(10), 9).await.unwrap();
        let ids: Vec<&str> = due.iter().map(|delivery| delivery.id.as_str()).collect();
        assert_eq!(ids, ["e1.a", "e1.b"]);
        assert_eq!(due[0].webhook, hook("a"));
        store.note_attempt("e1.a", &Attempt::Again(WallTime(20), "503".to_owned())).await.unwrap();
        store.note_attempt("e1.b", &Attempt::Delivered).await.unwrap();
        assert_eq!(store.due_deliveries(WallTime(19), 9).await.unwrap(), []);
        assert_eq!(store.next_delivery().await.unwrap(), Some(WallTime(20)));
        assert_eq!(store.due_deliveries(WallTime(20), 9).await.unwrap()[0].attempts, 1);
        assert!(store.end_webhook("a", WallTime(21)).await.unwrap());
        assert_eq!(store.next_delivery().await.unwrap(), None);
        tell(&store, "e2", WallTime(30)).await;
        assert_eq!(store.due_deliveries(WallTime(30), 9).await.unwrap().len(), 1, "only to those that stand");
        assert_eq!(store.forget_deliveries(WallTime(30)).await.unwrap(), 2);
        assert_eq!(store.webhooks().await.unwrap(), [hook("b")]);
    }

    async fn an_address_that_takes_nothing_is_left_alone_and_what_is_old_is_given_up(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        for id in ["a", "b"] {
            let hook = Webhook { id: id.to_owned(), url: "https://county.example/hook".to_owned(), secret: "s".to_owned(),
                made_us: WallTime(1), ended_us: None };
            assert!(store.add_webhook(&hook).await.unwrap());
        }
        for (event, at) in [("e1", 10), ("e2", 20), ("e3", 90)] {
            tell(&store, event, WallTime(at)).await;
        }
        store.put_off_deliveries("a", WallTime(50)).await.unwrap();
        let due = |at: u64| {
            let store = store.clone();
            async move {
                let due = store.due_deliveries(WallTime(at), 9).await.unwrap();
                due.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
            }
        };
        assert_eq!(due(49).await, ["e1.b", "e2.b"]);
        assert_eq!(due(50).await, ["e1.b", "e2.b", "e1.a", "e2.a"]);
        assert_eq!(due(90).await.len(), 6, "what is due later stays so");
        assert_eq!(store.give_up_deliveries(WallTime(20)).await.unwrap(), 2);
        assert_eq!(due(50).await, ["e2.b", "e2.a"]);
    }

    async fn the_audit_is_numbered_and_stays(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        for about in ["node-1", "node-2"] {
            let deed = Deed { who: "admin", what: "revoked", about, detail: "" };
            store.audit(deed, WallTime(5)).await.unwrap();
        }
        let lines = store.audit_after(1, 10).await.unwrap();
        assert_eq!((lines.len(), lines[0].seq, lines[0].about.as_str()), (1, 2, "node-2"));
    }
}
