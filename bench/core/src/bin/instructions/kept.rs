//! The numbers kept in the repository, and what differs from them.

use crate::scenarios::Scenario;
use std::fs;
use std::process::Command;

/// Where they are kept.
pub const FILE: &str = "bench/core/instructions.toml";
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.toml");

/// What a count is beside the one that is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The same, within the tolerance.
    Fits,
    /// More, by this share.
    Above(f64),
    /// Fewer, by this share.
    Below(f64),
    /// None is kept.
    New,
}

/// The numbers kept.
pub struct Kept {
    compiler: Option<String>,
    counts: Vec<(String, f64)>,
}

impl Kept {
    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with(['#', '[']));
        let entries: Vec<_> = lines.filter_map(|line| line.split_once(" = ")).collect();
        let compiler = entries.iter().find(|(name, _)| *name == "compiler");
        let compiler = compiler.map(|(_, value)| value.trim_matches('"').to_owned());
        let number = |(name, value): &(&str, &str)| Some((name.to_string(), value.parse().ok()?));
        Self { compiler, counts: entries.iter().filter_map(number).collect() }
    }

    /// The number kept of a scenario.
    pub fn of(&self, name: &str) -> Option<f64> {
        self.counts.iter().find(|(known, _)| known == name).map(|(_, count)| *count)
    }

    /// Compares a count with the number kept.
    pub fn judge(&self, name: &str, counted: f64, tolerance: f64) -> Verdict {
        let Some(kept) = self.of(name) else { return Verdict::New };
        // Of a dozen instructions one more is nothing to speak of.
        let allowed = (kept * tolerance).max(1.0);
        let share = (counted - kept) / kept;
        if counted > kept + allowed {
            Verdict::Above(share)
        } else if counted < kept - allowed {
            Verdict::Below(-share)
        } else {
            Verdict::Fits
        }
    }

    /// The compiler of the kept numbers and the one that is here, if they are not the same.
    pub fn other_compiler(&self) -> Option<(&str, String)> {
        let (before, now) = (self.compiler.as_deref()?, compiler()?);
        (before != now).then_some((before, now))
    }
}

/// Reads the numbers.
pub fn read() -> Result<Kept, String> {
    let text = fs::read_to_string(PATH);
    let hint = "hint: write it with: make instructions KEEP=1";
    text.map(|text| Kept::parse(&text)).map_err(|error| format!("error: {FILE}: {error}\n{hint}"))
}

/// Writes the numbers.
pub fn write(scenarios: &[Scenario], counted: &[f64]) -> Result<(), String> {
    let mut text =
        "# Instructions of the relay's hot path on x86-64 with AES and AVX2, as valgrind --tool=callgrind\n\
                    # counts them. `make test` compares; `make instructions KEEP=1` writes this file.\n\n"
            .to_owned();
    if let Some(compiler) = compiler() {
        text += &format!("compiler = \"{compiler}\"\n\n[instructions]\n");
    }
    for (scenario, instructions) in scenarios.iter().zip(counted) {
        text += &format!("# for each {}\n{} = {instructions:.0}\n", scenario.unit, scenario.name);
    }
    fs::write(PATH, text).map_err(|error| format!("error: {FILE}: {error}"))
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A comment.\n\ncompiler = \"rustc 1.0\"\n\n[instructions]\n# for each packet\n\
                        seal = 2000\nkeyframe = 12\n";

    #[test]
    fn both_directions_beyond_the_tolerance_are_seen() {
        let kept = Kept::parse(TEXT);
        assert_eq!(kept.judge("seal", 2059.0, 0.03), Verdict::Fits);
        assert_eq!(kept.judge("seal", 1941.0, 0.03), Verdict::Fits);
        assert_eq!(kept.judge("seal", 2100.0, 0.03), Verdict::Above(0.05));
        assert_eq!(kept.judge("seal", 1900.0, 0.03), Verdict::Below(0.05));
        assert_eq!(kept.judge("keyframe", 13.0, 0.03), Verdict::Fits, "one instruction");
        assert!(matches!(kept.judge("keyframe", 14.0, 0.03), Verdict::Above(_)));
        assert_eq!(kept.judge("open", 1.0, 0.03), Verdict::New);
    }

    #[test]
    fn another_compiler_is_named() {
        assert_eq!(Kept::parse(TEXT).compiler.as_deref(), Some("rustc 1.0"));
        assert_eq!(Kept::parse("seal = 1\n").other_compiler(), None);
    }
}
