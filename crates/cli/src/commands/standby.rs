//! `tongke standby`: this machine stands by in a test lesson, for whoever inspects it there.

use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::shutdown;
use std::path::PathBuf;
use tongke_node::inspect::stand_by;
use tongke_node::{NodeSettings, admit};

/// The flags of `tongke standby`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file of this machine's node (see configs/send.toml): its cameras, microphone and loudspeaker
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    /// The relay: http://HOST:PORT or https://…
    #[arg(long, value_name = "URL", env = "TONGKE_RELAY")]
    relay: Option<String>,
    /// PEM file with the authority of a relay whose certificate no public authority signed
    #[arg(long, value_name = "FILE", env = "TONGKE_RELAY_CA")]
    relay_ca: Option<PathBuf>,
    /// A file that holds the grant for the test lesson, as 'tongke token' prints it
    #[arg(long, value_name = "FILE", env = "TONGKE_TOKEN_FILE")]
    token_file: Option<PathBuf>,
}

/// Stands by until it is told to end, or the test lesson is over.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<NodeSettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let settings = NodeSettings {
        relay: args.relay.or(file.settings.relay),
        relay_ca: args.relay_ca.or(file.settings.relay_ca),
        token_file: args.token_file.or(file.settings.token_file),
        data: None,
        ..file.settings
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    let ended = runtime.block_on(async {
        let shutdown = shutdown::requested()?;
        let config = admit(settings).await.map_err(super::node::ended)?;
        tracing::info!(lesson = %config.lesson, relay = %config.relay, "stands by in a test lesson");
        stand_by(config, shutdown).await.map_err(Failure::running)
    });
    // What a device still holds up must not hold up the end.
    runtime.shutdown_background();
    ended
}
