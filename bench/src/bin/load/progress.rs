//! How things go, on standard error: one line that changes on a terminal, else a line for each news.

use std::io::{IsTerminal as _, Write as _, stderr};

/// The line.
pub struct Line {
    is_terminal: bool,
    last: String,
}

impl Line {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self { is_terminal: stderr().is_terminal(), last: String::new() }
    }

    /// Says how things go. What comes after a colon changes often, and is told on terminals only.
    pub fn say(&mut self, news: &str) {
        let head = news.split(':').next().unwrap_or(news);
        // Nobody may be listening, which is no reason to stop.
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K{news}");
            let _ = stderr().flush();
        } else if self.last != head {
            let _ = writeln!(stderr(), "{head}");
        }
        self.last = head.to_owned();
    }

    /// Says something that stays.
    pub fn tell(&mut self, news: &str) {
        self.clear();
        // As above.
        let _ = writeln!(stderr(), "{news}");
    }

    /// Takes the line away, so that something else can be printed.
    pub fn clear(&mut self) {
        if self.is_terminal && !self.last.is_empty() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
        self.last.clear();
    }
}
