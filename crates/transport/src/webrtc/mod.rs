//! The relay's side of WebRTC: ICE-lite, DTLS, SRTP, SDP.
