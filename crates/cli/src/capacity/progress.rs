//! What the check shows while it runs: on a terminal one line that changes, else a line for each stage.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// The progress of one check.
#[derive(Debug)]
pub struct Progress {
    end: Instant,
    on_terminal: bool,
    what: String,
}

impl Progress {
    /// A check that takes about this long begins.
    pub fn begin(time: Duration) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        Self { end: Instant::now() + time, on_terminal, what: String::new() }
    }

    /// A stage begins.
    pub fn begin_stage(&mut self, what: &str) {
        self.what = what.to_owned();
        self.show(true);
    }

    /// Time goes by.
    pub fn tick(&mut self) {
        self.show(false);
    }

    /// Leaves the line, so that what follows begins on its own.
    pub fn end(&mut self) {
        if self.on_terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    fn show(&self, is_new: bool) {
        let left = self.end.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
        let line = format!("{left:>3.0} s left: measuring {}", self.what);
        let mut err = std::io::stderr();
        // Nobody has to read it.
        let _ = match (self.on_terminal, is_new) {
            (true, _) => write!(err, "\r\x1b[K{line}"),
            (false, true) => writeln!(err, "{line}"),
            (false, false) => Ok(()),
        };
    }
}
