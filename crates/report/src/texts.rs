//! The texts, from Fluent files, one folder a language. A key that is in no file shows as itself; a test refuses it.

use crate::language::Language;
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

/// A language's files.
pub(crate) const fn sources(language: Language) -> [&'static str; 6] {
    match language {
        Language::Chinese => [
            include_str!("../messages/zh-CN/report.ftl"),
            include_str!("../messages/zh-CN/quantities.ftl"),
            include_str!("../messages/zh-CN/verdicts.ftl"),
            include_str!("../messages/zh-CN/advice.ftl"),
            include_str!("../messages/zh-CN/remarks.ftl"),
            include_str!("../messages/zh-CN/selftest.ftl"),
        ],
        Language::English => [
            include_str!("../messages/en/report.ftl"),
            include_str!("../messages/en/quantities.ftl"),
            include_str!("../messages/en/verdicts.ftl"),
            include_str!("../messages/en/advice.ftl"),
            include_str!("../messages/en/remarks.ftl"),
            include_str!("../messages/en/selftest.ftl"),
        ],
    }
}

/// All texts in one language.
pub(crate) struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// A language's texts.
    pub(crate) fn of(language: Language) -> Texts {
        let mut bundle = FluentBundle::new(vec![language.identifier()]);
        // The marks that keep directions apart would be seen on paper; both languages run left to right.
        bundle.set_use_isolating(false);
        for source in sources(language) {
            let resource = match FluentResource::try_new(source.to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            // A key that stands in two files keeps its first text; a test refuses such files.
            drop(bundle.add_resource(resource));
        }
        Texts { language, bundle }
    }

    /// The language.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// A text without variables.
    pub(crate) fn get(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text with its variables.
    pub(crate) fn with(&self, key: &str, variables: &[(&str, &str)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in variables {
            arguments.set(*name, *value);
        }
        self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }

    /// The text of a name as it stands in facts: `delay.glass_to_glass` has the key `quantity-delay-glass-to-glass`.
    pub(crate) fn named(&self, what: &str, name: &str) -> String {
        self.get(&key(what, name))
    }
}

/// The key of a name.
pub(crate) fn key(what: &str, name: &str) -> String {
    format!("{what}-{}", name.replace(['.', '_'], "-"))
}

/// Text from elsewhere, made harmless: control characters and those that turn the direction of writing (Unicode
/// TR 36 §2.5) are shown as U+FFFD, line ends as spaces.
pub(crate) fn clean(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let harmless = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() || turns(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
pub(crate) mod tests;
