//! Remarks as sentences.

use super::verdict::snake;
use crate::texts::{Texts, clean, key};
use tongke_inspection::facts::{Coded, Remark, RemarkCode};

/// A remark in words; what nobody translated stands as it came, and is told to be that.
pub(super) fn remark(texts: &Texts, remark: &Remark) -> String {
    let Coded { code, with, node } = match remark {
        Remark::Words(words) => return texts.with("remark-words", &[("words", &clean(words))]),
        Remark::Coded(coded) => coded,
    };
    let with: Vec<(&str, String)> = with.iter().map(|(name, value)| (name.as_str(), clean(value))).collect();
    let with: Vec<(&str, &str)> = with.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let told = texts.with(&remark_key(*code), &with);
    match node {
        Some(node) => texts.with("remark-of-node", &[("node", &clean(node)), ("remark", &told)]),
        None => told,
    }
}

/// A remark on the whole: whoever writes one there in words says so by their place.
pub(super) fn note(texts: &Texts, note: &Remark) -> String {
    match note {
        Remark::Words(words) => clean(words),
        Remark::Coded(_) => remark(texts, note),
    }
}

/// The key of a remark.
pub(crate) fn remark_key(code: RemarkCode) -> String {
    key("remark", &snake(&format!("{code:?}")))
}
