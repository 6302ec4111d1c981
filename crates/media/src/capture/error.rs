//! What a person is told when a source cannot be opened or stops.

use std::time::Duration;

/// Why a source gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The device or file is not there.
    #[error("{what} '{name}' was not found; {found}")]
    Missing {
        /// `camera`, `microphone`, `file`.
        what: &'static str,
        /// As asked for.
        name: String,
        /// What was found instead, as a clause.
        found: String,
    },
    /// It is there, but holds something that cannot be used.
    #[error("'{name}' holds {found}; supported: {supported}")]
    Unsupported {
        /// As asked for.
        name: String,
        /// What is in it.
        found: String,
        /// What could be used.
        supported: &'static str,
    },
    /// It could not be opened.
    #[error("cannot open '{name}': {reason}")]
    Open {
        /// As asked for.
        name: String,
        /// The system's or the library's reason, and what to do.
        reason: String,
    },
    /// It was open and broke.
    #[error("'{name}' stopped: {reason}")]
    Broken {
        /// As asked for.
        name: String,
        /// Why.
        reason: String,
    },
    /// It is open but nothing comes.
    #[error("'{name}' gave nothing for {} s", .after.as_secs())]
    Silent {
        /// As asked for.
        name: String,
        /// How long was waited.
        after: Duration,
    },
}

impl CaptureError {
    /// Whether opening the same source again later may help (a camera that was unplugged, a stream
    /// that ended), as opposed to a file or format that will never do.
    pub fn may_pass(&self) -> bool {
        !matches!(self, CaptureError::Unsupported { .. })
    }
}
