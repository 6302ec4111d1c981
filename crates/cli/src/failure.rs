//! How a command fails: what people read, and the exit code that scripts read.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of every command, as `tongke --help` prints them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done, or ended by Ctrl-C or SIGTERM in good order
  1  failed while running
  2  wrong flags, configuration, secret file or token; nothing was started
  3  demo: the lesson ran, but a path had no pictures or no sound, or it was not credited;
     deliver: something still waits; registry check: something does not fit;
     verify: the report was altered, is not signed, or nobody here knows who signed it";

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

    /// A setting is wrong, wherever it was set; `problem` goes on from its name.
    pub fn setting(key: &str, problem: &str) -> Self {
        if key.contains(',') {
            return Self::usage(format!("{key}: {problem}"));
        }
        let flag = key.replace('_', "-");
        let is_sentence = ["is ", "must "].iter().any(|verb| problem.starts_with(verb));
        let failure = Self::usage(format!("--{flag}{} {problem}", if is_sentence { "" } else { ":" }));
        if ["is missing", "is required"].iter().any(|start| problem.starts_with(start)) {
            let variable = key.to_uppercase();
            failure.hint(format!(
                "or set {key} in the configuration file, or TONGKE_{variable} in the environment"
            ))
        } else {
            failure
        }
    }

    /// The demo's lesson failed; the table and the report say how.
    pub fn lesson(message: impl fmt::Display) -> Self {
        Self { code: 3, message: message.to_string(), hint: None }
    }

    /// Not all of it could be done; the rest can be later.
    pub fn incomplete(message: impl fmt::Display) -> Self {
        Self { code: 3, message: message.to_string(), hint: None }
    }

    /// A check found something.
    pub fn findings(message: impl fmt::Display) -> Self {
        Self { code: 3, message: message.to_string(), hint: None }
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// What is wrong and what to do, for a log.
    pub fn in_one_line(&self) -> String {
        let message = self.message.replace('\n', " ");
        self.hint.as_ref().map_or_else(|| message.clone(), |hint| format!("{message}; {hint}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_setting_is_told_with_every_place_where_it_can_be_set() {
        assert_eq!(
            Failure::setting("secret_file", "is required; name the file").to_string(),
            "error: --secret-file is required; name the file\n\
             hint: or set secret_file in the configuration file, or TONGKE_SECRET_FILE in the environment"
        );
    }

    #[test]
    fn a_wrong_setting_is_named_by_its_flag() {
        assert_eq!(Failure::setting("fps", "900 is too much").to_string(), "error: --fps: 900 is too much");
        assert_eq!(
            Failure::setting("workers", "must be 1 to 64").to_string(),
            "error: --workers must be 1 to 64"
        );
        assert_eq!(Failure::setting("width, height", "odd").to_string(), "error: width, height: odd");
    }
}
