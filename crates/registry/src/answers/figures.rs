//! Numbers of lessons, classes and people, each with its definition.

use super::{AnswerError, Answers};
use crate::store::{FormSums, Reading, TallyFilter};
use serde::{Deserialize, Serialize};
use tongke_pairing::attendance::{Counts, Definition, Figure};
use tongke_pairing::credit::Status;
use tongke_pairing::lesson::Form;
use utoipa::ToSchema;

/// What took place and what is to come, of some schools in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// Lessons by what they are now.
    pub lessons: LessonStates,
    /// What was credited, each number by its definition.
    pub figures: Vec<Figure>,
}

/// The same of one form of help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormNumbers {
    /// Which form.
    pub form: Form,
    /// Lessons by what they are now.
    pub lessons: LessonStates,
    /// What was credited, each number by its definition.
    pub figures: Vec<Figure>,
}

/// Lessons by what they are now, each once, however many schools it is for. One that is held for one of
/// the schools and undecided for another is in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LessonStates {
    /// How they are counted: `distinct`.
    pub definition: Definition,
    /// Still to come.
    pub planned: u64,
    /// On at this moment.
    pub live: u64,
    /// Credited to at least one of the schools.
    pub held: u64,
    /// What is known does not suffice.
    pub undecided: u64,
    /// Somebody disputes it and nobody has ruled.
    pub disputed: u64,
    /// Over, and credited to nobody or too short.
    pub not_held: u64,
    /// Called off.
    pub cancelled: u64,
}

impl Numbers {
    fn of(sums: &FormSums) -> Numbers {
        Numbers { lessons: states(sums), figures: figures(sums) }
    }
}

fn states(sums: &FormSums) -> LessonStates {
    LessonStates {
        definition: Definition::Distinct,
        planned: sums.of(Status::Planned),
        live: sums.of(Status::Live),
        held: sums.of(Status::Held),
        undecided: sums.of(Status::Undecided),
        disputed: sums.of(Status::Disputed),
        not_held: sums.of(Status::NotHeld),
        cancelled: sums.of(Status::Cancelled),
    }
}

/// As [`tongke_pairing::attendance::figures`] gives them of the lessons themselves.
fn figures(sums: &FormSums) -> Vec<Figure> {
    use Definition::{Distinct, SumOverLessons, SumOverLessonsReceiving, SumOverSchools};
    let figure = |counts, definition, number, unknown| Figure { counts, definition, number, unknown };
    let (all, receiving) = (sums.people, sums.people_receiving);
    vec![
        figure(Counts::Lessons, Distinct, sums.of(Status::Held), 0),
        figure(Counts::Lessons, SumOverSchools, sums.credits, 0),
        figure(Counts::Classes, Distinct, sums.classes.len() as u64, sums.without_class),
        figure(Counts::Classes, SumOverLessons, sums.class_lessons, sums.without_class),
        figure(Counts::PersonTimes, SumOverLessons, all.number, all.uncounted),
        figure(Counts::PersonTimes, SumOverLessonsReceiving, receiving.number, receiving.uncounted),
    ]
}

impl Answers<'_> {
    /// Numbers of the schools that a filter means, together and by form.
    pub(super) async fn numbers(
        &self,
        reading: &mut Reading,
        filter: &TallyFilter,
    ) -> Result<(Numbers, Vec<FormNumbers>), AnswerError> {
        let sums = reading.sums(filter).await?;
        let by_form = sums.iter().map(|(form, sums)| {
            let Numbers { lessons, figures } = Numbers::of(sums);
            FormNumbers { form: *form, lessons, figures }
        });
        let by_form = by_form.collect();
        let mut all = FormSums::default();
        for sums in sums.into_values() {
            all.add(sums);
        }
        Ok((Numbers::of(&all), by_form))
    }
}
