//! Every text that a template or a module asks for is there, and every text is asked for.

use crate::assets::Assets;
use crate::language::Language;
use crate::texts::Texts;
use std::collections::BTreeSet;
use std::path::Path;

/// A key as it stands in code. In modules a part may be put in when it runs.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked(Vec<String>);

impl Asked {
    /// Reads `js-check-${name}-next`.
    fn read(text: &str) -> Option<Asked> {
        let mut parts = Vec::new();
        for (index, piece) in text.split("${").enumerate() {
            let literal = if index == 0 { piece } else { piece.split_once('}')?.1 };
            if !literal.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
                return None;
            }
            parts.push(literal.to_owned());
        }
        Some(Asked(parts))
    }

    /// Whether this may stand for `key`.
    fn fits(&self, key: &str) -> bool {
        let (first, rest) = self.0.split_first().expect("splitting gives at least one piece");
        let Some(mut key) = key.strip_prefix(first.as_str()) else { return false };
        let Some((last, between)) = rest.split_last() else { return key.is_empty() };
        for part in between {
            // What is put in is never empty.
            let Some(at) = key.get(1..).and_then(|key| key.find(part.as_str())) else { return false };
            key = &key[1 + at + part.len()..];
        }
        key.len() > last.len() && key.ends_with(last.as_str())
    }
}

/// What the templates ask for with `text.get("…")`.
fn asked_by_templates() -> BTreeSet<Asked> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let sources = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let mut asked = BTreeSet::new();
    for source in sources {
        for rest in source.split("text.get(\"").skip(1) {
            asked.insert(Asked::read(rest.split('"').next().unwrap()).expect("a key"));
        }
    }
    asked
}

/// The strings of modules that begin with `js-`.
fn asked_by_modules() -> BTreeSet<Asked> {
    let mut asked = BTreeSet::new();
    for name in Assets::iter().filter(|name| name.ends_with(".js")) {
        let source = String::from_utf8(Assets::get(&name).unwrap().data.into_owned()).unwrap();
        for quote in ['"', '\'', '`'] {
            for rest in source.split(&format!("{quote}js-")).skip(1) {
                let text = format!("js-{}", rest.split(quote).next().unwrap());
                asked.extend(Asked::read(&text));
            }
        }
    }
    asked
}

#[test]
fn every_text_that_is_asked_for_is_there() {
    let (texts, _) = Texts::read(Language::Chinese);
    let asked = asked_by_templates().into_iter().chain(asked_by_modules());
    let missing: Vec<Asked> = asked.filter(|asked| !texts.all().keys().any(|key| asked.fits(key))).collect();
    assert_eq!(missing, [], "asked for, but in no file");
}

#[test]
fn every_text_is_asked_for_where_it_can_be_had() {
    let (texts, _) = Texts::read(Language::Chinese);
    let (templates, modules) = (asked_by_templates(), asked_by_modules());
    let is_asked = |key: &str| {
        templates.iter().any(|asked| asked.fits(key))
            || key.starts_with("js-") && modules.iter().any(|asked| asked.fits(key))
    };
    let unused: Vec<&String> = texts.all().keys().filter(|key| !is_asked(key)).collect();
    assert_eq!(unused, [""; 0], "in the files, but nobody asks for it");
}

#[test]
fn a_key_with_a_part_put_in_fits_every_key_of_that_form() {
    let asked = Asked::read("js-check-${name}-next").unwrap();
    assert!(asked.fits("js-check-camera-next") && asked.fits("js-check-camera-dark-next"));
    assert!(!asked.fits("js-check-next") && !asked.fits("js-check-camera"));
    let whole = Asked::read("js-check-start").unwrap();
    assert!(whole.fits("js-check-start") && !whole.fits("js-check-start-watching"));
    let two = Asked::read("js-${room}-${what}").unwrap();
    assert!(two.fits("js-check-start") && !two.fits("js-check"));
    assert_eq!(Asked::read("js-… in a sentence"), None);
}
