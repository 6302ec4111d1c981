//! Verdicts and advice in words.

use super::{Advice, Badge, Fault};
use crate::number;
use crate::texts::{Texts, key};
use crate::view::place::Places;
use tongke_inspection::Quantity;
use tongke_inspection::advice::{Remedy, Suspect};
use tongke_inspection::facts::{Cause, Way};
use tongke_inspection::judge::{Grade, Judgement, Line, Verdict, Why};
use tongke_inspection::quantity::Unit;

/// How a verdict shows.
pub(crate) fn badge(texts: &Texts, verdict: Verdict) -> Badge {
    let (kind, word) = match verdict {
        Verdict::Graded(grade) => (kind(grade), self::grade(texts, grade)),
        Verdict::Borderline { worse, better } => {
            let (worse_word, better_word) = (grade(texts, worse), grade(texts, better));
            let words = [("worse", worse_word.as_str()), ("better", better_word.as_str())];
            (kind(worse), texts.with("verdict-borderline", &words))
        }
        Verdict::Undecided(_) => ("none", texts.get("verdict-undecided")),
        Verdict::Invalid(_) => ("none", texts.get("verdict-invalid")),
        Verdict::NotTested(_) => ("none", texts.get("verdict-not-tested")),
    };
    Badge { kind, word }
}

/// The kind of a grade's colour.
pub(super) fn kind(grade: Grade) -> &'static str {
    match grade {
        Grade::Excellent => "excellent",
        Grade::Good => "good",
        Grade::Pass => "pass",
        Grade::Fail => "fail",
    }
}

/// A grade's word.
pub(super) fn grade(texts: &Texts, grade: Grade) -> String {
    texts.named("grade", kind(grade))
}

/// What the whole follows from.
pub(super) fn overall(texts: &Texts, places: &Places, judgement: &Judgement) -> String {
    let overall = &judgement.overall;
    let names = |indices: &[usize]| {
        let mut names: Vec<String> = Vec::new();
        for index in indices {
            let name = quantity(texts, &judgement.lines[*index]);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(&texts.get("list-comma"))
    };
    let decisive = names(&overall.decided_by);
    let missing = names(&overall.missing);
    let of = |key: &str, names: &str| texts.with(key, &[("names", names), ("places", &places.all())]);
    match overall.verdict.counts_as() {
        Some(Grade::Fail) if !missing.is_empty() => {
            format!("{}{}", of("overall-fail", &decisive), of("overall-also-missing", &missing))
        }
        Some(Grade::Fail) => of("overall-fail", &decisive),
        Some(Grade::Excellent) => texts.get("overall-excellent"),
        Some(_) => of("overall-decided", &decisive),
        None => of("overall-missing", &missing),
    }
}

fn quantity(texts: &Texts, line: &Line) -> String {
    texts.named("quantity", line.quantity.name())
}

/// What is to be done, each remedy once with all that it is for. Quantities with the same verdict and cause are told
/// together, those of the same ways with their ways.
pub(super) fn advice(texts: &Texts, places: &Places, judgement: &Judgement) -> Vec<Advice> {
    let lines = judgement.lines.iter().filter_map(|line| {
        let cause = cause(texts, places, &why(texts, line.verdict), line.advice?);
        Some((line.quantity, line.way, badge(texts, line.verdict), cause, line.advice?.remedy))
    });
    let beside = judgement.beside.iter().map(|beside| {
        let why = beside.missing.map_or_else(String::new, |cause| texts.get(&cause_key(cause)));
        let word = if beside.missing.is_some() { "verdict-undecided" } else { "word-blocked" };
        let badge =
            Badge { kind: if beside.missing.is_some() { "none" } else { "fail" }, word: texts.get(word) };
        let cause = cause(texts, places, &why, beside.advice);
        (beside.quantity, beside.way, badge, cause, beside.advice.remedy)
    });
    let mut advice: Vec<(Remedy, Vec<(Where, Fault)>)> = Vec::new();
    for (quantity, way, badge, cause, remedy) in lines.chain(beside) {
        let index = advice.iter().position(|(other, _)| *other == remedy).unwrap_or_else(|| {
            advice.push((remedy, Vec::new()));
            advice.len() - 1
        });
        let faults = &mut advice[index].1;
        let alike = |(_, other): &&mut (Where, Fault)| other.cause == cause && other.badge.word == badge.word;
        match faults.iter_mut().find(alike) {
            Some((where_, _)) => where_.add(quantity, way),
            None => {
                let mut where_ = Where::default();
                where_.add(quantity, way);
                faults.push((where_, Fault { what: String::new(), badge, cause }));
            }
        }
    }
    let named = |(where_, fault): (Where, Fault)| Fault { what: where_.told(texts, places), ..fault };
    advice
        .into_iter()
        .map(|(remedy, faults)| Advice {
            faults: faults.into_iter().map(named).collect(),
            remedy: texts.get(&remedy_key(remedy)),
        })
        .collect()
}

/// Quantities, each with the ways on which something is wrong with it.
#[derive(Default)]
struct Where(Vec<(Quantity, Vec<Option<Way>>)>);

impl Where {
    fn add(&mut self, quantity: Quantity, way: Option<Way>) {
        match self.0.iter_mut().find(|(other, _)| *other == quantity) {
            Some((_, ways)) if ways.contains(&way) => {}
            Some((_, ways)) => ways.push(way),
            None => self.0.push((quantity, vec![way])),
        }
    }

    /// Those of the same ways together: `A, B (there → here); C (here)`.
    fn told(self, texts: &Texts, places: &Places) -> String {
        let comma = texts.get("list-comma");
        let mut told: Vec<(Vec<String>, Vec<Option<Way>>)> = Vec::new();
        for (quantity, ways) in self.0 {
            let name = texts.named("quantity", quantity.name());
            match told.iter_mut().find(|(_, other)| *other == ways) {
                Some((names, _)) => names.push(name),
                None => told.push((vec![name], ways)),
            }
        }
        let one = |(names, ways): (Vec<String>, Vec<Option<Way>>)| {
            let ways: Vec<String> = ways.into_iter().map(|way| places.way(way)).collect();
            format!("{}{}", names.join(&comma), in_brackets(texts, &ways.join(&comma)))
        };
        told.into_iter().map(one).collect::<Vec<_>>().join(&texts.get("list-semicolon"))
    }
}

fn cause(texts: &Texts, places: &Places, why: &str, advice: tongke_inspection::advice::Advice) -> String {
    let suspect = texts.get(&suspect_key(advice.suspect));
    let suspect = match advice.at {
        Some(at) => texts.with("suspect-at", &[("suspect", &suspect), ("place", &places.way(Some(at)))]),
        None => suspect,
    };
    if why.is_empty() {
        texts.with("suspect-likely", &[("suspect", &suspect)])
    } else {
        format!("{}{}", sentence(why), texts.with("suspect-likely-more", &[("suspect", &suspect)]))
    }
}

/// A reason at the begin of a sentence.
pub(super) fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn in_brackets(texts: &Texts, text: &str) -> String {
    texts.with("in-brackets", &[("text", text)])
}

/// Why there is no grade; empty where there is one.
pub(super) fn why(texts: &Texts, verdict: Verdict) -> String {
    let (Verdict::Undecided(why) | Verdict::Invalid(why) | Verdict::NotTested(why)) = verdict else {
        return String::new();
    };
    match why {
        Why::Missing(cause) => texts.get(&cause_key(cause)),
        Why::TooFewSamples { n, needed } => {
            texts.with("why-too-few-samples", &[("n", &n.to_string()), ("needed", &needed.to_string())])
        }
        Why::MarkersUnreadable { share, needed } => {
            let (share, needed) = (number::number(Unit::Share, share), number::number(Unit::Share, needed));
            texts.with("why-markers-unreadable", &[("share", &share), ("needed", &needed)])
        }
        Why::ClockBound { bound_ms, allowed_ms } => {
            let (bound, allowed) = (number::number(Unit::Ms, bound_ms), number::number(Unit::Ms, allowed_ms));
            texts.with("why-clock-bound", &[("bound", &bound), ("allowed", &allowed)])
        }
        Why::NothingLeft => texts.get("why-nothing-left"),
        Why::NoRecord => texts.get("why-no-record"),
        Why::NoStatistic => texts.get("why-no-statistic"),
        Why::NoNumber => texts.get("why-no-number"),
        Why::OneSided => texts.get("why-one-sided"),
        Why::MarkersNotCounted => texts.get("why-markers-not-counted"),
        Why::ClockBoundUnknown => texts.get("why-clock-bound-unknown"),
        Why::ClockStepped => texts.get("why-clock-stepped"),
        Why::MandatoryMissing => texts.get("why-mandatory-missing"),
    }
}

/// The key of a cause, by its name in facts.
pub(crate) fn cause_key(cause: Cause) -> String {
    key("cause", &snake(&format!("{cause:?}")))
}

/// The key of a suspect.
pub(crate) fn suspect_key(suspect: Suspect) -> String {
    key("suspect", &snake(&format!("{suspect:?}")))
}

/// The key of a remedy.
pub(crate) fn remedy_key(remedy: Remedy) -> String {
    key("remedy", &snake(&format!("{remedy:?}")))
}

/// A variant's name as keys are written: `MicrophoneMuted` is `microphone-muted`.
pub(crate) fn snake(variant: &str) -> String {
    let mut name = String::new();
    for (index, c) in variant.char_indices() {
        if index > 0 && c.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}
