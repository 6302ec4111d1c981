//! The `tongke` binary: arguments, configuration, logging, shutdown. Everything else is in the
//! crates it calls.

mod capacity;
mod commands;
mod config;
mod demo;
mod failure;
mod inspection;
mod logging;
#[cfg(test)]
mod manual;
mod registry;
mod secret;
mod serve;
mod shutdown;
mod span;

use clap::Parser as _;
use commands::{
    deliver, demo as demo_command, enrol, inspect, receive, registry as registry_command, relay, report,
    selftest as selftest_command, send, serve as serve_command, standby, token, verify,
};
use failure::{EXIT_CODES, Failure};
use logging::LogArgs;
use std::process::ExitCode;

/// Tongke 同课: two or three schools have one lesson together.
#[derive(Debug, clap::Parser)]
#[command(name = "tongke", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogArgs,
    /// End when this process, the parent, ends: how the demo holds its processes
    #[arg(long, hide = true, value_name = "PID")]
    end_with_parent: Option<u32>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve lessons: the pages that teachers open in their browsers, the relay, and the registry
    Serve(serve_command::Args),
    /// Forward the media of lessons: the relay alone
    Relay(relay::Args),
    /// Give a lesson: the supporting school's node
    Send(send::Args),
    /// Take part in a lesson: a receiving school's node, or an observer's
    Receive(receive::Args),
    /// Enrol this machine at the pairing registry, with a code
    Enrol(enrol::Args),
    /// Bring what waits on this machine to the pairing registry
    Deliver(deliver::Args),
    /// Know which school helps which, what took place, and what counts: the pairing registry
    Registry(registry_command::Args),
    /// Test this school's line to its relay, before a lesson or an inspection
    Selftest(selftest_command::Args),
    /// Stand by: do what the registry orders (self-tests, inspections), and test this machine each night and before lessons
    Standby(standby::Args),
    /// Measure the way between two schools, for an inspector: by a test, or beside a lesson
    Inspect(inspect::Args),
    /// Print a signed grant for one participant of a lesson
    Token(token::Args),
    /// Judge what an inspection measured, and print its report: HTML, PDF, or the verdicts as JSON
    Report(report::Args),
    /// Say whether the report of an inspection was altered since it was signed
    Verify(verify::Args),
    /// Run a lesson of three schools on this machine and measure it
    Demo(demo_command::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure);
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    if let Some(parent) = cli.end_with_parent {
        demo::end_with_parent(parent).map_err(Failure::running)?;
    }
    match cli.command {
        Command::Serve(args) => serve_command::run(args, cli.log),
        Command::Relay(args) => relay::run(args, cli.log),
        Command::Send(args) => send::run(args, cli.log),
        Command::Receive(args) => receive::run(args, cli.log),
        Command::Enrol(args) => enrol::run(&args, &cli.log),
        Command::Deliver(args) => deliver::run(&args, &cli.log),
        Command::Registry(args) => registry_command::run(args, cli.log),
        Command::Selftest(args) => selftest_command::run(&args, cli.log),
        Command::Standby(args) => standby::run(args, cli.log),
        Command::Inspect(args) => inspect::run(&args, cli.log),
        Command::Token(args) => token::run(args, cli.log),
        Command::Report(args) => report::run(&args, &cli.log),
        Command::Verify(args) => verify::run(&args, &cli.log),
        Command::Demo(args) => demo_command::run(args, cli.log),
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a command says why it failed")]
fn tell(failure: &Failure) {
    eprintln!("{failure}");
}
