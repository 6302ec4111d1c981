//! `tongke registry rebuild`: what follows from facts and entries is made anew.

use super::print;
use crate::failure::Failure;
use crate::registry::{Place, now, unusable};
use tongke_registry::store::{Store, StoreError};

/// Makes it anew.
pub async fn run(place: &Place) -> Result<(), Failure> {
    let store = place.open_existing().await?;
    let settled = anew(&store).await.map_err(unusable);
    store.close().await;
    print(&settled?)
}

async fn anew(store: &Store) -> Result<String, StoreError> {
    store.rebuild().await?;
    let settled = store.settle(now()).await?;
    Ok(format!("Worked out {} lessons anew.", settled.lessons))
}
