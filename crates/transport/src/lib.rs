//! One peer connection as input and output: RTP, WebRTC (ICE-lite, DTLS, SRTP, SDP), RTP over QUIC.
