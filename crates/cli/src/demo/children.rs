//! The demo's processes: how each is started, and waited for.

use super::processes::Process;
use super::{http, ports};
use crate::failure::Failure;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Until the relay listens.
const RELAY_START: Duration = Duration::from_secs(10);
/// For what waits in a machine's folder.
const DELIVERING: Duration = Duration::from_secs(12);
const POLL: Duration = Duration::from_millis(50);

/// An address on loopback for one of them.
pub fn free_address() -> Result<SocketAddr, Failure> {
    ports::free_address().map_err(|error| Failure::running(format!("no free port on loopback: {error}")))
}

/// Starts the relay, enrolled as in its folder; returns when it listens.
pub async fn start_relay(
    http: SocketAddr,
    data: &Path,
    secret_file: &Path,
    logs: &Path,
) -> Result<Process, Failure> {
    let (rtc, quic) = (free_address()?, free_address()?);
    let mut args = vec!["relay".to_owned()];
    for (flag, value) in [
        ("--http", http.to_string()),
        ("--rtc", rtc.to_string()),
        ("--quic", quic.to_string()),
        ("--secret-file", secret_file.display().to_string()),
        ("--data", data.display().to_string()),
    ] {
        args.extend([flag.to_owned(), value]);
    }
    let mut relay = start_process("relay", &args, logs)?;
    wait_until_it_answers(&mut relay, http, "/readyz", RELAY_START).await?;
    Ok(relay)
}

/// Waits until a process answers at this address.
pub async fn wait_until_it_answers(
    process: &mut Process,
    address: SocketAddr,
    path: &str,
    at_most: Duration,
) -> Result<(), Failure> {
    let deadline = Instant::now() + at_most;
    while http::get(address, path).await.is_err() {
        if process.ended().is_some() || Instant::now() > deadline {
            return Err(Failure::running(format!(
                "the {} did not start; its log {} ends with:\n{}",
                process.name(),
                process.log().display(),
                process.last_words(5)
            )));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Starts one; what it says goes to its log.
pub fn start_process(name: &str, args: &[String], logs: &Path) -> Result<Process, Failure> {
    let log = logs.join(format!("{name}.log"));
    Process::start(name, args, &log)
        .map_err(|error| Failure::running(format!("cannot start {name}: {error}")))
}

/// Waits until one has ended, but not for ever.
pub async fn wait_for_end(process: &mut Process, at_most: Duration) {
    let deadline = Instant::now() + at_most;
    while process.ended().is_none() && Instant::now() < deadline {
        tokio::time::sleep(POLL).await;
    }
}

/// Brings to the registry what still waits in a machine's folder; why not everything was brought.
pub async fn deliver(machine: &str, data: &Path, logs: &Path) -> Result<(), String> {
    let args = ["deliver", "--data", &data.display().to_string(), "--wait", "10s"].map(str::to_owned);
    let name = format!("{machine}-deliver");
    let mut process = start_process(&name, &args, logs).map_err(|failure| failure.in_one_line())?;
    wait_for_end(&mut process, DELIVERING).await;
    match process.ended() {
        Some(status) if status.success() => Ok(()),
        _ => Err(format!("what {machine} has to say was not all delivered:\n{}", process.last_words(2))),
    }
}

/// A file or a folder that cannot be used.
pub fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::running(format!("cannot {what} {}: {error}", path.display()))
}
