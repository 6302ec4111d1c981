//! What a question's query may say: the period, the rule set, whose numbers, and every setting under its name.

use super::refusal::{HttpRefusal, refuse};
use crate::answers::Question;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tongke_pairing::rules::OPTIONS;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};
use utoipa::{IntoParams, PartialSchema};

/// Before the name of a setting.
const SETTING: &str = "setting.";

/// A query as it was written, of which each question takes what it knows.
#[derive(Debug)]
pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    pub(super) fn new(query: Vec<(String, String)>) -> Result<Asked, HttpRefusal> {
        for (number, (name, _)) in query.iter().enumerate() {
            if query[..number].iter().any(|(other, _)| other == name) {
                return Err(unfit(format!("'{name}' stands there twice"), "write it once"));
            }
        }
        Ok(Asked(query))
    }

    /// What is written under a name.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(it, _)| it == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The same, one of a few words or a day.
    pub(super) fn take_word<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, HttpRefusal> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let word = serde_json::from_value(text.into());
        word.map(Some).map_err(|why| {
            unfit(format!("'{name}' cannot be read: {why}"), "/api/openapi.json says what it can be")
        })
    }

    /// How something is to be judged.
    pub(super) fn question(&mut self) -> Result<Question, HttpRefusal> {
        let (settings, rest) =
            std::mem::take(&mut self.0).into_iter().partition(|(name, _)| name.starts_with(SETTING));
        self.0 = rest;
        let settings: Vec<(String, String)> = settings;
        Ok(Question {
            period: self.take("period"),
            rules: self.take("rules"),
            basis: self.take_word("basis")?.unwrap_or_default(),
            settings: settings
                .into_iter()
                .map(|(name, value)| (name[SETTING.len()..].to_owned(), value))
                .collect(),
        })
    }

    /// Whatever is left is nothing that is known here.
    pub(super) fn nothing_else(&self) -> Result<(), HttpRefusal> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let hint = "/api/openapi.json names what can be asked for here";
                Err(unfit(format!("nobody knows here what '{name}' is"), hint))
            }
        }
    }
}

fn unfit(message: String, hint: &str) -> HttpRefusal {
    refuse(StatusCode::BAD_REQUEST, "query_unfit", message, hint)
}

/// The description of `rules`, `basis` and all settings.
pub(super) struct Judged;

impl IntoParams for Judged {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let rules = "The rule set's name; without it the one that holds on the period's first day";
        let mut all = vec![
            parameter("rules", rules, string()),
            parameter("basis", "Whose numbers of lessons are judged", words(&["counted", "reported"])),
        ];
        for (name, choices) in OPTIONS {
            let about = "Instead of the rule set's setting of this name (docs/rules.md)";
            let choices = if choices.is_empty() { string() } else { words(choices) };
            all.push(parameter(&format!("{SETTING}{name}"), about, choices));
        }
        all
    }
}

/// The description of `period`.
pub(super) struct OverPeriod;

impl IntoParams for OverPeriod {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "A calendar year (2019) or a term's id; without it the one that runs";
        vec![parameter("period", about, string())]
    }
}

fn parameter(name: &str, about: &str, schema: RefOr<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

fn string() -> RefOr<Schema> {
    String::schema()
}

fn words(words: &[&str]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied())).build().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_pairing::inputs::Basis;

    fn asked(query: &[(&str, &str)]) -> Result<Asked, HttpRefusal> {
        Asked::new(query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_question_takes_what_it_knows_and_the_rest_is_refused() {
        let query = [("setting.floor", "none"), ("period", "2019"), ("level", "city"), ("basis", "reported")];
        let mut query = asked(&query).unwrap();
        let question = query.question().unwrap();
        assert_eq!((question.period.as_deref(), question.basis), (Some("2019"), Basis::Reported));
        assert_eq!(question.settings, [("floor".to_owned(), "none".to_owned())]);
        assert!(query.nothing_else().unwrap_err().body.message.contains("'level'"));
        assert_eq!(query.take("level").as_deref(), Some("city"));
        assert!(query.nothing_else().is_ok());
        assert_eq!(asked(&[("period", "1"), ("period", "2")]).unwrap_err().body.code, "query_unfit");
        assert!(asked(&[("basis", "guessed")]).unwrap().question().is_err());
    }

    #[test]
    fn every_setting_is_described() {
        let names: Vec<String> = Judged::into_params(|| None).into_iter().map(|it| it.name).collect();
        assert_eq!(names.len(), 2 + OPTIONS.len());
        assert!(names.contains(&"setting.per_subject".to_owned()));
    }
}
