//! Why a relay does not start. The texts are for the person who started it: what is wrong, and
//! which setting to change.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the relay could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A setting is missing or contradicts another.
    #[error("setting '{key}': {why}")]
    Setting {
        /// The setting's key in the configuration file; the flag is the same with '-' for '_'.
        key: &'static str,
        /// What is wrong and what to write instead.
        why: String,
    },
    /// The secret file cannot be used.
    #[error(
        "secret file {}: {why}. It must hold at least 32 bytes; make one with: head -c 48 /dev/urandom | base64 > {}",
        path.display(), path.display()
    )]
    Secret {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A certificate or its key cannot be used.
    #[error("{what} {}: {why}. Give a PEM file, set by --{flag}", path.display())]
    Certificate {
        /// Certificate or private key.
        what: &'static str,
        /// The flag that names the file.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {what}: {source}{hint}; choose another address with --{flag}", hint = bind_hint(source))]
    Bind {
        /// What would listen there.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// The flag that sets the address.
        flag: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The system refuses something else the relay needs.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Worker threads ended by themselves too often to go on.
    #[error("worker {0} ended unexpectedly again and again; the log lines before this say why")]
    WorkerEnded(usize),
}

fn bind_hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => " (another program, perhaps another relay, has this port)",
        io::ErrorKind::PermissionDenied => " (ports below 1024 need CAP_NET_BIND_SERVICE)",
        io::ErrorKind::AddrNotAvailable => " (no network interface of this machine has this address)",
        _ => "",
    }
}
