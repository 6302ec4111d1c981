//! `tongke demo`: a lesson of three schools on this machine, measured.

use crate::config;
use crate::demo::{Lesson, Plan};
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::shutdown;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

const DEFAULT_SECONDS: u64 = 20;
const LONGEST_SECONDS: u64 = 24 * 3_600;
const DEFAULT_REPORT: &str = "target/demo/report.json";
/// The drawn test scene.
const DEFAULT_INPUT: &str = "test";

/// The flags of `tongke demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; its keys are the flags' names
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Settings,
}

/// What the demo does.
#[derive(Debug, Clone, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long the lesson is, once every school is in [default: 20]
    #[arg(long, value_name = "N", env = "TONGKE_SECONDS")]
    seconds: Option<u64>,
    /// The report (JSON); logs go beside it [default: target/demo/report.json]
    #[arg(long, value_name = "FILE", env = "TONGKE_REPORT")]
    report: Option<PathBuf>,
    /// The supporting school's camera instead of the test scene: rtsp://…, an MP4 or Y4M file,
    /// /dev/video0
    #[arg(long, value_name = "SOURCE", env = "TONGKE_SENDER_INPUT")]
    sender_input: Option<String>,
}

/// Runs the lesson, prints its tables, writes its report.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<Settings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let seconds = args.flags.seconds.or(file.settings.seconds).unwrap_or(DEFAULT_SECONDS);
    if !(1..=LONGEST_SECONDS).contains(&seconds) {
        return Err(Failure::usage(format!("a demo takes 1 to {LONGEST_SECONDS} seconds, not {seconds}")));
    }
    let plan = Plan {
        duration: Duration::from_secs(seconds),
        report: args.flags.report.or(file.settings.report).unwrap_or_else(|| DEFAULT_REPORT.into()),
        sender_input: args
            .flags
            .sender_input
            .or(file.settings.sender_input)
            .unwrap_or_else(|| DEFAULT_INPUT.into()),
    };
    // One thread: the children are to end when it does, see `demo::end_with_parent`.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(lesson(plan))
}

async fn lesson(plan: Plan) -> Result<(), Failure> {
    let path = plan.report.clone();
    let stop = shutdown::requested()?;
    let lesson = Lesson::start(plan).await?;
    say(&mut std::io::stderr(), &lesson.describe());
    let (report, tables) = lesson.run(stop).await?;
    let mut out = std::io::stdout();
    if !tables.is_empty() {
        say(&mut out, &format!("\n{tables}"));
    }
    for note in &report.notes {
        say(&mut out, &format!("note: {note}"));
    }
    say(&mut out, &format!("report: {}", path.display()));
    if report.ok {
        say(&mut out, "The lesson took place: every school saw and heard every other.");
        Ok(())
    } else {
        Err(Failure::lesson("the lesson failed; the first notes say where")
            .hint("the logs are beside the report"))
    }
}

/// Whoever reads may have gone away (a closed pipe): the lesson and its report do not depend on it.
fn say(out: &mut dyn std::io::Write, text: &str) {
    let _ = writeln!(out, "{text}");
}
