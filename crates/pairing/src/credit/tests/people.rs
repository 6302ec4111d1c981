//! How many people were there, and by whose word.

use super::story::*;
use crate::credit::{CountedBy, People};
use crate::entry::HeadCount;
use crate::lesson::Noted;

fn people(story: &Story, school: &str) -> Option<People> {
    credit(&story.decided(&session(&[RECEIVING])), school).people
}

#[test]
fn the_last_count_of_each_room_stands_with_a_teacher_who_confirmed_it() {
    let mut story = whole_lesson();
    story.counted("pankeng.a", 2.0, 7, Some(9)).counted("pankeng.b", 3.0, 4, Some(4));
    story.counted("pankeng.a", 5.0, 8, Some(9));
    let expected = People {
        total: 14,
        pupils: Some(12),
        teachers: Some(2),
        listed: Some(13),
        counted_by: CountedBy::TeacherInLesson,
    };
    assert_eq!(people(&story, RECEIVING), Some(expected));
    assert_eq!(people(&story, SUPPORTING), None);
}

#[test]
fn without_a_list_in_one_room_nobody_knows_how_many_should_have_been_there() {
    let mut story = whole_lesson();
    story.counted("pankeng.a", 2.0, 7, Some(9)).counted("pankeng.b", 3.0, 4, None);
    assert_eq!(people(&story, RECEIVING).unwrap().listed, None);
}

#[test]
fn an_entry_corrects_what_was_confirmed_in_the_lesson() {
    let mut story = whole_lesson();
    story.counted(RECEIVING, 2.0, 41, None);
    let (lesson, school) = (session(&[]).id, RECEIVING.parse().unwrap());
    story.evidence.head_counts = vec![HeadCount { lesson, school, pupils: 14, teachers: 2 }];
    let people = people(&story, RECEIVING).unwrap();
    assert_eq!((people.total, people.counted_by), (16, CountedBy::Entry));
}

#[test]
fn the_note_of_a_training_says_only_how_many_there_were_in_all() {
    let mut noted = session(&[RECEIVING]);
    let present = vec![(RECEIVING.parse().unwrap(), 6)];
    noted.noted = Some(Noted { source: "list of signatures".into(), present });
    let decision = Story::default().decided(&noted);
    let people = credit(&decision, RECEIVING).people.unwrap();
    assert_eq!((people.total, people.pupils, people.counted_by), (6, None, CountedBy::Note));
}
