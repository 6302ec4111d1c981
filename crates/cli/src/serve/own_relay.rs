//! The relay of `tongke serve` as a machine of the registry inside: it is enrolled by itself, so that lessons are
//! credited without anything being set up.

use crate::failure::Failure;
use std::path::Path;
use tongke_outbox::Machine;
use tongke_protocol::WallTime;
use tongke_registry::enrolment::Code;
use tongke_registry::store::{Deed, Enrolled, Enrolment, MachineKind, Store, StoreError};

/// Its name at the registry, and the author of what is done for it.
const NAME: &str = "serve";
/// The code is used up at once.
const CODE_HOLDS_US: i64 = 60_000_000;

/// The relay's name and key, kept in the folder.
#[derive(Debug)]
pub struct OwnRelay {
    public_key: String,
}

impl OwnRelay {
    /// Writes down in the folder that the relay reports to the registry at this address, whose authority is in
    /// `authority` (PEM). None: the folder is enrolled at another registry, and stays so.
    pub fn keep(folder: &Path, address: &str, authority: Option<&str>) -> Result<Option<OwnRelay>, Failure> {
        if let Some(machine) = Machine::load(folder).map_err(Failure::usage)?
            && machine.node() != NAME
        {
            tracing::info!(
                machine = machine.node(),
                registry = machine.registry(),
                "the relay is enrolled at another registry and reports there, not to the one inside"
            );
            return Ok(None);
        }
        Machine::keep(folder, NAME, address, authority).map_err(Failure::usage)?;
        let public_key = tongke_outbox::public_key(folder).map_err(Failure::usage)?.to_string();
        Ok(Some(OwnRelay { public_key }))
    }

    /// Sees to it that the registry knows the relay.
    pub async fn enrol(&self, store: &Store, now: WallTime) -> Result<(), StoreError> {
        let id = NAME.parse().map_err(|why| unusable(&why))?;
        let deed = |what| Deed { who: NAME, what, about: NAME, detail: "the relay of 'tongke serve'" };
        if let Some(known) = store.machine(&id).await? {
            match (known.public_key == self.public_key, known.revoked_us) {
                (true, None) => return Ok(()),
                (true, Some(_)) => {
                    tracing::warn!(
                        "the registry takes nothing from the relay: its machine '{NAME}' was revoked"
                    );
                    return Ok(());
                }
                // A backup was read back into a new folder: the earlier one's key is gone.
                (false, None) => {
                    store.revoke(&id, now).await?;
                    store.audit(deed("machine_revoked"), now).await?;
                }
                (false, Some(_)) => {}
            }
        }
        let enrolment = Enrolment {
            machine: id,
            kind: MachineKind::Relay,
            school: None,
            name: "the relay of 'tongke serve'".to_owned(),
            author: NAME.to_owned(),
            expires_us: now.offset_by_us(CODE_HOLDS_US),
        };
        let code = Code::fresh();
        store.allow_enrolment(code.as_str(), &enrolment, now).await?;
        match store.enrol(code.as_str(), &self.public_key, now).await? {
            Enrolled::Done(_) => store.audit(deed("machine_enrolled"), now).await,
            Enrolled::NoSuchCode | Enrolled::NameTaken => {
                Err(unusable(&"it cannot be enrolled; another machine may have its name or its key"))
            }
        }
    }
}

fn unusable(why: &dyn ToString) -> StoreError {
    StoreError::Unreadable { what: format!("the machine '{NAME}'"), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::now;

    #[tokio::test]
    async fn it_enrols_once_and_again_where_a_backup_was_read_back() {
        let folder = std::env::temp_dir().join(format!("tongke-own-relay-{}", std::process::id()));
        let store = Store::open(&format!("sqlite:{}", folder.join("registry.db").display())).await.unwrap();
        let address = "https://127.0.0.1:8443";
        let relay = |of: &str| OwnRelay::keep(&folder.join(of), address, None).unwrap().unwrap();
        for _ in 0..2 {
            relay("first").enrol(&store, now()).await.unwrap();
        }
        assert_eq!(store.machines().await.unwrap().len(), 1);
        relay("second").enrol(&store, now()).await.unwrap();
        let machines = store.machines().await.unwrap();
        assert_eq!(machines.iter().filter(|machine| machine.revoked_us.is_none()).count(), 1);
        assert_eq!(machines.len(), 2);
        store.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_enrolled_elsewhere_stays_so() {
        let folder = std::env::temp_dir().join(format!("tongke-own-elsewhere-{}", std::process::id()));
        Machine::keep(&folder, "relay-7", "https://county.example", None).unwrap();
        assert!(OwnRelay::keep(&folder, "https://127.0.0.1:1", None).unwrap().is_none());
        assert_eq!(Machine::load(&folder).unwrap().unwrap().registry(), "https://county.example/");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
