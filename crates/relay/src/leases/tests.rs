use super::*;

const PACKETS: LeaseRequest =
    LeaseRequest { purpose: LoadPurpose::Packets, shared_address: false, seconds: None };
const CALL: LeaseRequest = LeaseRequest { purpose: LoadPurpose::Call, ..PACKETS };

fn holder(lesson: &str, participant: &str, last: u8) -> Holder {
    Holder {
        lesson: lesson.parse().unwrap(),
        participant: participant.parse().unwrap(),
        address: [192, 0, 2, last].into(),
    }
}

fn school(number: u8) -> Holder {
    holder("math", &format!("school-{number}"), number)
}

#[test]
fn a_line_is_one_test_s_until_it_is_given_back_or_time_is_over() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    let until = leases.take(now, 1, school(1), PACKETS).unwrap().until;
    assert_eq!(leases.take(now, 2, school(1), PACKETS).unwrap_err(), Taken::Line(school(1)));
    assert_eq!(leases.give_back(1, &school(2).participant), None, "only by its holder");
    assert_eq!(leases.give_back(1, &school(1).participant).unwrap().id, 1);
    assert!(leases.take(now, 3, school(1), PACKETS).is_ok());
    assert_eq!(leases.get(now, 3).unwrap().holder, school(1));
    assert_eq!(leases.get(until, 3), None);
    assert!(leases.take(until, 4, school(1), PACKETS).is_ok());
}

#[test]
fn one_line_is_one_address_or_one_participant() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    leases.take(now, 1, school(1), PACKETS).unwrap();
    let neighbour = holder("art", "neighbour", 1);
    assert_eq!(leases.take(now, 2, neighbour.clone(), PACKETS).unwrap_err(), Taken::Line(school(1)));
    assert_eq!(leases.take(now, 2, holder("art", "school-1", 9), CALL).unwrap_err(), Taken::Line(school(1)));
    let shares = LeaseRequest { shared_address: true, ..PACKETS };
    assert!(leases.take(now, 2, neighbour, shares).is_ok(), "it says that it shares its address");
}

#[test]
fn the_two_ends_of_one_call_may_be_on_one_line() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    leases.take(now, 1, holder("test-1", "near", 1), CALL).unwrap();
    assert!(leases.take(now, 2, holder("test-1", "far", 1), CALL).is_ok());
    assert!(leases.take(now, 3, holder("test-1", "near", 1), CALL).is_err(), "each end once");
    assert!(leases.take(now, 3, holder("test-2", "else", 1), CALL).is_err(), "another call");
    assert!(leases.take(now, 3, holder("test-1", "third", 1), PACKETS).is_err(), "load beside a call");
}

#[test]
fn the_relay_takes_so_many_tests_and_a_call_lasts_an_hour_at_most() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    for number in 0..MOST_LOADS as u8 {
        leases.take(now, number.into(), school(number), PACKETS).unwrap();
    }
    assert_eq!(leases.take(now, 9, school(9), PACKETS).unwrap_err(), Taken::Relay);
    let long = LeaseRequest { seconds: Some(u64::MAX), ..CALL };
    let call = leases.take(now, 9, school(9), long).unwrap();
    assert_eq!(call.until, now + LONGEST_CALL, "calls have places of their own");
    let short = LeaseRequest { seconds: Some(0), ..CALL };
    assert!(leases.take(now, 10, school(10), short).unwrap().until == now + Duration::from_secs(1));
}

#[test]
fn calls_and_loads_are_counted_apart_and_both_have_an_end() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    for number in 0..MOST_CALLS as u8 {
        leases.take(now, number.into(), school(number), CALL).unwrap();
    }
    assert_eq!(leases.take(now, 90, school(90), CALL).unwrap_err(), Taken::Relay);
    assert!(leases.take(now, 91, school(91), PACKETS).is_ok(), "a load takes no call's place");
}

#[test]
fn a_load_lasts_as_long_as_a_lease_does_and_so_does_a_call_that_does_not_say() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    let hour = LeaseRequest { seconds: Some(3600), ..PACKETS };
    assert_eq!(leases.take(now, 1, school(1), hour).unwrap().until, now + LASTS);
    assert_eq!(leases.take(now, 2, school(2), CALL).unwrap().until, now + LASTS);
}

#[test]
fn a_lease_is_found_and_given_back_by_its_own_name_only() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    leases.take(now, 1, school(1), PACKETS).unwrap();
    leases.take(now, 2, school(2), PACKETS).unwrap();
    assert_eq!(leases.get(now, 2).unwrap().holder, school(2));
    assert_eq!(leases.give_back(3, &school(2).participant), None, "a name that was guessed");
    assert_eq!(leases.give_back(2, &school(2).participant).unwrap().holder, school(2));
    assert!(leases.get(now, 1).is_some() && leases.get(now, 2).is_none());
}

#[test]
fn who_said_that_its_address_is_shared_is_in_nobody_s_way_and_a_call_never_runs_beside_load() {
    let (mut leases, now) = (Leases::default(), Instant::now());
    let shares = LeaseRequest { shared_address: true, ..PACKETS };
    leases.take(now, 1, school(1), shares).unwrap();
    assert!(leases.take(now, 2, holder("art", "neighbour", 1), CALL).is_ok());
    leases.take(now, 3, holder("test-1", "near", 3), PACKETS).unwrap();
    assert!(leases.take(now, 4, holder("test-1", "far", 3), CALL).is_err(), "a call beside load");
}
