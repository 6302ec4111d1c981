//! The secret that signs and checks grants, from its file.

use crate::failure::Failure;
use std::path::Path;
use tongke_protocol::GrantKey;
use tongke_protocol::grant::MIN_SECRET_LEN;

/// Reads the key that signs grants.
pub fn read(path: &Path) -> Result<GrantKey, Failure> {
    let shown = path.display();
    let contents = std::fs::read(path).map_err(|error| {
        Failure::usage(format!("cannot read the secret file '{shown}': {error}")).hint(how_to_make(path))
    })?;
    warn_if_others_may_read(path);
    GrantKey::from_secret_file(&contents).ok_or_else(|| {
        Failure::usage(format!(
            "the secret file '{shown}' holds {} bytes; a secret has at least {MIN_SECRET_LEN}",
            contents.trim_ascii().len()
        ))
        .hint(how_to_make(path))
    })
}

fn how_to_make(path: &Path) -> String {
    format!(
        "make one with: (umask 077; head -c 32 /dev/urandom | base64 > '{}'); relay and tokens need the same file",
        path.display()
    )
}

/// Says so when the file is not its owner's alone.
#[cfg(unix)]
pub fn warn_if_others_may_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(metadata) = std::fs::metadata(path)
        && metadata.permissions().mode() & 0o077 != 0
    {
        tracing::warn!(
            "others may read the secret file '{0}'; close it with: chmod 600 '{0}'",
            path.display()
        );
    }
}

/// Says so when the file is not its owner's alone; not known here.
#[cfg(not(unix))]
pub fn warn_if_others_may_read(_path: &Path) {}
