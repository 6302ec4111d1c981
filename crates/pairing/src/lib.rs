//! What the pairing registry (千校结对大课表) knows, and how it counts. Pure: no clock, no database, no
//! network. Facts go in, in any order and any number of times; numbers with their reasons come out.

pub mod agreement;
pub mod amounts;
pub mod attendance;
pub mod book;
pub mod calendar;
pub mod check;
pub mod clashes;
pub mod count;
pub mod credit;
pub mod duties;
pub mod entry;
pub mod evidence;
pub mod expand;
pub mod ical;
pub mod id;
pub mod inputs;
pub mod lesson;
pub mod monthly;
pub mod pair;
pub mod period;
pub mod points;
pub mod policy;
pub mod progress;
pub mod published;
pub mod reconcile;
pub mod rubric;
pub mod rules;
pub mod school;
pub mod spans;
pub mod tally;
pub mod timetable;
