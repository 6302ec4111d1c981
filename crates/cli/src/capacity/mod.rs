//! `tongke relay --capacity-check`: measures this machine with a relay of its own and says what it can
//! carry. Model and method: `docs/capacity.md`.

mod live;
mod machine;
mod measure;
mod model;
mod progress;
mod report;

use crate::failure::Failure;
use machine::Machine;
use model::Means;
use progress::Progress;
use report::Report;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// Shortest check: each stage shows at least one group of pictures in parts.
const SHORTEST_SECONDS: u64 = 5;
/// Longest check.
const LONGEST_SECONDS: u64 = 600;

/// What is asked of a check.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How long it takes, about.
    pub seconds: u64,
    /// JSON instead of words.
    pub json: bool,
    /// Where a relay of this machine would have its HTTP interface.
    pub http: SocketAddr,
    /// And its media.
    pub rtc: SocketAddr,
}

/// Measures, and prints what was found on standard output.
pub fn run(plan: Plan) -> Result<(), Failure> {
    if !(SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&plan.seconds) {
        let seconds = plan.seconds;
        return Err(Failure::usage(format!(
            "a capacity check takes {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds, not {seconds}"
        )));
    }
    // Fails if somebody has installed one; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(live::refuse_beside_lessons(plan.http, plan.rtc))?;
    drop(runtime);
    let machine = Machine::read();
    let time = Duration::from_secs(plan.seconds);
    let mut progress = Progress::begin(time);
    let measured = measure::measure(&machine, time, &mut progress);
    progress.end();
    let measured = measured?;
    let means = Means {
        cores: machine.cores.len(),
        free_memory_bytes: machine.free_memory_bytes,
        line_bps: machine.line_bps,
    };
    let capacity = model::capacity(&measured, &means);
    let report = Report::new(machine, measured, means, capacity);
    let text = if plan.json {
        serde_json::to_string_pretty(&report).map_err(Failure::running)? + "\n"
    } else {
        report.text()
    };
    // Whoever closed standard output does not want it.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}
