//! Why a question is not answered.

use crate::store::StoreError;

/// A question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It cannot be answered as it was asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What is known could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A question cannot be answered as it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {hint}")]
pub struct Refusal {
    /// Of which sort.
    pub kind: RefusalKind,
    /// Stable: `school_unknown`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// Of which sort a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// What it is about is not there.
    Unknown,
    /// It is there, and the question makes no sense for it.
    Unfit,
}

/// Most names in a hint.
const MOST_NAMES: usize = 20;

impl Refusal {
    pub(super) fn unknown(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Refusal {
        Refusal { kind: RefusalKind::Unknown, code, message: message.into(), hint: hint.into() }
    }

    pub(super) fn unfit(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal { kind: RefusalKind::Unfit, code, message: message.into(), hint: hint.into() }
    }
}

/// Names for a hint, the first ones of many. None are said too.
pub(super) fn names<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let mut text =
        names.by_ref().take(MOST_NAMES).map(|name| name.to_string()).collect::<Vec<_>>().join(", ");
    if names.next().is_some() {
        text.push_str(", …");
    }
    if text.is_empty() { "none yet".to_owned() } else { text }
}
