//! By which limits facts are judged: a versioned TOML file. configs/criteria/tongke-1.toml explains every setting
//! and is built in; a bureau that has limits of its own writes another file.

mod check;
mod file;

pub use check::CriteriaError;
pub use file::{Better, Mark, Validity, Words};

use crate::facts::{Kind, Statistic};
use crate::judge::Grade;
use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The criteria that are built in.
const SHIPPED: &str = include_str!("../../../configs/criteria/tongke-1.toml");

/// Criteria that are whole: every line has its three limits, and none contradicts another.
#[derive(Debug, Clone, PartialEq)]
pub struct Criteria {
    /// Which file this is.
    pub title: Title,
    /// What their author says of them as a whole, above all whether anything in them is binding.
    pub statement: Words,
    /// When a delay is no result at all.
    pub validity: Validity,
    /// One for each quantity that is judged.
    pub lines: Vec<Line>,
}

/// Which criteria: what a report is signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Whose they are.
    pub name: String,
    /// Which edition.
    pub version: String,
    /// SHA-256 of the file, in hexadecimal: two files of one name and version are told apart.
    pub sha256: String,
}

/// How one quantity is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which.
    pub quantity: Quantity,
    /// Which of its numbers.
    pub statistic: Statistic,
    /// What is better.
    pub better: Better,
    /// How many samples it needs at the least.
    pub samples_at_least: u64,
    /// In which tests the overall verdict waits for it.
    pub mandatory_in: Vec<Kind>,
    /// The limits of 优, 良 and 合格, each within the next.
    pub limits: [Limit; 3],
    /// What a reader must know of the limits.
    pub note: Option<Words>,
    /// Limits of others, which are told and decide nothing.
    pub also: Vec<Also>,
}

/// A limit, and on what ground it stands. Both ends belong to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The smallest value that meets it.
    pub at_least: Option<f64>,
    /// The largest value that meets it.
    pub at_most: Option<f64>,
    /// On what ground.
    pub mark: Mark,
    /// Who says so; none: the project alone.
    pub source: Option<Words>,
    /// Whether the source's text was read.
    pub checked: bool,
}

/// Somebody else's limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Also {
    /// Whose.
    pub name: Words,
    /// The smallest value that meets it.
    pub at_least: Option<f64>,
    /// The largest value that meets it.
    pub at_most: Option<f64>,
    /// Whether the source's text was read.
    pub checked: bool,
}

impl Criteria {
    /// The criteria of a TOML text. Errors name the line of the file.
    pub fn parse(text: &str) -> Result<Criteria, CriteriaError> {
        let (file, lines) = check::check(text)?;
        let title = Title {
            name: file.name.into_inner(),
            version: file.version.into_inner(),
            sha256: hex(&Sha256::digest(text.as_bytes())),
        };
        Ok(Criteria { title, statement: file.statement, validity: file.validity.into_inner(), lines })
    }

    /// The criteria that are built in.
    pub fn shipped() -> Criteria {
        Criteria::parse(SHIPPED).expect("configs/criteria/tongke-1.toml is tested to be whole")
    }

    /// How a quantity is judged; none: it is told, not judged.
    pub fn line(&self, quantity: Quantity) -> Option<&Line> {
        self.lines.iter().find(|line| line.quantity == quantity)
    }

    /// Whether any limit is one that schools must meet.
    pub fn has_binding_limit(&self) -> bool {
        self.lines.iter().flat_map(|line| &line.limits).any(|limit| limit.mark == Mark::Binding)
    }
}

impl Line {
    /// The limit of a grade; none for 不合格, which is what meets no limit.
    pub fn limit(&self, grade: Grade) -> Option<&Limit> {
        self.limits.get(grade as usize)
    }
}

impl Limit {
    /// Whether every value of `low..=high` meets it.
    pub fn contains(&self, low: f64, high: f64) -> bool {
        self.at_least.is_none_or(|limit| low >= limit) && self.at_most.is_none_or(|limit| high <= limit)
    }

    /// Whether any value of `low..=high` meets it.
    pub fn touches(&self, low: f64, high: f64) -> bool {
        self.at_least.is_none_or(|limit| high >= limit) && self.at_most.is_none_or(|limit| low <= limit)
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
