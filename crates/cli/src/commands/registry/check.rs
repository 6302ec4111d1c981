//! `tongke registry check`: whether everything in the database fits together.

use super::print;
use crate::failure::Failure;
use crate::registry::{Place, unusable};
use serde_json::json;
use std::fmt::Write as _;
use tongke_registry::store::{Checked, Finding};

/// The flags of `tongke registry check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON instead of words
    #[arg(long)]
    json: bool,
}

/// Looks, and says what does not fit.
pub async fn run(args: &Args, place: &Place) -> Result<(), Failure> {
    let store = place.open_existing().await?;
    let checked = store.check().await.map_err(unusable);
    store.close().await;
    let checked = checked?;
    print(&if args.json { as_json(&checked) } else { in_words(&checked) })?;
    match checked.findings.len() {
        0 => Ok(()),
        1 => Err(Failure::findings("one thing does not fit; beside it stands what to do")),
        some => Err(Failure::findings(format!("{some} things do not fit; beside each stands what to do"))),
    }
}

fn in_words(checked: &Checked) -> String {
    let mut text = String::new();
    for Finding { code, about, what } in &checked.findings {
        let _ = writeln!(text, "{code}  {about}: {what}");
    }
    let _ = write!(text, "Looked at {} facts, entries and lessons.", checked.looked_at);
    if checked.unsettled > 0 {
        let _ = write!(
            text,
            " {} things are not worked out yet and were not compared; a running registry does it within a minute.",
            checked.unsettled
        );
    }
    if checked.findings.is_empty() {
        text.push_str(" Everything fits.");
    }
    text
}

fn as_json(checked: &Checked) -> String {
    let findings = checked.findings.iter();
    let findings = findings.map(|it| json!({"code": it.code, "about": it.about, "what": it.what}));
    let findings: Vec<_> = findings.collect();
    json!({"looked_at": checked.looked_at, "unsettled": checked.unsettled, "findings": findings}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_stand_each_in_a_line_and_none_is_said_too() {
        let finding = Finding { code: "rows_missing", about: "fact".into(), what: "3 rows".into() };
        let checked = Checked { looked_at: 7, unsettled: 0, findings: vec![finding] };
        assert_eq!(in_words(&checked), "rows_missing  fact: 3 rows\nLooked at 7 facts, entries and lessons.");
        let json = r#"{"findings":[{"about":"fact","code":"rows_missing","what":"3 rows"}],"looked_at":7,"unsettled":0}"#;
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&as_json(&checked)).unwrap(),
            serde_json::from_str::<serde_json::Value>(json).unwrap()
        );
        let clean = in_words(&Checked { looked_at: 0, unsettled: 2, findings: Vec::new() });
        assert!(
            clean.contains("2 things are not worked out yet") && clean.ends_with("Everything fits."),
            "{clean}"
        );
    }
}
