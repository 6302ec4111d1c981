//! This program under valgrind's callgrind, which counts what one function and all that it calls execute.

use crate::scenarios::Scenario;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Where callgrind's files are left, to be looked into.
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/instructions"))
}

/// Whether counts of this machine can be compared with those kept: the cipher has another way on other
/// processors.
pub fn is_comparable() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("aes") && is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Instructions for each thing that a scenario does, for all scenarios, a few at a time.
pub fn count(scenarios: &[Scenario]) -> Result<Vec<f64>, String> {
    fs::create_dir_all(folder()).map_err(|error| format!("error: {}: {error}", folder().display()))?;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut counted = Vec::new();
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            counted.push((scenario.name, count_one(scenario)));
        }
        counted
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let counted: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("counting does not panic")).collect()
    });
    let of = |scenario: &Scenario| {
        let found = counted.iter().find(|(name, _)| *name == scenario.name);
        found.map(|(_, result)| result.clone()).expect("every scenario was taken by a thread")
    };
    scenarios.iter().map(of).collect()
}

fn count_one(scenario: &Scenario) -> Result<f64, String> {
    let file = folder().join(format!("{}.out", scenario.name));
    let program = std::env::current_exe().map_err(|error| format!("error: own program: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*count_instructions*"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .args(["--scenario", scenario.name])
        // The environment lies on the stack and moves what lies behind it.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .map_err(|error| {
            format!("error: valgrind: {error}\nhint: deploy/install-build-packages.sh --tests installs it")
        })?;
    let told = String::from_utf8_lossy(&output.stdout);
    let things: Option<u64> = told.trim().parse().ok();
    let text = fs::read_to_string(&file).unwrap_or_default();
    match (things, totals(&text)) {
        (Some(things), Some(instructions)) if things > 0 && instructions > 0 => {
            Ok(instructions as f64 / things as f64)
        }
        _ => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            Err(format!("error: {} could not be counted:\n{complaint}", scenario.name))
        }
    }
}

/// The sum at the end of one of callgrind's files.
fn totals(text: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_read_and_a_cut_file_has_none() {
        assert_eq!(totals("events: Ir\nsummary: 0\nfn=(1)\n3 4\n\ntotals: 1234\n"), Some(1234));
        assert_eq!(totals("events: Ir\nfn=(1)\n3 4\n"), None);
    }
}
