//! Writing facts: each has a name of its own, for ever.

use rand::Rng;
use std::fmt::Write as _;
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_protocol::{LessonId, Now};

/// Gives facts their names: that of the relay's run, and a number in it.
#[derive(Debug)]
pub(crate) struct Scribe {
    run: String,
    written: u64,
}

impl Scribe {
    /// A run with a name of 64 random bits.
    pub fn new(random: &mut impl Rng) -> Self {
        Self { run: hex(&random.random::<[u8; 8]>()), written: 0 }
    }

    /// The run's name.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Writes down what happened.
    pub fn write(&mut self, now: Now, lesson: &LessonId, what: FactKind) -> LessonFact {
        self.written += 1;
        LessonFact {
            id: format!("{}-{}", self.run, self.written),
            lesson: lesson.clone(),
            at_us: now.wall.as_unix_us(),
            what,
        }
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
