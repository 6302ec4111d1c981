//! The programs under load: each is started anew for each run, on its own processor.

use crate::args::Args;
use std::error::Error;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use tongke_load::cores::pinned;
use tongke_load::{Link, Target};
use tongke_protocol::GrantKey;

/// What is put under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Ours.
    Relay,
    /// The least that the same fan-out needs.
    Floor,
    /// The plain relay that anyone would write on str0m.
    Peer,
    /// The least over QUIC: `quinn`'s own cost of the same datagrams.
    QuicFloor,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Kind::Relay, Kind::Floor, Kind::Peer, Kind::QuicFloor];
        let found = all.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| format!("'{text}' is none of relay, floor, peer, quic-floor"))
    }
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Relay => "relay",
            Kind::Floor => "floor",
            Kind::Peer => "peer",
            Kind::QuicFloor => "quic-floor",
        }
    }

    fn program(self) -> &'static str {
        match self {
            Kind::Relay => "tongke",
            Kind::Floor => "tongke-bench-floor",
            Kind::Peer => "tongke-bench-peer",
            Kind::QuicFloor => "tongke-bench-quic-floor",
        }
    }

    /// Whether it takes sessions over a link.
    pub fn takes(self, link: Link) -> bool {
        match self {
            Kind::Relay => true,
            Kind::Floor | Kind::Peer => link == Link::Webrtc,
            Kind::QuicFloor => link == Link::Quic,
        }
    }
}

/// A target that runs; one that was started here ends with this.
pub struct Running {
    /// Where it is.
    pub target: Target,
    child: Option<Child>,
    secret_file: Option<PathBuf>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Some(file) = &self.secret_file {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Starts a target, or takes the relay that runs already.
///
/// # Errors
/// If its program cannot be started.
pub fn start(args: &Args, kind: Kind) -> Result<Running, Box<dyn Error>> {
    if let (Kind::Relay, Some(url), Some(file)) = (kind, &args.relay, &args.secret_file) {
        let key = GrantKey::from_secret_file(&std::fs::read(file)?).ok_or("the secret is too short")?;
        let target = Target { url: url.clone(), key: Some(key), pid: args.relay_pid };
        return Ok(Running { target, child: None, secret_file: None });
    }
    let program = match (&args.program, kind) {
        (Some(program), Kind::Relay) => program.clone(),
        _ => std::env::current_exe()?.with_file_name(kind.program()),
    };
    let page = free_tcp_port()?;
    let mut command = Command::new(&program);
    let (mut secret_file, mut key) = (None, None);
    if kind == Kind::Relay {
        let secret = format!("{:032x}", rand::random::<u128>());
        let file = std::env::temp_dir().join(format!("tongke-bench-{}", std::process::id()));
        std::fs::write(&file, &secret)?;
        command.args(["relay", "--secret-file"]).arg(&file);
        command.args(["--workers", &args.workers.to_string(), "--quic", "127.0.0.1:0"]);
        key = GrantKey::from_secret_file(secret.as_bytes());
        secret_file = Some(file);
    }
    if kind == Kind::Peer && args.peer_drives_all {
        command.arg("--drive-all");
    }
    command.args(["--http", &format!("127.0.0.1:{page}"), "--rtc"]);
    command.arg(format!("127.0.0.1:{}", free_udp_port()?));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = pinned(&args.relay_core, || command.spawn())?;
    let child = child.map_err(|error| format!("cannot start {}: {error}", program.display()))?;
    let target = Target { url: format!("http://127.0.0.1:{page}"), key, pid: Some(child.id()) };
    Ok(Running { target, child: Some(child), secret_file })
}

fn free_tcp_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn free_udp_port() -> std::io::Result<u16> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
