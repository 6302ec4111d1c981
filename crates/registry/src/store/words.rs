//! Closed lists as the database's columns hold them: the words of their JSON.

use super::StoreError;
use tongke_pairing::credit::Status;
use tongke_pairing::lesson::{Form, Purpose};

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Planned => "planned",
        Status::Live => "live",
        Status::Held => "held",
        Status::PartlyHeld => "partly_held",
        Status::NotHeld => "not_held",
        Status::Undecided => "undecided",
        Status::Disputed => "disputed",
        Status::Cancelled => "cancelled",
        Status::NeverCounts => "never_counts",
    }
}

/// None: tests and inspections, which never count.
pub(super) fn form(purpose: Purpose) -> Option<&'static str> {
    Some(match purpose {
        Purpose::Help(Form::SyncClass) => "sync_class",
        Purpose::Help(Form::TeacherStudy) => "teacher_study",
        Purpose::Help(Form::RemoteCourse) => "remote_course",
        Purpose::Help(Form::MasterObservation) => "master_observation",
        Purpose::Test | Purpose::Inspection => return None,
    })
}

/// A word of such a list.
pub(super) fn read<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, StoreError> {
    serde_json::from_value(word.into()).map_err(|why| StoreError::unreadable(format!("'{word}'"), &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_hold_the_words_of_json() {
        let words = "planned live held partly_held not_held undecided disputed cancelled never_counts";
        for word in words.split(' ') {
            assert_eq!(status(read(word).unwrap()), word);
        }
        for word in ["sync_class", "teacher_study", "remote_course", "master_observation"] {
            assert_eq!(form(Purpose::Help(read(word).unwrap())), Some(word));
        }
        assert!(read::<Status>("over").is_err());
    }
}
