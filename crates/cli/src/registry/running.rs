//! A registry that is opened, with its own rules and keys.

use super::{Place, rule_sets_in};
use crate::failure::Failure;
use std::sync::Arc;
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
        let pupils = place.folder.join("pupils.key");
        let pupils = PupilKey::load_or_make(&pupils).map_err(|error| {
            Failure::usage(format!("the key of pupils' names '{}' cannot be used: {error}", pupils.display()))
        })?;
        let store = place.open().await?;
        let mut service = Service::new(store.clone(), key).with_rules(rules).with_pupils(pupils);
        if let Some(url) = relay_url {
            service = service.with_relay(url);
        }
        Ok(Running { store, service: Arc::new(service) })
    }
}
