//! The `tongke` binary: arguments, configuration, logging, shutdown. Everything else is in the
//! crates it calls.

mod commands;
mod config;
mod failure;
mod logging;
mod secret;
mod span;

use clap::Parser as _;
use commands::token;
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
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print a signed grant for one participant of a lesson
    Token(token::Args),
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
    match cli.command {
        Command::Token(args) => token::run(args, cli.log),
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a command says why it failed")]
fn tell(failure: &Failure) {
    eprintln!("{failure}");
}
