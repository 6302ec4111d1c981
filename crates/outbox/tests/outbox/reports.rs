//! Reports wait on disk until the registry has them, whoever put them there.

use crate::support::*;
use axum::http::StatusCode;
use std::fs;
use tongke_outbox::{Delivery, MOST_REPORTS, OpenError, PutReportError, Reports};

fn reports(folder: &Folder) -> Reports {
    Reports::open(&folder.path().join("reports")).unwrap()
}

fn deliver(reports: &Reports, folder: &Folder, registry: &Registry) -> Delivery {
    reports.deliver(registry.machine(folder.path(), "node-7"), QUICK).unwrap()
}

fn refused_in(folder: &Folder) -> Vec<String> {
    let files = fs::read_dir(folder.path().join("reports/refused")).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn reports_wait_for_a_registry_that_is_away_and_reach_it_in_order_and_byte_for_byte() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.set(Mood::Away);
    let before_the_crash = reports(&folder);
    before_the_crash.put("{\"report\":1}\n".as_bytes()).unwrap();
    drop(before_the_crash);
    let reports = reports(&folder);
    let delivery = deliver(&reports, &folder, &registry);
    reports.put("{\"report\":2}\n".as_bytes()).unwrap();
    crate::delivery::fails(&delivery, 2).await;
    assert_eq!(delivery.status().waiting_bytes, 26);
    registry.set(Mood::Well);
    assert!(delivery.finish(PATIENCE).await);
    assert_eq!(registry.truth().reports, ["{\"report\":1}\n", "{\"report\":2}\n"]);
    let status = delivery.status();
    assert_eq!((status.new, status.known, status.refused, status.trouble), (2, 0, 0, None));
}

#[tokio::test]
async fn a_report_whose_answer_was_lost_is_sent_again_and_stands_there_once() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.set(Mood::Moody);
    let reports = reports(&folder);
    let delivery = deliver(&reports, &folder, &registry);
    for number in 0..30 {
        reports.put(format!("{{\"report\":{number}}}").as_bytes()).unwrap();
    }
    assert!(delivery.finish(PATIENCE).await);
    let truth = registry.truth();
    assert_eq!(truth.reports, (0..30).map(|number| format!("{{\"report\":{number}}}")).collect::<Vec<_>>());
    assert!(truth.requests > 30, "some answers were lost");
    let status = delivery.status();
    assert_eq!((status.new + status.known, status.refused), (30, 0));
}

#[tokio::test]
async fn what_the_registry_refuses_is_put_aside_with_the_reason_and_holds_up_nothing() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    let reports = reports(&folder);
    let delivery = deliver(&reports, &folder, &registry);
    reports.put(b"{\"refuse\":true}").unwrap();
    reports.put(b"{\"report\":2}").unwrap();
    assert!(delivery.finish(PATIENCE).await);
    assert_eq!(registry.truth().reports, ["{\"report\":2}"]);
    assert_eq!(delivery.status().refused, 1);
    assert_eq!(refused_in(&folder), ["00000001.json", "00000001.txt"]);
    let why = fs::read_to_string(folder.path().join("reports/refused/00000001.txt")).unwrap();
    assert_eq!(why, "wrong_key: no; ask\n");
}

#[tokio::test]
async fn a_no_of_something_on_the_way_is_no_refusal_of_the_registry() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    registry.set(Mood::Says(StatusCode::FORBIDDEN));
    let reports = reports(&folder);
    let delivery = deliver(&reports, &folder, &registry);
    reports.put(b"{\"report\":1}").unwrap();
    let why = crate::delivery::fails(&delivery, 0).await;
    assert!(why.contains("403"), "{why}");
    assert_eq!((delivery.status().refused, refused_in(&folder)), (0, vec![]));
    registry.set(Mood::Well);
    assert!(delivery.finish(PATIENCE).await);
}

#[tokio::test]
async fn one_program_delivers_and_others_may_put_reports_there_meanwhile() {
    let (folder, registry) = (Folder::new(), Registry::start().await);
    let (standby, selftest) = (reports(&folder), reports(&folder));
    let delivery = deliver(&standby, &folder, &registry);
    let second = selftest.deliver(registry.machine(folder.path(), "node-7"), QUICK);
    assert!(matches!(second, Err(OpenError::Taken(_))));
    let puts = [standby.clone(), selftest.clone()].map(|reports| {
        tokio::task::spawn_blocking(move || {
            (0..20).for_each(|number| reports.put(format!("{{\"report\":{number}}}").as_bytes()).unwrap());
        })
    });
    for put in puts {
        put.await.unwrap();
    }
    // Whatever else wrote to the folder, the deliverer looks when its own program puts something.
    standby.put(b"{\"report\":20}").unwrap();
    assert!(delivery.finish(PATIENCE).await);
    assert_eq!(delivery.status().new + delivery.status().known, 41);
}

#[test]
fn a_full_folder_and_a_report_that_is_too_long_are_told() {
    let folder = Folder::new();
    let reports = reports(&folder);
    for number in 1..MOST_REPORTS {
        fs::write(folder.path().join(format!("reports/{number:08}.json")), "{}").unwrap();
    }
    reports.put(b"{}").unwrap();
    assert!(matches!(reports.put(b"{}"), Err(PutReportError::Full(_))));
    let long = vec![b' '; tongke_outbox::MAX_REPORT_LEN + 1];
    assert!(matches!(reports.put(&long), Err(PutReportError::TooLong(_))));
}

#[test]
fn refused_reports_count_for_the_folder_s_bound_and_other_files_are_left_alone() {
    let folder = Folder::new();
    let reports = reports(&folder);
    let in_folder = |name: &str| folder.path().join("reports").join(name);
    fs::write(in_folder("17.json"), "not a report's name").unwrap();
    fs::write(in_folder("00000017.json.part"), "half").unwrap();
    assert_eq!(reports.waiting_bytes(), 0);
    for number in 1..MOST_REPORTS {
        fs::write(in_folder(&format!("refused/{number:08}.json")), "{}").unwrap();
    }
    reports.put(b"{}").unwrap();
    assert!(in_folder(&format!("{MOST_REPORTS:08}.json")).exists(), "numbers go on behind those refused");
    assert_eq!(reports.waiting_bytes(), 2);
    assert!(matches!(reports.put(b"{}"), Err(PutReportError::Full(_))));
    assert!(in_folder("17.json").exists());
}
