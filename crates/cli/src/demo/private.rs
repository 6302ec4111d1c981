//! What of the demo nobody else may read: its secret, its registry, its machines' keys.

use super::children::cannot;
use crate::failure::Failure;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tongke_protocol::GrantKey;

const SECRET_LEN: usize = 32;

/// A folder that only this user can read, gone with the demo.
#[derive(Debug)]
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Makes it.
    pub fn create() -> Result<PrivateFolder, Failure> {
        let path = std::env::temp_dir().join(format!("tongke-demo-{:016x}", rand::random::<u64>()));
        let made = fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| cannot("make the folder", &path, &error))?;
        Ok(PrivateFolder(path))
    }

    /// The path of something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a secret; gives its file and the key.
    pub fn secret(&self) -> Result<(PathBuf, GrantKey), Failure> {
        let secret: [u8; SECRET_LEN] = rand::random();
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let file = self.path("secret");
        write(&file, &secret)?;
        let key = GrantKey::from_secret_file(secret.as_bytes()).expect("twice as long as the least");
        Ok((file, key))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| cannot("write", path, &error))
}
