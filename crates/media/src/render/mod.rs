//! Where pictures and sound go.

mod event_loop;
mod file;
mod mixer;
mod speaker;
mod tiles;
mod window;

pub use file::{WavWriter, Y4mWriter};
pub use speaker::Speaker;
pub use window::{Window, WindowOptions};

/// Why something cannot be shown, played or written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// No window.
    #[error("cannot open a window: {0}")]
    Window(String),
    /// The sound device is not there.
    #[error("loudspeaker '{name}' was not found; {found}")]
    Missing {
        /// As asked for.
        name: String,
        /// What was found instead, as a clause.
        found: String,
    },
    /// The sound device does not play.
    #[error("cannot play on '{name}': {reason}")]
    Speaker {
        /// As asked for.
        name: String,
        /// Why.
        reason: String,
    },
    /// A file cannot be written.
    #[error("cannot write '{path}': {reason}; the lesson goes on without this recording")]
    File {
        /// The file.
        path: String,
        /// Why, e.g. that the disk is full.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_can_be_shared_by_the_threads_of_all_participants() {
        fn shared<T: Send + Sync>() {}
        shared::<Window>();
        shared::<Speaker>();
        fn sent<T: Send>() {}
        sent::<Y4mWriter>();
        sent::<WavWriter>();
    }
}
