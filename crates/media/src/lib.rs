//! Capture, encode, decode, render; backends private.
