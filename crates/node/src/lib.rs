//! A classroom box: send, receive, measure.
