//! RTP over QUIC: framing and the client leg.
