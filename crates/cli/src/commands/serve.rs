//! `tongke serve`: the pages of lessons and the relay, in one process.

use crate::commands::relay;
use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::serve::{Folder, ServeSettings, Welcome, keep_certificate, reachable};
use crate::shutdown;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::SystemTime;
use tongke_relay::{Relay, RelayConfig, RelayError, RelaySettings};

/// The flags of `tongke serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; its keys are the flags' names (see configs/serve.toml)
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

/// One flag for each key of [`ServeSettings`].
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// Folder for the secret, the certificate and the facts of lessons; made if there is none [default:
    /// /var/lib/tongke for root, ~/.local/share/tongke for others]
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
    /// Address of the pages and of the relay's HTTP interface [default: 0.0.0.0:8443; with --http,
    /// 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "TONGKE_LISTEN")]
    listen: Option<SocketAddr>,
    /// Certificate chain (PEM) of HTTPS and QUIC [default: one that is made, in DIR/tls]
    #[arg(long, value_name = "FILE", env = "TONGKE_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", env = "TONGKE_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Plain HTTP: for pages opened as http://localhost, or behind a proxy that does HTTPS; browsers
    /// give no camera to other pages over HTTP [default: false]
    #[arg(long, value_name = "true|false", env = "TONGKE_HTTP", num_args = 0..=1, default_missing_value = "true")]
    http: Option<bool>,
    /// Address of WebRTC media, UDP and TCP; worker n listens on this port + n [default: 0.0.0.0:5004]
    #[arg(long, value_name = "ADDR", env = "TONGKE_RTC")]
    rtc: Option<SocketAddr>,
    /// Address of QUIC sessions; worker n listens on this port + n [default: 0.0.0.0:4433]
    #[arg(long, value_name = "ADDR", env = "TONGKE_QUIC")]
    quic: Option<SocketAddr>,
    /// Addresses that people reach this machine at, when it cannot see them itself (behind NAT)
    /// [default: its own]
    #[arg(long, value_name = "IP,…", value_delimiter = ',', env = "TONGKE_ADVERTISE")]
    advertise: Option<Vec<IpAddr>>,
    /// Worker threads; a lesson lives on one of them [default: 1]
    #[arg(long, value_name = "N", env = "TONGKE_WORKERS")]
    workers: Option<u16>,
}

impl From<Flags> for ServeSettings {
    fn from(flags: Flags) -> ServeSettings {
        ServeSettings {
            data: flags.data,
            listen: flags.listen,
            tls_cert: flags.tls_cert,
            tls_key: flags.tls_key,
            http: flags.http,
            rtc: flags.rtc,
            quic: flags.quic,
            advertise: flags.advertise,
            workers: flags.workers,
        }
    }
}

/// Serves until it is told to end.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<ServeSettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let settings = file.settings.merge(args.flags.into());
    let is_plain = settings.is_plain()?;
    let folder = Folder::take(settings.folder()?)?;
    let listen = settings.address();
    let reachable = reachable(listen, settings.advertise.as_deref().unwrap_or_default());
    let mut relay = RelaySettings {
        http: Some(listen),
        rtc: settings.rtc,
        quic: settings.quic,
        secret_file: Some(folder.secret()?),
        tls_cert: settings.tls_cert,
        tls_key: settings.tls_key,
        advertise: settings.advertise,
        workers: settings.workers,
        data: Some(folder.path().to_owned()),
    };
    let mut made_certificate = None;
    if !is_plain && relay.tls_cert.is_none() && relay.tls_key.is_none() {
        let kept = keep_certificate(&folder.tls()?, &reachable, SystemTime::now())?;
        made_certificate = Some(kept.cert.clone());
        (relay.tls_cert, relay.tls_key) = (Some(kept.cert), Some(kept.key));
    }
    let config = RelayConfig::try_from(relay).map_err(wrong)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(serve(config, |listen| Welcome {
        is_plain,
        listen,
        reachable,
        folder: folder.path(),
        made_certificate,
    }))
}

async fn serve<'a>(
    config: RelayConfig,
    welcome: impl FnOnce(SocketAddr) -> Welcome<'a>,
) -> Result<(), Failure> {
    let shutdown = shutdown::requested()?;
    let mut relay = Relay::start_with(&config, tongke_web::router()).map_err(wrong)?;
    let welcome = welcome(relay.http_addr());
    tracing::info!(urls = ?welcome.urls(), data = %welcome.folder.display(), "serving");
    // Whoever reads may have gone away; the lessons do not depend on it.
    let _ = std::io::stdout().write_all(welcome.to_string().as_bytes());
    tokio::select! {
        () = shutdown => {
            relay.shutdown("the relay is being restarted").await;
            Ok(())
        }
        ended = relay.failed() => Err(wrong(ended)),
    }
}

/// The relay's errors, with the names that the settings have here.
fn wrong(error: RelayError) -> Failure {
    relay::wrong(match error {
        RelayError::Bind { address, flag: "http", source, .. } => {
            RelayError::Bind { what: "pages and relay", address, flag: "listen", source }
        }
        other => other,
    })
}
