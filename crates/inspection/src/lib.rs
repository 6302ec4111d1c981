//! What a self-test or an inspection measured, by which criteria it is judged, and whether its report was
//! altered. Pure: no clock, no files, no network. Measuring is `measure`'s, pages and paper are `report`'s.
//!
//! [`Facts`] say what was measured and what was not; [`Criteria`] say what is asked; [`judge()`] puts the two
//! together, the same way everywhere. What follows is never kept: facts can be judged again by other criteria.
//! [`conduct`] is an inspection under way: two nodes are asked, and what they answer becomes one document.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

pub mod advice;
pub mod conduct;
pub mod criteria;
pub mod facts;
pub mod judge;
pub mod quantity;
pub mod signature;
pub mod trend;

pub use criteria::Criteria;
pub use facts::Facts;
pub use judge::{Judgement, judge};
pub use quantity::Quantity;
