//! `tongke standby`: this machine does what the registry tells it to do, and tests itself as planned. Without a
//! registry it stands by in one test lesson, for whoever inspects it there.

use crate::commands::verify::machine;
use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::shutdown;
use std::path::{Path, PathBuf};
use tongke_node::inspect::stand_by;
use tongke_node::{LoadPlan, NodeSettings, StandbyError, admit, standby};

/// The flags of `tongke standby`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file of this machine's node (see configs/send.toml): its cameras, microphone and loudspeaker
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of a machine that was enrolled ('tongke enrol'): its registry gives orders, and what it measures waits
    /// there until the registry has it
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
    /// What is sent costs money: the line is loaded no more than it must
    #[arg(long)]
    metered: bool,
    /// By hand, without a registry: the relay, http://HOST:PORT or https://…
    #[arg(long, value_name = "URL", env = "TONGKE_RELAY")]
    relay: Option<String>,
    /// By hand: PEM file with the authority of a relay whose certificate no public authority signed
    #[arg(long, value_name = "FILE", env = "TONGKE_RELAY_CA")]
    relay_ca: Option<PathBuf>,
    /// By hand: a file that holds the grant for the test lesson, as 'tongke token' prints it
    #[arg(long, value_name = "FILE", env = "TONGKE_TOKEN_FILE")]
    token_file: Option<PathBuf>,
}

/// Stands by until it is told to end; by hand, until the test lesson is over.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<NodeSettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let load = LoadPlan { metered: args.metered, ..LoadPlan::default() };
    let by_hand = args.token_file.is_some();
    let data = args.data.or_else(|| file.settings.data.clone());
    let settings = NodeSettings {
        relay: args.relay.or(file.settings.relay),
        relay_ca: args.relay_ca.or(file.settings.relay_ca),
        token_file: args.token_file.or(file.settings.token_file),
        ..file.settings
    };
    let has_grant = settings.token.is_some() || settings.token_file.is_some();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    let ended = runtime.block_on(async {
        match data {
            Some(data) if !by_hand => for_registry(&data, settings, load).await,
            _ if has_grant => in_one_lesson(settings).await,
            _ => Err(Failure::usage("--data is missing; name the folder of the enrolled machine")
                .hint("without a registry: tongke standby --relay URL --token-file FILE")),
        }
    });
    // What a device still holds up must not hold up the end.
    runtime.shutdown_background();
    ended
}

async fn for_registry(data: &Path, settings: NodeSettings, load: LoadPlan) -> Result<(), Failure> {
    let machine = machine(data)?;
    tracing::info!(node = machine.node(), registry = machine.registry(), "stands by for orders");
    let shutdown = shutdown::requested()?;
    tokio::select! {
        ended = standby(machine, data.to_owned(), settings, load) => ended.map_err(|error| match error {
            StandbyError::Reports(_) => {
                Failure::usage(error).hint("only one 'tongke standby' runs with a folder")
            }
            StandbyError::Link(_) => Failure::running(error),
        }),
        () = shutdown => Ok(()),
    }
}

async fn in_one_lesson(settings: NodeSettings) -> Result<(), Failure> {
    let config = admit(NodeSettings { data: None, ..settings }).await.map_err(super::node::ended)?;
    tracing::info!(lesson = %config.lesson, relay = %config.relay, "stands by in a test lesson");
    let shutdown = shutdown::requested()?;
    stand_by(config, shutdown).await.map_err(Failure::running)
}
