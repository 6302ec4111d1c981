//! The runs as a picture (SVG): what a packet costs and how late pictures' ends come, by shape and target.

use crate::figures::{Figure, Group};
use crate::target::Kind;
use std::fmt::Write as _;

const WIDTH: f64 = 900.0;
/// Where bars begin and how long the longest is.
const LEFT: f64 = 170.0;
const LONGEST: f64 = 520.0;
const BAR: f64 = 18.0;
const GAP: f64 = 6.0;

/// A figure in a panel of its own; the second, if any, is drawn behind the first.
struct Panel {
    title: &'static str,
    figure: Figure,
    behind: Option<Figure>,
}

const PANELS: [Panel; 3] = [
    Panel { title: "CPU µs for each forwarded packet", figure: Figure::Cpu, behind: None },
    Panel {
        title: "Added latency at the frame's end, ms: p50 (dark) and p99 (light)",
        figure: Figure::FrameEndP50,
        behind: Some(Figure::FrameEndP99),
    },
    Panel {
        title: "Added latency of sound, ms: p50 (dark) and p99 (light)",
        figure: Figure::AudioP50,
        behind: Some(Figure::AudioP99),
    },
];

/// Draws the groups.
pub fn draw(groups: &[Group<'_>]) -> String {
    let (mut body, mut y) = (String::new(), 40.0);
    text(
        &mut body,
        (20.0, 26.0),
        18,
        "start",
        "What the relay costs beside floor and peer (medians of runs)",
    );
    for panel in &PANELS {
        y += 28.0;
        text(&mut body, (20.0, y), 14, "start", panel.title);
        y += 10.0;
        let most = |group: &Group<'_>| {
            let longest = panel.behind.unwrap_or(panel.figure);
            let values = group.targets().into_iter().filter_map(|kind| group.value(kind, longest));
            values.fold(0.0, f64::max)
        };
        let scale = LONGEST / groups.iter().map(most).fold(f64::MIN_POSITIVE, f64::max);
        for group in groups {
            y = draw_group(&mut body, panel, group, scale, y) + 2.0 * GAP;
        }
    }
    let height = y + 20.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

fn draw_group(body: &mut String, panel: &Panel, group: &Group<'_>, scale: f64, top: f64) -> f64 {
    let (mut y, targets) = (top, group.targets());
    let middle = top + targets.len() as f64 * (BAR + GAP) / 2.0;
    text(body, (20.0, middle), 13, "start", &group.shape.to_string());
    text(body, (20.0, middle + 15.0), 11, "start", group.link.name());
    for kind in targets {
        let Some(value) = group.value(kind, panel.figure) else { continue };
        let behind = panel.behind.and_then(|figure| group.value(kind, figure));
        text(body, (LEFT - 6.0, y + BAR - 5.0), 12, "end", kind.name());
        if let Some(behind) = behind {
            bar(body, (y, behind * scale), colour(kind), 0.35);
        }
        bar(body, (y, value * scale), colour(kind), 1.0);
        let end = LEFT + value.max(behind.unwrap_or(0.0)) * scale + 6.0;
        text(body, (end, y + BAR - 5.0), 12, "start", &label(panel, group, kind, value, behind));
        y += BAR + GAP;
    }
    y
}

/// The value, and beside another target what the relay is in terms of it.
fn label(panel: &Panel, group: &Group<'_>, kind: Kind, value: f64, behind: Option<f64>) -> String {
    let mut label = match behind {
        Some(behind) => format!("{value:.2} / {behind:.2}"),
        None => format!("{value:.2}"),
    };
    if kind != Kind::Relay {
        let ratios = [Some(panel.figure), panel.behind].into_iter().flatten();
        let ratios: Vec<String> = ratios
            .filter_map(|figure| group.ratio(figure, kind))
            .map(|ratio| format!("{ratio:.2}"))
            .collect();
        if !ratios.is_empty() {
            let _ = write!(label, " · relay is {} ×", ratios.join(" / "));
        }
    }
    label
}

fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Relay => "#1b6ca8",
        Kind::Floor | Kind::QuicFloor => "#7a7a7a",
        Kind::Peer => "#c8553d",
    }
}

fn bar(body: &mut String, (y, length): (f64, f64), colour: &str, opacity: f64) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        body,
        "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\" \
         fill-opacity=\"{opacity}\"/>"
    );
}

fn text(body: &mut String, (x, y): (f64, f64), size: u32, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        body,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"#222\">{words}</text>"
    );
}
