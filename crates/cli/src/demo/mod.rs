//! A whole lesson on this machine: a registry, a relay, a supporting school and two receiving schools, each in
//! its own process of this same binary. The lesson is started from the registry's timetable, and ends as its
//! record.

mod children;
mod http;
mod lesson;
mod ports;
mod private;
mod processes;
mod progress;
mod registry;
mod relay_reading;
mod report;
mod table;

pub use lesson::{Lesson, Plan};
pub use ports::free_address;
pub use processes::{Process, end_with_parent};
