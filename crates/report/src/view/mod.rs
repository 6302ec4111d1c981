//! A report in words: what is judged, told and drawn, as strings of one language. HTML and paper set the same view.

mod about;
mod lines;
mod place;
mod plots;
mod remark;
mod told;
mod trend;
mod verdict;

use crate::Source;
use crate::language::Language;
use crate::plot::Drawing;
use crate::texts::{Texts, clean};
pub(crate) use place::Places as Names;
use place::Places;
#[cfg(test)]
pub(crate) use remark::remark_key;
#[cfg(test)]
use tongke_inspection::Quantity;
pub(crate) use verdict::badge;

/// The report.
pub(crate) struct View {
    /// Its language.
    pub language: Language,
    /// Fixed texts of the form.
    pub texts: Texts,
    /// The inspection's name.
    pub id: String,
    /// What it was.
    pub title: String,
    /// Where.
    pub places: String,
    /// The verdict of the whole.
    pub overall: Badge,
    /// Why it is that.
    pub overall_why: String,
    /// Who, where, when, with what.
    pub about: Vec<Pair>,
    /// What is wrong, the likely cause and what to do.
    pub advice: Vec<Advice>,
    /// What the criteria's author says of them.
    pub statement: String,
    /// What is judged.
    pub groups: Vec<Group>,
    /// What has changed since the self-tests before; empty: there are none.
    pub changes: Vec<String>,
    /// How it went from test to test.
    pub courses: Vec<Plot>,
    /// What is drawn.
    pub plots: Vec<Plot>,
    /// What is told and not judged.
    pub told: Vec<Told>,
    /// The steps.
    pub steps: Vec<Pair>,
    /// Remarks of whoever measured.
    pub notes: Vec<String>,
    /// How to read it: verdicts, scopes, methods.
    pub explained: Vec<Pair>,
    /// By what it can be checked.
    pub seal: Vec<Pair>,
}

/// A name and what belongs to it.
pub(crate) struct Pair {
    pub name: String,
    pub text: String,
}

/// A verdict's word, and the kind of its colour; the word says all.
pub(crate) struct Badge {
    pub kind: &'static str,
    pub word: String,
}

/// Something to be done, and all that it is for.
pub(crate) struct Advice {
    pub faults: Vec<Fault>,
    pub remedy: String,
}

/// What is wrong, where, and the likely cause.
pub(crate) struct Fault {
    pub what: String,
    pub badge: Badge,
    pub cause: String,
}

/// A quantity that is judged.
pub(crate) struct Group {
    pub name: String,
    /// Which number is judged, and whether the whole waits for it.
    pub judged: String,
    pub limits: Vec<Limit>,
    pub note: String,
    pub rows: Vec<Row>,
}

/// A limit.
pub(crate) struct Limit {
    pub grade: String,
    pub range: String,
    pub basis: String,
}

/// One way of a quantity.
pub(crate) struct Row {
    pub place: String,
    pub value: String,
    pub details: String,
    pub badge: Badge,
    pub why: String,
}

/// A drawing and the numbers behind it.
pub(crate) struct Plot {
    pub title: String,
    pub drawing: Drawing,
    pub table: Table,
}

/// Numbers in rows.
pub(crate) struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// A quantity that is told.
pub(crate) struct Told {
    pub name: String,
    pub place: String,
    pub value: String,
    pub details: String,
}

impl View {
    /// The view of a report.
    pub(crate) fn of(source: &Source<'_>, language: Language) -> View {
        let texts = Texts::of(language);
        let facts = &source.report.facts;
        let judgement = source.judgement();
        let places = Places::of(facts, &texts);
        View {
            language,
            id: clean(&facts.id),
            title: texts.named("title", facts.kind.name()),
            places: places.all(),
            overall: verdict::badge(&texts, judgement.overall.verdict),
            overall_why: verdict::overall(&texts, &places, &judgement),
            about: about::about(source, &texts),
            advice: verdict::advice(&texts, &places, &judgement),
            statement: clean(source.criteria.statement.in_language(language.tag())),
            groups: lines::groups(source, &texts, &places, &judgement),
            changes: trend::changes(source, &texts),
            courses: trend::courses(source, &texts, &places),
            plots: plots::plots(source, &texts, &places, &judgement),
            told: told::told(source, &texts, &places),
            steps: about::steps(facts, &texts),
            notes: facts.notes.iter().map(|note| remark::note(&texts, note)).collect(),
            explained: about::explained(facts, &texts),
            seal: about::seal(source, &texts),
            texts,
        }
    }
}

impl View {
    /// Everything that is drawn, in the order of the page.
    pub(crate) fn drawn(&self) -> impl Iterator<Item = &Plot> {
        self.courses.iter().chain(&self.plots)
    }
}

/// Every key that is put together of a part and a name, for the test that looks whether its text is there.
#[cfg(test)]
pub(crate) fn keys() -> Vec<String> {
    use crate::texts::key;
    use tongke_inspection::advice::{Remedy, Suspect};
    use tongke_inspection::facts::{Cause, Kind, Method, RemarkCode, Statistic};
    use tongke_inspection::judge::Grade;

    let mut keys: Vec<String> =
        Quantity::ALL.iter().map(|quantity| key("quantity", quantity.name())).collect();
    for quantity in Quantity::ALL {
        keys.extend(quantity.definition().words.iter().map(|word| key("word", word)));
        keys.push(about::step_key(quantity.definition().step));
    }
    keys.extend(Kind::ALL.map(|kind| key("title", kind.name())));
    keys.extend(Statistic::ALL.map(|statistic| key("statistic", statistic.name())));
    keys.extend(Grade::ALL.map(|grade| key("grade", verdict::kind(grade))));
    keys.extend(Cause::ALL.map(verdict::cause_key));
    keys.extend(RemarkCode::ALL.iter().copied().map(remark_key));
    keys.extend(Suspect::ALL.map(verdict::suspect_key));
    keys.extend(Remedy::ALL.map(verdict::remedy_key));
    for method in Method::ALL {
        let key = told::method_key(method);
        keys.extend([format!("{key}-text"), key]);
    }
    for name in ["min", "median", "p95", "p999", "max"] {
        keys.push(key("details", name));
    }
    keys.extend(crate::DOING.map(|piece| key("doing", piece)));
    keys.extend(["a", "b", "c"].map(|scope| key("scope", scope)));
    keys
}
