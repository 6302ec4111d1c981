//! `tongke registry`: the pairing registry, and what is done with its database by hand.

mod backup;
mod check;
mod code;
mod rebuild;
mod serve;
mod token;

use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::registry::{Place, RegistrySettings};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// The flags of `tongke registry`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; its keys are the flags' names (see configs/registry.toml)
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    deed: Option<Deed>,
}

/// One flag for each key of [`RegistrySettings`]. Those that say where the registry is are also those of what
/// is done with it by hand.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// Folder for the secret and the database; made if there is none [default: /var/lib/tongke for root,
    /// ~/.local/share/tongke for others]
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA", global = true)]
    data: Option<PathBuf>,
    /// The database: sqlite:PATH or postgres://USER@HOST/DATABASE [default: sqlite:DIR/registry.db]
    #[arg(long, value_name = "ADDRESS", env = "TONGKE_DATABASE", global = true)]
    database: Option<String>,
    /// File with the secret that signs grants and access tokens; the relay has the same [default: DIR/secret]
    #[arg(long, value_name = "FILE", env = "TONGKE_SECRET_FILE", global = true)]
    secret_file: Option<PathBuf>,
    /// Folder with the policies by which lessons count; without any, the one that comes with the program
    /// [default: DIR/policies]
    #[arg(long, value_name = "DIR", env = "TONGKE_POLICIES", global = true)]
    policies: Option<PathBuf>,
    /// Folder with one's own rule sets: what schools are to reach, how counties are scored [default: DIR/rules]
    #[arg(long, value_name = "DIR", env = "TONGKE_RULES")]
    rules: Option<PathBuf>,
    /// Address of the interface [default: 0.0.0.0:8444; with --http, 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR", env = "TONGKE_LISTEN")]
    listen: Option<SocketAddr>,
    /// Certificate chain (PEM) of HTTPS [default: one that is made, in DIR/tls]
    #[arg(long, value_name = "FILE", env = "TONGKE_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", env = "TONGKE_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Plain HTTP: on one machine, or behind a proxy that does HTTPS [default: false]
    #[arg(long, value_name = "true|false", env = "TONGKE_HTTP", num_args = 0..=1, default_missing_value = "true")]
    http: Option<bool>,
    /// Addresses that people and machines reach this machine at, when it cannot see them itself (behind NAT)
    /// [default: its own]
    #[arg(long, value_name = "IP,…", value_delimiter = ',', env = "TONGKE_ADVERTISE")]
    advertise: Option<Vec<IpAddr>>,
    /// Where nodes find the relay: told with each grant [default: nodes are told it with --relay]
    #[arg(long, value_name = "https://HOST:PORT", env = "TONGKE_RELAY_URL")]
    relay_url: Option<String>,
}

impl From<Flags> for RegistrySettings {
    fn from(flags: Flags) -> RegistrySettings {
        RegistrySettings {
            data: flags.data,
            database: flags.database,
            secret_file: flags.secret_file,
            policies: flags.policies,
            rules: flags.rules,
            listen: flags.listen,
            tls_cert: flags.tls_cert,
            tls_key: flags.tls_key,
            http: flags.http,
            advertise: flags.advertise,
            relay_url: flags.relay_url,
        }
    }
}

/// What is done with a registry by hand; without any of these it serves. All but `restore` may be done while it runs.
#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Look whether everything in the database fits together
    Check(check::Args),
    /// Work out anew what every lesson is worth
    Rebuild,
    /// Write everything that is known to a file
    Backup(backup::Args),
    /// Read a backup back into an empty database
    Restore(backup::Args),
    /// Print a token for the interface
    Token(token::Args),
    /// Print a code with which one machine enrols
    Code(code::Args),
}

/// Does what was asked for.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<RegistrySettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let settings = file.settings.merge(args.flags.into());
    let place = Place::of(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        match args.deed {
            None => serve::run(settings, &place).await,
            Some(Deed::Check(args)) => check::run(&args, &place).await,
            Some(Deed::Rebuild) => rebuild::run(&place).await,
            Some(Deed::Backup(args)) => backup::write(&args, &place).await,
            Some(Deed::Restore(args)) => backup::read_back(&args, &place).await,
            Some(Deed::Token(args)) => token::run(args, &place),
            Some(Deed::Code(args)) => code::run(args, &place).await,
        }
    })
}

/// Prints what was asked for.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let written = writeln!(std::io::stdout(), "{text}");
    written.map_err(|error| Failure::running(format!("cannot print it: {error}")))
}
