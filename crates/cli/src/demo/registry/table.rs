//! The lesson's record as people read it.

use std::fmt::Write as _;
use tongke_protocol::facts::{RegistryReport, SchoolAttendance};

const LABEL: usize = 18;

/// What the lesson is worth, to whom, who was there, and why.
pub fn render(report: &RegistryReport) -> String {
    let mut text = format!("registry: the lesson {} is {}\n", report.lesson, report.lesson_status);
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "  {label:LABEL$}{value}");
    };
    let credited =
        if report.credited_to.is_empty() { "nobody".to_owned() } else { report.credited_to.join(", ") };
    line("counts for", &credited);
    for school in &report.attendance {
        line(&school.school, &attendance(school));
    }
    let evidence = &report.evidence;
    line(
        "evidence",
        &format!(
            "{} signed facts; the relay is witness of {} stretches of time, the rooms of {}",
            evidence.facts, evidence.seen_by_relay, evidence.seen_by_rooms
        ),
    );
    let needed = evidence.needed_s.map_or_else(String::new, |needed| format!("{needed:.0} s were needed: "));
    line("policy", &format!("{}; {needed}{}", evidence.policy, evidence.policy_note));
    text
}

fn attendance(school: &SchoolAttendance) -> String {
    let people = |count: Option<u32>, one: &str| match count {
        Some(1) => format!("1 {one}"),
        Some(count) => format!("{count} {one}s"),
        None => format!("{one}s not counted"),
    };
    let role = if school.supporting { "supporting" } else { "receiving" };
    let flowed = school
        .proven_s
        .map_or_else(String::new, |proven| format!(", sound and pictures both ways for {proven:.0} s"));
    format!(
        "{role}, {}, {}, there for {:.0} s{flowed}",
        people(school.pupils, "pupil"),
        people(school.teachers, "teacher"),
        school.present_s
    )
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::held;
    use super::*;

    #[test]
    fn the_record_says_for_whom_it_counts_who_was_there_and_why() {
        let text = render(&held());
        for line in [
            "registry: the lesson maths-20261125 is held\n",
            "  counts for        teacher-school, hill-school, island-school\n",
            "  hill-school       receiving, 8 pupils, 1 teacher, there for 22 s, sound and pictures both ways for 20 s\n",
            "  evidence          19 signed facts; the relay is witness of 6 stretches of time, the rooms of 3\n",
            "  policy            demo 1; 10 s were needed: ",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.contains("20 minutes"), "{text}");
    }
}
