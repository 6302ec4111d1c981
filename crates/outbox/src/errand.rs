//! What a delivery carries: something on disk that is brought to the registry in pieces, each as often as it takes.

use crate::post::Post;
use std::future::Future;
use std::time::Duration;

/// Things on disk, and how they are brought. Only [`Delivery`](crate::Delivery) decides when.
pub(crate) trait Errand: Send + 'static {
    /// What it is, in the plural, for the log.
    const WHAT: &'static str;
    /// Says which things were brought.
    type Mark: Send;
    /// Brings one request's worth of what waits; none: nothing does. When this returns, what was refused is put
    /// aside, and nothing is settled.
    fn bring(
        &mut self,
        post: &Post,
    ) -> impl Future<Output = Result<Option<Brought<Self::Mark>>, Later>> + Send;
    /// These have their answers: they need not be brought again.
    fn settle(&mut self, mark: Self::Mark) -> impl Future<Output = Result<(), Later>> + Send;
    /// Waits until there may be something to bring.
    fn news(&self) -> impl Future<Output = ()> + Send;
}

/// What became of what was brought together.
#[derive(Debug)]
pub(crate) struct Brought<M> {
    pub new: u64,
    pub known: u64,
    pub refused: u64,
    pub mark: M,
}

/// Why things are to be brought again later.
#[derive(Debug)]
pub(crate) struct Later {
    pub why: String,
    /// Not before, as the registry asked.
    pub after: Option<Duration>,
}

impl From<String> for Later {
    fn from(why: String) -> Self {
        Self { why, after: None }
    }
}

/// Runs what waits for the disk off the runtime.
pub(crate) async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Later> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Later::from(error.to_string()))
}
