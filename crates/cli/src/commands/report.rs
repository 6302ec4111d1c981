//! `tongke report`: judges what an inspection measured, and prints its report.

use super::verify::{machine, read};
use crate::failure::Failure;
use crate::logging::LogArgs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tongke_inspection::facts::Kind;
use tongke_inspection::signature::{Check, KnownKeys, Report, verify};
use tongke_inspection::{Criteria, Facts};
use tongke_node::History;
use tongke_report::{Language, Signer, Source};

/// The flags of `tongke report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Facts of a self-test or an inspection, or a report with them, signed or not
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the report as one HTML document
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// Write the report as PDF
    #[arg(long, value_name = "OUT")]
    pdf: Option<PathBuf>,
    /// zh-CN or en
    #[arg(long, value_name = "LANGUAGE", default_value_t)]
    language: Language,
    /// Judge by these criteria [default: those that come with the program, configs/criteria/tongke-1.toml]
    #[arg(long, value_name = "FILE")]
    criteria: Option<PathBuf>,
    /// Write facts and criteria as a file that is signed with this machine's key; needs --data
    #[arg(long, value_name = "OUT", requires = "data")]
    signed: Option<PathBuf>,
    /// Folder of a machine: of a self-test the report shows the trend since the tests that are kept there; if it was
    /// enrolled ('tongke enrol'), its key signs
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
}

/// Writes what was asked for; where nothing was, prints the verdicts as JSON.
pub fn run(args: &Args, log: &LogArgs) -> Result<(), Failure> {
    log.start()?;
    let criteria = criteria(args.criteria.as_deref())?;
    let (report, signer) = source(&args.file, &criteria)?;
    let before = before(&report.facts, args.data.as_deref())?;
    let source = Source { report: &report, criteria: &criteria, signer, before: &before };
    if let Some(path) = &args.html {
        write(path, source.html(args.language).as_bytes())?;
    }
    if let Some(path) = &args.pdf {
        write(path, &source.pdf(args.language).map_err(Failure::running)?)?;
    }
    if let (Some(path), Some(folder)) = (&args.signed, &args.data) {
        let machine = machine(folder)?;
        let report = Report { facts: report.facts.clone(), criteria: criteria.title.clone() };
        let file = report.sign(machine.node(), machine.key()).map_err(Failure::running)?;
        write(path, file.as_bytes())?;
    }
    if args.html.is_none() && args.pdf.is_none() && args.signed.is_none() {
        let judgement = serde_json::to_string_pretty(&source.judgement()).map_err(Failure::running)?;
        let written = writeln!(std::io::stdout(), "{judgement}");
        written.map_err(|error| Failure::running(format!("cannot print it: {error}")))?;
    }
    Ok(())
}

/// The self-tests that a machine kept; nothing else has a trend.
fn before(facts: &Facts, data: Option<&Path>) -> Result<Vec<Facts>, Failure> {
    match data {
        Some(data) if facts.kind == Kind::SelfTest => History::of(data).tests().map_err(Failure::running),
        _ => Ok(Vec::new()),
    }
}

fn criteria(path: Option<&Path>) -> Result<Criteria, Failure> {
    let Some(path) = path else { return Ok(Criteria::shipped()) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("'{}' cannot be read: {error}", path.display())))?;
    Criteria::parse(&text).map_err(|error| Failure::usage(format!("'{}': {error}", path.display())))
}

/// The report of a file, and who signed it. What was altered is not made into something that looks like a report.
fn source(path: &Path, criteria: &Criteria) -> Result<(Report, Option<Signer>), Failure> {
    let file = read(path)?;
    let unusable = |error| Failure::usage(format!("'{}': {error}", path.display()));
    // Facts alone have no 'report' around them.
    if !file.trim_ascii_start().starts_with(b"{\"report\"") {
        let facts = Facts::parse(&file).map_err(unusable)?;
        return Ok((Report { facts, criteria: criteria.title.clone() }, None));
    }
    let signer = match verify(&file, &KnownKeys::default()) {
        Check::Intact { machine, key } | Check::UnknownKey { machine, key } => Some(Signer { machine, key }),
        Check::NotSigned => None,
        Check::Altered { why } => {
            let message = format!("'{}' was altered, or is no report: {why}", path.display());
            return Err(Failure::findings(message).hint("ask for the file again; see 'tongke verify'"));
        }
    };
    Ok((Report::parse(&file).map_err(unusable)?, signer))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes)
        .map_err(|error| Failure::running(format!("'{}' cannot be written: {error}", path.display())))
}
