//! The flags.

use crate::target::Kind;
use clap::Parser;
use std::path::PathBuf;
use tongke_load::cores::Cores;
use tongke_load::{Link, Pace, Shape};

/// What a running relay costs, beside a floor and a peer.
#[derive(Debug, Parser)]
pub struct Args {
    /// What is put under load: relay, floor, peer, quic-floor; each only over the links that it has
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "relay,floor,peer,quic-floor")]
    pub targets: Vec<Kind>,
    /// Lessons: LESSONSxSUBSCRIBERS, or pairs:LESSONS of two who publish and subscribe; may be repeated
    /// [default: every row of what is asked for]
    #[arg(long, value_name = "SHAPE")]
    pub shape: Vec<Shape>,
    /// How everybody is connected: webrtc, quic
    #[arg(long, value_name = "LINK,…", value_delimiter = ',', default_value = "webrtc")]
    pub link: Vec<Link>,
    /// Raise the sizes of the shapes instead until a packet is lost (of pairs: until the frame's end comes
    /// more than 5 ms late at p99, or more than 0.01 % is lost), over WebRTC
    #[arg(long)]
    pub saturate: bool,
    /// So many subscribers join the shapes' running lessons within 2 s instead
    #[arg(long, value_name = "N", conflicts_with = "saturate")]
    pub joins: Option<usize>,
    /// Folder for the JSON lines (load.jsonl, appended to) and the picture (load.svg)
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub out: PathBuf,
    /// How pictures leave their publisher: paced (one by one, at 2.5 times the bit rate), bursts (each 5 ms)
    #[arg(long, value_name = "PACE", default_value = "paced")]
    pub pace: Pace,
    /// Seconds measured in each run
    #[arg(long, value_name = "S", default_value_t = 8)]
    pub seconds: u64,
    /// Runs of each target and shape; the median counts
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub runs: usize,
    /// Seconds from the last join until the measurement begins
    #[arg(long, value_name = "S", default_value_t = 2)]
    pub warm_up: u64,
    /// Processors of the target
    #[arg(long, value_name = "N,…", default_value = "0")]
    pub relay_core: Cores,
    /// Processor of the load
    #[arg(long, value_name = "N", default_value = "1")]
    pub load_core: Cores,
    /// The peer drives all its sessions after each datagram, as str0m's own example does, not only those
    /// that something happened to
    #[arg(long)]
    pub peer_drives_all: bool,
    /// What targets send is received on the processor of the load, not within their send calls; needs root
    #[arg(long)]
    pub receive_apart: bool,
    /// Workers of the relay
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub workers: u16,
    /// Decides the publishers' phases
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// A relay that runs already, as http://HOST:PORT
    #[arg(long, value_name = "URL", requires = "secret_file")]
    pub relay: Option<String>,
    /// The secret file of that relay
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The process of that relay, if it runs on this machine
    #[arg(long, value_name = "PID")]
    pub relay_pid: Option<u32>,
    /// The program that is started as a relay [default: tongke beside this program]
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}
