//! Counts by school, form, subject and term: what progress and scores are made of. The store counts
//! them; where they are used it does not matter how.

use crate::id::{SchoolId, TermId};
use crate::lesson::Form;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one school has in one form and subject in one term.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Which school.
    pub school: SchoolId,
    /// In which form.
    pub form: Form,
    /// In which subject; none: the form has none, or it was not said.
    pub subject: Option<String>,
    /// In which term; none: outside every term.
    pub term: Option<TermId>,
    /// Calendar year.
    pub year: i16,
    /// Credited to the school.
    pub credited: u32,
    /// Still to come by the timetable.
    pub planned: u32,
    /// Undecided or disputed.
    pub open: u32,
    /// Over, and not credited.
    pub missed: u32,
}
