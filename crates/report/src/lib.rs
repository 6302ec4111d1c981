//! An inspection's report: one page of HTML, and PDF with the glyphs in it. Pure: from the same report, criteria and
//! language the same bytes.
//!
//! Facts and criteria are judged (`inspection`), put into words once (`view`) and then set twice: by a template as
//! HTML, by `pdf` on paper. Plots are drawn once (`plot`) as shapes that both can paint.

mod doing;
mod html;
mod language;
mod number;
mod pdf;
mod plot;
mod text;
mod texts;
mod trend;
mod view;

pub use doing::{DOING, doing, volume};
pub use language::Language;
pub use pdf::PdfError;
pub use trend::{history, trend};

use tongke_inspection::signature::Report;
use tongke_inspection::{Criteria, Facts, Judgement, judge};
use tongke_protocol::signed::PublicKey;

/// What a report is made of.
#[derive(Debug)]
pub struct Source<'a> {
    /// The facts, and by which criteria they were judged when they were signed.
    pub report: &'a Report,
    /// By which they are judged now.
    pub criteria: &'a Criteria,
    /// Who signed, if anybody did. Whether the key is to be trusted a report cannot say of itself.
    pub signer: Option<Signer>,
    /// Of a self-test: the machine's tests before it, in the order of their time, to show the trend.
    pub before: &'a [Facts],
}

/// Who signed a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The machine, as it calls itself.
    pub machine: String,
    /// Its key.
    pub key: PublicKey,
}

impl Source<'_> {
    /// What follows from the facts.
    pub fn judgement(&self) -> Judgement {
        judge(&self.report.facts, self.criteria)
    }

    /// The report as one HTML document: no script, nothing loaded from elsewhere.
    pub fn html(&self, language: Language) -> String {
        html::render(&view::View::of(self, language))
    }

    /// The report as plain text, for a terminal.
    pub fn text(&self, language: Language) -> String {
        text::render(&view::View::of(self, language))
    }

    /// The report as PDF, A4.
    pub fn pdf(&self, language: Language) -> Result<Vec<u8>, PdfError> {
        pdf::render(&view::View::of(self, language))
    }
}

#[cfg(test)]
mod tests;
