//! How findings are put together.

use super::{Cause, Finding, Measured, Method, Missing, Outcome, Remark, Way};
use crate::quantity::{Extent, Quantity};

impl Finding {
    /// A finding, in its quantity's unit and without a scope.
    pub fn new(quantity: Quantity, way: Option<Way>, outcome: Outcome) -> Finding {
        Finding { quantity, unit: quantity.definition().unit, way, scope: None, outcome }
    }

    /// A finding with numbers.
    pub fn measured(quantity: Quantity, way: Option<Way>, measured: Measured) -> Finding {
        Finding::new(quantity, way, Outcome::Measured(Box::new(measured)))
    }

    /// Nothing, and why.
    pub fn missing(quantity: Quantity, way: Option<Way>, cause: Cause) -> Finding {
        Finding::new(quantity, way, Outcome::Missing(Missing { cause, detail: None }))
    }

    /// Nothing on any of the ways on which a school alone measures the quantity, why, and what was seen.
    pub fn missing_alone(
        quantity: Quantity,
        cause: Cause,
        detail: Option<&Remark>,
    ) -> impl Iterator<Item = Finding> {
        let ways: &[Option<Way>] = match quantity.definition().extent {
            Extent::Whole => &[None],
            Extent::Place => &[Some(Way::AtA)],
            Extent::Directed => &[Some(Way::AToB), Some(Way::BToA)],
        };
        let missing = Missing { cause, detail: detail.cloned() };
        ways.iter().map(move |way| Finding::new(quantity, *way, Outcome::Missing(missing.clone())))
    }
}

impl Measured {
    /// `n` samples without a number yet; `by` says who measured.
    pub fn new(n: u64, method: Method, by: &str) -> Measured {
        Measured {
            n,
            value: None,
            min: None,
            median: None,
            p95: None,
            p999: None,
            max: None,
            spread: None,
            bound: None,
            clock_bound_ms: None,
            one_sided: None,
            method,
            by: by.to_owned(),
            reference: Vec::new(),
            over_time: Vec::new(),
            histogram: None,
            events: Vec::new(),
        }
    }
}
