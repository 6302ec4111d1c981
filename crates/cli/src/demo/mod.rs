//! A whole lesson on this machine: a relay, a supporting school and two receiving schools, each in
//! its own process of this same binary.

mod http;
mod lesson;
mod ports;
mod processes;
mod progress;
mod relay_reading;
mod report;
mod table;

pub use lesson::{Lesson, Plan};
pub use processes::end_with_parent;
