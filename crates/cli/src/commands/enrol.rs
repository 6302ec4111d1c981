//! `tongke enrol`: makes this machine one that the registry knows.

use crate::failure::Failure;
use crate::logging::LogArgs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tongke_outbox::{EnrolError, Machine};

/// The flags of `tongke enrol`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The registry: https://HOST:PORT
    #[arg(long, value_name = "URL", env = "TONGKE_REGISTRY")]
    registry: String,
    /// The code that the registry's people gave for this machine; it is good once, and not for long
    #[arg(long, value_name = "CODE")]
    code: String,
    /// Folder of this machine: its key is made there, and what it reports waits there. The --data of
    /// 'tongke send', 'receive' or 'relay'
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: PathBuf,
    /// What people call this machine [default: its name in the network]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// PEM file with the authority of a registry whose certificate no public authority signed
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

/// Enrols the machine of a folder.
pub fn run(args: &Args, log: &LogArgs) -> Result<(), Failure> {
    log.start()?;
    if let Some(machine) = Machine::load(&args.data).map_err(Failure::usage)? {
        let (data, node, registry) = (args.data.display(), machine.node(), machine.registry());
        return Err(Failure::usage(format!("'{data}' is enrolled already, as {node} at {registry}")).hint(
            format!(
                "nothing needs to be done; to enrol it anew, with another code, remove '{data}/machine.json'"
            ),
        ));
    }
    let authority = args.authority.as_deref().map(read).transpose()?;
    let name = args.name.clone().unwrap_or_else(own_name);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    let enrolling = tongke_outbox::enrol(&args.data, &args.registry, &args.code, &name, authority.as_deref());
    let machine = runtime.block_on(enrolling).map_err(refused)?;
    let told = format!(
        "enrolled as {} at {}\nfrom now on, '--data {}' reports there\n",
        machine.node(),
        machine.registry(),
        args.data.display()
    );
    // Whoever reads may have gone away; the machine is enrolled.
    let _ = std::io::stdout().write_all(told.as_bytes());
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read the authority's file '{}': {error}", path.display()))
    })
}

fn own_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn refused(error: EnrolError) -> Failure {
    let hint = match &error {
        EnrolError::Machine(_) => return Failure::usage(error),
        EnrolError::Address(_) => return Failure::setting("registry", &error.to_string()),
        EnrolError::Authority(_) => return Failure::setting("authority", &error.to_string()),
        EnrolError::Unreachable(_) => {
            "see that the address is right and the registry runs; if its certificate is its own, give its \
             authority with --authority"
        }
        EnrolError::Refused { .. } => "ask the registry's people for a new code, and type it as they say it",
        EnrolError::NotARegistry(_) => "see that --registry is the address of the registry itself",
    };
    Failure::running(error).hint(hint)
}
