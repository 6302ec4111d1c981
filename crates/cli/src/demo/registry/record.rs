//! The lesson's record: what the registry says of it, and what is missing in it.

use super::entries::Planned;
use serde_json::Value;
use tongke_pairing::credit::{Decision, SchoolCredit, Status};
use tongke_pairing::evidence::Witness;
use tongke_protocol::facts::{EvidenceReport, RegistryReport, SchoolAttendance};

/// The demo's policy, in words.
pub const POLICY_NOTE: &str = "the demo's own policy asks for half of the seconds that were planned; the one that comes with the program \
     asks for at least 20 minutes";

/// The record that follows from a decision.
pub fn record(planned: &Planned, decision: &Decision, facts: u64) -> RegistryReport {
    let by = |witness| decision.evidence.iter().filter(|flow| flow.witness == witness).count() as u64;
    let needed = decision.schools.iter().find_map(|credit| credit.reason.needed_minutes);
    RegistryReport {
        lesson: planned.lesson.clone(),
        lesson_status: word(decision.status),
        credited_to: decision.credited().map(|credit| credit.school.to_string()).collect(),
        attendance: decision.schools.iter().map(attendance).collect(),
        evidence: EvidenceReport {
            policy: decision.policy.clone(),
            policy_note: POLICY_NOTE.to_owned(),
            needed_s: needed.map(seconds),
            facts,
            seen_by_relay: by(Witness::Relay),
            seen_by_rooms: by(Witness::Room),
            set_aside: decision.set_aside.iter().map(|it| u64::from(it.facts)).sum(),
        },
    }
}

fn attendance(credit: &SchoolCredit) -> SchoolAttendance {
    let present_us: u64 = credit.present.iter().map(|there| there.length_us()).sum();
    SchoolAttendance {
        school: credit.school.to_string(),
        supporting: credit.supporting,
        status: word(credit.status),
        reason: word(credit.reason.code),
        present_s: rounded(present_us as f64 / 1e6),
        proven_s: credit.reason.minutes.map(seconds),
        pupils: credit.people.and_then(|people| people.pupils),
        teachers: credit.people.and_then(|people| people.teachers),
    }
}

/// What stands in the way of a lesson that took place and counts for everybody; nothing: it does.
pub fn failures_of(report: &RegistryReport) -> Vec<String> {
    let mut failures = Vec::new();
    if report.lesson_status != word(Status::Held) {
        failures.push(format!("registry: the lesson is '{}', not 'held'", report.lesson_status));
    }
    for school in &report.attendance {
        if !report.credited_to.contains(&school.school) {
            failures.push(format!(
                "registry: the lesson does not count for {}: {}, {}",
                school.school, school.status, school.reason
            ));
        }
        if school.pupils.is_none() {
            failures.push(format!("registry: nobody is counted at {}", school.school));
        }
    }
    failures
}

fn seconds(minutes: f64) -> f64 {
    rounded(minutes * 60.0)
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A word of the registry's, as it is written.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
pub(in crate::demo) mod tests {
    use super::*;

    pub(in crate::demo) fn held() -> RegistryReport {
        let at = |school: &str, supporting, pupils| SchoolAttendance {
            school: school.into(),
            supporting,
            status: "held".into(),
            reason: "media_flowed".into(),
            present_s: 21.5,
            proven_s: Some(20.0),
            pupils: Some(pupils),
            teachers: Some(1),
        };
        let schools = [("teacher-school", true, 41), ("hill-school", false, 8), ("island-school", false, 6)];
        RegistryReport {
            lesson: "maths-20261125".parse().unwrap(),
            lesson_status: "held".into(),
            credited_to: schools.iter().map(|(school, ..)| (*school).to_owned()).collect(),
            attendance: schools.iter().map(|(school, first, pupils)| at(school, *first, *pupils)).collect(),
            evidence: EvidenceReport {
                policy: "demo 1".into(),
                policy_note: POLICY_NOTE.into(),
                needed_s: Some(10.0),
                facts: 19,
                seen_by_relay: 6,
                seen_by_rooms: 3,
                set_aside: 0,
            },
        }
    }

    #[test]
    fn a_lesson_that_counts_for_all_and_was_counted_lacks_nothing() {
        assert_eq!(failures_of(&held()), [""; 0]);
    }

    #[test]
    fn what_does_not_count_is_named_with_its_reason() {
        let mut report = held();
        report.lesson_status = "partly_held".into();
        report.credited_to.pop();
        report.attendance[2].status = "not_held".into();
        report.attendance[2].reason = "absent".into();
        report.attendance[1].pupils = None;
        assert_eq!(
            failures_of(&report),
            [
                "registry: the lesson is 'partly_held', not 'held'",
                "registry: nobody is counted at hill-school",
                "registry: the lesson does not count for island-school: not_held, absent",
            ]
        );
    }
}
