//! `tongke serve`: the pages of lessons, the relay and the registry, in one process.

use crate::commands::relay;
use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::registry::{Place, RegistrySettings};
use crate::serve::{Folder, Inside, OwnRelay, ServeSettings, Tls, TlsSettings, Welcome, reachable, urls};
use crate::{secret, shutdown};
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
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
    /// Folder for the secret, the certificate, the registry and the facts of lessons; made if there is none [default:
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
    /// Address (UDP) of the reflector, with which schools test their lines [default: that of --rtc, one port below]
    #[arg(long, value_name = "ADDR", env = "TONGKE_REFLECTOR")]
    reflector: Option<SocketAddr>,
    /// Second address (UDP) of the reflector, of another host address and port, for tests of schools' NATs
    #[arg(long, value_name = "ADDR", env = "TONGKE_REFLECTOR_SECOND")]
    reflector_second: Option<SocketAddr>,
    /// How fast schools may load their lines for a test, in Mbit/s; 0: not at all [default: 120]
    #[arg(long, value_name = "MBPS", env = "TONGKE_LOAD_MBPS")]
    load_mbps: Option<u16>,
    /// Addresses that people reach this machine at, when it cannot see them itself (behind NAT)
    /// [default: its own]
    #[arg(long, value_name = "IP,…", value_delimiter = ',', env = "TONGKE_ADVERTISE")]
    advertise: Option<Vec<IpAddr>>,
    /// Worker threads; a lesson lives on one of them [default: 1]
    #[arg(long, value_name = "N", env = "TONGKE_WORKERS")]
    workers: Option<u16>,
    /// Receiving sessions of a lesson from which on its observers are served by other workers; 0: never
    /// [default: 100]
    #[arg(long, value_name = "N", env = "TONGKE_SPREAD_AFTER")]
    spread_after: Option<usize>,
    /// Keep each worker on a CPU of its own, where there are as many CPUs as workers [default: true]
    #[arg(long, value_name = "true|false", env = "TONGKE_PIN_WORKERS", num_args = 0..=1, default_missing_value = "true")]
    pin_workers: Option<bool>,
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
            reflector: flags.reflector,
            reflector_second: flags.reflector_second,
            load_mbps: flags.load_mbps,
            advertise: flags.advertise,
            workers: flags.workers,
            spread_after: flags.spread_after,
            pin_workers: flags.pin_workers,
        }
    }
}

/// Serves until it is told to end.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<ServeSettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let settings = file.settings.merge(args.flags.into());
    let folder = Folder::take(settings.folder()?)?;
    let listen = with_a_port(settings.address());
    let reachable = reachable(listen, settings.advertise.as_deref().unwrap_or_default());
    let tls = TlsSettings { http: settings.http, cert: settings.tls_cert, key: settings.tls_key };
    let tls = Tls::of(tls, &folder, &reachable)?;
    let secret_file = folder.secret()?;
    let relay_url = urls(tls.is_plain(), listen, &reachable).into_iter().next();
    let inside = inside(&folder, &secret_file, &tls, listen, relay_url)?;
    let files = tls.files();
    let relay = RelaySettings {
        http: Some(listen),
        rtc: settings.rtc,
        quic: settings.quic,
        reflector: settings.reflector,
        reflector_second: settings.reflector_second,
        load_mbps: settings.load_mbps,
        secret_file: Some(secret_file),
        tls_cert: files.map(|kept| kept.cert.clone()),
        tls_key: files.map(|kept| kept.key.clone()),
        advertise: settings.advertise,
        workers: settings.workers,
        spread_after: settings.spread_after,
        pin_workers: settings.pin_workers,
        data: Some(folder.path().to_owned()),
    };
    let config = RelayConfig::try_from(relay).map_err(wrong)?;
    // Signalling must not wait for the registry's counting.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(serve(config, inside, |listen, registry_trouble| Welcome {
        is_plain: tls.is_plain(),
        listen,
        reachable,
        folder: folder.path(),
        made_certificate: tls.made(),
        registry_trouble,
    }))
}

/// The address with a port that is free, if none was named: the relay is told where the registry is before both
/// listen there.
fn with_a_port(listen: SocketAddr) -> SocketAddr {
    if listen.port() != 0 {
        return listen;
    }
    // Whatever stands in the way, the relay comes across it too, and says so.
    TcpListener::bind(listen).and_then(|free| free.local_addr()).unwrap_or(listen)
}

/// The registry inside, to which the relay reports unless it is enrolled at another.
fn inside(
    folder: &Folder,
    secret_file: &Path,
    tls: &Tls,
    listen: SocketAddr,
    relay_url: Option<String>,
) -> Result<Inside, Failure> {
    let data = Some(folder.path().to_owned());
    let place = Place::of(&RegistrySettings { data, ..RegistrySettings::default() })?;
    let own_relay = match tls.way_from_here(listen)? {
        Some((address, authority)) => OwnRelay::keep(folder.path(), &address, authority.as_deref())?,
        None => {
            tracing::warn!(
                "the certificate names nothing that leads here: lessons are not reported to the registry"
            );
            None
        }
    };
    Ok(Inside { place, key: secret::read(secret_file)?, relay_url, own_relay })
}

async fn serve<'a>(
    config: RelayConfig,
    inside: Inside,
    welcome: impl FnOnce(SocketAddr, Option<String>) -> Welcome<'a>,
) -> Result<(), Failure> {
    let shutdown = shutdown::requested()?;
    let registry = inside.start();
    let pages = tongke_web::router().merge(registry.routes());
    let mut relay = Relay::start_with(&config, pages).map_err(wrong)?;
    let welcome = welcome(relay.http_addr(), registry.trouble().await);
    tracing::info!(urls = ?welcome.urls(), data = %welcome.folder.display(), "serving");
    // Whoever reads may have gone away; the lessons do not depend on it.
    let _ = std::io::stdout().write_all(welcome.to_string().as_bytes());
    let ended = tokio::select! {
        () = shutdown => {
            // The registry is there until the relay has reported.
            relay.shutdown("the relay is being restarted").await;
            Ok(())
        }
        ended = relay.failed() => Err(wrong(ended)),
    };
    registry.end().await;
    ended
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
