//! A registry that is opened, with its own rules and keys.

use super::{Place, rule_sets_in};
use crate::failure::Failure;
use std::path::Path;
use std::sync::Arc;
use tongke_inspection::Criteria;
use tongke_protocol::GrantKey;
use tongke_registry::Service;
use tongke_registry::store::{PupilKey, Store};

/// A registry, and the store that it closes at its end.
#[derive(Debug)]
pub struct Running {
    /// What it knows.
    pub store: Store,
    /// What answers and works.
    pub service: Arc<Service>,
}

impl Running {
    /// Opens it; makes the database where there is none.
    pub async fn open(place: &Place, key: GrantKey, relay_url: Option<String>) -> Result<Running, Failure> {
        let rules = rule_sets_in(&place.rules)?;
        let criteria = criteria_in(&place.folder.join("criteria.toml"))?;
        let pupils = place.folder.join("pupils.key");
        let pupils = PupilKey::load_or_make(&pupils).map_err(|error| {
            Failure::usage(format!("the key of pupils' names '{}' cannot be used: {error}", pupils.display()))
        })?;
        let store = place.open().await?;
        let mut service = Service::new(store.clone(), key).with_rules(rules).with_pupils(pupils);
        if let Some(criteria) = criteria {
            service = service.with_criteria(criteria);
        }
        if let Some(url) = relay_url {
            service = service.with_relay(url);
        }
        Ok(Running { store, service: Arc::new(service) })
    }
}

/// The criteria of a file; none: there is no file.
fn criteria_in(path: &Path) -> Result<Option<Criteria>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::usage(format!("cannot read '{}': {error}", path.display()))),
    };
    let criteria = Criteria::parse(&text);
    criteria.map(Some).map_err(|error| {
        Failure::usage(format!("'{}' cannot be used: {error}", path.display())).hint(
            "correct it, or take it away: then reports are judged by the criteria that come with the program",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_of_ones_own_are_taken_whole_or_refused_with_their_line() {
        let folder = std::env::temp_dir().join(format!("tongke-criteria-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("criteria.toml");
        assert!(criteria_in(&path).unwrap().is_none());
        let shipped = include_str!("../../../../configs/criteria/tongke-1.toml");
        std::fs::write(&path, shipped.replacen("name = ", "name = 'county' # ", 1)).unwrap();
        assert_eq!(criteria_in(&path).unwrap().unwrap().title.name, "county");
        std::fs::write(&path, "name = 'county'").unwrap();
        let refused = criteria_in(&path).unwrap_err().to_string();
        assert!(refused.contains("criteria.toml") && refused.contains("line"), "{refused}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
