//! What a packet costs without a network: reading and writing headers, SRTP, and the relay's core
//! forwarding one school's media to many receivers in memory.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

mod core;
mod packets;

use clap::Parser;
use std::error::Error;
use tongke_bench::allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a packet costs without a network.
#[derive(Debug, Parser)]
struct Args {
    /// Receivers of the one publisher
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 10, 50, 100])]
    receivers: Vec<usize>,
    /// Seconds of lesson in each of the rounds, of which the best counts
    #[arg(long, value_name = "S", default_value_t = 10)]
    seconds: u64,
    /// Rounds
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Only the core, not headers and SRTP
    #[arg(long)]
    core_only: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if !args.core_only {
        packets::report();
    }
    core::report(&args.receivers, args.seconds, args.rounds)
}
