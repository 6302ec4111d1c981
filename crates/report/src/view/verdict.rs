//! Verdicts and advice in words.

use super::{Advice, Badge};
use crate::number;
use crate::texts::{Texts, key};
use crate::view::place::Places;
use tongke_inspection::advice::{Remedy, Suspect};
use tongke_inspection::facts::Cause;
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

/// What is to be done. The same advice for several quantities of a way is told once, with all of their names.
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
    // The names of a way's quantities, told together with the way.
    let mut told: Vec<(Vec<String>, String, Advice)> = Vec::new();
    for (quantity, way, badge, cause, remedy) in lines.chain(beside) {
        let advice = Advice { what: String::new(), badge, cause, remedy: texts.get(&remedy_key(remedy)) };
        let (name, way) = (texts.named("quantity", quantity.name()), places.way(way));
        let alike = told.iter_mut().find(|(_, at, other)| {
            let same_words = other.cause == advice.cause && other.remedy == advice.remedy;
            *at == way && same_words && other.badge.word == advice.badge.word
        });
        match alike {
            Some((names, ..)) => names.push(name),
            None => told.push((vec![name], way, advice)),
        }
    }
    let named = |(names, way, advice): (Vec<String>, String, Advice)| {
        let what = format!("{}{}", names.join(&texts.get("list-comma")), in_brackets(texts, &way));
        Advice { what, ..advice }
    };
    told.into_iter().map(named).collect()
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
