//! When a command is to end: Ctrl-C, or SIGTERM from whoever runs it.

use crate::failure::Failure;
use tokio::signal::unix::{SignalKind, signal};

/// A future that is done at the first Ctrl-C or SIGTERM. From the second on the signals kill: a
/// shutdown that hangs must not need `kill -9`.
pub fn requested() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let refused = |error| Failure::running(format!("cannot listen for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    Ok(async move {
        let which = tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
        };
        tracing::info!("{which}: ending; once more ends at once");
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(130);
        });
    })
}
