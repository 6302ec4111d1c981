//! `tongke report` and `tongke verify`, as people use them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::path::Path;
use support::process::{Said, run};
use support::scratch::Scratch;

const GOOD: &str = "crates/inspection/fixtures/good.json";

fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name).display().to_string()
}

fn tongke(args: &[&str]) -> Said {
    run(args.iter())
}

#[test]
fn a_report_is_written_twice_with_the_same_bytes() {
    let scratch = Scratch::new("inspection-report");
    let out = |name: &str| scratch.file(name).display().to_string();
    for run in ["first", "second"] {
        let (html, pdf) = (out(&format!("{run}.html")), out(&format!("{run}.pdf")));
        let said = tongke(&["report", &file(GOOD), "--html", &html, "--pdf", &pdf, "--language", "en"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
    for kind in ["html", "pdf"] {
        let [first, second] =
            ["first", "second"].map(|run| std::fs::read(scratch.file(&format!("{run}.{kind}"))).unwrap());
        assert!(!first.is_empty() && first == second, "{kind}");
    }
}

#[test]
fn the_verdicts_are_printed_as_json() {
    let said = tongke(&["report", &file(GOOD)]);
    let judged: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(judged["overall"]["verdict"]["graded"], "excellent", "{}", said.out);
}

#[test]
fn bad_files_are_told_with_what_is_wrong() {
    let scratch = Scratch::new("inspection-bad");
    let criteria = std::fs::read_to_string(file("configs/criteria/tongke-1.toml")).unwrap();
    let hole = scratch
        .write("hole.toml", &criteria.replacen("good = { at_most = 250, mark = \"proposal\" }\n", "", 1));
    let said = tongke(&["report", &file(GOOD), "--criteria", hole.to_str().unwrap()]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("line ") && said.err.contains("has no limit 'good'"), "{}", said.err);
    let facts = scratch.write("facts.json", "{\"version\":1}");
    let said = tongke(&["report", facts.to_str().unwrap()]);
    assert!(said.code == Some(2) && said.err.contains("no facts of an inspection"), "{}", said.err);
}

#[test]
fn what_is_no_signed_report_does_not_pass() {
    let said = tongke(&["verify", &file(GOOD)]);
    assert_eq!(said.code, Some(3));
    assert!(said.err.contains("was altered, or is no report") && said.err.contains("hint: "), "{}", said.err);
}
