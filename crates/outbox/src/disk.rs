//! The folder that an outbox keeps its files in. A trait, so that tests can fill the disk, cut the power
//! and break writes.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// A flat folder of files.
pub(crate) trait Disk: Send + 'static {
    /// Names and lengths of all files.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;
    /// A file's contents.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// Adds to a file, which is made if there is none, and returns when all of it is on disk. After an error
    /// any part of it may be.
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file back.
    fn cut(&mut self, name: &str, len: u64) -> io::Result<()>;
    /// Removes a file. After a power cut it may be there again.
    fn remove(&mut self, name: &str) -> io::Result<()>;
}

/// A folder of the system's.
#[derive(Debug)]
pub(crate) struct Folder(pub PathBuf);

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if let (true, Some(name)) = (metadata.is_file(), entry.file_name().to_str().map(str::to_owned)) {
                files.push((name, metadata.len()));
            }
        }
        Ok(files)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(name))
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        let is_new = file.metadata()?.len() == 0;
        file.write_all(bytes)?;
        file.sync_data()?;
        if is_new {
            // The name of a file is in its folder, which has to be on disk too.
            File::open(&self.0)?.sync_all()?;
        }
        Ok(())
    }

    fn cut(&mut self, name: &str, len: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.0.join(name))?.set_len(len)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
}

/// Puts a file in the place of another: readers, and whoever comes after a power cut, see the old one or the
/// new one, whole.
pub(crate) fn replace(path: &std::path::Path, contents: &[u8]) -> io::Result<()> {
    let mut draft = path.file_name().unwrap_or(OsStr::new("file")).to_owned();
    draft.push(".new");
    let draft = path.with_file_name(draft);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
