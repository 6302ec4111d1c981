//! What is said beside a number, or in place of one: by a code with what belongs into its sentence, so that a report says
//! it in its reader's language.

mod code;

pub use code::RemarkCode;

use super::FactsError;
use super::check::{MAX_TEXT, at_most, wrong};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Something that is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Remark {
    /// Words as they came: a device's, an operating system's, an inspector's. Nobody translates them.
    Words(String),
    /// What there is a sentence for in every language.
    Coded(Coded),
}

/// A sentence by its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coded {
    /// Which.
    pub code: RemarkCode,
    /// What belongs into it: exactly [`RemarkCode::arguments`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// The node that it is said of, where that does not follow from where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl Remark {
    /// A sentence without anything in it yet.
    pub fn of(code: RemarkCode) -> Remark {
        Remark::Coded(Coded { code, with: BTreeMap::new(), node: None })
    }

    /// With one more argument; words take none.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Remark {
        if let Remark::Coded(coded) = &mut self {
            let value: String = value.to_string().chars().take(MAX_TEXT).collect();
            coded.with.insert(name.to_owned(), value);
        }
        self
    }

    /// As said of that node.
    #[must_use]
    pub fn of_node(self, node: impl fmt::Display) -> Remark {
        let coded = match self {
            Remark::Coded(coded) => coded,
            Remark::Words(words) => {
                let with = BTreeMap::from([("words".to_owned(), words)]);
                Coded { code: RemarkCode::NodeSays, with, node: None }
            }
        };
        Remark::Coded(Coded { node: Some(node.to_string()), ..coded })
    }

    /// Its code; none: words.
    pub fn code(&self) -> Option<RemarkCode> {
        match self {
            Remark::Words(_) => None,
            Remark::Coded(coded) => Some(coded.code),
        }
    }

    /// Refuses what no sentence can be made of; `part` is where it stands.
    pub(crate) fn check(&self, part: &str) -> Result<(), FactsError> {
        let coded = match self {
            Remark::Words(words) => return at_most(part, words, MAX_TEXT),
            Remark::Coded(coded) => coded,
        };
        if !coded.with.keys().map(String::as_str).eq(coded.code.arguments().iter().copied()) {
            let needed = coded.code.arguments().join(", ");
            return Err(wrong(part, format!("the remark {:?} needs exactly: {needed}", coded.code)));
        }
        coded.with.values().chain(&coded.node).try_for_each(|text| at_most(part, text, MAX_TEXT))
    }
}

impl From<String> for Remark {
    fn from(words: String) -> Self {
        Remark::Words(words)
    }
}

impl From<&str> for Remark {
    fn from(words: &str) -> Self {
        Remark::Words(words.to_owned())
    }
}

impl From<RemarkCode> for Remark {
    fn from(code: RemarkCode) -> Self {
        Remark::of(code)
    }
}

impl fmt::Display for Remark {
    /// For logs: words as they are, or the code and what belongs to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coded = match self {
            Remark::Words(words) => return f.write_str(words),
            Remark::Coded(coded) => coded,
        };
        write!(f, "{:?}", coded.code)?;
        coded.with.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_they_are_and_codes_with_their_arguments() {
        let json = |remark: &Remark| serde_json::to_string(remark).unwrap();
        assert_eq!(json(&"停电一次".into()), "\"停电一次\"");
        let told = Remark::of(RemarkCode::NoWord).with("seconds", 15).of_node("hill");
        assert_eq!(json(&told), r#"{"code":"no_word","with":{"seconds":"15"},"node":"hill"}"#);
        for remark in [told, Remark::of(RemarkCode::NoRoom), "x".into(), Remark::from("x").of_node("hill")] {
            assert_eq!(serde_json::from_str::<Remark>(&json(&remark)).unwrap(), remark);
            remark.check("notes").unwrap();
        }
    }

    #[test]
    fn a_remark_that_lacks_an_argument_or_has_one_too_many_is_refused() {
        let lacking = Remark::of(RemarkCode::ChirpsTwice).with("first_ms", 3);
        let more = lacking.clone().with("second_ms", 9).with("third_ms", 12);
        for remark in [lacking, more] {
            let problem = remark.check("device.loudspeaker_path").unwrap_err().to_string();
            assert!(problem.contains("first_ms, second_ms"), "{problem}");
        }
        assert!(Remark::from("長".repeat(MAX_TEXT + 1)).check("notes").is_err());
    }

    #[test]
    fn arguments_stand_in_the_order_in_which_they_are_written() {
        for code in RemarkCode::ALL {
            assert!(code.arguments().is_sorted(), "{code:?}");
        }
    }
}
