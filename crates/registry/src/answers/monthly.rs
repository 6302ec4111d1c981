//! The monthly report (月报) of a region.

use super::judging::{SettingUsed, Span, span_of, term_at};
use super::known::{Of, in_period};
use super::places::{self, Place};
use super::{AnswerError, Answers, Question, Refusal, work};
use crate::store::{AsOf, TallyFilter};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tongke_pairing::book::Book;
use tongke_pairing::inputs::Index;
use tongke_pairing::monthly::{Monthly, monthly};
use tongke_pairing::period::Period;
use tongke_pairing::progress::Progress;
use tongke_pairing::rules::Account;
use utoipa::ToSchema;

/// A monthly report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthlyReport {
    /// Until where counts reach.
    pub as_of: AsOf,
    /// The report: each number with its definition, published ones beside ours.
    pub report: Monthly,
    /// Settings that it was made with.
    pub settings: Vec<SettingUsed>,
}

impl Answers<'_> {
    /// The report of a month, `2019-11`: up to its last day, or up to today. What came later about its
    /// lessons is in it. The question's period is the month's: its year or its term.
    pub async fn monthly(
        &self,
        region: &str,
        month: &str,
        question: &Question,
    ) -> Result<MonthlyReport, AnswerError> {
        let mut reading = self.store.reading().await?;
        let (as_of, book) = (reading.as_of(), reading.book());
        let place = places::region(&book, region, None)?;
        let day = self.last_day(month)?;
        let (rules, span) = self.summed(&book, &place, day, question)?;
        let question = Question { rules: Some(rules), ..question.clone() };
        let judging = self.judging_of(&question, span)?;
        let known = self.known(&mut reading, Of::Region(&place), &judging, day).await?;
        let filter = TallyFilter {
            region: Some(place.region.id.clone()),
            until_us: self.until(day),
            ..in_period(&judging.span.period)
        };
        let rows = reading.credit_rows(&filter).await?;
        reading.end().await?;
        let region = place.region;
        let key = judging.span.period.key();
        let report = work(move || {
            let index = Index::new(known.inputs());
            let period = &judging.span.period;
            let report = monthly(&index, &judging.rules, &judging.settings, &region, period, &rows)?;
            let paired = known.paired(&region, judging.days());
            let progress = Progress::new(&index, &judging.rules, &judging.settings, period.clone());
            let settings = judging.used(progress.settings_used(&paired));
            Some(MonthlyReport { as_of, report, settings })
        })
        .await;
        let message = || format!("there is no period '{key}'");
        Ok(report.ok_or_else(|| Refusal::unknown("period_unknown", message(), "look at the terms"))?)
    }

    /// The last day of a month, or today.
    fn last_day(&self, month: &str) -> Result<Date, Refusal> {
        let today = self.today();
        let hint = format!("write it as {:04}-{:02}", today.year(), today.month());
        let read = || {
            let (year, number) =
                month.split_once('-').filter(|(year, number)| (year.len(), number.len()) == (4, 2))?;
            Date::new(year.parse().ok()?, number.parse().ok()?, 1).ok()
        };
        let first = read()
            .ok_or_else(|| Refusal::unfit("month_malformed", format!("'{month}' is no month"), hint))?;
        if today < first {
            let hint = format!("ask for {:04}-{:02} or an earlier one", today.year(), today.month());
            return Err(Refusal::unfit("month_to_come", format!("{month} has not begun"), hint));
        }
        Ok(first.last_of_month().min(today))
    }

    /// By which rule set a month is reported, and what is summed up so far: its year, or the last term that
    /// began by its end. That term may have begun by other rules.
    fn summed(
        &self,
        book: &Book,
        place: &Place,
        day: Date,
        question: &Question,
    ) -> Result<(String, Span), Refusal> {
        let rules = self.rules_on(question.rules.as_deref(), day)?;
        let terms = place.terms(book);
        let span = match rules.account {
            Account::Year => span_of(Period::Year(day.year()), &[]),
            Account::Term => term_at(&terms, day),
        };
        let span = span.ok_or_else(|| {
            let message = format!("rule set {} counts by term, and none has begun by {day}", rules.label());
            Refusal::unfit(
                "period_missing",
                message,
                "enter the term, or name another rule set with rules=NAME",
            )
        })?;
        Ok((rules.name.clone(), span))
    }
}
