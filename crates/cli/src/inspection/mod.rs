//! What `tongke inspect` does beside measuring: what is told meanwhile, and what is kept.

pub mod beside;
pub mod by_test;
pub mod hold;
pub mod keeping;
mod line;
