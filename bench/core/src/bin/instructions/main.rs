//! Counts the instructions of the relay's hot path and compares them with those kept in the repository: a
//! slowdown is seen without trusting a clock.
//!
//! Without arguments it runs itself under valgrind, scenario by scenario, and compares. `--keep` writes
//! down what was counted instead.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports to a person")]

mod callgrind;
mod kept;
mod scenarios;

use kept::{Kept, Verdict};
use scenarios::{SCENARIOS, Scenario};
use std::process::ExitCode;

/// What counts and what is kept differ by at most. Repeated runs differ by 0.02 % where packets are
/// forwarded and by 0.6 % at most.
const TOLERANCE: f64 = 0.02;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--scenario", name] => run_scenario(name),
        ["--keep"] => finish(keep()),
        [] => finish(compare()),
        _ => {
            eprintln!("error: unknown arguments\nhint: run it without any, or with --keep");
            ExitCode::from(2)
        }
    }
}

/// The part that runs under valgrind. Prints how many things were done.
fn run_scenario(name: &str) -> ExitCode {
    let Some(scenario) = SCENARIOS.iter().find(|scenario| scenario.name == name) else {
        eprintln!("error: no scenario is called {name}");
        return ExitCode::from(2);
    };
    println!("{}", (scenario.run)());
    ExitCode::SUCCESS
}

fn finish(result: Result<bool, String>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

fn keep() -> Result<bool, String> {
    let counted = callgrind::count(SCENARIOS)?;
    kept::write(SCENARIOS, &counted)?;
    println!("written: {}", kept::FILE);
    Ok(true)
}

fn compare() -> Result<bool, String> {
    if !callgrind::is_comparable() {
        println!("not compared: what is kept was counted on x86-64 with AES and AVX2");
        return Ok(true);
    }
    let kept = kept::read()?;
    let counted = callgrind::count(SCENARIOS)?;
    let mut is_good = true;
    println!("instructions of the hot path      counted      kept");
    for (scenario, instructions) in SCENARIOS.iter().zip(counted) {
        let verdict = kept.judge(scenario.name, instructions, TOLERANCE);
        print_line(scenario, instructions, &kept, verdict);
        is_good &= verdict == Verdict::Fits;
    }
    if !is_good {
        print_hint(&kept);
    }
    Ok(is_good)
}

fn print_line(scenario: &Scenario, instructions: f64, kept: &Kept, verdict: Verdict) {
    let what = format!("{} a {}", scenario.name, scenario.unit);
    let before = kept.of(scenario.name).map_or("-".to_owned(), |kept| format!("{kept:.0}"));
    let judged = match verdict {
        Verdict::Fits => String::new(),
        Verdict::Above(share) => format!("  error: {:.1} % more than is kept", share * 100.0),
        Verdict::Below(share) => format!("  error: {:.1} % fewer than is kept", share * 100.0),
        Verdict::New => "  error: nothing is kept".to_owned(),
    };
    println!("  {what:30}{instructions:9.0} {before:>9}{judged}");
}

fn print_hint(kept: &Kept) {
    eprintln!("hint: more: the hot path became slower; see where with");
    eprintln!("hint:   callgrind_annotate target/instructions/SCENARIO.out | head -40");
    eprintln!("hint: fewer: keep the gain, or the next slowdown hides in it");
    eprintln!("hint: what is as it should be is kept by: make instructions KEEP=1");
    if let Some((before, now)) = kept.other_compiler() {
        eprintln!("hint: kept with {before}; this is {now}, which may be all the difference");
    }
}
