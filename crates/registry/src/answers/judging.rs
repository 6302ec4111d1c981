//! By what something is judged: the period, the rule set that holds in it, its settings and those that are
//! asked for instead.

use super::places::Place;
use super::refusal::{Refusal, names};
use super::{Answers, Question};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tongke_pairing::book::Book;
use tongke_pairing::calendar::Term;
use tongke_pairing::id::TermId;
use tongke_pairing::inputs::Basis;
use tongke_pairing::period::Period;
use tongke_pairing::rules::{Account, OPTIONS, RuleSet, SettingError, Settings};
use utoipa::ToSchema;

/// A time that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The year or the term.
    pub period: Period,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub last: Date,
}

/// A setting that an answer was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingUsed {
    /// Which.
    pub name: String,
    /// What it was.
    pub value: String,
    /// It is the question's and not the rule set's.
    pub asked: bool,
    /// Whether any number of the answer depends on it.
    pub matters: bool,
}

/// What a question is judged by.
#[derive(Debug, Clone)]
pub(super) struct Judging {
    pub rules: RuleSet,
    pub settings: Settings,
    pub span: Span,
    pub basis: Basis,
    asked: Vec<String>,
}

impl Judging {
    /// The settings that an answer was made with, those that matter and those that were asked for.
    pub fn used<'n>(&self, matter: impl IntoIterator<Item = &'n str>) -> Vec<SettingUsed> {
        let matter: Vec<&str> = matter.into_iter().collect();
        let one = |(name, _): &(&str, &[&str])| SettingUsed {
            name: (*name).to_owned(),
            value: self.settings.get(name),
            asked: self.asked.iter().any(|it| it == name),
            matters: matter.contains(name),
        };
        OPTIONS.iter().map(one).filter(|it| it.asked || it.matters).collect()
    }

    pub fn days(&self) -> (Date, Date) {
        (self.span.first, self.span.last)
    }
}

impl Answers<'_> {
    /// What a question about a place is judged by. Refused if targets are not counted by such a period.
    pub(super) fn judging(
        &self,
        book: &Book,
        place: &Place,
        question: &Question,
    ) -> Result<Judging, Refusal> {
        let span = self.span(book, place, question)?;
        let judging = self.judging_of(question, span)?;
        fits(&judging, &place.terms(book))?;
        Ok(judging)
    }

    /// The same for a period that is given.
    pub(super) fn judging_of(&self, question: &Question, span: Span) -> Result<Judging, Refusal> {
        let rules = self.rules_on(question.rules.as_deref(), span.first)?;
        let mut settings = rules.settings.clone();
        for (name, value) in &question.settings {
            settings = settings.with(name, value).map_err(|error| refused_setting(&error))?;
        }
        let asked = question.settings.iter().map(|(name, _)| name.clone()).collect();
        Ok(Judging { rules: rules.clone(), settings, span, basis: question.basis, asked })
    }

    /// The rule set of that name, or the one that holds on a day.
    pub(super) fn rules_on(&self, name: Option<&str>, day: Date) -> Result<&RuleSet, Refusal> {
        let known = || names(self.rules.iter().map(|it| &it.name));
        match name {
            Some(name) => self.rules.iter().find(|it| it.name == name).ok_or_else(|| {
                let hint = format!("there are: {}", known());
                Refusal::unknown("rules_unknown", format!("no rule set is called '{name}'"), hint)
            }),
            None => RuleSet::on(self.rules, day).ok_or_else(|| {
                let hint = format!("name one with rules=NAME; there are: {}", known());
                Refusal::unknown("rules_none", format!("no rule set holds on {day}"), hint)
            }),
        }
    }

    /// The period that was asked about, or the one that runs.
    pub(super) fn span(&self, book: &Book, place: &Place, question: &Question) -> Result<Span, Refusal> {
        let terms = place.terms(book);
        let Some(text) = &question.period else { return self.running(&terms, question) };
        let unknown = || {
            let hint = format!("write a year, {}, or a term: {}", self.today().year(), ids(&terms));
            Refusal::unknown("period_unknown", format!("there is no period '{text}'"), hint)
        };
        let year = || text.parse::<i16>().ok().filter(|year| text.len() == 4 && (2000..=2199).contains(year));
        if let Some(year) = year() {
            return span_of(Period::Year(year), &[]).ok_or_else(unknown);
        }
        let term = text.parse::<TermId>().ok().and_then(|id| book.term(&id)).ok_or_else(unknown)?;
        span_of(Period::Term(term.id.clone()), std::slice::from_ref(term)).ok_or_else(unknown)
    }

    /// The period in which today is; between two terms the one that is over.
    fn running(&self, terms: &[&Term], question: &Question) -> Result<Span, Refusal> {
        let today = self.today();
        let rules = self.rules_on(question.rules.as_deref(), today)?;
        let span = match rules.account {
            Account::Year => span_of(Period::Year(today.year()), &[]),
            Account::Term => term_at(terms, today),
        };
        span.ok_or_else(|| {
            let message = format!("no term has begun by {today}");
            let hint = format!("say which with period=; terms here: {}", ids(terms));
            Refusal::unfit("period_missing", message, hint)
        })
    }
}

/// Refused if the rule set's targets are not counted by such a period.
fn fits(judging: &Judging, terms: &[&Term]) -> Result<(), Refusal> {
    let label = judging.rules.label();
    let key = judging.span.period.key();
    match (judging.rules.account, &judging.span.period) {
        (Account::Year, Period::Year(_)) | (Account::Term, Period::Term(_)) => Ok(()),
        (Account::Term, Period::Year(_)) => {
            let within = |term: &&&Term| term.first <= judging.span.last && judging.span.first <= term.last;
            let terms = names(terms.iter().filter(within).map(|term| &term.id));
            let message = format!("rule set {label} counts by term, and {key} is a year");
            Err(Refusal::unfit("period_account", message, format!("ask for a term of that year: {terms}")))
        }
        (Account::Year, Period::Term(_)) => {
            let year = judging.span.first.year();
            let message = format!("rule set {label} counts by year, and {key} is a term");
            let hint = format!("ask for period={year}, or name another rule set with rules=NAME");
            Err(Refusal::unfit("period_account", message, hint))
        }
    }
}

/// The last term that began by a day.
pub(super) fn term_at(terms: &[&Term], day: Date) -> Option<Span> {
    let begun = terms.iter().filter(|term| term.first <= day);
    let term = begun.max_by_key(|term| term.first)?;
    span_of(Period::Term(term.id.clone()), std::slice::from_ref(*term))
}

/// A period with its days. None: there is no such one.
pub(super) fn span_of(period: Period, terms: &[Term]) -> Option<Span> {
    let (first, last) = period.days(terms)?;
    Some(Span { period, first, last })
}

fn ids(terms: &[&Term]) -> String {
    names(terms.iter().rev().map(|term| &term.id))
}

fn refused_setting(error: &SettingError) -> Refusal {
    match error {
        SettingError::Unknown(name) => {
            let all: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
            let hint = format!("there are: {}", all.join(", "));
            Refusal::unfit("setting_unknown", format!("there is no setting '{name}'"), hint)
        }
        SettingError::Value { name, value, options } => {
            let message = format!("the setting '{name}' cannot be '{value}'");
            Refusal::unfit("setting_value", message, format!("choose one of: {options}"))
        }
    }
}
