//! JSON lines for programs: one object for each run.

use crate::args::Args;
use crate::figures::Figure;
use crate::report::doubts;
use crate::run::Outcome;
use serde_json::{Map, Value, json};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tongke_load::Percentiles;

/// What all runs of a call share.
pub struct Context {
    unix_s: u64,
    machine: String,
    commit: String,
    flags: Vec<String>,
}

impl Context {
    /// This machine, this source, this call.
    pub fn read() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            unix_s: now.as_secs(),
            machine: machine(),
            commit: commit().unwrap_or_else(|| "unknown".to_owned()),
            flags: std::env::args().skip(1).collect(),
        }
    }

    /// An object with what is shared, of a kind, with `more`.
    pub fn line(&self, kind: &str, more: Value) -> Value {
        let mut line = Map::new();
        line.insert("kind".into(), kind.into());
        line.insert("unix_s".into(), self.unix_s.into());
        line.insert("machine".into(), self.machine.clone().into());
        line.insert("commit".into(), self.commit.clone().into());
        line.insert("flags".into(), self.flags.clone().into());
        if let Value::Object(more) = more {
            line.extend(more);
        }
        Value::Object(line)
    }
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let allowed = info.lines().filter(|line| line.starts_with("processor")).count().max(processors);
    format!("{allowed} x {}, Linux {}", model.map_or("unknown", |(_, name)| name), kernel.trim())
}

fn commit() -> Option<String> {
    let output = Command::new("git").args(["describe", "--always", "--dirty"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A run as an object.
pub fn of_run(args: &Args, outcome: &Outcome) -> Value {
    let seen = &outcome.seen;
    let times = |of: &Percentiles| json!({ "count": of.count, "p50": of.p50_ms, "p99": of.p99_ms, "p999": of.p999_ms, "max": of.max_ms });
    let figures = Figure::ALL.into_iter().filter_map(|figure| {
        let value = figure.of(outcome).filter(|value| value.is_finite())?;
        Some((format!("{figure:?}"), json!(value)))
    });
    json!({
        "target": outcome.target.name(),
        "shape": outcome.shape.to_string(),
        "link": outcome.link.name(),
        "pace": args.pace.name(),
        "run": outcome.run,
        "seconds": seen.seconds,
        "publishers": seen.publishers,
        "subscribers": seen.subscribers,
        "packets_per_s": seen.packets_per_s(),
        "expected": seen.expected,
        "received": seen.received,
        "lost": seen.lost,
        "duplicates": seen.duplicates,
        "mismapped": seen.mismapped,
        "renumbered": seen.renumbered,
        "unopened": seen.unopened,
        "keyframe_requests": seen.keyframe_requests,
        "nacked": seen.nacked,
        "latency_ms": {
            "all": times(&seen.all), "frame_end": times(&seen.frame_end), "audio": times(&seen.audio),
        },
        "figures": figures.collect::<Map<_, _>>(),
        "target_waited_s": seen.target.map(|used| used.waited_s),
        "rss_kib": seen.target.map(|used| used.rss_bytes / 1_024),
        "rss_own_kib": seen.target.map(|used| used.anonymous_bytes / 1_024),
        "generator": {
            "busy": seen.generator.busy,
            "late_ms": times(&seen.generator.late),
            "late_share": seen.generator.late_share,
            "dropped": seen.generator.dropped,
            "not_sent": seen.generator.not_sent,
        },
        "doubts": doubts(outcome),
    })
}

/// Appends an object to the folder's lines.
///
/// # Errors
/// If they cannot be written.
pub fn append(folder: &Path, line: &Value) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join("load.jsonl"))?;
    writeln!(file, "{line}")
}
