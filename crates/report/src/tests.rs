use crate::{Language, Signer, Source};
use std::collections::BTreeSet;
use tongke_inspection::signature::Report;
use tongke_inspection::{Criteria, Facts};
use tongke_protocol::signed::MachineKey;

const GOOD: &[u8] = include_bytes!("../../inspection/fixtures/good.json");
const BAD: &[u8] = include_bytes!("../../inspection/fixtures/bad.json");
const EMPTY: &[u8] = include_bytes!("../../inspection/fixtures/empty.json");

fn report(facts: &[u8]) -> Report {
    Report { facts: Facts::parse(facts).unwrap(), criteria: Criteria::shipped().title }
}

fn html(facts: &[u8], language: Language) -> String {
    let (report, criteria) = (report(facts), Criteria::shipped());
    Source { report: &report, criteria: &criteria, signer: None, before: &[] }.html(language)
}

fn pdf(report: &Report, language: Language) -> Vec<u8> {
    Source { report, criteria: &Criteria::shipped(), signer: None, before: &[] }.pdf(language).unwrap()
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    for facts in [GOOD, BAD, EMPTY] {
        for language in Language::ALL {
            assert_eq!(html(facts, language), html(facts, language));
            assert!(pdf(&report(facts), language) == pdf(&report(facts), language), "{language}");
        }
    }
}

#[test]
fn other_facts_give_other_bytes() {
    let mut other = report(GOOD);
    other.facts.asked_by.push('明');
    assert_ne!(pdf(&other, Language::Chinese), pdf(&report(GOOD), Language::Chinese));
}

#[test]
fn a_pdf_begins_and_ends_as_one_and_carries_its_glyphs() {
    for facts in [GOOD, BAD, EMPTY] {
        let pdf = pdf(&report(facts), Language::Chinese);
        assert!(pdf.starts_with(b"%PDF-1.7") && pdf.ends_with(b"%%EOF"));
        let holds = |words: &[u8]| pdf.windows(words.len()).any(|window| window == words);
        assert!(holds(b"/FontFile3") && holds(b"/ToUnicode") && holds(b"/Identity-H"));
        assert!(!holds(b"/CreationDate") && !holds(b"/JavaScript") && !holds(b"/URI"));
        assert!(pdf.len() < 600_000, "{} bytes: is the whole font in it?", pdf.len());
    }
}

#[test]
fn html_stands_alone() {
    for facts in [GOOD, BAD, EMPTY] {
        for language in Language::ALL {
            let html = html(facts, language);
            assert!(html.contains(&format!("<html lang=\"{language}\">")));
            for forbidden in ["<script", " src=", "url(", "@import", "<link", "javascript:", "onclick"] {
                assert!(!html.contains(forbidden), "{forbidden}");
            }
        }
    }
}

#[test]
fn names_cannot_become_markup_or_leave_their_place() {
    let mut hostile = report(GOOD);
    let name = "<script>alert(1)</script>\"'&\u{202e}\u{7}=1+1";
    hostile.facts.asked_by = name.into();
    hostile.facts.places.a.school = name.into();
    hostile.facts.notes = vec![name.into()];
    let criteria = Criteria::shipped();
    let source = Source { report: &hostile, criteria: &criteria, signer: None, before: &[] };
    for language in Language::ALL {
        let html = source.html(language);
        assert!(!html.contains("<script") && !html.contains("\"'&"), "{language}");
        assert!(!html.contains('\u{202e}') && !html.contains('\u{7}'), "{language}");
        // Askama writes '<' as &#60;, drawings as &lt;: both mean themselves.
        assert!(html.contains("script&#62;") && html.contains("script&gt;"), "{language}");
        assert!(source.pdf(language).is_ok());
    }
}

#[test]
fn a_verdict_is_told_by_its_word() {
    let bad = html(BAD, Language::Chinese);
    for word in ["不合格", "临界", "未测", "无法判定", "无效", "麦克风静音", "不可采信，只知在"]
    {
        assert!(bad.contains(word), "{word}");
    }
    assert!(html(EMPTY, Language::Chinese).contains("无法判定"));
    assert!(!html(GOOD, Language::Chinese).contains("可能的原因"));
}

#[test]
fn no_limit_is_told_without_its_ground() {
    let good = html(GOOD, Language::Chinese);
    let criteria = Criteria::shipped();
    let limits = criteria.lines.len() * 3;
    let grounds = ["本项目提出", "其他领域的标准", "厂商建议"];
    let told: usize = grounds.iter().map(|ground| good.matches(&format!("<i>{ground}")).count()).sum();
    assert_eq!(told, limits);
    assert!(good.contains("国内无强制性数值标准（未检索到）"));
    let unchecked =
        criteria.lines.iter().flat_map(|line| &line.limits).filter(|limit| !limit.checked).count();
    assert_eq!(good.matches("（未核对原文）</i>").count(), unchecked);
}

#[test]
fn every_speech_scale_has_its_own_line_and_is_called_a_planning_value() {
    let good = html(GOOD, Language::Chinese);
    for scale in ["全带 MOS-CQE（计划值）", "宽带 MOS-CQE（计划值）", "窄带 MOS-CQE（计划值）"]
    {
        assert_eq!(good.matches(&format!("<b>{scale}</b>")).count(), 2, "one for each direction");
    }
    assert!(good.contains("非主观评分") && good.contains("10.1145/3458751"));
}

#[test]
fn every_plot_has_the_numbers_behind_it() {
    let good = html(GOOD, Language::English);
    assert!(good.matches("<svg").count() > 10);
    assert_eq!(good.matches("<svg").count(), good.matches("<details>").count());
}

#[test]
fn the_signer_and_other_criteria_are_told() {
    let key = MachineKey::from_pkcs8(&MachineKey::generate().unwrap()).unwrap().public();
    let mut report = report(GOOD);
    report.criteria.version = "0".into();
    let criteria = Criteria::shipped();
    let signer = Some(Signer { machine: "ob-zx-201".into(), key });
    let html = Source { report: &report, criteria: &criteria, signer, before: &[] }.html(Language::English);
    assert!(html.contains(&key.to_string()) && html.contains("signed by ob-zx-201"));
    assert!(html.contains("Criteria when signed"));
}

#[test]
fn no_text_shows_its_key() {
    for facts in [GOOD, BAD, EMPTY] {
        for language in Language::ALL {
            let html = html(facts, language);
            let words: BTreeSet<&str> =
                html.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
            let begins =
                ["quantity-", "verdict-", "method-", "cause-", "why-", "word-", "form-", "details-", "step-"];
            let shown: Vec<_> =
                words.iter().filter(|word| begins.iter().any(|begin| word.starts_with(begin))).collect();
            assert!(shown.is_empty(), "{shown:?}");
        }
    }
}

fn text(facts: &[u8], language: Language) -> String {
    let (report, criteria) = (report(facts), Criteria::shipped());
    Source { report: &report, criteria: &criteria, signer: None, before: &[] }.text(language)
}

#[test]
fn a_terminal_is_told_what_the_page_tells() {
    let english = text(BAD, Language::English);
    assert!(english.contains("Overall: Fail"), "{english}");
    assert!(english.contains("Likely cause") && english.contains("Do this: "), "{english}");
    let chinese = text(BAD, Language::Chinese);
    assert!(chinese.contains("总评：不合格") && chinese.contains("处理："), "{chinese}");
    assert!(!chinese.contains('\u{a0}'));
}

#[test]
fn a_trend_says_what_became_worse_and_when_there_are_too_few_tests_for_one() {
    use tongke_inspection::Quantity;
    use tongke_inspection::facts::{Finding, Measured, Method, Way};
    let test = |number: u32, ms: f64| {
        let mut facts = Facts::parse(EMPTY).unwrap();
        facts.id = format!("test {number}");
        let measured = Measured { p999: Some(ms), ..Measured::new(1000, Method::Stamp, "node") };
        facts.findings = vec![Finding::measured(Quantity::Pdv, Some(Way::AToB), measured)];
        facts
    };
    let before: Vec<Facts> = (0..5).map(|number| test(number, 20.0)).collect();
    let told =
        |now: &Facts, before: &[Facts], language| crate::trend(now, before, &Criteria::shipped(), language);
    let worse = told(&test(9, 48.0), &before, Language::Chinese);
    assert!(worse.contains("变差") && worse.contains("48.0 ms") && worse.contains("20.0 ms"), "{worse}");
    let better = told(&test(9, 8.0), &before, Language::English);
    assert!(better.contains("Better: ") && better.contains("the last 5 tests"), "{better}");
    assert!(told(&test(9, 20.0), &before, Language::English).contains("No clear change"));
    let hardly = told(&test(9, 20.02), &before, Language::English);
    assert!(hardly.contains("No clear change"), "20.0 ms against 20.0 ms is none: {hardly}");
    assert!(told(&test(9, 48.0), &before[..2], Language::English).contains("a trend needs 3"));
    let history = crate::history(&before, &Criteria::shipped(), Language::English);
    assert_eq!(history.lines().count(), 6, "a title and five tests: {history}");
    assert!(history.contains("2026-11-21 09:30  Undecided"), "{history}");
}

#[test]
fn a_self_test_shows_how_it_went_before_with_the_tests_behind_each_plot() {
    use tongke_inspection::Quantity;
    use tongke_inspection::facts::{Finding, Measured, Method, Way};
    let test = |day: i64, ms: f64| {
        let mut facts = Facts::parse(EMPTY).unwrap();
        facts.id = format!("test {day}");
        facts.time.began += jiff::SignedDuration::from_hours(24 * day);
        facts.time.ended = facts.time.began;
        let measured =
            Measured { p999: Some(ms), bound: Some(1.5), ..Measured::new(1000, Method::Stamp, "node") };
        facts.findings = vec![Finding::measured(Quantity::Pdv, Some(Way::AToB), measured)];
        facts
    };
    let before: Vec<Facts> = (0..5).map(|day| test(day, 20.0 + day as f64)).collect();
    let criteria = Criteria::shipped();
    let report = Report { facts: test(9, 48.0), criteria: criteria.title.clone() };
    let with = |before: &[Facts]| {
        Source { report: &report, criteria: &criteria, signer: None, before }.html(Language::Chinese)
    };
    let told = with(&before);
    assert_eq!(told.matches("<svg").count(), with(&[]).matches("<svg").count() + 1);
    assert!(told.contains("变差：时延变化 PDV") && told.contains("历次时延变化 PDV"), "{told}");
    for cell in ["<td>2026-11-21 09:30</td><td>20.0</td><td>1.5", "<td>2026-11-30 09:30</td><td>48.0</td>"] {
        assert!(told.contains(cell), "{cell}");
    }
    assert!(!with(&[]).contains("变化趋势"));
    let source = Source { report: &report, criteria: &criteria, signer: None, before: &before };
    assert!(source.pdf(Language::Chinese).unwrap().len() > pdf(&report, Language::Chinese).len());
}

#[test]
fn a_remedy_is_told_once_however_many_lines_need_it() {
    use tongke_inspection::facts::{Cause, Finding};
    let mut facts = Facts::parse(EMPTY).unwrap();
    let quantities = Criteria::shipped().lines.iter().map(|line| line.quantity).collect::<Vec<_>>();
    let missing = |quantity| Finding::missing_alone(quantity, Cause::NoPackets, None);
    facts.findings = quantities.into_iter().flat_map(missing).filter(|it| !it.quantity.has_scope()).collect();
    let report = Report { facts, criteria: Criteria::shipped().title };
    let source = Source { report: &report, criteria: &Criteria::shipped(), signer: None, before: &[] };
    let html = source.html(Language::Chinese);
    let remedies: Vec<&str> =
        html.split("<p class=\"remedy\">").skip(1).filter_map(|rest| rest.split("</p>").next()).collect();
    let different: BTreeSet<&str> = remedies.iter().copied().collect();
    assert!(!remedies.is_empty() && remedies.len() == different.len(), "{remedies:?}");
}
