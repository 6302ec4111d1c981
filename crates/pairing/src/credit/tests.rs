//! Sessions as they happen, told as machines and people would tell them.

mod cases;
mod oddities;
mod people;
mod properties;
mod story;
mod words;
