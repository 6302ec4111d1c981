use super::*;

/// The line of the file, and what is said, when the shipped file has one part written otherwise.
fn refused(from: &str, to: &str) -> (usize, String) {
    assert!(SHIPPED.contains(from), "{from}");
    let error = Criteria::parse(&SHIPPED.replacen(from, to, 1)).unwrap_err();
    (error.line, error.problem)
}

/// The line of the file on which something first stands.
fn line_of(text: &str) -> usize {
    SHIPPED[..SHIPPED.find(text).unwrap()].matches('\n').count() + 1
}

/// A limit's two ends.
type Ends = (Option<f64>, Option<f64>);

const GLASS: &str = "quantity = \"delay.glass_to_glass\"";
const GOOD_250: &str = "good = { at_most = 250, mark = \"proposal\" }\n";

#[test]
fn the_shipped_file_is_whole_and_calls_nothing_binding() {
    let criteria = Criteria::shipped();
    assert!(!criteria.has_binding_limit());
    assert!(criteria.statement.in_language("zh-CN").contains("国内无强制性数值标准（未检索到）"));
    assert!(criteria.statement.in_language("en").contains("No binding national limit was found"));
    assert_eq!(criteria.title.sha256.len(), 64);
}

#[test]
fn the_shipped_limits_are_those_of_the_table_and_each_says_on_what_ground() {
    use Mark::{Proposal as P, Standard as S, Vendor as V};
    let table: [(&str, [Ends; 3], [Mark; 3]); 18] = [
        ("delay.glass_to_glass", [(None, Some(150.0)), (None, Some(250.0)), (None, Some(400.0))], [S, P, S]),
        ("delay.mouth_to_ear", [(None, Some(150.0)), (None, Some(250.0)), (None, Some(400.0))], [S, P, S]),
        ("audio.loss_post_repair", [(None, Some(0.001)), (None, Some(0.01)), (None, Some(0.03))], [S, S, S]),
        ("network.pdv", [(None, Some(30.0)), (None, Some(50.0)), (None, Some(100.0))], [V, S, P]),
        (
            "av.lip_sync",
            [(Some(-60.0), Some(40.0)), (Some(-80.0), Some(45.0)), (Some(-185.0), Some(90.0))],
            [S, S, S],
        ),
        ("speech.r_fb", [(Some(80.0), None), (Some(70.0), None), (Some(60.0), None)], [P, P, P]),
        ("video.freeze_share", [(None, Some(0.005)), (None, Some(0.02)), (None, Some(0.05))], [P, P, P]),
        (
            "audio.concealed_seconds_share",
            [(None, Some(0.01)), (None, Some(0.03)), (None, Some(0.05))],
            [P, P, P],
        ),
        (
            "audio.severely_concealed_seconds_share",
            [(None, Some(0.0)), (None, Some(0.005)), (None, Some(0.01))],
            [P, P, P],
        ),
        ("echo.telr_idte", [(None, Some(3.0)), (None, Some(10.0)), (None, Some(20.0))], [P, P, P]),
        (
            "echo.double_talk_attenuation",
            [(None, Some(3.0)), (None, Some(6.0)), (None, Some(12.0))],
            [P, P, P],
        ),
        ("capacity.ratio", [(Some(2.0), None), (Some(1.5), None), (Some(1.2), None)], [P, P, S]),
        ("device.camera_fps", [(Some(24.0), None), (Some(20.0), None), (Some(15.0), None)], [P, P, P]),
        ("device.camera_brightness", [(Some(0.25), None), (Some(0.2), None), (Some(0.155), None)], [P, P, P]),
        (
            "device.microphone_level",
            [(Some(-40.0), None), (Some(-50.0), None), (Some(-60.0), None)],
            [P, P, V],
        ),
        (
            "device.microphone_noise",
            [(None, Some(-55.0)), (None, Some(-45.0)), (None, Some(-35.0))],
            [P, P, P],
        ),
        (
            "device.microphone_clipping",
            [(None, Some(0.0)), (None, Some(0.0001)), (None, Some(0.001))],
            [P, P, P],
        ),
        ("machine.encoder_headroom", [(Some(3.0), None), (Some(2.0), None), (Some(1.2), None)], [P, P, P]),
    ];
    let criteria = Criteria::shipped();
    assert_eq!(criteria.lines.len(), table.len() + 1, "and network.rtt_rise_under_load");
    for (name, limits, marks) in table {
        let line = criteria.line(Quantity::of_name(name).unwrap()).unwrap();
        let ends = line.limits.each_ref().map(|limit| (limit.at_least, limit.at_most));
        assert_eq!(ends, limits, "{name}");
        assert_eq!(line.limits.each_ref().map(|limit| limit.mark), marks, "{name}");
    }
}

#[test]
fn a_hole_is_refused_with_its_line() {
    let (line, problem) = refused(GOOD_250, "");
    assert_eq!(line, line_of(GLASS));
    assert_eq!(problem, "delay.glass_to_glass has no limit 'good': give it all three");
    let (line, problem) = refused("at_most = 250, ", "");
    assert_eq!(
        (line, problem.as_str()),
        (line_of(GOOD_250), "lower is better: the limit is 'at_most', and nothing else")
    );
}

#[test]
fn a_contradiction_is_refused_with_its_line() {
    let (line, problem) = refused("at_most = 250", "at_most = 149");
    assert_eq!(line, line_of(GLASS));
    assert_eq!(problem, "delay.glass_to_glass: 'excellent' is looser than 'good'; swap or correct them");
    let (_, problem) = refused("at_least = 70", "at_least = 59");
    assert_eq!(problem, "speech.r_fb: 'good' is looser than 'pass'; swap or correct them");
    let (_, problem) = refused("at_least = -80, at_most = 45", "at_least = -50, at_most = 45");
    assert_eq!(problem, "av.lip_sync: 'excellent' is looser than 'good'; swap or correct them");
    let (_, problem) = refused("at_least = -60, at_most = 40", "at_least = 41, at_most = 40");
    assert_eq!(problem, "at_least is above at_most: no value can meet both");
}

#[test]
fn unknown_names_and_duplicates_are_refused_with_their_line() {
    let (line, problem) = refused(GLASS, "quantity = \"delay.glass\"");
    assert_eq!(line, line_of(GLASS));
    assert!(
        problem.starts_with("there is no quantity 'delay.glass'; known are delay.glass_to_glass, "),
        "{problem}"
    );
    let (line, problem) = refused("quantity = \"delay.mouth_to_ear\"", GLASS);
    assert_eq!(line, line_of("quantity = \"delay.mouth_to_ear\""));
    let first = line_of(GLASS);
    assert_eq!(problem, format!("delay.glass_to_glass is judged in line {first} already; leave one out"));
    let table = [
        (
            "unit = \"share\"",
            "unit = \"percent\"",
            "the unit of audio.loss_post_repair is \"share\", not 'percent'",
        ),
        ("statistic = \"p95\"", "statistic = \"p96\"", "there is no statistic 'p96'"),
        ("[\"inspection\"]", "[\"inspektion\"]", "there is no kind of test 'inspektion'"),
        ("better = \"lower\"", "better = \"smaller\"", "unknown variant `smaller`"),
        ("mark = \"vendor\"", "mark = \"rumour\"", "unknown variant `rumour`"),
        ("quantity = \"capacity.ratio\"", "quantity = \"network.dscp\"", "network.dscp is a word"),
        ("[validity]", "[validities]", "validities"),
        ("samples_at_least = 59", "samples = 59", "samples"),
        (
            "marker_decode_share_at_least = 0.95",
            "marker_decode_share_at_least = 95",
            "a share of markers is 0 to 1",
        ),
        ("at_most = 150", "at_most = nan", "a limit is a number"),
        ("name = \"tongke\"", "name = \" \"", "name is empty"),
    ];
    for (from, to, said) in table {
        let (line, problem) = refused(from, to);
        assert!(problem.contains(said), "{to}: {problem}");
        let whole_table = said.contains("share of markers");
        let expected = line_of(if whole_table { "[validity]" } else { from });
        assert_eq!(line, expected, "{to}: {problem}");
    }
}

#[test]
fn nobody_can_quote_without_saying_whom() {
    let (_, problem) = refused("source = \"ITU-T G.114 (2003)\", ", "");
    assert!(problem.contains("names its source"), "{problem}");
    let (_, problem) = refused("source = \"ITU-T G.109\", checked = false", "source = \"ITU-T G.109\"");
    assert!(problem.contains("not whether its text was checked"), "{problem}");
}

#[test]
fn a_test_in_which_nothing_would_decide_is_refused() {
    let text = SHIPPED.replace(", \"beside_lesson\"", "");
    let error = Criteria::parse(&text).unwrap_err();
    assert!(error.problem.contains("no [[line]] is mandatory in beside_lesson"), "{error}");
    assert!(Criteria::parse("").unwrap_err().problem.contains("missing field"));
}

#[test]
fn a_file_that_differs_in_one_character_is_another_one() {
    let other = Criteria::parse(&SHIPPED.replacen("250", "251", 1)).unwrap();
    assert_ne!(other.title.sha256, Criteria::shipped().title.sha256);
    assert_eq!(other.title.version, Criteria::shipped().title.version);
}

#[test]
fn words_are_told_in_the_language_asked_for_or_in_chinese() {
    let words = Criteria::shipped().statement;
    assert_eq!(words.in_language("fr"), words.in_language("zh-CN"));
    assert_eq!(Words::Same("ITU".into()).in_language("en"), "ITU");
}
