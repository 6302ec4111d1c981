//! What the ways between two places are called.

use crate::texts::{Texts, clean};
use tongke_inspection::Facts;
use tongke_inspection::facts::{Place, Way};

/// The names of both ends.
pub(crate) struct Places {
    a: String,
    b: String,
    alone: bool,
    there_and_back: String,
}

impl Places {
    pub(crate) fn of(facts: &Facts, texts: &Texts) -> Places {
        let places = &facts.places;
        let other = places.b.as_ref();
        let alike = other.is_some_and(|other| other.school == places.a.school);
        let name = |place: &Place| {
            let school = clean(&place.school);
            // Two rooms of one school are told apart by their nodes.
            if alike { format!("{school}（{}）", clean(&place.node)) } else { school }
        };
        Places {
            a: name(&places.a),
            b: other.map_or_else(|| texts.get("place-relay"), name),
            alone: other.is_none(),
            there_and_back: texts.get("place-there-and-back"),
        }
    }

    /// All of them, for the title.
    pub(crate) fn all(&self) -> String {
        if self.alone { self.a.clone() } else { format!("{} — {}", self.a, self.b) }
    }

    /// A way.
    pub(crate) fn way(&self, way: Option<Way>) -> String {
        match way {
            Some(Way::AToB) => format!("{} → {}", self.a, self.b),
            Some(Way::BToA) => format!("{} → {}", self.b, self.a),
            Some(Way::AtA) => self.a.clone(),
            Some(Way::AtB) => self.b.clone(),
            None => self.there_and_back.clone(),
        }
    }
}
