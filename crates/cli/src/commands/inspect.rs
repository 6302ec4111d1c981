//! `tongke inspect`: the way between two schools, measured for an inspector: by a test, or beside a lesson.

use super::way::WayArgs;
use crate::config;
use crate::failure::Failure;
use crate::inspection::hold::Hold;
use crate::inspection::{beside, by_test, keeping};
use crate::logging::LogArgs;
use crate::shutdown;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use tongke_inspection::Facts;
use tongke_node::inspect::InspectError;
use tongke_node::{NodeConfig, NodeSettings, admit};
use tongke_protocol::ParticipantId;
use tongke_report::Language;

/// Least time between two questions beside a lesson, in seconds.
const MIN_EVERY_S: u64 = 2;

/// The flags of `tongke inspect`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Configuration file with the relay's address and authority; flags win over it
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    way: WayArgs,
    /// The node that the inspection begins from
    #[arg(long, value_name = "NODE")]
    pub from: ParticipantId,
    /// The other node
    #[arg(long, value_name = "NODE")]
    pub to: ParticipantId,
    /// How long the call is held: seconds, minutes ('5m'), or 'lesson' (45 minutes; beside a lesson, until it ends)
    #[arg(long, value_name = "TIME", default_value = "60")]
    pub hold: Hold,
    /// Measure beside the lesson that runs, from what its nodes count; no load is sent
    #[arg(long)]
    beside_lesson: bool,
    /// Beside a lesson: how often its nodes are asked, in seconds
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(MIN_EVERY_S..=300))]
    pub every: u64,
    /// How long a node that answers nothing is waited for before it counts as asleep, in seconds
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub patience: u64,
    /// How long idle lines are watched, in seconds, 1 to 60
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=60))]
    pub idle: u16,
    /// The fastest that a line is loaded, in Mbit/s
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub most_mbps: u16,
    /// Measure glass to glass: in the call each room's screen shows the other end's marker, and its camera, which has
    /// to be pointed at that screen, films it
    #[arg(long, conflicts_with = "beside_lesson")]
    pub optical: bool,
    /// What is sent costs money: no more than is needed
    #[arg(long)]
    pub metered: bool,
    /// Who inspects, for the record
    #[arg(long, value_name = "NAME", default_value = "inspector")]
    pub by: String,
    /// Folder for facts.json, report.json, report.html and report.pdf [default: one with the inspection's name]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder of a machine that was enrolled ('tongke enrol'): it signs the report, and keeps it until the registry
    /// has it
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
    /// zh-CN or en
    #[arg(long, value_name = "LANGUAGE", default_value_t)]
    pub language: Language,
    /// Print the facts as JSON instead of words
    #[arg(long)]
    json: bool,
}

/// Inspects, and says what was found.
pub fn run(args: &Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<NodeSettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    if args.from == args.to {
        return Err(Failure::usage("--from and --to name the same node; an inspection needs two"));
    }
    // Before anything is measured: it would be a pity to have no place for it.
    let machine = args.data.as_deref().map(super::verify::machine).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    let settings = settings(args, file.settings);
    let facts = runtime.block_on(inspect(args, settings))?;
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from(&facts.id));
    let report = keeping::keep(facts, machine.as_ref().zip(args.data.as_deref()), &folder, args.language)?;
    let told = if args.json { report.facts_json()? } else { report.words(&folder, args.language) };
    // Whoever reads may have gone away; all of it is kept.
    let _ = std::io::stdout().write_all(told.as_bytes());
    Ok(())
}

async fn inspect(args: &Args, settings: NodeSettings) -> Result<Facts, Failure> {
    let config = admit(settings).await.map_err(super::node::ended)?;
    let shutdown = shutdown::requested()?;
    let measured = if args.beside_lesson {
        beside::run(args, &config, shutdown).await
    } else {
        by_test::run(args, &config, shutdown).await
    };
    measured.map_err(|error| failure(error, &config))
}

fn failure(error: InspectError, config: &NodeConfig) -> Failure {
    match error {
        error @ InspectError::NoTest(_) => Failure::usage(error)
            .hint("to measure beside a lesson that runs, without any load, use --beside-lesson"),
        error @ InspectError::Role(_) => {
            Failure::usage(error).hint("make one: tongke token --role inspector …")
        }
        error => {
            Failure::running(error).hint(format!("see that the relay {} runs, and the grant", config.relay))
        }
    }
}

/// An inspector sends and shows nothing.
fn settings(args: &Args, file: NodeSettings) -> NodeSettings {
    let NodeSettings { relay, relay_ca, lesson, token, token_file, .. } = args.way.over(file);
    NodeSettings { relay, relay_ca, lesson, token, token_file, ..NodeSettings::default() }
}

impl Args {
    /// Between two questions beside a lesson.
    pub fn period(&self) -> Duration {
        Duration::from_secs(self.every)
    }
}
