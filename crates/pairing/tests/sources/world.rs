//! The county of the sources: twenty schools in ten pairs (S002, attachment 2).

use jiff::civil::{Date, date};
use tongke_pairing::agreement::{Agreement, Commitment};
use tongke_pairing::calendar::Term;
use tongke_pairing::entry::{Reported, Value};
use tongke_pairing::inputs::{Basis, Index, Inputs, Level, Region};
use tongke_pairing::lesson::Form;
use tongke_pairing::pair::Pair;
use tongke_pairing::period::Period;
use tongke_pairing::progress::{ChoiceProgress, Progress, SchoolProgress, TargetProgress};
use tongke_pairing::rules::{RuleSet, Settings};
use tongke_pairing::school::{School, Stage};
use tongke_pairing::tally::Tally;

/// Pairs of attachment 2: number, 支援, 受援.
pub const PAIRS: [(&str, &str, &str); 10] = [
    ("p1", "shiyan", "xiao"),
    ("p2", "waiguoyu", "xikou"),
    ("p3", "chengxi", "lukou"),
    ("p4", "oubei", "shiran"),
    ("p5", "oubei2", "daao"),
    ("p6", "oubei3", "xiyuan"),
    ("p7", "oubei1", "donggao"),
    ("p8", "qiaoxia", "mingao"),
    ("p9", "fenglin", "pankeng"),
    ("p10", "bilian", "yingkeng"),
];

/// Names of those that S003 writes otherwise than attachment 2.
const NAMES: [(&str, &str, &str); 8] = [
    ("shiyan", "永嘉县实验小学", "实验小学"),
    ("lukou", "永嘉县上塘路口小学", "路口小学"),
    ("oubei2", "永嘉县瓯北第二小学", "瓯北二小"),
    ("daao", "永嘉县碧莲镇大岙小学", "大岙小学"),
    ("fenglin", "永嘉县枫林镇中心小学", "枫林镇中心小学"),
    ("pankeng", "永嘉县岩坦镇潘坑小学", "潘坑小学"),
    ("bilian", "永嘉县碧莲镇中心小学", "碧莲镇中心小学"),
    ("yingkeng", "永嘉县碧莲镇应坑小学", "应坑小学"),
];

/// Everything that is known, to be changed by a test.
#[derive(Clone)]
pub struct World {
    pub schools: Vec<School>,
    pub pairs: Vec<Pair>,
    pub agreements: Vec<Agreement>,
    pub commitments: Vec<Commitment>,
    pub terms: Vec<Term>,
    pub tallies: Vec<Tally>,
    pub reported: Vec<Reported>,
    pub as_of: Date,
    pub basis: Basis,
    pub rules: RuleSet,
    pub settings: Settings,
}

pub fn school(id: &str, rural: bool) -> School {
    let known = NAMES.iter().find(|(it, ..)| *it == id);
    School {
        id: id.parse().unwrap(),
        name: known.map_or(id, |(_, name, _)| name).into(),
        aliases: known.map(|(_, _, alias)| (*alias).into()).into_iter().collect(),
        stage: Stage::Primary,
        pupils: Some(if rural { 120 } else { 1500 }),
        rural,
        county: "yongjia".parse().unwrap(),
        city: "wenzhou".parse().unwrap(),
        province: "zhejiang".parse().unwrap(),
        closed: None,
    }
}

pub fn pair(id: &str, supporting: &str, receiving: &str, since: Date) -> Pair {
    Pair {
        id: id.parse().unwrap(),
        supporting: supporting.parse().unwrap(),
        receiving: vec![receiving.parse().unwrap()],
        adviser: None,
        since,
        until: None,
    }
}

pub fn term(id: &str, first: Date, last: Date) -> Term {
    let (id, name) = (id.parse().unwrap(), id.into());
    Term { id, name, region: "yongjia".parse().unwrap(), first, last, holidays: vec![] }
}

/// The ten pairs under the rules of a year, at the year's end, and nothing done yet.
pub fn world(year: &str) -> World {
    let rules = RuleSet::shipped().into_iter().find(|rules| rules.name == year).unwrap();
    let year: i16 = year.parse().unwrap();
    let schools = PAIRS.iter().flat_map(|(_, a, b)| [school(a, false), school(b, true)]).collect();
    World {
        schools,
        pairs: PAIRS.iter().map(|(id, a, b)| pair(id, a, b, date(2019, 3, 1))).collect(),
        agreements: vec![],
        commitments: vec![],
        terms: vec![
            term("2019-2", date(2019, 2, 18), date(2019, 6, 28)),
            term("2019-1", date(2019, 9, 2), date(2020, 1, 17)),
            term("2020-2", date(2020, 2, 17), date(2020, 7, 3)),
            term("2020-1", date(2020, 9, 1), date(2021, 1, 22)),
        ],
        tallies: vec![],
        reported: vec![],
        as_of: date(year, 12, 31),
        basis: Basis::Counted,
        settings: rules.settings.clone(),
        rules,
    }
}

impl World {
    /// A school has done so many in a form and subject of a term.
    pub fn done(&mut self, school: &str, form: Form, subject: &str, term: &str, credited: u32) -> &mut Tally {
        let first = self.terms.iter().find(|it| it.id.as_str() == term).unwrap().first;
        self.tallies.push(Tally {
            school: school.parse().unwrap(),
            form,
            subject: (!subject.is_empty()).then(|| subject.into()),
            term: Some(term.parse().unwrap()),
            year: first.year(),
            credited,
            planned: 0,
            open: 0,
            missed: 0,
        });
        self.tallies.last_mut().unwrap()
    }

    /// Somebody reports a figure.
    pub fn report(&mut self, of: &str, what: &str, period: &str, value: Value) {
        self.reported.push(Reported {
            of: of.into(),
            what: what.into(),
            period: period.into(),
            value,
            source: "S003".into(),
        });
    }

    /// What a school promised for 2019.
    pub fn promised(&mut self, school: &str, forms: &[Form]) {
        self.commitments.retain(|it| it.school.as_str() != school);
        self.commitments.push(Commitment {
            school: school.parse().unwrap(),
            year: 2019,
            forms: forms.to_vec(),
        });
    }

    /// An agreement of a pair with these forms, for three years.
    pub fn agreed(&mut self, pair: &str, signed: Option<Date>, first: Date, forms: &[Form]) {
        self.agreements.push(Agreement {
            id: format!("a-{pair}").parse().unwrap(),
            pair: pair.parse().unwrap(),
            signed,
            forms: forms.to_vec(),
            duties: String::new(),
            first,
            last: date(first.year() + 3, 8, 31),
            round: 1,
        });
    }

    pub fn with(&mut self, name: &str, value: &str) -> &mut Self {
        self.settings = self.settings.with(name, value).unwrap();
        self
    }

    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            schools: &self.schools,
            pairs: &self.pairs,
            agreements: &self.agreements,
            commitments: &self.commitments,
            terms: &self.terms,
            tallies: &self.tallies,
            reported: &self.reported,
            as_of: self.as_of,
            basis: self.basis,
        }
    }

    pub fn progress(&self, school: &str, period: Period) -> SchoolProgress {
        let index = Index::new(self.inputs());
        Progress::new(&index, &self.rules, &self.settings, period).of(&school.parse().unwrap())
    }

    pub fn target(&self, school: &str, period: Period, target: &str) -> TargetProgress {
        let all = self.progress(school, period).targets;
        all.into_iter().find(|it| it.target == target).unwrap()
    }

    pub fn choice(&self, school: &str) -> ChoiceProgress {
        self.progress(school, Period::Year(2019)).choices.remove(0)
    }
}

pub fn in_term(id: &str) -> Period {
    Period::Term(id.parse().unwrap())
}

pub fn county() -> Region {
    Region { id: "yongjia".parse().unwrap(), level: Level::County }
}

pub fn city() -> Region {
    Region { id: "wenzhou".parse().unwrap(), level: Level::City }
}

/// 碧莲: 语文 17, 数学 17, 英语 1 since September 2019, and 18 "网络研修和自选帮扶活动" (S003).
pub fn bilian(world: &mut World) {
    world.basis = Basis::Reported;
    for (what, value) in [
        ("count:sync_class/语文", 17.0),
        ("count:sync_class/数学", 17.0),
        ("count:sync_class/英语", 1.0),
        ("count:teacher_study+remote_course+master_observation", 18.0),
    ] {
        for period in ["2019", "2019-1", "2020-1"] {
            world.report("pair:p10", what, period, Value::Number(value));
        }
    }
}

/// 枫林: 语文 and 数学 together 26; how many of each is not printed (S003).
pub fn fenglin(world: &mut World) {
    world.basis = Basis::Reported;
    for period in ["2019", "2020-1"] {
        world.report("pair:p9", "count:sync_class/语文+sync_class/数学", period, Value::Number(26.0));
    }
}
