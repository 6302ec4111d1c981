//! The peer: the relay that anyone would write with str0m, which forwards RTP packets as they come. One
//! thread, one receive and one send call for each datagram, all else as str0m does it by default:
//! NACK, retransmission, transport-wide feedback, reports; no bandwidth estimation and no pacer.
//!
//! It is written to be fair: sessions are found by address before they are asked, only a session that
//! something happened to is driven, timers are looked at when the earliest is due, and one certificate
//! serves all.

#![allow(clippy::print_stderr, reason = "says once what it is")]

mod client;
mod hall;

use clap::Parser;
use hall::Hall;
use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tongke_bench::target;

/// Longest sleep. str0m's timers are tens of milliseconds long; a fixed limit saves setting the
/// socket's anew before each receive call.
const LONGEST_SLEEP: Duration = Duration::from_millis(5);
/// Larger than any datagram of WebRTC.
const DATAGRAM: usize = 2_048;

/// The relay that anyone would write with str0m.
#[derive(Debug, Parser)]
struct Args {
    /// Address of WHIP and WHEP
    #[arg(long, value_name = "ADDR")]
    http: SocketAddr,
    /// Address of media; not the unspecified one, since clients are told it
    #[arg(long, value_name = "ADDR")]
    rtc: SocketAddr,
    /// Drive every session after every datagram, as str0m's own example does
    #[arg(long)]
    drive_all: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let socket = target::bind(args.rtc)?;
    socket.set_read_timeout(Some(LONGEST_SLEEP))?;
    let local = socket.local_addr()?;
    let (http, joins, counters) = target::serve(args.http, local)?;
    eprintln!(
        "tongke-bench-peer: str0m 0.25.0 in RTP mode with aws-lc-rs, recv_from and send_to for each \
         datagram; one thread, HTTP on {http}, media on {local}"
    );
    let mut hall = Hall::new(socket.try_clone()?, counters)?;
    let mut buffer = [0; DATAGRAM];
    loop {
        let received = socket.recv_from(&mut buffer);
        let now = Instant::now();
        match received {
            Ok((len, source)) => hall.receive(now, source, &buffer[..len]),
            Err(error) => match error.kind() {
                // Nothing came; a signal; the echo of an earlier send to a client that is gone.
                ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionRefused => {}
                _ => return Err(error.into()),
            },
        }
        while let Ok(join) = joins.try_recv() {
            hall.join(now, join);
        }
        if args.drive_all {
            hall.drive_all(now);
        }
        hall.handle_timeouts(now);
    }
}
