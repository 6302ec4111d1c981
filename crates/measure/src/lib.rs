//! Samples in, numbers out: clock offset, delay, loss, freezes, A/V skew.
