//! `tongke relay`: forwards the media of lessons.

use crate::capacity;
use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::{secret, shutdown};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use tongke_relay::{RelayConfig, RelayError, RelaySettings};

/// The flags of `tongke relay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; its keys are the flags' names (see configs/relay.toml)
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    /// Measure for 20 s what this machine can carry, with a relay of its own on free ports, and say so;
    /// refused while lessons run here
    #[arg(long)]
    capacity_check: bool,
    /// Capacity check: JSON instead of words
    #[arg(long, requires = "capacity_check")]
    json: bool,
    /// Capacity check: how long it takes, about
    #[arg(long, hide = true, requires = "capacity_check", value_name = "S", default_value_t = 20)]
    capacity_seconds: u64,
}

/// One flag for each key of [`RelaySettings`].
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// Address of the HTTP interface: WHIP, WHEP, events, metrics [default: 0.0.0.0:8080]
    #[arg(long, value_name = "ADDR", env = "TONGKE_HTTP")]
    http: Option<SocketAddr>,
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
    /// File with the secret that signs grants, at least 32 bytes
    #[arg(long, value_name = "FILE", env = "TONGKE_SECRET_FILE")]
    secret_file: Option<PathBuf>,
    /// Certificate chain (PEM): HTTPS instead of HTTP, and the certificate of QUIC
    #[arg(long, value_name = "FILE", env = "TONGKE_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", env = "TONGKE_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Addresses that clients are told to send media to, when the relay cannot see them itself
    /// (behind NAT) [default: found by the relay]
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
    /// Directory for the record of lessons: who was connected when, who led, who counted; a relay that
    /// is started again knows from it how lessons stand, and one whose folder is enrolled ('tongke enrol')
    /// delivers it to the pairing registry [default: none is kept]
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
}

impl From<Flags> for RelaySettings {
    fn from(flags: Flags) -> RelaySettings {
        RelaySettings {
            http: flags.http,
            rtc: flags.rtc,
            quic: flags.quic,
            reflector: flags.reflector,
            reflector_second: flags.reflector_second,
            load_mbps: flags.load_mbps,
            secret_file: flags.secret_file,
            tls_cert: flags.tls_cert,
            tls_key: flags.tls_key,
            advertise: flags.advertise,
            workers: flags.workers,
            spread_after: flags.spread_after,
            pin_workers: flags.pin_workers,
            data: flags.data,
        }
    }
}

/// Runs the relay until it is told to end.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<RelaySettings>(args.config.as_deref())?;
    let settings = file.settings.merge(args.flags.into());
    if args.capacity_check {
        return capacity::run(capacity::Plan {
            seconds: args.capacity_seconds,
            json: args.json,
            http: settings.http.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 8080))),
            rtc: settings.rtc.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 5004))),
        });
    }
    log.over(file.log).start()?;
    if let Some(path) = &settings.secret_file {
        secret::warn_if_others_may_read(path);
    }
    let config = RelayConfig::try_from(settings).map_err(wrong)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async { tongke_relay::run(config, shutdown::requested()?).await.map_err(wrong) })
}

/// How a relay's error is told.
pub(super) fn wrong(error: RelayError) -> Failure {
    match error {
        RelayError::Setting { key, why } => Failure::setting(key, &why),
        RelayError::Secret { .. } | RelayError::Certificate { .. } => Failure::usage(error),
        RelayError::Bind { .. } | RelayError::System { .. } | RelayError::WorkerEnded(_) => {
            Failure::running(error)
        }
    }
}
