//! The rules by which schools and counties are judged, against the numbers that the sources print.
//!
//! S000 is a school's plan, S001 the county's plan from 2020 on, S002 the county's notice of 2019 with the
//! score sheet, S003 the news of the inspection of December 2019, S004 a receiving school's plan. Schools
//! have their public names; persons do not occur.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed, as it should")]
#![allow(clippy::type_complexity, reason = "tables are read by their rows")]

mod duties;
mod monthly;
mod progress;
mod reconcile;
mod score;
mod world;
