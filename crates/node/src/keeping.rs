//! Reports of what this machine measured: signed with its key, and put where they wait for the registry.

use std::path::Path;
use tongke_inspection::facts::FactsError;
use tongke_inspection::signature::Report;
use tongke_inspection::{Criteria, Facts};
use tongke_outbox::{Machine, OpenError, PutReportError, Reports};

/// Why a report is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The facts cannot be true.
    #[error("the report cannot be signed: {0}")]
    Facts(#[from] FactsError),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// There is no room.
    #[error(transparent)]
    Put(#[from] PutReportError),
}

/// Signs facts in the name of the machine of the folder `data`, keeps the report there until the registry has it, and
/// gives the signed file. Blocks for the disk.
pub fn keep_report(data: &Path, machine: &Machine, facts: Facts) -> Result<String, KeepError> {
    let report = Report { facts, criteria: Criteria::shipped().title };
    let file = report.sign(machine.node(), machine.key())?;
    reports_in(data)?.put(file.as_bytes())?;
    Ok(file)
}

/// The reports that wait in the folder `data`.
pub fn reports_in(data: &Path) -> Result<Reports, OpenError> {
    Reports::open(&data.join("reports"))
}
