//! What a running relay costs: one school publishes, N classes receive over QUIC, then over WebRTC.
//!
//! Relay and clients share this machine, so delays hold the clients' work too.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

mod quic;
mod relay;
mod tally;
mod webrtc;

use clap::Parser;
use quic::QuicClient;
use relay::{Relay, Snapshot};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use tally::{Clock, Tally};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tongke_protocol::Role;

/// From the last join until figures are taken: keyframes and handshakes are over.
const WARM_UP: Duration = Duration::from_secs(2);
/// After the figures: what is under way arrives.
const COOL_DOWN: Duration = Duration::from_millis(500);

/// What a running relay costs.
#[derive(Debug, Parser)]
pub struct Args {
    /// A relay that runs already, as http://HOST:PORT [default: one is started on loopback]
    #[arg(long, value_name = "URL", requires = "secret_file")]
    relay: Option<String>,
    /// The secret file of that relay
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The program that is started as a relay [default: tongke beside this program]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Receivers, each number in turn
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 10, 50])]
    receivers: Vec<usize>,
    /// Seconds measured for each
    #[arg(long, value_name = "S", default_value_t = 10)]
    seconds: u64,
}

/// How the receivers are connected.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Link {
    Quic,
    Webrtc,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    // A second call would fail, but there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let relay = Relay::new(&args).await?;
    println!("relay, one 720p publisher over QUIC (320 packets/s) to N receivers:");
    println!("  link     N  forwarded/s  CPU us/packet  RSS KiB/receiver  dropped  lost  p50 ms  p99 ms");
    for link in [Link::Quic, Link::Webrtc] {
        for &count in &args.receivers {
            let row = lesson(&relay, link, count, Duration::from_secs(args.seconds)).await;
            match row {
                Ok(row) => println!("  {:6} {count:3}  {row}", format!("{link:?}").to_lowercase()),
                Err(error) => println!("  {link:?} {count}: {error}"),
            }
        }
    }
    Ok(())
}

async fn lesson(relay: &Relay, link: Link, count: usize, time: Duration) -> Result<String, Box<dyn Error>> {
    let lesson = format!("bench-{link:?}-{count}");
    let (stop, stopped) = watch::channel(false);
    let clock = Clock::start();
    let empty = relay.settled().await?;
    let mut receivers = JoinSet::new();
    for number in 0..count {
        let name = format!("class{number}");
        if link == Link::Quic {
            let client = QuicClient::join(relay, &lesson, &name, Role::Observer).await?;
            receivers.spawn(client.run(clock, stopped.clone()));
        } else {
            let client = webrtc::join(relay, &lesson, &name, clock).await?;
            receivers.spawn(client.run(clock, stopped.clone()));
        }
    }
    let publisher = QuicClient::join(relay, &lesson, "school", Role::Supporting).await?;
    let publisher = tokio::spawn(publisher.run(clock, stopped));
    tokio::time::sleep(WARM_UP).await;
    let before = relay.snapshot().await?;
    tokio::time::sleep(time).await;
    let after = relay.snapshot().await?;
    // Receivers go on a little longer than the publisher, so that nothing under way counts as lost.
    publisher.abort();
    tokio::time::sleep(COOL_DOWN).await;
    let _ = stop.send(true);
    let mut tally = Tally::default();
    while let Some(of_one) = receivers.join_next().await {
        tally.add(of_one?);
    }
    Ok(row(&empty, &before, &after, &tally, count))
}

fn row(empty: &Snapshot, before: &Snapshot, after: &Snapshot, tally: &Tally, count: usize) -> String {
    let forwarded = after.forwarded - before.forwarded;
    let seconds = after.at.duration_since(before.at).as_secs_f64();
    format!(
        "{:11.0}  {:13.2}  {:16.0}  {:7.0}  {:4}  {:6.2}  {:6.2}",
        forwarded / seconds,
        (after.cpu_s - before.cpu_s) * 1e6 / forwarded.max(1.0),
        (after.rss_bytes - empty.rss_bytes) / 1024.0 / count.max(1) as f64,
        after.dropped - before.dropped,
        tally.lost(),
        tally.delay_ms(0.50),
        tally.delay_ms(0.99),
    )
}
