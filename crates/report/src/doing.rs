//! What a self-test is doing, in words.

use crate::language::Language;
use crate::texts::Texts;
use std::time::Duration;

/// The pieces that there are words for, by the names that `tongke_node::Piece` gives them.
pub const DOING: [&str; 12] = [
    "reach",
    "camera",
    "microphone",
    "loudspeaker",
    "encoder",
    "idle-line",
    "marks",
    "path-mtu",
    "nat",
    "capacity",
    "loaded-line",
    "call",
];

/// One line: what is being done, and how long it and the whole still take.
pub fn doing(piece: &str, left: Duration, whole_left: Duration, language: Language) -> String {
    let texts = Texts::of(language);
    let seconds = |of: Duration| of.as_secs_f64().ceil().to_string();
    let words = [
        ("doing", texts.get(&format!("doing-{piece}"))),
        ("left", seconds(left)),
        ("whole", seconds(whole_left)),
    ];
    let words: Vec<(&str, &str)> = words.iter().map(|(name, text)| (*name, text.as_str())).collect();
    texts.with("progress-line", &words)
}

/// One line: how much data a piece takes, at most.
pub fn volume(piece: &str, at_most_bytes: u64, language: Language) -> String {
    let texts = Texts::of(language);
    let (doing, megabytes) =
        (texts.get(&format!("doing-{piece}")), at_most_bytes.div_ceil(1_000_000).to_string());
    texts.with("volume-line", &[("doing", doing.as_str()), ("mb", megabytes.as_str())])
}
