//! What is kept of an inspection: its facts, the report with or without a signature, and both forms for people.

use crate::failure::Failure;
use std::path::Path;
use tongke_inspection::signature::Report;
use tongke_inspection::{Criteria, Facts};
use tongke_node::keep_report;
use tongke_outbox::Machine;
use tongke_report::{Language, Signer, Source};

/// A report that is kept.
#[derive(Debug)]
pub struct Kept {
    report: Report,
    criteria: Criteria,
    signer: Option<Signer>,
    /// What could not be done.
    undone: Option<String>,
}

/// Writes facts.json, report.json, report.html and report.pdf. With a machine and its folder the report is signed, and
/// kept there until the registry has it.
pub fn keep(
    facts: Facts,
    machine: Option<(&Machine, &Path)>,
    folder: &Path,
    language: Language,
) -> Result<Kept, Failure> {
    let criteria = Criteria::shipped();
    let report = Report { facts, criteria: criteria.title.clone() };
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::running(format!("cannot make '{}': {error}", folder.display())))?;
    let json = report.facts.to_json().map_err(Failure::running)?;
    // First of all: whatever fails later, it can be made again from these.
    write(folder, "facts.json", &json)?;
    let (file, undone) = match machine {
        Some((machine, data)) => signed(&report, machine, data)?,
        None => (report.unsigned().map_err(Failure::running)?, None),
    };
    write(folder, "report.json", file.as_bytes())?;
    // As the file says it: whoever prints the report from the file has the same bytes.
    let report = Report::parse(file.as_bytes()).map_err(Failure::running)?;
    let signer = machine
        .map(|(machine, _)| Signer { machine: machine.node().to_owned(), key: machine.key().public() });
    let kept = Kept { report, criteria, signer, undone };
    write(folder, "report.html", kept.source().html(language).as_bytes())?;
    write(folder, "report.pdf", &kept.source().pdf(language).map_err(Failure::running)?)?;
    Ok(kept)
}

/// The signed file. A folder that takes no more reports takes nothing away from what was measured.
fn signed(report: &Report, machine: &Machine, data: &Path) -> Result<(String, Option<String>), Failure> {
    match keep_report(data, machine, report.facts.clone()) {
        Ok(file) => Ok((file, None)),
        Err(error) => {
            let file = report.sign(machine.node(), machine.key()).map_err(Failure::running)?;
            Ok((file, Some(format!("the report is not kept for the registry: {error}"))))
        }
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    std::fs::write(&path, bytes)
        .map_err(|error| Failure::running(format!("cannot write '{}': {error}", path.display())))
}

impl Kept {
    fn source(&self) -> Source<'_> {
        Source { report: &self.report, criteria: &self.criteria, signer: self.signer.clone(), before: &[] }
    }

    /// The facts as a line of JSON.
    pub fn facts_json(&self) -> Result<String, Failure> {
        let json = self.report.facts.to_json().map_err(Failure::running)?;
        Ok(format!("{}\n", String::from_utf8_lossy(&json)))
    }

    /// The report in plain words, and where its files are.
    pub fn words(&self, folder: &Path, language: Language) -> String {
        let mut words = self.source().text(language);
        let folder = folder.display();
        words.push_str(&match language {
            Language::Chinese => {
                format!("\n报告：{folder}/report.pdf、report.html、report.json、facts.json\n")
            }
            Language::English => {
                format!("\nThe report: {folder}/report.pdf, report.html, report.json, facts.json\n")
            }
        });
        if self.signer.is_none() {
            words.push_str(match language {
                Language::Chinese => "未签名：没有给出登记过的机器目录（--data），任何人都可能改动它。\n",
                Language::English => {
                    "It is not signed: no folder of an enrolled machine was given (--data), so anybody may alter it.\n"
                }
            });
        }
        if let Some(undone) = &self.undone {
            words.push_str(undone);
            words.push('\n');
        }
        words
    }
}
