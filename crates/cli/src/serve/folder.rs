//! The folder of `tongke serve` and of `tongke registry`, its owner's only, and the secret in it.

use crate::failure::Failure;
use crate::secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rand::TryRngCore as _;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Bytes of randomness in a secret.
const SECRET_LEN: usize = 32;
const OWNER_FOLDER: u32 = 0o700;
const OWNER_FILE: u32 = 0o600;

/// Where the secret is in such a folder.
pub fn secret_in(folder: &Path) -> PathBuf {
    folder.join("secret")
}

/// Where everything is kept unless told: `/var/lib/tongke` for root, and for others `tongke` in the folder for
/// users' data (XDG Base Directory Specification).
pub fn default_folder() -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let of_root = rustix::process::geteuid().is_root().then(|| "/var/lib/tongke".into());
    of_root
        .or_else(|| variable("XDG_DATA_HOME").map(|path| path.join("tongke")))
        .or_else(|| variable("HOME").map(|home| home.join(".local/share/tongke")))
        .ok_or_else(|| Failure::setting("data", "is required; this user has no home folder"))
}

/// The folder, held by this process alone.
pub struct Folder {
    path: PathBuf,
    /// Held as long as the process runs, however it ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder where there is none, and takes it.
    pub fn take(path: PathBuf) -> Result<Folder, Failure> {
        make_folder(&path)?;
        let file = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(OWNER_FILE)
            .open(&file)
            .map_err(|error| unusable("write in", &file, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Folder { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let who = "another 'tongke serve' or 'tongke registry' is running on";
                Err(Failure::running(format!("{who} '{}'", path.display()))
                    .hint("stop it, or choose another folder with --data"))
            }
            Err(TryLockError::Error(error)) => Err(unusable("lock", &file, &error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the certificate that is made.
    pub fn tls(&self) -> Result<PathBuf, Failure> {
        let tls = self.path.join("tls");
        make_folder(&tls)?;
        Ok(tls)
    }

    /// The file of the secret; made if there is none, and never written over.
    pub fn secret(&self) -> Result<PathBuf, Failure> {
        let path = secret_in(&self.path);
        if !path.try_exists().map_err(|error| unusable("read", &path, &error))? {
            make_secret(&path).map_err(|error| unusable("write", &path, &error))?;
            tracing::info!(path = %path.display(), "made a new secret");
        }
        // What is wrong with it is told here, where it is known what can be done.
        secret::read(&path).map(|_| path).map_err(|failure| {
            failure.hint(
                "put the right file back; or delete it, and a new one is made: links and tokens made so far \
                 are then no longer good",
            )
        })
    }
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(OWNER_FOLDER)
        .create(path)
        .map_err(|error| unusable("make the folder", path, &error))
}

fn make_secret(path: &Path) -> io::Result<()> {
    let mut random = [0; SECRET_LEN];
    rand::rngs::OsRng.try_fill_bytes(&mut random).map_err(io::Error::other)?;
    write_for_owner(path, format!("{}\n", BASE64.encode(random)).as_bytes())
}

/// Writes a file that only its owner may read, whole or not at all: a power cut must not leave half a
/// secret.
pub(super) fn write_for_owner(path: &Path, contents: &[u8]) -> io::Result<()> {
    let whole = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_FILE).open(&whole)?;
    file.write_all(contents)?;
    file.sync_all()?;
    std::fs::rename(whole, path)
}

/// What stands in the way of using `path`.
pub(super) fn unusable(what: &str, path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::usage(format!("cannot {what} '{}': {error}", path.display()));
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            failure.hint("choose a folder of your own with --data")
        }
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A folder that is deleted when dropped.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            Scratch(std::env::temp_dir().join(format!("tongke-folder-{}-{name}", std::process::id())))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_and_secret_are_made_for_their_owner_only_and_then_kept() {
        let scratch = Scratch::new("made");
        let folder = Folder::take(scratch.0.join("deep/er")).unwrap();
        let secret = folder.secret().unwrap();
        let first = std::fs::read(&secret).unwrap();
        assert_eq!((mode(folder.path()), mode(&secret)), (0o700, 0o600));
        assert_eq!(folder.secret().unwrap(), secret);
        assert_eq!(std::fs::read(&secret).unwrap(), first);
        assert_eq!(BASE64.decode(first.trim_ascii()).unwrap().len(), SECRET_LEN);
    }

    #[test]
    fn a_short_secret_is_told_and_left_as_it_is() {
        let scratch = Scratch::new("short");
        let folder = Folder::take(scratch.0.clone()).unwrap();
        std::fs::write(secret_in(folder.path()), "abc\n").unwrap();
        let told = folder.secret().unwrap_err().to_string();
        assert!(told.contains("holds 3 bytes") && told.contains("put the right file back"), "{told}");
        assert_eq!(std::fs::read(secret_in(folder.path())).unwrap(), b"abc\n");
    }

    #[test]
    fn a_folder_serves_one_process_at_a_time() {
        let scratch = Scratch::new("twice");
        let first = Folder::take(scratch.0.clone()).unwrap();
        let told = Folder::take(scratch.0.clone()).err().unwrap().to_string();
        assert!(told.contains("another 'tongke serve'") && told.contains("--data"), "{told}");
        drop(first);
        assert!(Folder::take(scratch.0.clone()).is_ok());
    }
}
