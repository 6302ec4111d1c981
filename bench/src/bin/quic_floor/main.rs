//! The least over QUIC: what a publisher sends goes to everybody else of the lesson, as `quinn` carries it.
//! One thread; nothing is checked, repaired or counted, and no keyframe is asked for.

mod door;
mod hall;

use clap::Parser;
use std::error::Error;
use std::net::SocketAddr;

/// What quinn's own datagrams cost in a relay's fan-out.
#[derive(Debug, Parser)]
struct Args {
    /// Address of the HTTP interface
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Address of QUIC
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4433")]
    rtc: SocketAddr,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let endpoint = door::open(args.rtc)?;
        let port = endpoint.local_addr()?.port();
        tokio::spawn(hall::serve(endpoint));
        door::http(args.http, port).await
    })
}
