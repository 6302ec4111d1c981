//! How a command fails: what people read, and the exit code that scripts read.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of every command, as `tongke --help` prints them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done, or ended by Ctrl-C or SIGTERM in good order
  1  failed while running
  2  wrong flags, configuration, secret file or token; nothing was started
  3  demo: the lesson ran, but a path had no pictures or no sound";

/// Why a command ends without having done its work.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Something went wrong while running.
    pub fn running(message: impl fmt::Display) -> Self {
        Self { code: 1, message: message.to_string(), hint: None }
    }

    /// The command was asked for in a way that cannot work.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { code: 2, message: message.to_string(), hint: None }
    }

    /// The demo's lesson failed; the table and the report say how.
    pub fn lesson(message: impl fmt::Display) -> Self {
        Self { code: 3, message: message.to_string(), hint: None }
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The code for the operating system.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
