//! `tongke verify`: says whether an inspection's report was altered since a machine signed it.

use crate::failure::Failure;
use crate::logging::LogArgs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tongke_inspection::facts::MAX_LEN;
use tongke_inspection::signature::{Check, KnownKeys, verify};
use tongke_outbox::Machine;
use tongke_protocol::signed::PublicKey;

/// The flags of `tongke verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The report's file, as it was signed
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A machine whose key is known, by its name at the registry; may be given again
    #[arg(long = "key", value_name = "MACHINE=KEY")]
    keys: Vec<MachineAndKey>,
    /// Folder of a machine that was enrolled ('tongke enrol'): its own key is known too
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
}

/// A machine's name and key, with a '=' between them.
#[derive(Debug, Clone)]
struct MachineAndKey {
    machine: String,
    key: PublicKey,
}

impl FromStr for MachineAndKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (machine, key) =
            text.split_once('=').ok_or("write MACHINE=KEY, e.g. node-7=11qYAYKxCrfVS_7TyWQH…")?;
        let key = key.parse().map_err(|error| format!("{error}"))?;
        Ok(MachineAndKey { machine: machine.to_owned(), key })
    }
}

/// Says what the signature says.
pub fn run(args: &Args, log: &LogArgs) -> Result<(), Failure> {
    log.start()?;
    let mut known = KnownKeys::default();
    for MachineAndKey { machine, key } in &args.keys {
        known.add(machine, *key);
    }
    if let Some(machine) = args.data.as_deref().map(machine).transpose()? {
        known.add(machine.node(), machine.key().public());
    }
    let file = read(&args.file)?;
    let name = args.file.display();
    match verify(&file, &known) {
        Check::Intact { machine, key } => print(&format!("intact: signed by {machine:?} with the key {key}")),
        Check::UnknownKey { machine, key } => Err(Failure::findings(format!(
            "'{name}' fits its signature, but nobody here knows who signed it: it calls itself {machine:?}, \
             its key is {key}"
        ))
        .hint("compare the key with the machine's at the registry; if it is the same, give it with --key")),
        Check::Altered { why } => {
            Err(Failure::findings(format!("'{name}' was altered, or is no report: {why}"))
                .hint("ask for the file again; what this one says must not be relied on"))
        }
        Check::NotSigned => Err(Failure::findings(format!("'{name}' is a report that nobody signed"))
            .hint("anybody may have written it; ask for the signed file")),
    }
}

/// The machine of a folder.
pub(super) fn machine(folder: &Path) -> Result<Machine, Failure> {
    Machine::load(folder).map_err(Failure::usage)?.ok_or_else(|| {
        Failure::usage(format!("'{}' is not enrolled at a registry", folder.display()))
            .hint("enrol it first: tongke enrol --registry URL --code CODE --data DIR")
    })
}

/// A file of at most the length that facts may have.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unusable = |error| Failure::usage(format!("'{}' cannot be read: {error}", path.display()));
    let length = std::fs::metadata(path).map_err(unusable)?.len();
    if length > MAX_LEN as u64 {
        return Err(Failure::usage(format!("'{}' is too long for a report: {length} bytes", path.display())));
    }
    std::fs::read(path).map_err(unusable)
}

fn print(text: &str) -> Result<(), Failure> {
    let written = writeln!(std::io::stdout(), "{text}");
    written.map_err(|error| Failure::running(format!("cannot print it: {error}")))
}
