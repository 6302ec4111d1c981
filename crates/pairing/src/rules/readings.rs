//! Settings beside the numbers they change, with what the other choices would give.

use super::settings::{OPTIONS, Settings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A setting beside the number it changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// Which.
    pub name: String,
    /// What it is.
    pub value: String,
    /// The other choices that would change the result, with what it would be.
    #[serde(default)]
    pub otherwise: Vec<Otherwise>,
}

/// What another choice would give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Otherwise {
    /// The choice.
    pub value: String,
    /// The result: a verdict, or points.
    pub result: String,
}

/// Settings, and all that differ from them in one choice: made once for many results.
#[derive(Debug, Clone)]
pub struct Readings {
    /// Those that are used.
    pub settings: Settings,
    values: Vec<(&'static str, String)>,
    others: Vec<(&'static str, &'static str, Settings)>,
}

impl Readings {
    /// From the settings that are used.
    pub fn new(settings: &Settings) -> Self {
        let values: Vec<_> = OPTIONS.iter().map(|(name, _)| (*name, settings.get(name))).collect();
        let mut others = Vec::new();
        for ((name, options), (_, value)) in OPTIONS.iter().zip(&values) {
            let differ = options.iter().filter(|option| *option != value);
            others.extend(differ.filter_map(|it| Some((*name, *it, settings.with(name, it).ok()?))));
        }
        Self { settings: settings.clone(), values, others }
    }

    /// These settings, each with what a result would be under its other choices, where it differs.
    pub fn applied(&self, names: &[&str], result: impl Fn(&Settings) -> String) -> Vec<Applied> {
        if names.is_empty() {
            return Vec::new();
        }
        let now = result(&self.settings);
        let one = |(name, value): &(&'static str, String)| {
            let others = self.others.iter().filter(|(it, ..)| it == name);
            let otherwise = others.filter_map(|(_, option, settings)| {
                let result = result(settings);
                (result != now).then(|| Otherwise { value: (*option).to_owned(), result })
            });
            Applied { name: (*name).to_owned(), value: value.clone(), otherwise: otherwise.collect() }
        };
        self.values.iter().filter(|(name, _)| names.contains(name)).map(one).collect()
    }
}
