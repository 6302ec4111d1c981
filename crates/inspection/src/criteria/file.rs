//! A criteria file as it is written, before anything is checked. Spans lead errors to their lines.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml::Spanned;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub name: Spanned<String>,
    pub version: Spanned<String>,
    pub statement: Words,
    pub validity: Spanned<Validity>,
    #[serde(default)]
    pub line: Vec<Spanned<FileLine>>,
}

/// When a delay is no result at all.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// Share of the markers, 0 to 1, that must have been readable where markers were read.
    pub marker_decode_share_at_least: f64,
    /// Largest bound, in ms, that two clocks may give a delay of scope A.
    pub clock_bound_ms_at_most: f64,
}

/// `[[line]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileLine {
    pub quantity: Spanned<String>,
    pub unit: Spanned<String>,
    pub statistic: Spanned<String>,
    pub better: Better,
    pub samples_at_least: u64,
    pub mandatory_in: Spanned<Vec<String>>,
    pub excellent: Option<Spanned<FileLimit>>,
    pub good: Option<Spanned<FileLimit>>,
    pub pass: Option<Spanned<FileLimit>>,
    pub note: Option<Words>,
    #[serde(default)]
    pub also: Vec<Spanned<FileAlso>>,
}

/// `excellent`, `good` or `pass`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileLimit {
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
    pub mark: Mark,
    pub source: Option<Words>,
    pub checked: Option<bool>,
}

/// An entry of `also`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileAlso {
    pub name: Words,
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
    pub checked: bool,
}

/// Which values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The lower, the better.
    Lower,
    /// The higher, the better.
    Higher,
    /// The nearer to the middle, the better.
    Within,
}

/// On what ground a limit stands. What the project proposes is never shown as anybody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A rule that schools must follow.
    Binding,
    /// A standard or guide of another field.
    Standard,
    /// A vendor's recommendation.
    Vendor,
    /// The project's own.
    Proposal,
}

impl Mark {
    /// All of them.
    pub const ALL: [Mark; 4] = [Mark::Binding, Mark::Standard, Mark::Vendor, Mark::Proposal];
}

/// A text: one for all languages, or one for each, by its tag (BCP 47).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// The same in all languages.
    Same(String),
    /// One for each.
    ByLanguage(BTreeMap<String, String>),
}

impl Words {
    /// The text in a language, else in Chinese, else in any: a bureau writes in its own.
    pub fn in_language(&self, tag: &str) -> &str {
        match self {
            Words::Same(text) => text,
            Words::ByLanguage(texts) => texts
                .get(tag)
                .or_else(|| texts.get("zh-CN"))
                .or_else(|| texts.values().next())
                .map_or("", String::as_str),
        }
    }
}
