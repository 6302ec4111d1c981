//! What the sources leave open, one setting each. Every number that a setting changes is shown with it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident { $($(#[$option_doc:meta])* $option:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$option_doc])* $option),+ }
    )+};
}

options! {
    /// Whether an item can fall below zero.
    Floor {
        /// It cannot.
        AtZero,
        /// It can.
        None,
    }
    /// How "每低1个百分点", "每少1个点" counts parts of a point.
    PointSteps {
        /// Full points only.
        Whole,
        /// A point that is begun counts.
        Begun,
        /// In proportion.
        ProRata,
    }
    /// 每门至少开上10节.
    PerSubject {
        /// Every subject that was opened.
        EveryOpened,
        /// As many subjects as are required; further ones do not matter.
        RequiredNumber,
    }
    /// 每门至少开上10节, if no subject was opened.
    NoSubject {
        /// Not met.
        Short,
        /// Met: none is short.
        Met,
    }
    /// 每门至少开上10节, if one subject was opened.
    OneSubject {
        /// That one is judged.
        Judged,
        /// Not met.
        Short,
    }
    /// 其中有一种.
    OtherForms {
        /// One of those promised (对照承诺清单).
        Promised,
        /// One of all three.
        AllThree,
    }
    /// What a promise list without any form means.
    EmptyPromise {
        /// Any of the three will do.
        AllThree,
        /// Nothing is asked.
        NotOwed,
        /// The school has failed, once.
        Short,
        /// It cannot be said.
        Undecided,
    }
    /// Which form is charged to a school that misses all.
    MissedAll {
        /// The one that costs least.
        Smallest,
        /// The one that costs most.
        Largest,
    }
    /// 区域内结对学校名师网课集体使用累计达12次.
    MasterObservation {
        /// Each school.
        PerSchool,
        /// The region's schools together.
        Regional,
    }
    /// 2020年各种帮扶形式的帮扶总量.
    GrandTotal {
        /// January to December.
        CalendarYear,
        /// The term that begins in autumn and ends in the next January.
        AutumnTerm,
    }
    /// When the rules begin: whether spring 2020 counts for the schools of 2019.
    Begins {
        /// With the calendar year.
        WithYear,
        /// With the school year in its autumn.
        WithSchoolYear,
    }
    /// 每增加10个百分点.
    ExtraSteps {
        /// Whole tens only.
        WholeTens,
        /// In proportion.
        ProRata,
    }
    /// 超额完成: more than what.
    ExtraBase {
        /// The pairs that were planned.
        PlannedPairs,
        /// The schools that were planned.
        PlannedSchools,
    }
    /// 区域比例: a share of what.
    RatioOf {
        /// Pairs within a county, of all pairs.
        Pairs,
        /// Schools paired within their county, of all paired schools.
        Schools,
    }
    /// Which schools 小规模学校 are.
    SmallSchools {
        /// Those published (reported as `small_school`).
        Published,
        /// Those with so few pupils as the rule says.
        ByPupils,
    }
    /// Which county is charged for a pair that does not conform, if its schools are in several.
    PairCharged {
        /// The receiving school's.
        Receiving,
        /// The supporting school's.
        Supporting,
        /// Each of them.
        Each,
    }
    /// Whether a 撤并 school that is paired must meet its targets.
    MergedSchools {
        /// It must.
        Owe,
        /// It need not.
        Exempt,
    }
    /// What is lost if fewer cases than 10 % were submitted.
    CasesShort {
        /// Not stated: anything from nothing to all.
        Open,
        /// As much as is missing.
        Proportional,
        /// All.
        All,
    }
    /// 10 % of 24 schools are 2.4 cases.
    CasesRounding {
        /// 3.
        Up,
        /// 2.
        Down,
        /// The nearest.
        Nearest,
    }
    /// Which schools of a pair 结对学校数 counts.
    PairedSchools {
        /// Supporting and receiving ones.
        BothEnds,
        /// Receiving ones.
        ReceivingOnly,
    }
    /// Points between the first rank and the last.
    CaseRanks {
        /// Not stated: anything between.
        Open,
        /// In equal steps.
        Linear,
    }
    /// When the county's ten cases are due.
    CountyCases {
        /// 10月下旬 (S002 三(二)6).
        October,
        /// 11月 (S002, table).
        November,
    }
    /// "每所…至少开设10节，累计至少开20节" of November (S002:66), which makes no sense as printed.
    NovemberTask {
        /// It is not judged.
        NotJudged,
        /// 每门 is missing: each subject 10, 20 together.
        EachSubject,
    }
}

/// One choice for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is documented at its type")]
pub struct Settings {
    pub floor: Floor,
    pub point_steps: PointSteps,
    pub per_subject: PerSubject,
    pub no_subject: NoSubject,
    pub one_subject: OneSubject,
    pub other_forms: OtherForms,
    pub empty_promise: EmptyPromise,
    pub missed_all: MissedAll,
    pub master_observation: MasterObservation,
    pub grand_total: GrandTotal,
    pub begins: Begins,
    pub extra_steps: ExtraSteps,
    pub extra_base: ExtraBase,
    pub ratio_of: RatioOf,
    /// 区域比例 itself, from 0 to 1; none: not known, so what depends on it is undecided.
    #[serde(default)]
    pub region_ratio: Option<f64>,
    pub small_schools: SmallSchools,
    pub pair_charged: PairCharged,
    pub merged_schools: MergedSchools,
    pub cases_short: CasesShort,
    pub cases_rounding: CasesRounding,
    pub paired_schools: PairedSchools,
    pub case_ranks: CaseRanks,
    pub county_cases: CountyCases,
    pub november_task: NovemberTask,
}

/// What a setting is called, and what it may be. A test holds them to the types.
pub const OPTIONS: &[(&str, &[&str])] = &[
    ("floor", &["at_zero", "none"]),
    ("point_steps", &["whole", "begun", "pro_rata"]),
    ("per_subject", &["every_opened", "required_number"]),
    ("no_subject", &["short", "met"]),
    ("one_subject", &["judged", "short"]),
    ("other_forms", &["promised", "all_three"]),
    ("empty_promise", &["all_three", "not_owed", "short", "undecided"]),
    ("missed_all", &["smallest", "largest"]),
    ("master_observation", &["per_school", "regional"]),
    ("grand_total", &["calendar_year", "autumn_term"]),
    ("begins", &["with_year", "with_school_year"]),
    ("extra_steps", &["whole_tens", "pro_rata"]),
    ("extra_base", &["planned_pairs", "planned_schools"]),
    ("ratio_of", &["pairs", "schools"]),
    ("region_ratio", &[]),
    ("small_schools", &["published", "by_pupils"]),
    ("pair_charged", &["receiving", "supporting", "each"]),
    ("merged_schools", &["owe", "exempt"]),
    ("cases_short", &["open", "proportional", "all"]),
    ("cases_rounding", &["up", "down", "nearest"]),
    ("paired_schools", &["both_ends", "receiving_only"]),
    ("case_ranks", &["open", "linear"]),
    ("county_cases", &["october", "november"]),
    ("november_task", &["not_judged", "each_subject"]),
];

/// A setting cannot be what somebody wants it to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No such setting.
    #[error("there is no setting '{0}'; docs/rules.md lists them")]
    Unknown(String),
    /// No such choice.
    #[error("'{name}' cannot be '{value}'; choose one of: {options}")]
    Value {
        /// Which setting.
        name: String,
        /// What was asked for.
        value: String,
        /// What there is.
        options: String,
    },
}

impl Settings {
    /// What a setting is.
    pub fn get(&self, name: &str) -> String {
        let all = serde_json::to_value(self).unwrap_or_default();
        match all.get(name) {
            Some(serde_json::Value::String(value)) => value.clone(),
            Some(value) if !value.is_null() => value.to_string(),
            _ => "not_set".to_owned(),
        }
    }

    /// The same with one setting changed. `region_ratio` is a number or `not_set`.
    ///
    /// # Errors
    /// If there is no such setting, or no such choice.
    pub fn with(&self, name: &str, value: &str) -> Result<Self, SettingError> {
        let known = OPTIONS.iter().find(|(it, _)| *it == name);
        let (_, options) = known.ok_or_else(|| SettingError::Unknown(name.to_owned()))?;
        let options =
            if options.is_empty() { "a share from 0 to 1, not_set".to_owned() } else { options.join(", ") };
        let refused = || SettingError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            options: options.clone(),
        };
        let mut all = serde_json::to_value(self).map_err(|_| refused())?;
        all[name] = match (name, value) {
            ("region_ratio", "not_set") => serde_json::Value::Null,
            ("region_ratio", share) => {
                let share = share.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
                share.ok_or_else(refused)?.into()
            }
            _ => value.into(),
        };
        serde_json::from_value(all).map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::RuleSet;

    #[test]
    fn the_list_of_options_is_what_the_types_take() {
        let settings = RuleSet::shipped().remove(0).settings;
        let all = serde_json::to_value(&settings).unwrap();
        let mut listed: Vec<&str> = super::OPTIONS.iter().map(|(name, _)| *name).collect();
        let mut fields: Vec<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
        listed.sort_unstable();
        fields.sort_unstable();
        assert_eq!(listed, fields);
        for (name, options) in super::OPTIONS.iter().filter(|(name, _)| *name != "region_ratio") {
            for option in *options {
                assert_eq!(settings.with(name, option).unwrap().get(name), *option);
            }
            let message = serde_json::from_value::<super::Settings>({
                let mut wrong = all.clone();
                wrong[*name] = "nonsense".into();
                wrong
            });
            let message = message.unwrap_err().to_string();
            let count = message.split("expected").nth(1).unwrap().matches('`').count() / 2;
            assert_eq!(count, options.len(), "{name}: {message}");
        }
    }

    #[test]
    fn a_setting_that_is_not_there_is_refused_with_what_there_is() {
        let settings = RuleSet::shipped().remove(0).settings;
        let error = settings.with("per_subject", "sometimes").unwrap_err().to_string();
        assert_eq!(
            error,
            "'per_subject' cannot be 'sometimes'; choose one of: every_opened, required_number"
        );
        assert!(settings.with("per_lesson", "x").is_err());
        assert!(settings.with("region_ratio", "80").is_err(), "it is a share");
        assert_eq!(settings.with("region_ratio", "0.75").unwrap().region_ratio, Some(0.75));
        assert_eq!(settings.with("region_ratio", "not_set").unwrap().get("region_ratio"), "not_set");
    }
}
