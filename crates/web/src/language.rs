//! In which language a page speaks.

use axum::http::{HeaderMap, HeaderValue, header};
use unic_langid::LanguageIdentifier;

/// How long a choice is remembered, in seconds: a year.
const REMEMBERED_S: u32 = 365 * 86_400;
const COOKIE: &str = "lang";

/// A language that every text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Language; 2] = [Language::Chinese, Language::English];

    /// The tag of BCP 47, which is also the folder of its messages.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }

    /// The tag as Fluent takes it.
    pub(crate) fn identifier(self) -> LanguageIdentifier {
        self.tag().parse().expect("the tags here are well-formed")
    }

    /// What was asked for by `?lang=`, was asked for before, or suits the browser; else Chinese. A
    /// browser that knows any Chinese gets Chinese: schools' machines often run an English system.
    pub(crate) fn choose(asked: Option<Language>, headers: &HeaderMap) -> Language {
        asked.or_else(|| remembered(headers)).or_else(|| accepted(headers)).unwrap_or_default()
    }

    /// The language of a tag such as `zh-Hans-CN`.
    pub(crate) fn of_tag(tag: &str) -> Option<Language> {
        match tag.split('-').next()?.trim().to_ascii_lowercase().as_str() {
            "zh" => Some(Language::Chinese),
            "en" => Some(Language::English),
            _ => None,
        }
    }

    /// The cookie that remembers it.
    pub(crate) fn cookie(self) -> HeaderValue {
        let cookie = format!("{COOKIE}={}; Path=/; Max-Age={REMEMBERED_S}; SameSite=Lax", self.tag());
        HeaderValue::from_str(&cookie).expect("tags are ASCII")
    }
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then(|| Language::of_tag(value)).flatten())
}

fn accepted(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let known: Vec<Language> = accepted
        .split(',')
        .filter_map(|range| Language::of_tag(range.split(';').next().unwrap_or(range).trim()))
        .collect();
    if known.contains(&Language::Chinese) { Some(Language::Chinese) } else { known.first().copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(asked: Option<&str>, cookie: &str, accept: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap());
        Language::choose(asked.and_then(Language::of_tag), &headers)
    }

    #[test]
    fn what_is_asked_for_goes_before_what_is_remembered_and_that_before_the_browser() {
        assert_eq!(chosen(Some("en"), "lang=zh-CN", "zh-CN"), Language::English);
        assert_eq!(chosen(None, "a=b; lang=en", "zh-CN"), Language::English);
        assert_eq!(chosen(None, "language=en", "zh-CN"), Language::Chinese);
        assert_eq!(chosen(None, "", "en-GB,en;q=0.9"), Language::English);
    }

    #[test]
    fn a_browser_that_knows_any_chinese_gets_chinese() {
        assert_eq!(chosen(None, "", "en-US,en;q=0.9,zh-CN;q=0.1"), Language::Chinese);
        assert_eq!(chosen(None, "", "zh-Hant"), Language::Chinese);
    }

    #[test]
    fn what_nobody_here_speaks_is_answered_in_chinese() {
        assert_eq!(chosen(Some("fr"), "lang=xx", "fr, *"), Language::Chinese);
        assert_eq!(Language::choose(None, &HeaderMap::new()), Language::Chinese);
    }
}
