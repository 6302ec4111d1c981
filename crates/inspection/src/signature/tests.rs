use super::*;
use crate::criteria::Criteria;

fn key() -> MachineKey {
    MachineKey::from_pkcs8(&MachineKey::generate().unwrap()).unwrap()
}

fn report(facts: &[u8]) -> Report {
    Report { facts: Facts::parse(facts).unwrap(), criteria: Criteria::shipped().title }
}

fn small() -> Report {
    report(include_bytes!("../../fixtures/empty.json"))
}

fn knowing(machine: &str, key: &MachineKey) -> KnownKeys {
    let mut known = KnownKeys::default();
    known.add(machine, key.public());
    known
}

#[test]
fn a_signed_report_is_intact_and_says_by_whom() {
    let key = key();
    for facts in
        [include_bytes!("../../fixtures/good.json").as_slice(), include_bytes!("../../fixtures/bad.json")]
    {
        let report = report(facts);
        let file = report.sign("ob-zx-201", &key).unwrap();
        let known = knowing("ob-zx-201", &key);
        let intact = Check::Intact { machine: "ob-zx-201".into(), key: key.public() };
        assert_eq!(verify(file.as_bytes(), &known), intact);
        assert_eq!(Report::parse(file.as_bytes()).unwrap(), report);
        assert_eq!(report.sign("ob-zx-201", &key).unwrap(), file);
    }
}

#[test]
fn one_altered_byte_anywhere_is_altered() {
    let key = key();
    let file = small().sign("node-7", &key).unwrap().into_bytes();
    let known = knowing("node-7", &key);
    for at in 0..file.len() {
        for change in [1, 0x20, 0x80] {
            let mut altered = file.clone();
            altered[at] ^= change;
            let check = verify(&altered, &known);
            assert!(matches!(check, Check::Altered { .. }), "byte {at} ^ {change}: {check:?}");
        }
    }
}

#[test]
fn what_is_cut_or_added_is_altered() {
    let key = key();
    let file = small().sign("node-7", &key).unwrap();
    let known = knowing("node-7", &key);
    for len in 0..file.len() {
        assert!(matches!(verify(&file.as_bytes()[..len], &known), Check::Altered { .. }), "cut to {len}");
        let doubled = [&file.as_bytes()[..len], b" ", &file.as_bytes()[len..]].concat();
        assert!(matches!(verify(&doubled, &known), Check::Altered { .. }), "a space at {len}");
    }
}

#[test]
fn one_altered_byte_in_a_long_report_is_altered() {
    let key = key();
    let file = report(include_bytes!("../../fixtures/good.json")).sign("node-7", &key).unwrap().into_bytes();
    let known = knowing("node-7", &key);
    for at in (0..file.len()).step_by(61) {
        let mut altered = file.clone();
        altered[at] ^= 1;
        assert!(matches!(verify(&altered, &known), Check::Altered { .. }), "byte {at}");
    }
}

#[test]
fn a_key_that_nobody_knows_proves_nothing() {
    let (key, other) = (key(), self::key());
    let file = small().sign("node-7", &other).unwrap();
    let unknown = Check::UnknownKey { machine: "node-7".into(), key: other.public() };
    assert_eq!(
        verify(file.as_bytes(), &knowing("node-7", &key)),
        unknown,
        "another's key under a known name"
    );
    assert_eq!(
        verify(file.as_bytes(), &knowing("node-8", &other)),
        unknown,
        "a known key under another name"
    );
    assert_eq!(verify(file.as_bytes(), &KnownKeys::default()), unknown);
}

#[test]
fn a_report_without_a_signature_is_not_signed() {
    let file = small().unsigned().unwrap();
    assert_eq!(verify(file.as_bytes(), &KnownKeys::default()), Check::NotSigned);
    assert_eq!(Report::parse(file.as_bytes()).unwrap(), small());
}

#[test]
fn another_reports_signature_does_not_fit() {
    let key = key();
    let (small, big) = (small(), report(include_bytes!("../../fixtures/good.json")));
    let [first, second] = [&small, &big].map(|report| report.sign("node-7", &key).unwrap());
    let (_, signature) = take_apart(&first).unwrap();
    let (words, _) = take_apart(&second).unwrap();
    let mixed = format!("{BEGIN}{words}{MIDDLE}{signature}{END}");
    assert_eq!(verify(mixed.as_bytes(), &knowing("node-7", &key)), Check::Altered { why: Alteration::Words });
}

#[test]
fn what_else_a_machine_signed_is_no_signature_of_a_report() {
    let key = key();
    let words = serde_json::to_string(&small()).unwrap();
    let sign = |statement: &str| {
        let file = format!("{BEGIN}{words}{MIDDLE}{}{END}", key.sign("node-7", statement.as_bytes()));
        verify(file.as_bytes(), &knowing("node-7", &key))
    };
    let altered = Check::Altered { why: Alteration::Statement };
    assert_eq!(sign(r#"{"id":"r-1","lesson":"math","at_us":5,"fact":"locked","locked":true}"#), altered);
    let sha256 = sha256(words.as_bytes());
    let other = format!(r#"{{"purpose":"another","sha256":"{sha256}","key":"{}"}}"#, key.public());
    assert_eq!(sign(&other), altered);
    let right = format!(r#"{{"purpose":"{PURPOSE}","sha256":"{sha256}","key":"{}"}}"#, key.public());
    assert_eq!(sign(&right), Check::Intact { machine: "node-7".into(), key: key.public() });
}

#[test]
fn other_criteria_are_another_report() {
    let key = key();
    let mut other = small();
    other.criteria.sha256 = "0".repeat(64);
    assert_ne!(other.sign("n", &key).unwrap(), small().sign("n", &key).unwrap());
}
