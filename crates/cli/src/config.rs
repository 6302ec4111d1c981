//! Configuration files: TOML with the flags' names as keys. Flags win over `TONGKE_…` environment
//! variables, and those over the file.

use crate::failure::Failure;
use crate::logging::LogArgs;
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

/// What a command reads from a file, beside how it logs.
#[derive(Debug, Default)]
pub struct File<S> {
    /// The command's own keys.
    pub settings: S,
    /// The keys that every command has.
    pub log: LogArgs,
}

/// Reads a configuration file; without one, everything is left to flags and defaults.
pub fn load<S: DeserializeOwned + Default>(path: Option<&Path>) -> Result<File<S>, Failure> {
    let Some(path) = path else {
        return Ok(File { settings: S::default(), log: LogArgs::default() });
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read the configuration file '{}': {error}", path.display()))
    })?;
    parse(&text).map_err(|mistake| mistake.told(&text, path))
}

/// What is wrong in a file, and where.
struct Mistake {
    message: String,
    span: Option<Range<usize>>,
}

impl From<toml::de::Error> for Mistake {
    fn from(error: toml::de::Error) -> Self {
        Mistake { message: error.message().to_owned(), span: error.span() }
    }
}

fn parse<S: DeserializeOwned>(text: &str) -> Result<File<S>, Mistake> {
    let mut table = DeTable::parse(text)?;
    let log = LogArgs { log: take(table.get_mut(), "log")?, log_level: take(table.get_mut(), "log_level")? };
    let settings = S::deserialize(Deserializer::from(table))?;
    Ok(File { settings, log })
}

fn take<V: DeserializeOwned>(table: &mut DeTable<'_>, key: &str) -> Result<Option<V>, Mistake> {
    let Some(value): Option<Spanned<DeValue<'_>>> = table.remove(key) else { return Ok(None) };
    let span = value.span();
    V::deserialize(value.into_deserializer())
        .map(Some)
        .map_err(|error: toml::de::Error| Mistake { message: error.message().to_owned(), span: Some(span) })
}

impl Mistake {
    /// The mistake as people read it: file, line, key and what is allowed.
    fn told(&self, text: &str, path: &Path) -> Failure {
        let at = self.span.as_ref().map(|span| span.start.min(text.len()));
        let mut place = format!("'{}'", path.display());
        if let Some(at) = at {
            let _ = write!(place, ", line {}", text[..at].matches('\n').count() + 1);
        }
        if let Some((unknown, allowed)) = unknown_key(&self.message) {
            let allowed = allowed_with_logging(&allowed);
            let failure = Failure::usage(format!(
                "{place}: there is no key '{unknown}'\n  allowed: {}",
                allowed.join(", ")
            ));
            return match nearest(unknown, &allowed) {
                Some(meant) => failure.hint(format!("did you mean '{meant}'?")),
                None => failure,
            };
        }
        let key =
            at.and_then(|at| key_of_line(text, at)).map(|key| format!(", key '{key}'")).unwrap_or_default();
        Failure::usage(format!("{place}{key}: {}", self.message.trim().replace('\n', "; ")))
    }
}

/// Takes serde's "unknown field `x`, expected one of `a`, `b`" apart.
fn unknown_key(message: &str) -> Option<(&str, Vec<String>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, rest) = rest.split_once('`')?;
    let allowed = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some((unknown, allowed))
}

fn allowed_with_logging(allowed: &[String]) -> Vec<String> {
    let mut all: Vec<String> = allowed.to_vec();
    all.extend(LogArgs::KEYS.iter().map(|key| (*key).to_owned()));
    all.sort();
    all
}

fn key_of_line(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next()?;
    let (key, _) = line.split_once('=')?;
    Some(key.trim())
}

/// The allowed key that a misspelled one is most like, if any is like it at all.
fn nearest<'a>(unknown: &str, allowed: &'a [String]) -> Option<&'a str> {
    let (distance, key) = allowed.iter().map(|key| (edits(unknown, key), key)).min()?;
    (distance <= 1 + unknown.len() / 4).then_some(key)
}

/// Levenshtein distance: how many letters to add, remove or change.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Sample {
        http: Option<std::net::SocketAddr>,
        workers: Option<u16>,
    }

    fn mistake(text: &str) -> String {
        let Err(mistake) = parse::<Sample>(text) else { panic!("no mistake found") };
        mistake.told(text, Path::new("x.toml")).to_string()
    }

    #[test]
    fn a_misspelled_key_is_told_with_file_line_and_what_is_allowed() {
        assert_eq!(
            mistake("# a comment\nworkers = 1\nhtpp = \"0.0.0.0:80\"\n"),
            "error: 'x.toml', line 3: there is no key 'htpp'\n  allowed: http, log, log_level, workers\n\
             hint: did you mean 'http'?"
        );
    }

    #[test]
    fn a_key_like_no_other_gets_no_guess() {
        assert!(!mistake("bandwidth = 3\n").contains("hint"));
    }

    #[test]
    fn a_wrong_value_is_told_with_line_and_key() {
        assert_eq!(
            mistake("\nhttp = \"localhost\"\n"),
            "error: 'x.toml', line 2, key 'http': invalid socket address syntax"
        );
        assert!(
            mistake("workers = \"two\"\n")
                .starts_with("error: 'x.toml', line 1, key 'workers': invalid type")
        );
        assert!(
            mistake("log = \"xml\"\n")
                .starts_with("error: 'x.toml', line 1, key 'log': unknown variant `xml`")
        );
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        assert!(
            mistake("workers = 1\nhttp = \n").starts_with("error: 'x.toml', line 2"),
            "{}",
            mistake("workers = 1\nhttp = \n")
        );
    }

    #[test]
    fn settings_and_logging_come_from_one_file() {
        let file = parse::<Sample>("http = \"127.0.0.1:8080\"\nlog = \"json\"\n").ok().unwrap();
        assert_eq!(file.settings.http, Some("127.0.0.1:8080".parse().unwrap()));
        assert_eq!(file.log.log, Some(crate::logging::LogFormat::Json));
    }

    #[test]
    fn an_unreadable_file_is_named() {
        let error = load::<Sample>(Some(Path::new("/nonexistent/relay.toml"))).unwrap_err().to_string();
        assert!(error.contains("'/nonexistent/relay.toml': No such file"), "{error}");
    }
}
