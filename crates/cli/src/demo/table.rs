//! The report as people read it: one table for each pair of schools.

use super::report::School;
use std::fmt::Write as _;
use tongke_protocol::TrackKind;
use tongke_protocol::facts::{DemoReport, DistributionMs, PathReport, Stage};

const LABEL: usize = 34;
const COLUMN: usize = 24;
const STAGES_LABEL: usize = 26;
/// A stage that would be shown as 0.0 is left out.
const LEAST_SHOWN_MS: f64 = 0.05;

/// The tables, the relay's line and where the time went.
pub fn render(report: &DemoReport, schools: &[School]) -> String {
    let mut text = String::new();
    for pair in report.paths.chunks(2) {
        pair_table(&mut text, pair);
    }
    let _ = writeln!(text, "relay");
    let relay = &report.relay;
    line(
        &mut text,
        "packets forwarded / dropped",
        &[format!("{} / {}", count(relay.packets_forwarded), count(relay.packets_dropped))],
    );
    line(&mut text, "processor time per packet", &[number(relay.cpu_us_per_forwarded_packet, 1, " µs")]);
    line(&mut text, "memory", &[number(relay.rss_bytes.map(|bytes| bytes as f64 / 1e6), 1, " MB")]);
    where_the_time_goes(&mut text, schools);
    nodes(&mut text, schools);
    text
}

fn pair_table(text: &mut String, pair: &[PathReport]) {
    let Some(first) = pair.first() else { return };
    let _ = writeln!(text, "{} and {}", first.from, first.to);
    let each = |what: &dyn Fn(&PathReport) -> String| pair.iter().map(what).collect::<Vec<_>>();
    line(text, "", &each(&|path| format!("→ {}", path.to)));
    line(text, "its link", &each(&|path| path.transport.clone()));
    line(
        text,
        "pictures shown / sent",
        &each(&|path| format!("{} / {}", count(path.video.frames_decoded), count(path.video.frames_sent))),
    );
    line(
        text,
        "freezes",
        &each(&|path| match (path.video.freezes, path.video.freeze_ms) {
            (Some(0), _) => "0".to_owned(),
            (freezes, ms) => format!("{} ({})", count(freezes), number(ms, 0, " ms")),
        }),
    );
    line(text, "capture → screen  p50 / p95 / max", &each(&|path| delay(path.video.capture_to_render_ms)));
    line(
        text,
        "sound packets lost / sent",
        &each(&|path| format!("{} / {}", count(path.audio.packets_lost), count(path.audio.packets_sent))),
    );
    line(
        text,
        "sound concealed",
        &each(&|path| number(path.audio.concealed_ratio.map(|ratio| ratio * 100.0), 2, " %")),
    );
    line(text, "mouth → ear       p50 / p95 / max", &each(&|path| delay(path.audio.mouth_to_ear_ms)));
    line(
        text,
        "sound before picture  p50 / p95",
        &each(&|path| match path.av_skew_ms {
            Some(skew) => format!("{:.0} / {:.0} ms", skew.p50, skew.p95),
            None => "not measured".to_owned(),
        }),
    );
    text.push('\n');
}

fn line(text: &mut String, label: &str, values: &[String]) {
    let mut row = format!("  {}", pad(label, LABEL));
    for value in values {
        row.push_str(&pad(value, COLUMN));
    }
    let _ = writeln!(text, "{}", row.trim_end());
}

/// Everything printed here is one column wide per character.
fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

fn count(value: Option<u64>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}

fn number(value: Option<f64>, digits: usize, unit: &str) -> String {
    value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.digits$}{unit}"))
}

fn delay(delay: Option<DistributionMs>) -> String {
    match delay {
        Some(ms) => format!("{:.0} / {:.0} / {:.0} ms", ms.p50, ms.p95, ms.max),
        None => "not measured".to_owned(),
    }
}

/// The stages of the supporting school's pictures and sound, on their way to each other school.
fn where_the_time_goes(text: &mut String, schools: &[School]) {
    let Some((teacher, classes)) = schools.split_first() else { return };
    let Ok(sender) = &teacher.facts else { return };
    let _ = writeln!(text, "\nwhere the time goes, from {} (median ms)", teacher.id);
    for (track, word) in [(TrackKind::Camera, "pictures"), (TrackKind::Microphone, "sound")] {
        let Some(sent) = sender.sent.iter().find(|sent| sent.track == track) else { continue };
        for class in classes {
            let received = class.facts.as_ref().ok().and_then(|facts| {
                facts.received.iter().find(|received| received.from == teacher.id && received.track == track)
            });
            let Some(received) = received else { continue };
            let all = sent.stages.iter().chain(&received.stages);
            let stages: Vec<String> = all.filter(|stage| stage.ms.p50 >= LEAST_SHOWN_MS).map(stage).collect();
            let label = pad(&format!("{word} → {}", class.id), STAGES_LABEL);
            let _ = writeln!(text, "  {label}{}", stages.join(" + "));
        }
    }
}

fn stage(stage: &Stage) -> String {
    format!("{} {:.1}", stage.stage, stage.ms.p50)
}

fn nodes(text: &mut String, schools: &[School]) {
    let _ = writeln!(text, "\nnodes");
    for school in schools {
        let Ok(facts) = &school.facts else { continue };
        let cores = facts.cpu_seconds.filter(|_| facts.seconds > 0.0).map(|cpu| cpu / facts.seconds * 100.0);
        let first = number(facts.first_picture_ms, 0, " ms");
        line(
            text,
            school.id.as_str(),
            &[format!(
                "{} of a core, first picture after {first}, {} reconnects",
                number(cores, 0, " %"),
                facts.reconnects
            )],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::{lesson, school};
    use super::*;

    #[test]
    fn the_table_fits_a_terminal_and_says_what_was_measured() {
        let schools = ["teacher-school", "hill-school", "island-school"].map(school);
        let text = render(&lesson(|_| {}), &schools);
        let first = text.split("\n\n").next().unwrap();
        assert_eq!(
            first,
            "\
teacher-school and hill-school
                                    → hill-school           → teacher-school
  its link                          quic                    quic
  pictures shown / sent             598 / 600               598 / 600
  freezes                           0                       0
  capture → screen  p50 / p95 / max 41 / 58 / 77 ms         41 / 58 / 77 ms
  sound packets lost / sent         0 / 1000                0 / 1000
  sound concealed                   0.00 %                  0.00 %
  mouth → ear       p50 / p95 / max 41 / 58 / 77 ms         41 / 58 / 77 ms
  sound before picture  p50 / p95   -3 / 9 ms               -3 / 9 ms"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_said_and_not_shown_as_zero() {
        let text = render(&lesson(|schools| schools[2].facts = Err("killed".into())), &[]);
        assert!(text.contains("? / 600"), "{text}");
        assert!(text.contains("not measured"), "{text}");
    }
}
