use super::*;
use tongke_load::{Seen, TargetUse};

fn outcome(target: Kind, run: usize, cpu_us: f64) -> Outcome {
    let used = TargetUse { cpu_s: cpu_us, user_share: 0.25, ..TargetUse::default() };
    let seen = Seen { seconds: 10.0, received: 1_000_000, target: Some(used), ..Seen::default() };
    Outcome {
        target,
        shape: Shape::Spread { lessons: 1, subscribers: 100 },
        link: Link::Webrtc,
        run,
        seen,
        joins: Vec::new(),
        rss_empty: 0,
        rss_published: 0,
        memory: crate::flat::Memory::default(),
    }
}

#[test]
fn medians_are_in_the_middle() {
    assert_eq!(median([]), None);
    assert_eq!(median([3.0]), Some(3.0));
    assert_eq!(median([4.0, 1.0]), Some(2.5));
    assert_eq!(median([9.0, 1.0, 2.0, f64::NAN]), Some(2.0));
}

#[test]
fn a_ratio_is_the_median_of_the_ratios_of_neighbouring_runs() {
    // The machine was twice as slow in the second run: the ratio is the same, the quotient of the
    // medians would be too.
    let mut runs = vec![
        outcome(Kind::Relay, 0, 4.0),
        outcome(Kind::Peer, 0, 10.0),
        outcome(Kind::Relay, 1, 8.0),
        outcome(Kind::Peer, 1, 20.0),
        outcome(Kind::Relay, 2, 5.0),
    ];
    let ratio = |runs: &[Outcome]| Group::all(runs)[0].ratio(Figure::Cpu, Kind::Peer);
    assert_eq!(ratio(&runs), Some(0.4));
    // A run without its neighbour makes no ratio.
    runs.truncate(1);
    assert_eq!(ratio(&runs), None);
    assert_eq!(Group::all(&runs)[0].value(Kind::Relay, Figure::CpuSystem), Some(3.0));
}

#[test]
fn shapes_and_links_are_apart() {
    let mut other = outcome(Kind::Relay, 0, 1.0);
    other.link = Link::Quic;
    let runs = [outcome(Kind::Relay, 0, 1.0), other, outcome(Kind::Floor, 0, 1.0)];
    let groups = Group::all(&runs);
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0].targets(), [Kind::Relay, Kind::Floor]);
}

#[test]
fn what_is_asked_depends_on_shape_and_link() {
    let spread: Shape = "1x100".parse().unwrap();
    assert_eq!(asked(Figure::Cpu, spread, Link::Webrtc).len(), 2);
    assert!(asked(Figure::Cpu, spread, Link::Quic).is_empty());
    assert_eq!(asked(Figure::KibLesson, Shape::Pairs { lessons: 3 }, Link::Webrtc)[0].limit, 2_048.0);
    assert!(asked(Figure::Run, spread, Link::Webrtc).is_empty());
}
