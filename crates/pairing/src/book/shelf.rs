//! Things of one kind, and what was said last about each.

use crate::entry::Entry;
use serde::Serialize;
use std::collections::BTreeMap;
use tongke_protocol::WallTime;

/// Things of one kind by their key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shelf<V>(BTreeMap<String, Said<V>>);

impl<V> Default for Shelf<V> {
    fn default() -> Self {
        Shelf(BTreeMap::new())
    }
}

/// What was said last. What was withdrawn is remembered: an earlier entry may still arrive.
#[derive(Debug, Clone, PartialEq)]
struct Said<V> {
    at_us: WallTime,
    entry: String,
    value: Option<V>,
}

/// Something was put in its place.
pub(super) struct Change<V> {
    pub before: Option<V>,
}

impl<V: Clone + PartialEq + Serialize> Shelf<V> {
    /// Puts what `entry` says about `key`, or that it never was; none: it stays as it is.
    pub(super) fn put(&mut self, key: &str, entry: &Entry, value: Option<&V>) -> Option<Change<V>> {
        if let Some(said) = self.0.get(key)
            && !takes_the_place(entry, value, said)
        {
            return None;
        }
        let said = Said { at_us: entry.at_us, entry: entry.id.clone(), value: value.cloned() };
        let before = self.0.insert(key.to_owned(), said);
        Some(Change { before: before.and_then(|said| said.value) })
    }

    /// What stands under `key`.
    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.0.get(key)?.value.as_ref()
    }

    /// All that stands, by key.
    pub(super) fn all(&self) -> impl Iterator<Item = &V> {
        self.0.values().filter_map(|said| said.value.as_ref())
    }

    /// All that stands whose key begins with `prefix`, by key.
    pub(super) fn beginning(&self, prefix: String) -> impl Iterator<Item = &V> {
        let from = self.0.range(prefix.clone()..);
        from.take_while(move |(key, _)| key.starts_with(&prefix)).filter_map(|(_, said)| said.value.as_ref())
    }

    /// The rank of what was said last about `key`.
    pub(super) fn rank(&self, key: &str) -> Option<(WallTime, &str)> {
        self.0.get(key).map(|said| (said.at_us, said.entry.as_str()))
    }
}

/// Whether `entry` is later. Whoever keeps entries refuses an id that comes with other words; should it
/// happen all the same, the words decide, so that the order of arrival still does not.
fn takes_the_place<V: PartialEq + Serialize>(entry: &Entry, value: Option<&V>, said: &Said<V>) -> bool {
    let words = |value: Option<&V>| serde_json::to_string(&value).unwrap_or_default();
    match entry.rank().cmp(&(said.at_us, &said.entry)) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => {
            value != said.value.as_ref() && words(value) > words(said.value.as_ref())
        }
    }
}
