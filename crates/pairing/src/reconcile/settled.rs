//! What persons have decided about differences.

use crate::entry::{Difference, Entry, Says, Settlement, Side};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tongke_protocol::WallTime;
use utoipa::ToSchema;

/// A decision, with who made it and what was decided before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// About what.
    pub about: Difference,
    /// Which side is right.
    pub right: Side,
    /// The entry.
    pub entry: String,
    /// Who.
    pub author: String,
    /// When, µs since the Unix epoch.
    #[schema(value_type = u64)]
    pub at_us: WallTime,
    /// Why.
    pub reason: String,
    /// Earlier entries about the same, withdrawn ones among them, the oldest first.
    pub before: Vec<String>,
}

/// What stands, and which lines and lessons a person says are the same.
pub(super) fn read(entries: &[Entry]) -> (Vec<Settled>, Vec<Difference>) {
    let mut by_thing: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        let thing = entry.says.thing();
        if thing.kind == "settlement" {
            by_thing.entry(thing.key).or_default().push(entry);
        }
    }
    let mut settled = Vec::new();
    for mut entries in by_thing.into_values() {
        entries.sort_by_key(|entry| entry.rank());
        entries.dedup_by_key(|entry| &entry.id);
        settled.extend(stands(&entries));
    }
    let same = settled.iter().filter(|it| it.right == Side::Both).map(|it| it.about.clone());
    let by_hand = same.filter(|about| about.row.is_some() && about.lesson.is_some()).collect();
    (settled, by_hand)
}

/// The last of some entries about the same, unless it withdraws.
fn stands(entries: &[&Entry]) -> Option<Settled> {
    let (last, before) = entries.split_last()?;
    let Says::Settlement(Settlement { about, right }) = &last.says else { return None };
    Some(Settled {
        about: about.clone(),
        right: *right,
        entry: last.id.clone(),
        author: last.author.clone(),
        at_us: last.at_us,
        reason: last.reason.clone(),
        before: before.iter().map(|entry| entry.id.clone()).collect(),
    })
}
