//! The line that says how the lesson goes.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};
use tongke_protocol::TrackKind;

/// Without a terminal, a line this often.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// What the line is made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StatusView {
    /// The link, or what is being done about one.
    pub link: String,
    /// Participants, this node included.
    pub participants: usize,
    /// Names of those whose hand is up.
    pub hands: Vec<String>,
    /// What is sent.
    pub sent: Vec<SentView>,
    /// What is received.
    pub received: Vec<ReceivedView>,
}

/// One track sent, over the last second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SentView {
    pub track: TrackKind,
    pub fps: f64,
    pub kbps: f64,
}

/// One track received, over the last second.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReceivedView {
    pub name: String,
    pub track: TrackKind,
    pub resolution: Option<(u32, u32)>,
    pub fps: f64,
    pub kbps: f64,
    /// Packets lost before repair, percent; none: nothing came.
    pub loss_percent: Option<f64>,
    /// Capture to render.
    pub delay_ms: Option<f64>,
}

/// The line, without a line end.
pub(crate) fn line(view: &StatusView) -> String {
    let mut line = format!("{} · {} in the lesson", view.link, view.participants);
    if !view.hands.is_empty() {
        let _ = write!(line, " · hands up: {}", view.hands.join(", "));
    }
    for sent in &view.sent {
        let _ = write!(line, " · ↑ {}", sent.track);
        if sent.track != TrackKind::Microphone {
            let _ = write!(line, " {:.0} fps", sent.fps);
        }
        let _ = write!(line, " {}", rate(sent.kbps));
    }
    for received in &view.received {
        let _ = write!(line, " · ↓ {} {}", received.name, received.track);
        if received.track != TrackKind::Microphone {
            if let Some((width, height)) = received.resolution {
                let _ = write!(line, " {width}x{height}");
            }
            let _ = write!(line, " {:.0} fps", received.fps);
        }
        let _ = write!(line, " {}", rate(received.kbps));
        if let Some(loss) = received.loss_percent {
            let _ = write!(line, " loss {loss:.1} %");
        }
        if let Some(delay) = received.delay_ms {
            let _ = write!(line, " {delay:.0} ms");
        }
    }
    line
}

fn rate(kbps: f64) -> String {
    if kbps >= 1000.0 { format!("{:.1} Mbit/s", kbps / 1000.0) } else { format!("{kbps:.0} kbit/s") }
}

/// Prints the line: on a terminal in place, otherwise seldom.
#[derive(Debug)]
pub(crate) struct StatusPrinter {
    terminal: bool,
    printed: Option<Instant>,
}

impl StatusPrinter {
    pub(crate) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), printed: None }
    }

    /// Prints to standard error. A closed one is no reason to end a lesson.
    pub(crate) fn print(&mut self, now: Instant, line: &str) {
        let mut error = std::io::stderr().lock();
        if self.terminal {
            let _ = write!(error, "\r\x1b[2K{line}");
            let _ = error.flush();
        } else if self.printed.is_none_or(|last| now.saturating_duration_since(last) >= PLAIN_INTERVAL) {
            let _ = writeln!(error, "{line}");
            self.printed = Some(now);
        }
    }

    /// Leaves the terminal at the start of a line.
    pub(crate) fn end(&self) {
        if self.terminal {
            let _ = writeln!(std::io::stderr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_who_is_there_what_is_sent_and_how_it_arrives() {
        let view = StatusView {
            link: "quic".into(),
            participants: 3,
            hands: vec!["村小".into()],
            sent: vec![
                SentView { track: TrackKind::Camera, fps: 29.97, kbps: 2048.0 },
                SentView { track: TrackKind::Microphone, fps: 50.0, kbps: 32.4 },
            ],
            received: vec![ReceivedView {
                name: "实验小学".into(),
                track: TrackKind::Camera,
                resolution: Some((1280, 720)),
                fps: 30.1,
                kbps: 1900.0,
                loss_percent: Some(0.04),
                delay_ms: Some(47.6),
            }],
        };
        assert_eq!(
            line(&view),
            "quic · 3 in the lesson · hands up: 村小 · ↑ camera 30 fps 2.0 Mbit/s \
             · ↑ microphone 32 kbit/s · ↓ 实验小学 camera 1280x720 30 fps 1.9 Mbit/s loss 0.0 % 48 ms"
        );
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let received = ReceivedView {
            name: "a".into(),
            track: TrackKind::Microphone,
            resolution: None,
            fps: 0.0,
            kbps: 0.0,
            loss_percent: None,
            delay_ms: None,
        };
        let view =
            StatusView { link: "connecting".into(), received: vec![received], ..StatusView::default() };
        assert_eq!(line(&view), "connecting · 0 in the lesson · ↓ a microphone 0 kbit/s");
    }
}
