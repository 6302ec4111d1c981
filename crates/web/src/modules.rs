//! Which modules a page needs, told to the browser at once: found one import after another, each
//! level would cost a way to the server and back.

use crate::assets::Assets;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Where a page with modules begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A lesson's page.
    Lesson,
    /// The marker, flashes and sounds that are filmed, and the camera that reads them.
    Signal,
    /// Whether a report was altered.
    Verify,
}

impl Entry {
    const ALL: [Entry; 3] = [Entry::Lesson, Entry::Signal, Entry::Verify];

    fn module(self) -> &'static str {
        match self {
            Entry::Lesson => "lesson.js",
            Entry::Signal => "signal.js",
            Entry::Verify => "verify.js",
        }
    }
}

static EMBEDDED: LazyLock<[Vec<String>; Entry::ALL.len()]> = LazyLock::new(|| Entry::ALL.map(needed));

/// The modules that an entry imports, and those that they import, and so on.
pub(crate) fn of(entry: Entry) -> Vec<String> {
    if cfg!(debug_assertions) {
        return needed(entry);
    }
    let index = Entry::ALL.iter().position(|other| *other == entry);
    EMBEDDED[index.expect("every entry is in the list")].clone()
}

fn needed(entry: Entry) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut to_read = vec![entry.module().to_owned()];
    while let Some(module) = to_read.pop() {
        let Some(file) = Assets::get(&module) else { continue };
        let source = String::from_utf8_lossy(&file.data);
        let folder = module.rsplit_once('/').map_or("", |(folder, _)| folder);
        for import in imports(&source).filter_map(|import| resolve(folder, import)) {
            if found.insert(import.clone()) {
                to_read.push(import);
            }
        }
    }
    found.into_iter().collect()
}

/// What a module's import statements name. They stand at the beginning of a line, and end on one; what
/// comments import are types. A statement written otherwise is merely fetched later.
fn imports(source: &str) -> impl Iterator<Item = &str> {
    let statements =
        source.lines().filter(|line| ["import ", "} from "].iter().any(|begin| line.starts_with(begin)));
    statements.filter_map(|line| {
        let (_, path) = line.split_once(" \"")?;
        path.split_once('"').map(|(path, _)| path)
    })
}

/// A relative path from `folder`; none: not relative, or outside.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if !path.starts_with("./") && !path.starts_with("../") {
        return None;
    }
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_and_those_of_types_are_not() {
        let source = "import { a } from \"./a.js\";\nimport {\n  b,\n} from \"../b.js\";\nimport \"./c.js\";\n\
                      /** @import { D } from \"./d.js\" */\n * @returns {import(\"./e.js\").E}\n";
        assert_eq!(imports(source).collect::<Vec<_>>(), ["./a.js", "../b.js", "./c.js"]);
    }

    #[test]
    fn paths_are_relative_to_their_module() {
        assert_eq!(resolve("link", "../room/room.js").as_deref(), Some("room/room.js"));
        assert_eq!(resolve("", "./link/link.js").as_deref(), Some("link/link.js"));
        assert_eq!(resolve("", "../Cargo.toml"), None);
        assert_eq!(resolve("", "https://elsewhere/x.js"), None);
    }

    #[test]
    fn every_module_that_is_needed_is_there() {
        for entry in Entry::ALL {
            let needed = needed(entry);
            assert!(!needed.is_empty(), "{entry:?} imports something");
            let missing: Vec<_> = needed.iter().filter(|name| Assets::get(name).is_none()).collect();
            assert_eq!(missing, [""; 0]);
        }
    }
}
