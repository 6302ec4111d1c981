//! Logs go to standard error; standard output is for data.

use crate::failure::Failure;
use serde::Deserialize;
use std::io::IsTerminal as _;
use tracing::Level;
use tracing_subscriber::EnvFilter;

const DEFAULT_LEVEL: &str = "info";
/// A level alone is meant for this program; what the libraries below say about every candidate and
/// handshake is only of use when asked for by name.
const LIBRARIES: &str = "warn";

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// How a command logs.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LogArgs {
    /// How log lines are written [default: text]
    #[arg(long, global = true, value_enum, env = "TONGKE_LOG", help_heading = "Logging")]
    pub log: Option<LogFormat>,

    /// What is logged: error, warn, info, debug or trace, for all or by module
    /// ("info,tongke_sfu=debug") [default: info]
    #[arg(long, global = true, value_name = "FILTER", env = "TONGKE_LOG_LEVEL", help_heading = "Logging")]
    pub log_level: Option<String>,
}

impl LogArgs {
    /// The configuration file's keys for this.
    pub const KEYS: [&str; 2] = ["log", "log_level"];

    /// These, and what they leave open from `file`.
    pub fn over(self, file: LogArgs) -> LogArgs {
        LogArgs { log: self.log.or(file.log), log_level: self.log_level.or(file.log_level) }
    }

    /// Whether a program reads the logs.
    pub fn is_json(&self) -> bool {
        self.log == Some(LogFormat::Json)
    }

    /// Begins logging to standard error; `unless_told` is the level when nothing was chosen.
    pub fn start(&self) -> Result<(), Failure> {
        let level = self.log_level.as_deref().unwrap_or(DEFAULT_LEVEL);
        let filter = EnvFilter::try_new(directives(level)).map_err(|error| {
            Failure::usage(format!("the log level '{level}' cannot be understood: {error}"))
                .hint("use error, warn, info, debug or trace, e.g. --log-level info,tongke_sfu=debug")
        })?;
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log.unwrap_or_default() {
            LogFormat::Text => {
                let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                logs.with_ansi(colour).with_target(false).init();
            }
            LogFormat::Json => logs.json().flatten_event(true).init(),
        }
        Ok(())
    }
}

/// What the filter is told for what was written: `info` becomes `warn,tongke=info`.
fn directives(level: &str) -> String {
    match level.parse::<Level>() {
        Ok(Level::ERROR) | Err(_) => level.to_owned(),
        Ok(_) => format!("{LIBRARIES},tongke={level}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_alone_is_for_this_program_and_a_filter_is_taken_as_it_is() {
        assert_eq!(directives("debug"), "warn,tongke=debug");
        assert_eq!(directives("error"), "error");
        assert_eq!(directives("info,webrtc=debug"), "info,webrtc=debug");
    }
}
