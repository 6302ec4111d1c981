//! UDP workers, QUIC endpoint, WHIP/WHEP, events, metrics.
