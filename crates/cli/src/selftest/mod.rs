//! What a self-test found, in words for a terminal.

pub mod text;
