//! When to show what: jitter buffers, lip sync, concealment decisions.
