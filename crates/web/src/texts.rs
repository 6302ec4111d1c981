//! The texts, from Fluent files, one folder a language.
//!
//! Templates take a text by its key. Texts whose key begins with `js-` also go to the page's modules, with
//! `{name}` where a variable stands; the modules fill these in.

use crate::language::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast;
use rust_embed::RustEmbed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// How the keys begin of what the modules get.
const FOR_MODULES: &str = "js-";

#[derive(RustEmbed)]
#[folder = "messages/"]
#[include = "*.ftl"]
struct Messages;

static EMBEDDED: LazyLock<[Arc<Texts>; 2]> =
    LazyLock::new(|| Language::ALL.map(|language| Arc::new(Texts::read(language).0)));

/// All texts in one language.
#[derive(Debug)]
pub(crate) struct Texts {
    by_key: BTreeMap<String, String>,
}

impl Texts {
    /// In debug builds the files may change while the program runs.
    pub(crate) fn of(language: Language) -> Arc<Texts> {
        if cfg!(debug_assertions) {
            let (texts, mistakes) = Texts::read(language);
            for mistake in mistakes {
                tracing::error!(language = language.tag(), "{mistake}");
            }
            return Arc::new(texts);
        }
        let index = Language::ALL.iter().position(|other| *other == language);
        EMBEDDED[index.expect("every language is in the list")].clone()
    }

    /// The text of a key; the key itself where there is none.
    pub(crate) fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.by_key.get(key).map_or(key, String::as_str)
    }

    /// All keys and texts.
    #[cfg(test)]
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.by_key
    }

    /// What the modules get: a JSON object that may stand in a script element.
    pub(crate) fn for_modules(&self) -> String {
        let texts: BTreeMap<_, _> =
            self.by_key.iter().filter(|(key, _)| key.starts_with(FOR_MODULES)).collect();
        // Within JSON a '<' stands in texts only; so written, it cannot end the element.
        serde_json::to_string(&texts).expect("texts are strings").replace('<', "\\u003c")
    }

    /// The texts of a language, and what is wrong with its files.
    pub(crate) fn read(language: Language) -> (Texts, Vec<String>) {
        let mut mistakes = Vec::new();
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        // The marks that keep directions apart would be seen in titles and read aloud; both
        // languages run left to right.
        bundle.set_use_isolating(false);
        let mut variables = BTreeMap::new();
        for file in Messages::iter().filter(|name| name.starts_with(&format!("{}/", language.tag()))) {
            let Some(source) = Messages::get(&file) else { continue };
            let source = String::from_utf8_lossy(&source.data).into_owned();
            let resource = FluentResource::try_new(source).unwrap_or_else(|(resource, errors)| {
                mistakes.extend(errors.into_iter().map(|error| format!("{file}: {error}")));
                resource
            });
            variables.extend(resource.entries().filter_map(variables_of));
            if let Err(errors) = bundle.add_resource(resource) {
                mistakes.extend(errors.into_iter().map(|error| format!("{file}: {error}")));
            }
        }
        let by_key =
            variables.iter().map(|(key, names)| (key.clone(), placed(&bundle, key, names, &mut mistakes)));
        (Texts { by_key: by_key.collect() }, mistakes)
    }
}

/// A message's text with `{name}` for each variable.
fn placed(
    bundle: &FluentBundle<FluentResource>,
    key: &str,
    names: &BTreeSet<String>,
    mistakes: &mut Vec<String>,
) -> String {
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        mistakes.push(format!("{key}: has no text"));
        return key.to_owned();
    };
    let mut arguments = FluentArgs::new();
    for name in names {
        arguments.set(name.clone(), format!("{{{name}}}"));
    }
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
    mistakes.extend(errors.into_iter().map(|error| format!("{key}: {error}")));
    text
}

/// A message's key, and the variables in it.
fn variables_of(entry: &ast::Entry<&str>) -> Option<(String, BTreeSet<String>)> {
    let ast::Entry::Message(message) = entry else { return None };
    let mut names = BTreeSet::new();
    for element in message.value.iter().flat_map(|pattern| &pattern.elements) {
        if let ast::PatternElement::Placeable {
            expression: ast::Expression::Inline(ast::InlineExpression::VariableReference { id }),
        } = element
        {
            names.insert(id.name.to_owned());
        }
    }
    Some((message.id.name.to_owned(), names))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `{name}` places of a text.
    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
    }

    #[test]
    fn every_file_is_read_without_a_mistake() {
        for language in Language::ALL {
            let (texts, mistakes) = Texts::read(language);
            assert_eq!(mistakes, [""; 0], "{}", language.tag());
            assert!(texts.all().values().all(|text| !text.trim().is_empty()));
        }
    }

    #[test]
    fn all_languages_have_the_same_texts_with_the_same_variables() {
        let [chinese, english] = Language::ALL.map(|language| Texts::read(language).0);
        let keys = |texts: &Texts| texts.all().keys().cloned().collect::<BTreeSet<_>>();
        let (zh, en) = (keys(&chinese), keys(&english));
        assert_eq!(zh.symmetric_difference(&en).collect::<Vec<_>>(), [""; 0], "in one language only");
        for (key, text) in chinese.all() {
            assert_eq!(places(text), places(english.get(key)), "{key}");
        }
    }

    #[test]
    fn all_languages_have_the_same_files() {
        let files = |language: Language| {
            let folder = format!("{}/", language.tag());
            Messages::iter()
                .filter_map(|name| name.strip_prefix(&folder).map(str::to_owned))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(files(Language::Chinese), files(Language::English));
    }

    #[test]
    fn a_variable_stays_as_a_place_without_marks_around_it() {
        let resource = FluentResource::try_new("js-a = { $name }：{ $count } 人\n".to_owned()).unwrap();
        let mut bundle = FluentBundle::new_concurrent(vec![Language::Chinese.identifier()]);
        bundle.set_use_isolating(false);
        let (key, names) = resource.entries().find_map(variables_of).unwrap();
        bundle.add_resource(resource).unwrap();
        let mut mistakes = Vec::new();
        assert_eq!(placed(&bundle, &key, &names, &mut mistakes), "{name}：{count} 人");
        assert!(mistakes.is_empty());
    }
}
