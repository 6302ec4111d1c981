//! Findings as the facts of an inspection want them.

use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Missing, Outcome, Remark, Scope, Way};

/// Which way a finding is of, and who says so.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub way: Option<Way>,
    pub by: String,
    /// Whether one clock saw both ends: no clocks are compared then.
    pub one_clock: bool,
}

impl Told {
    /// A number with all that belongs to it, or why there is none.
    pub(super) fn finding(&self, quantity: Quantity, outcome: Result<Measured, Missing>) -> Finding {
        let outcome = match outcome {
            Ok(measured) => Outcome::Measured(Box::new(measured)),
            Err(missing) => Outcome::Missing(missing),
        };
        let scope = quantity.has_scope().then_some(Scope::A);
        Finding { quantity, unit: quantity.definition().unit, way: self.way, scope, outcome }
    }

    /// A word, or why there is none.
    pub(super) fn word(&self, quantity: Quantity, outcome: Result<String, Missing>) -> Finding {
        let outcome = outcome.map_or_else(Outcome::Missing, Outcome::Found);
        Finding { quantity, unit: quantity.definition().unit, way: self.way, scope: None, outcome }
    }

    /// One figure of `n` things.
    pub(super) fn value(&self, n: u64, value: f64, method: Method) -> Measured {
        Measured { value: Some(value), ..Measured::new(n, method, &self.by) }
    }
}

pub(super) fn missing(cause: Cause) -> Missing {
    Missing { cause, detail: None }
}

pub(super) fn missing_as(cause: Cause, detail: impl Into<Remark>) -> Missing {
    Missing { cause, detail: Some(detail.into()) }
}
