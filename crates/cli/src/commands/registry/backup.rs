//! `tongke registry backup` and `tongke registry restore`.

use super::print;
use crate::failure::Failure;
use crate::registry::{Place, now, unusable};
use crate::serve::Folder;
use std::path::{Path, PathBuf};
use tongke_registry::store::{BackupError, Store};

/// The flags of both.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Writes a backup.
pub async fn write(args: &Args, place: &Place) -> Result<(), Failure> {
    // It holds webhooks' secrets and takes the place of whatever has its name, be it the database.
    if args.file.exists() {
        return Err(Failure::usage(format!("'{}' is there already", args.file.display()))
            .hint("name a file that is not there yet"));
    }
    let store = place.open_existing().await?;
    let written = store.backup(&args.file, now()).await.map_err(failed);
    store.close().await;
    let rows = written?.rows;
    print(&format!(
        "{rows} rows are in '{}'. It holds webhooks' secrets: keep it as the database. The secret and the key of \
         pupils' names are not in it.",
        args.file.display()
    ))
}

/// Reads a backup back.
pub async fn read_back(args: &Args, place: &Place) -> Result<(), Failure> {
    // A registry that runs would go on with what it knew before.
    let _folder = Folder::take(place.folder.clone())?;
    if !args.file.exists() {
        return Err(Failure::usage(format!("there is no file '{}'", args.file.display())));
    }
    let store = place.open().await?;
    let told = restore(&store, &args.file).await;
    store.close().await;
    print(&told?)
}

async fn restore(store: &Store, file: &Path) -> Result<String, Failure> {
    let rows = store.restore(file, now()).await.map_err(failed)?.rows;
    let settled = store.settle(now()).await.map_err(unusable)?;
    Ok(format!("{rows} rows were read back, and {} lessons worked out.", settled.lessons))
}

fn failed(error: BackupError) -> Failure {
    match error {
        BackupError::Store(error) => unusable(error),
        BackupError::NotEmpty | BackupError::Damaged { .. } => Failure::usage(error),
        BackupError::File { .. } => Failure::running(error),
    }
}
