//! Text drawing.
