use super::*;
use proptest::prelude::*;

/// A path in virtual time.
struct Path {
    takes: u16,
    /// Numbers of probes that are lost whatever their size.
    lost: Vec<u32>,
    /// Routers say what they take.
    tells: bool,
}

/// Runs a search to its end: its result, the probes it took, and how long.
fn search(path: &Path, max: u16) -> (PathMtu, u32, Duration) {
    let origin = Instant::now();
    let (mut now, mut probes, mut search) = (origin, 0, PathMtuSearch::new(max));
    while !matches!(search.state(), PathMtu::Complete { .. } | PathMtu::Error) {
        if let Some(size) = search.poll_probe(now) {
            probes += 1;
            if path.lost.contains(&probes) {
                now = search.poll_timeout().unwrap();
            } else if size <= path.takes {
                now += Duration::from_millis(40);
                search.on_acknowledged(now, size);
            } else if path.tells {
                now += Duration::from_millis(20);
                search.on_too_large(now, size, Some(path.takes));
            } else {
                now = search.poll_timeout().unwrap();
            }
        }
    }
    (search.state(), probes, now - origin)
}

fn silent(takes: u16) -> Path {
    Path { takes, lost: Vec::new(), tells: false }
}

#[test]
fn a_path_of_full_ethernet_takes_two_probes() {
    let (state, probes, took) = search(&silent(1500), 1500);
    assert_eq!((state, probes, took.as_millis()), (PathMtu::Complete { mtu: 1500 }, 2, 80));
}

#[test]
fn every_smaller_path_is_found_within_the_time_of_its_halvings() {
    for takes in 1200..1500 {
        let (state, probes, took) = search(&silent(takes), 1500);
        assert_eq!(state, PathMtu::Complete { mtu: takes }, "{takes}");
        assert!(probes <= 1 + 3 * 10 && took <= Duration::from_secs(31), "{takes}: {probes} {took:?}");
    }
}

#[test]
fn a_router_that_says_what_it_takes_is_believed_within_reason() {
    let (state, probes, _) = search(&Path { tells: true, ..silent(1420) }, 1500);
    assert_eq!((state, probes), (PathMtu::Complete { mtu: 1420 }, 3));
    let mut search = PathMtuSearch::new(1500);
    let now = Instant::now();
    assert_eq!(search.poll_probe(now), Some(BASE));
    search.on_acknowledged(now, BASE);
    assert_eq!(search.poll_probe(now), Some(1500));
    // A message about another probe, then one that claims less than the base.
    search.on_too_large(now, 1400, Some(1300));
    assert_eq!(search.poll_probe(now), None);
    search.on_too_large(now, 1500, Some(68));
    assert_eq!(search.poll_probe(now), Some(1350));
}

#[test]
fn two_lost_probes_are_no_limit_and_three_are() {
    let path = |lost: &[u32]| Path { lost: lost.to_vec(), ..silent(1500) };
    assert_eq!(search(&path(&[2, 3]), 1500).0, PathMtu::Complete { mtu: 1500 });
    assert_eq!(search(&path(&[2, 3, 4]), 1500).0, PathMtu::Complete { mtu: 1499 });
    assert_eq!(search(&path(&[1, 2]), 1500).0, PathMtu::Complete { mtu: 1500 });
    assert_eq!(search(&path(&[1, 2, 3]), 1500).0, PathMtu::Error);
}

#[test]
fn a_finished_search_rests_until_the_raise_timer_and_then_looks_higher() {
    let (mut now, mut search) = (Instant::now(), PathMtuSearch::new(1500));
    while !matches!(search.state(), PathMtu::Complete { .. }) {
        match search.poll_probe(now) {
            Some(size) if size <= 1300 => search.on_acknowledged(now, size),
            Some(_) => now = search.poll_timeout().unwrap(),
            None => {}
        }
    }
    assert_eq!(search.poll_probe(now + RAISE_TIMER - Duration::from_millis(1)), None);
    assert_eq!(search.poll_probe(now + RAISE_TIMER), Some(1500));
    search.on_acknowledged(now + RAISE_TIMER, 1500);
    assert_eq!(search.state(), PathMtu::Complete { mtu: 1500 });
    search.on_black_hole();
    assert_eq!((search.state(), search.poll_probe(now)), (PathMtu::Base, Some(BASE)));
}

#[test]
fn a_late_acknowledgement_of_what_was_given_up_counts() {
    let (mut now, mut search) = (Instant::now(), PathMtuSearch::new(1500));
    search.poll_probe(now);
    search.on_acknowledged(now, BASE);
    for _ in 0..4 {
        search.poll_probe(now);
        now += PROBE_TIMER;
    }
    assert_eq!(search.state(), PathMtu::Search { confirmed: BASE });
    search.on_acknowledged(now, 1500);
    assert_eq!(search.state(), PathMtu::Complete { mtu: 1500 });
}

#[test]
fn a_finished_search_is_corrected_by_what_comes_late() {
    let (mut now, mut search) = (Instant::now(), PathMtuSearch::new(1500));
    while !matches!(search.state(), PathMtu::Complete { .. }) {
        match search.poll_probe(now) {
            Some(1500) => now = search.poll_timeout().unwrap(),
            Some(size) => search.on_acknowledged(now, size),
            None => {}
        }
    }
    assert_eq!(search.state(), PathMtu::Complete { mtu: 1499 });
    search.on_acknowledged(now, 1400);
    assert_eq!(search.state(), PathMtu::Complete { mtu: 1499 });
    search.on_acknowledged(now, 1500);
    assert_eq!(search.state(), PathMtu::Complete { mtu: 1500 });
}

proptest! {
    #[test]
    fn whatever_is_lost_nothing_larger_than_the_path_is_found(
        takes in 1200u16..9001,
        max in 1200u16..9001,
        lost in proptest::collection::vec(2u32..60, 0..12),
        tells: bool,
    ) {
        let (state, probes, _) = search(&Path { takes, lost, tells }, max);
        match state {
            PathMtu::Complete { mtu } => prop_assert!((BASE..=takes.min(max)).contains(&mtu)),
            other => prop_assert_eq!(other, PathMtu::Error),
        }
        prop_assert!(probes <= 3 * 16);
    }
}
