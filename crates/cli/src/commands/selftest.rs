//! `tongke selftest`: what this school's line to its relay does, for the school's IT staff.

use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::selftest::tell;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tongke_inspection::{Criteria, Facts, judge};
use tongke_node::{NodeSettings, SelfTest, SelfTestProgress, admit, selftest};

/// Longest time that the idle line is watched.
const MOST_SECONDS: u64 = 60;

/// The flags of `tongke selftest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file of this machine's node (see configs/send.toml); flags win over it
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    /// The relay: http://HOST:PORT or https://…
    #[arg(long, value_name = "URL", env = "TONGKE_RELAY")]
    relay: Option<String>,
    /// PEM file with the authority of a relay whose certificate no public authority signed
    #[arg(long, value_name = "FILE", env = "TONGKE_RELAY_CA")]
    relay_ca: Option<PathBuf>,
    /// The lesson whose relay is tested [default: the one that the token is for]
    #[arg(long, value_name = "LESSON", env = "TONGKE_LESSON")]
    lesson: Option<String>,
    /// A file that holds the grant, as 'tongke token' prints it
    #[arg(long, value_name = "FILE", env = "TONGKE_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Folder of an enrolled machine: the registry then gives grant and relay
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
    /// How long the idle line is watched, in seconds, 1 to 60
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=MOST_SECONDS))]
    seconds: u64,
    /// Who tests, for the record
    #[arg(long, value_name = "NAME", default_value = "IT staff")]
    by: String,
    /// Print the facts as JSON instead of words
    #[arg(long)]
    json: bool,
    /// Keep the facts in this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Tests the line and says what was found.
pub fn run(args: &Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<NodeSettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let settings = settings(args, file.settings);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    let facts = runtime.block_on(async {
        let config = admit(settings).await.map_err(super::node::ended)?;
        let plan = SelfTest { asked_by: args.by.clone(), idle: Duration::from_secs(args.seconds) };
        let live = std::io::stderr().is_terminal();
        let tested = selftest(&config, &plan, &mut progress(live)).await.map_err(Failure::running);
        clear(live);
        tested
    })?;
    let json = facts.to_json().map_err(Failure::running)?;
    if let Some(path) = &args.out {
        keep(path, &json)?;
    }
    let told = if args.json { json } else { words(&facts) };
    // Whoever reads may have gone away; the facts are kept.
    let _ = std::io::stdout().write_all(&told).and_then(|()| std::io::stdout().write_all(b"\n"));
    Ok(())
}

/// A test sends and plays nothing.
fn settings(args: &Args, file: NodeSettings) -> NodeSettings {
    let none = || Some("none".to_owned());
    NodeSettings {
        relay: args.relay.clone().or(file.relay),
        relay_ca: args.relay_ca.clone().or(file.relay_ca),
        lesson: args.lesson.clone().or(file.lesson),
        token_file: args.token_file.clone().or(file.token_file),
        data: args.data.clone().or(file.data),
        camera: none(),
        screen: none(),
        microphone: none(),
        ..NodeSettings { token: file.token, room: file.room, ..NodeSettings::default() }
    }
}

fn words(facts: &Facts) -> Vec<u8> {
    tell(facts, &judge(facts, &Criteria::shipped())).into_bytes()
}

fn keep(path: &Path, json: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::running(format!("cannot write '{}': {error}", path.display()));
    std::fs::write(path, json).map_err(failed)
}

/// What is being done, on a terminal.
#[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
fn progress(live: bool) -> impl FnMut(SelfTestProgress) {
    move |what| {
        let told = match what {
            SelfTestProgress::Reaching => "looking for the relay".to_owned(),
            SelfTestProgress::Idle(sent, of) if sent % 50 == 0 || sent == of => {
                format!("watching the idle line: {} s left", (of - sent).div_ceil(50))
            }
            SelfTestProgress::Idle(..) => return,
            SelfTestProgress::Marking => "looking what becomes of precedence marks".to_owned(),
            SelfTestProgress::Sizing => "looking for the largest packet, up to 10 s".to_owned(),
        };
        if live {
            eprint!("\r\x1b[K{told}");
        }
    }
}

/// What follows begins a line of its own, wherever the test ended.
#[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
fn clear(live: bool) {
    if live {
        eprint!("\r\x1b[K");
    }
}
