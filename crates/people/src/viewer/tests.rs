use super::*;
use crate::place::tests::{book, place};
use crate::role::Role;
use proptest::prelude::*;

fn account(appointments: &[(Role, &str)]) -> Account {
    Account {
        id: "p1".parse().unwrap(),
        login: "p1".into(),
        name: "某".into(),
        appointments: appointments
            .iter()
            .map(|(role, at)| Appointment { role: *role, place: place(at) })
            .collect(),
        ended: false,
    }
}

/// One of each role in the county or school it belongs to.
fn everybody() -> Vec<Account> {
    let at = |role| match role {
        Role::Teacher | Role::SchoolIt | Role::SchoolLeader => "school:lake",
        Role::Adviser | Role::Inspector | Role::County => "county:yongjia",
        Role::City => "city:wenzhou",
        Role::Province => "province:zhejiang",
        Role::Administrator => "everywhere",
    };
    Role::ALL.into_iter().map(|role| account(&[(role, at(role))])).collect()
}

#[test]
fn another_county_is_not_there_and_the_own_one_says_no() {
    let book = book();
    for who in everybody().iter().take(6) {
        let viewer = Viewer::new(who, &book);
        for right in Right::ALL {
            for elsewhere in ["school:bay", "county:pingyang", "school:hill", "city:wenzhou", "school:nobody"]
            {
                assert_eq!(viewer.may(*right, &place(elsewhere)), Err(Refused::Unseen), "{who:?} {right:?}");
            }
            let own = viewer.may(*right, &place("school:lake"));
            let has = who.appointments[0].role.has(*right);
            assert_eq!(own, if has { Ok(()) } else { Err(Refused::NotAllowed) }, "{who:?} {right:?}");
        }
    }
}

#[test]
fn a_pair_over_two_counties_is_seen_from_both() {
    let book = book();
    let (lake, bay): (SchoolId, SchoolId) = ("lake".parse().unwrap(), "bay".parse().unwrap());
    for county in ["county:yongjia", "county:pingyang"] {
        let who = account(&[(Role::County, county)]);
        assert_eq!(Viewer::new(&who, &book).may_at_one(Right::SeeLessons, [&lake, &bay]), Ok(()));
    }
    let other = account(&[(Role::County, "county:tonglu")]);
    let viewer = Viewer::new(&other, &book);
    assert_eq!(viewer.may_at_one(Right::SeeLessons, [&lake, &bay]), Err(Refused::Unseen));
    let it = account(&[(Role::SchoolIt, "school:bay")]);
    let viewer = Viewer::new(&it, &book);
    assert_eq!(viewer.may_at_one(Right::ConfirmAttendance, [&lake, &bay]), Err(Refused::NotAllowed));
    assert_eq!(viewer.may_at_one(Right::SeeLessons, []), Err(Refused::Unseen));
}

#[test]
fn whoever_ended_sees_nothing_and_whoever_is_nothing_too() {
    let book = book();
    let ended = Account { ended: true, ..account(&[(Role::Administrator, "everywhere")]) };
    for who in [ended, account(&[])] {
        let viewer = Viewer::new(&who, &book);
        assert!(Right::ALL.iter().all(|right| !viewer.ever(*right)));
        assert_eq!(viewer.may(Right::SeeLessons, &place("school:lake")), Err(Refused::Unseen));
    }
}

#[test]
fn roles_do_not_mix_over_places() {
    let book = book();
    let who = account(&[(Role::Teacher, "school:lake"), (Role::SchoolIt, "school:oak")]);
    let viewer = Viewer::new(&who, &book);
    assert_eq!(viewer.may(Right::Teach, &place("school:oak")), Err(Refused::NotAllowed));
    assert_eq!(viewer.may(Right::Enrol, &place("school:lake")), Err(Refused::NotAllowed));
    assert_eq!(viewer.places(Right::Teach).collect::<Vec<_>>(), [&place("school:lake")]);
}

#[test]
fn people_are_appointed_below_the_own_role_within_the_own_place() {
    let book = book();
    let give = |own: (Role, &str), role, at| {
        let who = account(&[own]);
        Viewer::new(&who, &book).may_appoint(&Appointment { role, place: place(at) })
    };
    let county = (Role::County, "county:yongjia");
    assert_eq!(give(county, Role::Inspector, "county:yongjia"), Ok(()));
    assert_eq!(give(county, Role::Teacher, "school:oak"), Ok(()));
    assert_eq!(give(county, Role::County, "county:yongjia"), Err(Refused::NotAllowed));
    assert_eq!(give(county, Role::Teacher, "school:bay"), Err(Refused::Unseen));
    assert_eq!(give(county, Role::Administrator, "everywhere"), Err(Refused::Unseen));
    assert_eq!(give((Role::City, "city:wenzhou"), Role::County, "county:pingyang"), Ok(()));
    assert_eq!(give((Role::SchoolLeader, "school:lake"), Role::Teacher, "school:lake"), Ok(()));
    assert_eq!(give((Role::Teacher, "school:lake"), Role::Teacher, "school:lake"), Err(Refused::NotAllowed));
    let misplaced = give((Role::Administrator, "everywhere"), Role::Teacher, "county:yongjia");
    assert_eq!(misplaced, Err(Refused::NotAllowed));
}

#[test]
fn an_account_that_is_more_elsewhere_is_not_changed_from_here() {
    let book = book();
    let leader = account(&[(Role::SchoolLeader, "school:lake")]);
    let viewer = Viewer::new(&leader, &book);
    assert_eq!(viewer.may_change(&account(&[(Role::Teacher, "school:lake")])), Ok(()));
    let both = account(&[(Role::Teacher, "school:lake"), (Role::County, "county:pingyang")]);
    assert_eq!(viewer.may_change(&both), Err(Refused::NotAllowed));
    assert_eq!(viewer.may_change(&account(&[(Role::Teacher, "school:bay")])), Err(Refused::Unseen));
    assert_eq!(viewer.may_change(&account(&[])), Err(Refused::Unseen));
}

fn any_appointment() -> impl Strategy<Value = Appointment> {
    let places =
        ["school:lake", "school:bay", "county:yongjia", "county:pingyang", "city:wenzhou", "everywhere"];
    let pick = (0..Role::ALL.len(), 0..places.len());
    pick.prop_map(move |(role, at)| Appointment { role: Role::ALL[role], place: place(places[at]) })
}

proptest! {
    /// Whatever somebody may appoint gives nobody a right that they could not give away already somewhere around it:
    /// chains of appointments never leave the first one's place.
    #[test]
    fn a_chain_of_appointments_never_leaves_the_first_place(
        first in any_appointment(), second in any_appointment(), third in any_appointment(),
    ) {
        let book = book();
        let own = Account { appointments: vec![first.clone()], ..account(&[]) };
        let next = Account { appointments: vec![second.clone()], ..account(&[]) };
        let chain = Viewer::new(&own, &book).may_appoint(&second).is_ok()
            && Viewer::new(&next, &book).may_appoint(&third).is_ok();
        if chain {
            prop_assert!(first.place.covers(&third.place, &book), "{first:?} {second:?} {third:?}");
        }
    }
}
