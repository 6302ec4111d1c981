//! Every text that is asked for is there, in both languages with the same variables; every text is asked for.

use super::*;
use crate::view::keys;
use fluent_syntax::ast;
use std::collections::{BTreeMap, BTreeSet};

/// Keys with the variables in their texts.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::new();
    for source in sources(language) {
        let resource = fluent_syntax::parser::parse(source).expect("a file without a mistake");
        for entry in resource.body {
            let ast::Entry::Message(message) = entry else { continue };
            let pattern = message.value.expect("every key has a text");
            let variables = pattern.elements.iter().filter_map(|element| match element {
                ast::PatternElement::Placeable {
                    expression: ast::Expression::Inline(ast::InlineExpression::VariableReference { id }),
                } => Some(id.name.to_owned()),
                _ => None,
            });
            let twice = messages.insert(message.id.name.to_owned(), variables.collect());
            assert!(twice.is_none(), "{} stands there twice", message.id.name);
        }
    }
    messages
}

/// The keys that stand as strings in the sources and the template, as far as texts have such keys.
fn written() -> BTreeSet<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = vec![std::fs::read_to_string(folder.join("templates/report.html")).unwrap()];
    for part in ["src/view", "src/pdf"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            sources.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
    }
    for file in ["src/text.rs", "src/trend.rs", "src/doing.rs"] {
        sources.push(std::fs::read_to_string(folder.join(file)).unwrap());
    }
    let is_key = |text: &&str| {
        text.split('-').filter(|part| !part.is_empty()).count() > 1
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    sources.iter().flat_map(|source| source.split('"')).filter(is_key).map(str::to_owned).collect()
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_variables() {
    let [chinese, english] = Language::ALL.map(messages);
    for (key, variables) in &chinese {
        assert_eq!(Some(variables), english.get(key), "{key}");
    }
    assert_eq!(chinese.len(), english.len());
}

#[test]
fn a_remark_is_told_with_all_that_belongs_to_it() {
    let there = messages(Language::Chinese);
    for code in tongke_inspection::facts::RemarkCode::ALL {
        let arguments: BTreeSet<String> = code.arguments().iter().map(|&name| name.to_owned()).collect();
        assert_eq!(there.get(&crate::view::remark_key(*code)), Some(&arguments), "{code:?}");
    }
}

#[test]
fn every_text_that_is_asked_for_is_there() {
    let there = messages(Language::Chinese);
    let asked: BTreeSet<String> = keys().into_iter().chain(written()).collect();
    // What is put together of a part and a name is in `keys`; these strings are other things.
    let not_keys: Vec<&str> = ["utf-8"].into_iter().chain(crate::DOING).collect();
    let missing: Vec<_> =
        asked.iter().filter(|key| !there.contains_key(*key) && !not_keys.contains(&key.as_str())).collect();
    assert_eq!(missing, [""; 0], "asked for, but in no file");
}

#[test]
fn every_text_is_asked_for() {
    let asked: BTreeSet<String> = keys().into_iter().chain(written()).collect();
    let there = messages(Language::Chinese);
    let unused: Vec<_> = there.keys().filter(|key| !asked.contains(*key)).collect();
    assert_eq!(unused, [""; 0], "in the files, but nobody asks for it");
}

#[test]
fn invisible_characters_are_made_visible_and_lines_stay_one() {
    assert_eq!(clean("a\u{202e}b\u{0}c\nd"), "a\u{fffd}b\u{fffd}c d");
    assert_eq!(clean("=SUM(A1) <b>"), "=SUM(A1) <b>");
}

#[test]
fn a_key_without_a_text_shows_as_itself() {
    assert_eq!(Texts::of(Language::English).get("no-such-key"), "no-such-key");
}
