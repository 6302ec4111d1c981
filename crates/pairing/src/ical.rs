//! The timetable as an iCalendar feed (RFC 5545), for whatever calendar a teacher has on the telephone.

use crate::book::Book;
use crate::id::SchoolId;
use crate::lesson::{Form, Purpose, Session};
use jiff::Timestamp;
use std::fmt::Write as _;
use tongke_protocol::WallTime;

/// Longest line in octets, without its end (RFC 5545 §3.1).
const MAX_LINE: usize = 75;

/// A feed.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    /// What the calendar is called.
    pub name: &'a str,
    /// The registry's host name: with it a lesson's name is unique in the world (RFC 5545 §3.8.4.7).
    pub host: &'a str,
    /// As of when: the time of the last entry, so that the same timetable gives the same text.
    pub as_of: WallTime,
}

/// The sessions as a calendar. Names are those of the book; what it does not know stands as its id.
pub fn calendar(feed: &Feed<'_>, book: &Book, sessions: &[Session]) -> String {
    let mut text = String::new();
    line(&mut text, "BEGIN:VCALENDAR");
    line(&mut text, "VERSION:2.0");
    line(&mut text, "PRODID:-//Tongke//Pairing registry//ZH");
    line(&mut text, "CALSCALE:GREGORIAN");
    line(&mut text, "METHOD:PUBLISH");
    // Two names for the same: RFC 7986 §5.1, and what clients read before it.
    line(&mut text, &format!("NAME:{}", escaped(feed.name)));
    line(&mut text, &format!("X-WR-CALNAME:{}", escaped(feed.name)));
    line(&mut text, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    for session in sessions {
        event(&mut text, feed, book, session);
    }
    line(&mut text, "END:VCALENDAR");
    text
}

fn event(text: &mut String, feed: &Feed<'_>, book: &Book, session: &Session) {
    let host: String = feed.host.chars().filter(|c| c.is_ascii_alphanumeric() || ".-".contains(*c)).collect();
    line(text, "BEGIN:VEVENT");
    line(text, &format!("UID:{}@{host}", session.id));
    line(text, &format!("DTSTAMP:{}", utc(feed.as_of)));
    line(text, &format!("DTSTART:{}", utc(session.start_us)));
    line(text, &format!("DTEND:{}", utc(session.end_us)));
    line(text, &format!("SUMMARY:{}", escaped(&summary(session))));
    line(text, &format!("LOCATION:{}", escaped(&schools(book, session))));
    line(text, &format!("CATEGORIES:{}", purpose(session.purpose)));
    match &session.cancelled {
        None => line(text, "STATUS:CONFIRMED"),
        Some(why) => {
            line(text, "STATUS:CANCELLED");
            line(text, &format!("DESCRIPTION:{}", escaped(why)));
        }
    }
    line(text, "END:VEVENT");
}

/// 美术 一年级 城乡同步课堂
fn summary(session: &Session) -> String {
    let grade =
        session.grade.and_then(|grade| "一二三四五六七八九".chars().nth(usize::from(grade).checked_sub(1)?));
    let grade = grade.map(|grade| format!("{grade}年级"));
    let parts = [session.subject.clone(), grade, Some(purpose(session.purpose).to_owned())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The forms as the ministry's lists have them.
fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Help(Form::SyncClass) => "城乡同步课堂",
        Purpose::Help(Form::TeacherStudy) => "教师网络研修",
        Purpose::Help(Form::RemoteCourse) => "远程专递课堂",
        Purpose::Help(Form::MasterObservation) => "名师网络观摩",
        Purpose::Test => "测试",
        Purpose::Inspection => "检查",
    }
}

fn schools(book: &Book, session: &Session) -> String {
    let name = |id: &SchoolId| book.school(id).map_or_else(|| id.to_string(), |school| school.name.clone());
    let receiving: Vec<String> = session.receiving.iter().map(name).collect();
    format!("{} → {}", name(&session.supporting), receiving.join("、"))
}

/// A moment in UTC (RFC 5545 §3.3.5, form 2): no time zone need be described.
fn utc(at: WallTime) -> String {
    let us = i64::try_from(at.as_unix_us()).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_microsecond(us).unwrap_or(Timestamp::MAX);
    let at = jiff::tz::Offset::UTC.to_datetime(timestamp);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// TEXT (RFC 5545 §3.3.11). Control characters have no place in it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A content line, folded so that no character is torn (RFC 5545 §3.1).
fn line(text: &mut String, content: &str) {
    let mut length = 0;
    for c in content.chars() {
        if length + c.len_utf8() > MAX_LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(c);
        length += c.len_utf8();
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as a reader unfolds them.
    fn unfolded(text: &str) -> Vec<String> {
        text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    fn session(more: serde_json::Value) -> Session {
        let mut session = serde_json::json!({"id": "art-20200903", "purpose": {"help": "sync_class"},
            "supporting": "centre", "receiving": ["lake", "hill"], "subject": "美术", "grade": 1,
            "start_us": 1_599_094_800_000_000_u64, "end_us": 1_599_097_200_000_000_u64});
        let serde_json::Value::Object(more) = more else { panic!("{more} has no fields") };
        session.as_object_mut().unwrap().extend(more);
        serde_json::from_value(session).unwrap()
    }

    const FEED: Feed<'_> = Feed { name: "永嘉县", host: "registry.example", as_of: WallTime(0) };

    #[test]
    fn a_lesson_is_an_event_under_a_name_that_stays() {
        let text = calendar(&FEED, &Book::default(), &[session(serde_json::json!({}))]);
        let lines = unfolded(&text);
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Tongke//Pairing registry//ZH",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "NAME:永嘉县",
            "X-WR-CALNAME:永嘉县",
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            "BEGIN:VEVENT",
            "UID:art-20200903@registry.example",
            "DTSTAMP:19700101T000000Z",
            // 09:00 to 09:40 in Beijing.
            "DTSTART:20200903T010000Z",
            "DTEND:20200903T014000Z",
            "SUMMARY:美术 一年级 城乡同步课堂",
            "LOCATION:centre → lake、hill",
            "CATEGORIES:城乡同步课堂",
            "STATUS:CONFIRMED",
            "END:VEVENT",
            "END:VCALENDAR",
        ];
        assert_eq!(lines, expected);
        assert_eq!(text, calendar(&FEED, &Book::default(), &[session(serde_json::json!({}))]));
    }

    #[test]
    fn text_is_escaped_and_cannot_begin_a_line_of_its_own() {
        // RFC 5545 §3.3.11: "Project XYZ Final Review\nConference Room - 3B\nCome Prepared."
        let review = "Project XYZ Final Review\nConference Room - 3B\nCome Prepared.";
        assert_eq!(escaped(review), r"Project XYZ Final Review\nConference Room - 3B\nCome Prepared.");
        assert_eq!(escaped("a;b,c\\d"), r"a\;b\,c\\d");
        let bad = session(
            serde_json::json!({"subject": "x\r\nEND:VEVENT\r\nATTACH:http://bad", "cancelled": "snow, ice"}),
        );
        let lines = unfolded(&calendar(&FEED, &Book::default(), &[bad]));
        assert_eq!(lines.iter().filter(|line| line.starts_with("END:VEVENT")).count(), 1);
        assert!(lines.iter().all(|line| !line.starts_with("ATTACH")));
        assert!(
            lines.contains(&"STATUS:CANCELLED".to_owned())
                && lines.contains(&r"DESCRIPTION:snow\, ice".to_owned())
        );
    }

    #[test]
    fn long_lines_are_folded_at_75_octets_between_characters() {
        // RFC 5545 §3.1 counts octets: 25 characters of Chinese are 75.
        for length in [1, 24, 25, 26, 74, 75, 76, 100, 400] {
            for letter in ["课", "a", "é", "😀"] {
                let content = letter.repeat(length);
                let mut text = String::new();
                line(&mut text, &content);
                assert!(text.split("\r\n").all(|line| line.len() <= MAX_LINE), "{length} {letter}");
                assert_eq!(text.replace("\r\n ", ""), format!("{content}\r\n"));
            }
        }
    }

    #[test]
    fn tests_and_inspections_say_so() {
        let test = session(serde_json::json!({"purpose": "test", "subject": null, "grade": null}));
        assert_eq!(summary(&test), "测试");
    }
}
