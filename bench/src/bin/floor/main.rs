//! The floor: the least program that does a relay's fan-out. What it costs is what the machine asks
//! for receiving, opening, copying, sealing and sending; the rest of a relay's cost is the relay.
//!
//! No repair, no feedback, no statistics. A picture's packets leave together at its marker or when
//! the first of them is 5 ms old, sound at once; requests for a keyframe go on to the publisher.

#![allow(clippy::print_stderr, reason = "says once what it is")]

mod arena;
mod floor;
mod port;
mod seats;

use clap::Parser;
use floor::Floor;
use port::{Inbox, Port};
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use tongke_bench::target;

/// The least program that does a relay's fan-out.
#[derive(Debug, Parser)]
struct Args {
    /// Address of WHIP and WHEP
    #[arg(long, value_name = "ADDR")]
    http: SocketAddr,
    /// Address of media; not the unspecified one, since clients are told it
    #[arg(long, value_name = "ADDR")]
    rtc: SocketAddr,
    /// Milliseconds that a packet in the middle of a picture may wait for the picture's end
    #[arg(long, value_name = "MS", default_value_t = 5)]
    hold_ms: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut port = Port::new(target::bind(args.rtc)?)?;
    let (http, joins, counters) = target::serve(args.http, port.local)?;
    eprintln!(
        "tongke-bench-floor: receive, open, copy, seal, send with GSO; one thread, HTTP on {http}, \
         media on {}",
        port.local
    );
    let mut inbox = Inbox::new();
    let mut floor = Floor::new(port.local, counters, Duration::from_millis(args.hold_ms))?;
    loop {
        port.wait(floor.due())?;
        floor.read_clock();
        while inbox.receive(&port, |remote, datagram| floor.take(&port, remote, datagram))? {}
        while let Ok(join) = joins.try_recv() {
            floor.join(join);
        }
        floor.handle_timeout(&port);
    }
}
