//! The peer forwards what it is measured at.

mod programs;

use programs::check;
use tongke_load::Shape;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tongke-bench-peer");

#[test]
fn every_packet_of_one_publisher_reaches_ten_subscribers() {
    check(PROGRAM, Shape::Spread { lessons: 1, subscribers: 10 });
}

#[test]
fn in_two_way_lessons_each_gets_the_other_and_not_itself() {
    check(PROGRAM, Shape::Pairs { lessons: 3 });
}
