//! One line on a terminal that says how far it is.

use std::io::IsTerminal as _;

/// The line, which is taken away when this is dropped. On anything but a terminal there is none.
#[derive(Debug)]
pub struct Line {
    is_live: bool,
}

impl Line {
    pub fn new() -> Line {
        Line { is_live: std::io::stderr().is_terminal() }
    }

    /// Writes it anew.
    #[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
    pub fn tell(&self, text: &str) {
        if self.is_live {
            eprint!("\r\x1b[K{text}");
        }
    }

    /// Says something that stays.
    #[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
    pub fn say(&self, text: &str) {
        let clear = if self.is_live { "\r\x1b[K" } else { "" };
        eprintln!("{clear}{text}");
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.tell("");
    }
}
