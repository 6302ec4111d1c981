//! Rule sets and policies that a registry has of its own: files in two folders.

use crate::failure::Failure;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tongke_pairing::policy::Policies;
use tongke_pairing::rules::RuleSet;

/// The rule sets that come with the program, and those in the folder, if there is one.
pub fn rule_sets_in(folder: &Path) -> Result<Vec<RuleSet>, Failure> {
    let own = texts_in(folder)?;
    let named: Vec<_> = own.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    RuleSet::with_own(&named).map_err(|(file, problem)| {
        Failure::usage(format!("the rule set '{file}' cannot be used: {problem}"))
            .hint("docs/rules.md tells what stands in such a file")
    })
}

/// The policies in the folder; without any, the one that comes with the program.
pub fn policies_in(folder: &Path) -> Result<Policies, Failure> {
    let own = texts_in(folder)?;
    Policies::parse(own.iter().map(|(_, text)| text.as_str())).map_err(|problem| {
        Failure::usage(format!("the policies in '{}' cannot be used: {problem}", folder.display()))
            .hint("docs/crediting.md tells what a policy is")
    })
}

/// The TOML files of a folder, by name. No folder: none.
fn texts_in(folder: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let unreadable =
        |path: &Path, error: &io::Error| Failure::usage(format!("cannot read '{}': {error}", path.display()));
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let mut paths = Vec::new();
    for file in listed {
        let path = file.map_err(|error| unreadable(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let text = |path: PathBuf| match fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) => Err(unreadable(&path, &error)),
    };
    paths.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("tongke-rules-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Scratch(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn without_a_folder_there_is_what_comes_with_the_program() {
        let nowhere = Path::new("/nonexistent/rules");
        assert_eq!(rule_sets_in(nowhere).unwrap().len(), RuleSet::shipped().len());
        assert_eq!(policies_in(nowhere).unwrap(), Policies::default());
    }

    #[test]
    fn a_file_that_is_none_is_named_and_other_files_are_left_alone() {
        let scratch = Scratch::new("bad");
        fs::write(scratch.0.join("notes.txt"), "not a rule").unwrap();
        assert!(rule_sets_in(&scratch.0).is_ok() && policies_in(&scratch.0).is_ok());
        fs::write(scratch.0.join("mine.toml"), "name = 1").unwrap();
        let told = rule_sets_in(&scratch.0).unwrap_err().to_string();
        assert!(told.contains("mine.toml") && told.contains("hint: "), "{told}");
        assert!(policies_in(&scratch.0).unwrap_err().to_string().contains("cannot be used"));
    }
}
