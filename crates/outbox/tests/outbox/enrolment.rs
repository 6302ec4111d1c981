//! A machine enrols once, with a short code, and signs with its own key from then on.

use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tongke_outbox::{EnrolError, Limits, Machine, Outbox, Worth, enrol, public_key};

#[tokio::test]
async fn a_machine_that_enrolled_with_its_code_is_known_by_its_signature() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    let data = folder.path().join("data");
    assert!(Machine::load(&data).unwrap().is_none());
    let wrong = enrol(&data, &registry.url, "000-000", "枫林镇小学", None).await.unwrap_err();
    assert_eq!(wrong.to_string(), "the registry refuses (403): there is no such code; ask for another");
    registry.set(Mood::Away);
    let away = enrol(&data, &registry.url, CODE, "枫林镇小学", None).await.unwrap_err();
    assert!(matches!(away, EnrolError::Unreachable(_)), "{away}");
    let key = public_key(&data).unwrap();
    registry.set(Mood::Well);
    let machine = enrol(&data, &registry.url, &format!(" {CODE}\n"), "枫林镇小学", None).await.unwrap();
    assert_eq!(machine.node(), "node-7");
    assert_eq!(registry.truth().machines["node-7"], key, "the key that was made first is the one enrolled");

    let machine = Machine::load(&data).unwrap().unwrap();
    let outbox = Outbox::open(&data.join("outbox"), Limits::default()).unwrap();
    outbox.put(Worth::Attendance, fact(1).as_bytes()).unwrap();
    assert!(outbox.deliver(machine, QUICK).finish(PATIENCE).await);
    assert_eq!(registry.truth().facts["n-1"], fact(1));
}

#[tokio::test]
async fn the_key_is_its_owners_and_damaged_files_say_what_to_do() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.machine(folder.path(), "node-7");
    let key = folder.path().join("machine.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&key, "nothing").unwrap();
    let error = Machine::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("machine.key") && error.contains("enrol again"), "{error}");
    fs::remove_file(&key).unwrap();
    assert!(Machine::load(folder.path()).unwrap_err().to_string().contains("missing"));
    let error = enrol(folder.path(), "registry.example", CODE, "", None).await.unwrap_err();
    assert!(error.to_string().contains("write https://HOST:PORT"), "{error}");
}
