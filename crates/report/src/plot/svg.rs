//! A drawing as SVG, for HTML.

use super::{Anchor, Drawing, Shape};
use std::fmt::Write as _;

/// Lengths to a hundredth of a point: finer cannot be seen, and the same everywhere.
fn length(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Characters that mean something in HTML, written so that they mean themselves.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The drawing as an `svg` element; `title` says to who cannot see it what it shows.
pub(crate) fn svg(drawing: &Drawing, title: &str) -> String {
    let (width, height) = (length(drawing.width), length(drawing.height));
    let title = escape(title);
    let mut svg = format!(r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">"#);
    for shape in &drawing.shapes {
        // Writing to a String cannot fail.
        write_shape(&mut svg, shape).expect("a String takes everything");
    }
    svg.push_str("</svg>");
    svg
}

fn write_shape(svg: &mut String, shape: &Shape) -> std::fmt::Result {
    let colour = |ink: super::Ink| {
        let [r, g, b] = ink.rgb();
        format!("#{r:02x}{g:02x}{b:02x}")
    };
    match shape {
        Shape::Rect { x, y, width, height, ink } => {
            let [x, y, width, height] = [x, y, width, height].map(|it| length(*it));
            let ink = colour(*ink);
            write!(svg, r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{ink}"/>"#)
        }
        Shape::Path { points, ink, filled, width } => {
            let (mut path, ink) = (String::new(), colour(*ink));
            for (index, (x, y)) in points.iter().enumerate() {
                write!(path, "{}{} {}", if index == 0 { 'M' } else { 'L' }, length(*x), length(*y))?;
            }
            if *filled {
                write!(svg, r#"<path d="{path}Z" fill="{ink}"/>"#)
            } else {
                let width = length(*width);
                write!(svg, r#"<path d="{path}" fill="none" stroke="{ink}" stroke-width="{width}"/>"#)
            }
        }
        Shape::Text { x, y, size, anchor, ink, bold, text } => {
            let [x, y, size] = [x, y, size].map(|it| length(*it));
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let (ink, text) = (colour(*ink), escape(text));
            let weight = if *bold { r#" font-weight="700""# } else { "" };
            write!(
                svg,
                r#"<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{ink}"{weight}>{text}</text>"#
            )
        }
    }
}
