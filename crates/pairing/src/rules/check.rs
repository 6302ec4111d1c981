//! Whether a rule set holds together. Everything that is wrong is said at once.

use super::{Asked, Duty, Item, ItemRule, Measure, OPTIONS, Owed, Rubric, RuleSet};
use crate::points::Points;
use std::collections::BTreeSet;

/// Why a rule set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// It cannot be read.
    #[error("the rule set is no TOML of the right shape: {0}; docs/rules.md says what it holds")]
    Format(String),
    /// It can be read and does not hold together.
    #[error("the rule set does not hold together: {}", .0.join("; "))]
    Content(Vec<String>),
}

/// Everything that is wrong.
pub(super) fn check(rules: &RuleSet) -> Vec<String> {
    let mut wrong = Vec::new();
    if rules.last.is_some_and(|last| last < rules.first) {
        wrong.push("it ends before it begins".to_owned());
    }
    twice("target", rules.targets.iter().map(|it| it.id.as_str()), &mut wrong);
    twice("choice", rules.choices.iter().map(|it| it.id.as_str()), &mut wrong);
    twice("duty", rules.duties.iter().map(|it| it.id.as_str()), &mut wrong);
    targets(rules, &mut wrong);
    rules.duties.iter().for_each(|duty| check_duty(rules, duty, &mut wrong));
    if let Some(rubric) = &rules.rubric {
        check_rubric(rules, rubric, &mut wrong);
    }
    wrong
}

fn twice<'a>(what: &str, ids: impl Iterator<Item = &'a str>, wrong: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    wrong.extend(ids.filter(|id| !seen.insert(*id)).map(|id| format!("{what} '{id}' is there twice")));
}

fn targets(rules: &RuleSet, wrong: &mut Vec<String>) {
    for target in &rules.targets {
        let id = &target.id;
        if target.form.is_none() && target.measure != Measure::Total {
            wrong.push(format!("target '{id}' counts subjects and needs a form"));
        }
        if target.measure == Measure::EachSubject && target.subjects == 0 {
            wrong.push(format!("target '{id}' must say in how many subjects"));
        }
        if target.need == 0 {
            wrong.push(format!("target '{id}' asks for nothing"));
        }
    }
    for choice in &rules.choices {
        for id in &choice.any_of {
            let fits = |it: &super::Target| {
                it.owed == Owed::OneOf && it.measure == Measure::Total && it.form.is_some()
            };
            if !rules.target(id).is_some_and(fits) {
                wrong.push(format!(
                    "choice '{}': '{id}' must be a target with owed = \"one_of\", a form and its total",
                    choice.id
                ));
            }
        }
    }
}

fn check_duty(rules: &RuleSet, duty: &Duty, wrong: &mut Vec<String>) {
    if let Some((name, value)) = &duty.only_if
        && rules.settings.with(name, value).is_err()
    {
        let names: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
        wrong.push(format!("duty '{}': no setting '{name}' = '{value}' among {}", duty.id, names.join(", ")));
    }
    if let Asked::Targets { targets } = &duty.asked {
        let missing = targets.iter().filter(|id| rules.target(id).is_none());
        wrong.extend(missing.map(|id| format!("duty '{}': there is no target '{id}'", duty.id)));
    }
}

fn check_rubric(rules: &RuleSet, rubric: &Rubric, wrong: &mut Vec<String>) {
    twice("group", rubric.groups.iter().map(|it| it.id.as_str()), wrong);
    twice("item", rubric.items.iter().map(|it| it.id.as_str()), wrong);
    for group in &rubric.groups {
        let items: Points = rubric.items.iter().filter(|it| it.group == group.id).map(|it| it.full).sum();
        if items + group.unknown != group.full {
            wrong.push(format!(
                "group '{}' has {} points, its items have {items} and {} are unknown",
                group.id, group.full, group.unknown
            ));
        }
    }
    rubric.items.iter().for_each(|item| check_item(rules, rubric, item, wrong));
}

fn check_item(rules: &RuleSet, rubric: &Rubric, item: &Item, wrong: &mut Vec<String>) {
    let id = &item.id;
    if !rubric.groups.iter().any(|group| group.id == item.group) {
        wrong.push(format!("item '{id}' is of no group '{}'", item.group));
    }
    match &item.rule {
        ItemRule::Target { target } if rules.target(target).is_none() => {
            wrong.push(format!("item '{id}': there is no target '{target}'"));
        }
        ItemRule::Choice { choice, .. } if rules.choice(choice).is_none() => {
            wrong.push(format!("item '{id}': there is no choice '{choice}'"));
        }
        ItemRule::Satisfaction { at_least, .. } if !(0.0..=1.0).contains(at_least) => {
            wrong.push(format!("item '{id}': a rate is a share from 0 to 1"));
        }
        ItemRule::Extra { step: 0 } => wrong.push(format!("item '{id}': a step of nothing")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let text = include_str!("../../../../configs/rules/2019.toml")
            .replace("\"other_forms\"\nany_of = [\"study\"", "\"other_forms\"\nany_of = [\"dance\"")
            .replace("unknown = 5.0", "unknown = 4.0")
            .replace("last = \"2019-12-31\"", "last = \"2018-12-31\"");
        let RuleProblem::Content(wrong) = RuleSet::parse(&text).unwrap_err() else {
            panic!("it can be read")
        };
        let has = |part: &str| assert!(wrong.iter().any(|it| it.contains(part)), "{part}: {wrong:?}");
        has("ends before it begins");
        has("'dance' must be a target");
        has("group 'A1' has 30 points, its items have 25 and 4 are unknown");
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        let text = format!("colour = 1\n{}", include_str!("../../../../configs/rules/2019.toml"));
        assert!(matches!(RuleSet::parse(&text), Err(RuleProblem::Format(_))));
    }
}
