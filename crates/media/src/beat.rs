//! The flash and its beep.
