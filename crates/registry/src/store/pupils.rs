//! Pupils' names: optional, apart from everything that is counted, sealed with a key that is not in the
//! database, and gone when they are erased. Counts come from head counts and never from here.

use super::database::Writing;
use super::facts::micros;
use super::{Store, StoreError, hex};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use tongke_pairing::id::SchoolId;
use tongke_protocol::WallTime;

const KEY_LEN: usize = 32;
const ID_LEN: usize = 16;

/// The key to pupils' names. It is kept in a file of its own, and backups do not hold it.
pub struct PupilKey(LessSafeKey);

impl std::fmt::Debug for PupilKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PupilKey")
    }
}

impl PupilKey {
    /// Reads the key of that file; if there is none, makes one that its owner alone may read.
    pub fn load_or_make(path: &Path) -> Result<PupilKey, StoreError> {
        let failed = |source| StoreError::File { path: path.display().to_string(), source };
        let mut bytes = [0; KEY_LEN];
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                random(&mut bytes);
                file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut file = OpenOptions::new().read(true).open(path).map_err(failed)?;
                file.read_exact(&mut bytes).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        let key = UnboundKey::new(&AES_256_GCM, &bytes).expect("the key has the length of the cipher's");
        Ok(PupilKey(LessSafeKey::new(key)))
    }

    /// Nonce, ciphertext and tag. The place of the name is sealed with it: it cannot be moved.
    fn seal(&self, id: &str, school: &str, name: &str) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce);
        let mut sealed = name.as_bytes().to_vec();
        let aad = Aad::from(format!("{school}/{id}"));
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .expect("a name is far below the cipher's bound");
        [nonce.as_slice(), &sealed].concat()
    }

    fn open(&self, id: &str, school: &str, sealed: &[u8]) -> Option<String> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let name = self.0.open_in_place(nonce, Aad::from(format!("{school}/{id}")), &mut text).ok()?;
        String::from_utf8(name.to_vec()).ok()
    }
}

/// A pupil whose name is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pupil {
    /// Says nothing about the pupil.
    pub id: String,
    /// The class as the school names it.
    pub class: String,
    /// The name.
    pub name: String,
}

impl Store {
    /// Keeps a pupil's name; returns its id.
    pub async fn add_pupil(
        &self,
        key: &PupilKey,
        school: &SchoolId,
        class: &str,
        name: &str,
        now: WallTime,
    ) -> Result<String, StoreError> {
        let mut writing = self.database.write().await?;
        let pupil = insert(&mut writing, key, (school, class, name), now).await?;
        writing.commit().await?;
        Ok(pupil.id)
    }

    /// The pupils of a school whose names are kept, in the order in which they were added.
    pub async fn pupils(&self, key: &PupilKey, school: &SchoolId) -> Result<Vec<Pupil>, StoreError> {
        let sql = "SELECT id, class, sealed FROM pupil WHERE school = $1 ORDER BY added_us, id";
        let query = sqlx::query(sql).bind(school.as_str().to_owned());
        let rows = query.fetch_all(&self.database.pool).await?;
        rows.iter().map(|row| Pupil::read(row, key, school)).collect()
    }

    /// Makes these names a class's, in their order, in the place of those that it had: who is not among them is
    /// erased, who is keeps the id.
    pub async fn set_class(
        &self,
        key: &PupilKey,
        school: &SchoolId,
        class: &str,
        names: &[String],
        now: WallTime,
    ) -> Result<Vec<Pupil>, StoreError> {
        let mut writing = self.database.write().await?;
        let sql =
            "SELECT id, class, sealed FROM pupil WHERE school = $1 AND class = $2 ORDER BY added_us, id";
        let query = sqlx::query(sql).bind(school.as_str().to_owned()).bind(class.to_owned());
        let rows = query.fetch_all(&mut *writing.tx).await?;
        let mut before =
            rows.iter().map(|row| Pupil::read(row, key, school)).collect::<Result<Vec<_>, _>>()?;
        let mut after = Vec::with_capacity(names.len());
        for name in names {
            let known = before.iter().position(|pupil| pupil.name == *name);
            after.push(match known {
                Some(at) => before.remove(at),
                None => insert(&mut writing, key, (school, class, name), now).await?,
            });
        }
        for gone in &before {
            let query = sqlx::query("DELETE FROM pupil WHERE id = $1").bind(gone.id.clone());
            query.execute(&mut *writing.tx).await?;
        }
        writing.commit().await?;
        if !before.is_empty() {
            self.database.forget().await?;
        }
        Ok(after)
    }

    /// Erases a pupil's name, also from the database's file. False: the school has none such. Backups made
    /// before still hold it, sealed.
    pub async fn erase_pupil(&self, school: &SchoolId, id: &str) -> Result<bool, StoreError> {
        let mut writing = self.database.write().await?;
        let query = sqlx::query("DELETE FROM pupil WHERE id = $1 AND school = $2").bind(id.to_owned());
        let query = query.bind(school.as_str().to_owned());
        let erased = query.execute(&mut *writing.tx).await?.rows_affected() == 1;
        writing.commit().await?;
        self.database.forget().await?;
        Ok(erased)
    }

    /// Erases all names of a school; returns how many there were.
    pub async fn erase_pupils_of(&self, school: &SchoolId) -> Result<u64, StoreError> {
        let mut writing = self.database.write().await?;
        let query = sqlx::query("DELETE FROM pupil WHERE school = $1").bind(school.as_str().to_owned());
        let erased = query.execute(&mut *writing.tx).await?.rows_affected();
        writing.commit().await?;
        self.database.forget().await?;
        Ok(erased)
    }
}

impl Pupil {
    fn read(row: &AnyRow, key: &PupilKey, school: &SchoolId) -> Result<Pupil, StoreError> {
        let (id, sealed): (String, Vec<u8>) = (row.try_get("id")?, row.try_get("sealed")?);
        let name = key.open(&id, school.as_str(), &sealed);
        let name = name.ok_or_else(|| {
            StoreError::unreadable(
                format!("the name of pupil {id}"),
                &"the key is not the one it was sealed with",
            )
        })?;
        Ok(Pupil { id, class: row.try_get("class")?, name })
    }
}

async fn insert(
    writing: &mut Writing,
    key: &PupilKey,
    (school, class, name): (&SchoolId, &str, &str),
    now: WallTime,
) -> Result<Pupil, StoreError> {
    let mut bytes = [0; ID_LEN];
    random(&mut bytes);
    let id = hex::digits(&bytes);
    let sealed = key.seal(&id, school.as_str(), name);
    let sql = "INSERT INTO pupil (id, school, class, sealed, added_us) VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql).bind(id.clone()).bind(school.as_str().to_owned());
    let query = query.bind(class.to_owned()).bind(sealed).bind(micros(now));
    query.execute(&mut *writing.tx).await?;
    Ok(Pupil { id, class: class.to_owned(), name: name.to_owned() })
}

fn random(bytes: &mut [u8]) {
    // Without a source of random bytes nothing here would start.
    SystemRandom::new().fill(bytes).expect("the system gives random bytes");
}
