//! Why a load cannot be put on a target.

/// Why a load cannot be put on a target.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The target's HTTP interface did not do what was asked.
    #[error("{what}: {why}")]
    Http {
        /// What was asked.
        what: String,
        /// The answer, or why there was none.
        why: String,
    },
    /// An SDP answer that cannot be used.
    #[error("the SDP answer cannot be used: {0}")]
    Answer(String),
    /// DTLS could not be set up.
    #[error("cannot set up DTLS: {0}")]
    Dtls(String),
    /// QUIC could not be set up, or its session was not let in.
    #[error("QUIC: {0}")]
    Quic(String),
    /// Sessions did not become ready in time.
    #[error("{ready} of {wanted} sessions {what} within {seconds} s")]
    Slow {
        /// What was waited for.
        what: &'static str,
        /// How many did.
        ready: usize,
        /// How many should have.
        wanted: usize,
        /// How long was waited.
        seconds: u64,
    },
    /// The system refused.
    #[error("cannot {what}: {source}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The thread that makes the load has ended.
    #[error("the load's thread has ended: {0}")]
    Ended(String),
}

impl LoadError {
    pub(crate) fn system<E: Into<std::io::Error>>(what: &'static str) -> impl Fn(E) -> Self {
        move |source| Self::System { what, source: source.into() }
    }
}
