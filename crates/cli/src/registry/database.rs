//! Where a registry's database is, and how it is opened.

use super::{RegistrySettings, policies_in};
use crate::failure::Failure;
use crate::serve::{quoted, secret_in};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tongke_protocol::WallTime;
use tongke_registry::store::{Store, StoreError};

/// The folder and the database of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// The database's address.
    pub database: String,
    /// The file of the secret.
    pub secret_file: PathBuf,
    /// The folder of its own rule sets.
    pub rules: PathBuf,
    /// The folder of its policies.
    pub policies: PathBuf,
}

impl Place {
    /// Where these settings say it is.
    pub fn of(settings: &RegistrySettings) -> Result<Place, Failure> {
        let folder = settings.folder()?;
        let own = |path: &Option<PathBuf>, name: &str| path.clone().unwrap_or_else(|| folder.join(name));
        Ok(Place {
            database: settings.database.clone().unwrap_or_else(|| default_database(&folder)),
            secret_file: settings.secret_file.clone().unwrap_or_else(|| secret_in(&folder)),
            rules: own(&settings.rules, "rules"),
            policies: own(&settings.policies, "policies"),
            folder,
        })
    }

    /// Opens the database; makes it where there is none.
    pub async fn open(&self) -> Result<Store, Failure> {
        Store::open_with(&self.database, policies_in(&self.policies)?).await.map_err(unusable)
    }

    /// Opens a database that is there.
    pub async fn open_existing(&self) -> Result<Store, Failure> {
        if let Some(file) = self.file()
            && !file.exists()
        {
            return Err(Failure::usage(format!("there is no registry at '{}'", file.display())).hint(
                "name its folder with --data, or its database with --database; 'tongke registry' makes a new one",
            ));
        }
        self.open().await
    }

    /// The database's address without a password, for people.
    pub fn shown(&self) -> String {
        let Some((scheme, rest)) = self.database.split_once("://") else { return self.database.clone() };
        let hidden = rest.split_once('@').and_then(|(user, at)| Some((user.split_once(':')?.0, at)));
        hidden.map_or_else(|| self.database.clone(), |(user, at)| format!("{scheme}://{user}:…@{at}"))
    }

    /// The flags that name this registry to another command, as a shell takes them.
    pub fn flags(&self) -> String {
        let mut flags = format!("--data {}", quoted(&self.folder));
        if self.database != default_database(&self.folder) {
            flags += &format!(" --database {}", quoted(Path::new(&self.shown())));
        }
        if self.secret_file != secret_in(&self.folder) {
            flags += &format!(" --secret-file {}", quoted(&self.secret_file));
        }
        flags
    }

    /// The database's file, if it is one.
    fn file(&self) -> Option<&Path> {
        self.database.strip_prefix("sqlite:").map(Path::new)
    }
}

fn default_database(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("registry.db").display())
}

/// A database that cannot be used.
pub fn unusable(error: StoreError) -> Failure {
    match error {
        StoreError::Address(_) | StoreError::File { .. } | StoreError::Schema(_) => Failure::usage(error),
        StoreError::Database(_) | StoreError::Unreadable { .. } => Failure::running(error),
    }
}

/// The present moment, as the registry counts it.
pub fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_the_folder_unless_told() {
        let settings = RegistrySettings { data: Some("/srv/t".into()), ..Default::default() };
        let place = Place::of(&settings).unwrap();
        assert_eq!(place.database, "sqlite:/srv/t/registry.db");
        assert_eq!((place.secret_file, place.rules), ("/srv/t/secret".into(), "/srv/t/rules".into()));
        let elsewhere = RegistrySettings { database: Some("postgres:///t".into()), ..settings };
        let place = Place::of(&elsewhere).unwrap();
        assert_eq!((place.database.as_str(), place.file()), ("postgres:///t", None));
        assert_eq!(place.policies, Path::new("/srv/t/policies"));
        assert_eq!(place.flags(), "--data /srv/t --database 'postgres:///t'");
    }

    #[test]
    fn a_password_is_not_shown() {
        let settings = RegistrySettings { data: Some("/t".into()), ..Default::default() };
        for (database, shown) in [
            ("postgres://tongke:secret@db:5432/t", "postgres://tongke:…@db:5432/t"),
            ("postgres://tongke@%2Frun%2Fpostgresql/t", "postgres://tongke@%2Frun%2Fpostgresql/t"),
            ("sqlite:/t/registry.db", "sqlite:/t/registry.db"),
        ] {
            let settings = RegistrySettings { database: Some(database.into()), ..settings.clone() };
            assert_eq!(Place::of(&settings).unwrap().shown(), shown);
        }
    }
}
