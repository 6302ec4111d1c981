//! In which language a report speaks.

use std::fmt;
use std::str::FromStr;
use unic_langid::LanguageIdentifier;

/// A language that every text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

/// There are no texts in this language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLanguage(String);

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no report in '{}'; choose zh-CN or en", self.0)
    }
}

impl std::error::Error for UnknownLanguage {}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::Chinese, Language::English];

    /// The tag of BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }

    /// The language of a POSIX locale: `zh_CN.UTF-8` is Chinese. Where none is set, or one that there is no report in,
    /// it is English.
    pub fn of_locale(locale: &str) -> Language {
        if locale.to_ascii_lowercase().starts_with("zh") { Language::Chinese } else { Language::English }
    }

    /// The tag as Fluent takes it.
    pub(crate) fn identifier(self) -> LanguageIdentifier {
        self.tag().parse().expect("the tags here are well-formed")
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let found = Language::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag));
        found.ok_or_else(|| UnknownLanguage(tag.to_owned()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}
