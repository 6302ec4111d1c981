//! Bad weather: what one client does wrong costs its own lesson at most. In each test a well-behaved lesson
//! on the same core, the witness, gets every packet, in order and at its moment.

mod clocks;
mod publishers;
mod receivers;
mod strangers;
