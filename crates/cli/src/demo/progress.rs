//! What the demo shows while it runs: on a terminal one line that changes, else a line now and then.

use super::report::School;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;
use tongke_protocol::TrackKind;
use tongke_protocol::facts::{NodeFacts, ReceivedTrack};

const BAR: usize = 20;
/// Without a terminal, a line at most this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The progress of one demo.
#[derive(Debug)]
pub struct Progress {
    duration: Duration,
    on_terminal: bool,
    line_at: Duration,
    shown: String,
}

impl Progress {
    /// Nothing is shown yet.
    pub fn begin(duration: Duration) -> Progress {
        let on_terminal = std::io::stderr().is_terminal();
        Progress { duration, on_terminal, line_at: Duration::ZERO, shown: String::new() }
    }

    /// Shows who already sees whom; gives the number of directions with a picture.
    pub fn joining(&mut self, schools: &[School]) -> usize {
        let seen = received(schools, TrackKind::Camera).filter(|track| track.frames_decoded > 0).count();
        let all = schools.len() * schools.len().saturating_sub(1);
        self.show(format!("schools are joining: {seen} of {all} pictures there"), true);
        seen
    }

    /// Shows how the lesson goes.
    pub fn running(&mut self, elapsed: Duration, schools: &[School]) {
        let is_line_due = elapsed >= self.line_at;
        if is_line_due {
            self.line_at = elapsed + LINE_EVERY;
        }
        self.show(line(elapsed, self.duration, schools), is_line_due);
    }

    /// Leaves the line, so that what follows begins on its own.
    pub fn end(&mut self) {
        if self.on_terminal && !self.shown.is_empty() {
            let _ = writeln!(std::io::stderr());
        }
    }

    fn show(&mut self, text: String, is_line_due: bool) {
        if text == self.shown {
            return;
        }
        // Progress that cannot be shown is no reason to stop a lesson.
        if self.on_terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[2K{text}");
            let _ = std::io::stderr().flush();
        } else if is_line_due {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
        self.shown = text;
    }
}

fn line(elapsed: Duration, duration: Duration, schools: &[School]) -> String {
    let part = (elapsed.as_secs_f64() / duration.as_secs_f64().max(0.001)).min(1.0);
    let filled = (part * BAR as f64).round() as usize;
    let bar = format!("[{}{}]", "#".repeat(filled), ".".repeat(BAR - filled));
    let worst = |track| {
        received(schools, track)
            .filter_map(|received| received.capture_to_render_ms)
            .map(|ms| ms.p95)
            .reduce(f64::max)
            .map_or_else(|| "?".to_owned(), |ms| format!("{ms:.0} ms"))
    };
    let both = || received(schools, TrackKind::Camera).chain(received(schools, TrackKind::Microphone));
    format!(
        "{bar} {:.0} of {:.0} s  {} pictures, delay {}; sound {}; lost {}, freezes {}",
        elapsed.as_secs_f64(),
        duration.as_secs_f64(),
        received(schools, TrackKind::Camera).map(|track| track.frames_decoded).sum::<u64>(),
        worst(TrackKind::Camera),
        worst(TrackKind::Microphone),
        both().map(|track| track.lost_after_repair).sum::<u64>(),
        received(schools, TrackKind::Camera).map(|track| track.freezes).sum::<u64>(),
    )
}

fn received(schools: &[School], track: TrackKind) -> impl Iterator<Item = &ReceivedTrack> {
    let facts: Vec<&NodeFacts> = schools.iter().filter_map(|school| school.facts.as_ref().ok()).collect();
    facts.into_iter().flat_map(|facts| &facts.received).filter(move |received| received.track == track)
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::school;
    use super::*;

    #[test]
    fn the_line_tells_how_the_lesson_goes_and_fits_a_terminal() {
        let schools = ["teacher-school", "hill-school", "island-school"].map(school);
        let text = line(Duration::from_secs(5), Duration::from_secs(20), &schools);
        assert_eq!(
            text,
            "[#####...............] 5 of 20 s  3588 pictures, delay 58 ms; sound 58 ms; lost 0, freezes 0"
        );
        assert!(line(Duration::from_secs(5), Duration::from_secs(20), &[]).contains("delay ?"));
    }
}
