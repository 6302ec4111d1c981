//! What is measured, from the flags.

use crate::args::Args;
use crate::target::Kind;
use tongke_load::{Link, Shape};

/// What is measured.
#[derive(Debug, Default, PartialEq)]
pub struct Plan {
    /// Shapes and links for all targets that have the link.
    pub shapes: Vec<(Shape, Link)>,
    /// Shapes whose size is raised, and for which targets.
    pub saturate: Vec<(Shape, Vec<Kind>)>,
    /// Running lessons and how many join them.
    pub joins: Vec<(Shape, usize)>,
}

impl Plan {
    /// The plan of these flags; without shapes, every row of what is asked for.
    pub fn of(args: &Args) -> Self {
        let shapes = if args.shape.is_empty() { None } else { Some(args.shape.clone()) };
        let webrtc = || args.targets.iter().copied().filter(|kind| kind.takes(Link::Webrtc)).collect();
        match (shapes, args.saturate, args.joins) {
            (None, false, None) => Self::whole(),
            (shapes, true, _) => {
                let shapes = shapes.unwrap_or_else(|| vec![broadcast(200), Shape::Pairs { lessons: 40 }]);
                Self {
                    saturate: shapes.into_iter().map(|shape| (shape, webrtc())).collect(),
                    ..Self::default()
                }
            }
            (shapes, _, Some(count)) => {
                let shapes = shapes.unwrap_or_else(|| vec![schools()]);
                Self { joins: shapes.into_iter().map(|shape| (shape, count)).collect(), ..Self::default() }
            }
            (Some(shapes), false, None) => {
                let links = |shape| args.link.iter().map(move |link| (shape, *link));
                Self { shapes: shapes.into_iter().flat_map(links).collect(), ..Self::default() }
            }
        }
    }

    /// Every row of what is asked for, in about eight minutes.
    fn whole() -> Self {
        Self {
            shapes: vec![
                (broadcast(100), Link::Webrtc),
                (schools(), Link::Webrtc),
                (Shape::Pairs { lessons: 20 }, Link::Webrtc),
                (broadcast(100), Link::Quic),
            ],
            saturate: vec![
                (broadcast(250), vec![Kind::Relay, Kind::Peer]),
                (Shape::Pairs { lessons: 50 }, vec![Kind::Relay]),
            ],
            joins: vec![(schools(), 200)],
        }
    }
}

fn broadcast(subscribers: usize) -> Shape {
    Shape::Spread { lessons: 1, subscribers }
}

fn schools() -> Shape {
    Shape::Spread { lessons: 20, subscribers: 5 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn plan(flags: &str) -> Plan {
        Plan::of(&Args::try_parse_from(format!("load {flags}").split_whitespace()).unwrap())
    }

    #[test]
    fn without_shapes_every_row_is_measured() {
        assert_eq!(plan(""), Plan::whole());
        assert_eq!(plan("--targets relay --runs 1"), Plan::whole());
    }

    #[test]
    fn shapes_are_measured_over_each_link() {
        let plan = plan("--shape 1x5 --shape pairs:2 --link webrtc,quic");
        assert_eq!(plan.shapes.len(), 4);
        assert!(plan.saturate.is_empty() && plan.joins.is_empty());
    }

    #[test]
    fn saturation_and_joins_take_the_place_of_plain_runs() {
        let saturate = plan("--saturate --shape 1x50 --targets relay,quic-floor");
        assert_eq!(saturate.saturate, [(broadcast(50), vec![Kind::Relay])]);
        assert!(saturate.shapes.is_empty());
        assert_eq!(plan("--joins 200").joins, [(schools(), 200)]);
    }
}
