//! What a session is told at its beginning, and what it says.

use super::super::dtls::{Certificate, DtlsError, Fingerprint};
use super::super::ice::{IceCredentials, IgnoredCheck};
use super::super::srtp::{Profile, SrtpError};
use super::Path;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A session without an authenticated packet for this long is over.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(6);
/// A session that is not connected this long after its offer is over.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// What a session needs to know at its beginning.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The relay's certificate.
    pub certificate: Arc<Certificate>,
    /// The relay's ICE credentials, as in the answer.
    pub local: IceCredentials,
    /// The peer's, as in its offer.
    pub remote: IceCredentials,
    /// The fingerprint of the peer's certificate, as in its offer.
    pub remote_fingerprint: Fingerprint,
    /// SRTP profiles to take, the preferred first.
    pub profiles: Vec<Profile>,
    /// See [`IDLE_TIMEOUT`].
    pub idle_timeout: Duration,
    /// See [`CONNECT_TIMEOUT`].
    pub connect_timeout: Duration,
}

impl SessionConfig {
    /// The usual profiles and time limits.
    pub fn new(
        certificate: Arc<Certificate>,
        local: IceCredentials,
        remote: IceCredentials,
        remote_fingerprint: Fingerprint,
    ) -> Self {
        SessionConfig {
            certificate,
            local,
            remote,
            remote_fingerprint,
            profiles: Profile::ALL.to_vec(),
            idle_timeout: IDLE_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
        }
    }
}

/// What a datagram was.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'d> {
    /// A plain RTP packet, opened in place.
    Rtp(&'d mut [u8]),
    /// A plain compound RTCP packet, opened in place.
    Rtcp(&'d [u8]),
    /// A check or a handshake record; there may be something to send, or an event.
    Handled,
    /// Worth counting only.
    Dropped(DropReason),
}

/// Why a datagram came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// A STUN message not to be answered.
    Check(IgnoredCheck),
    /// DTLS from an address that has not proved with ICE to be the peer's.
    DtlsFromStranger,
    /// Media before the handshake is done.
    NoKeysYet,
    /// Media that cannot be opened.
    Srtp(SrtpError),
    /// Nothing of WebRTC, or nothing at all.
    Unknown,
    /// The session is over.
    Closed,
}

impl DropReason {
    /// A stable word for counters.
    pub fn name(self) -> &'static str {
        match self {
            DropReason::Check(IgnoredCheck::Malformed) => "stun_malformed",
            DropReason::Check(IgnoredCheck::NotRequest) => "stun_not_request",
            DropReason::Check(IgnoredCheck::Stranger) => "stun_stranger",
            DropReason::Check(IgnoredCheck::Unauthentic) => "stun_unauthentic",
            DropReason::Check(IgnoredCheck::Copied) => "stun_copied",
            DropReason::Check(IgnoredCheck::TooShort) => "stun_too_short",
            DropReason::DtlsFromStranger => "dtls_stranger",
            DropReason::NoKeysYet => "srtp_no_keys",
            DropReason::Srtp(SrtpError::Truncated) => "srtp_truncated",
            DropReason::Srtp(SrtpError::Version) => "srtp_version",
            DropReason::Srtp(SrtpError::Unauthentic) => "srtp_unauthentic",
            DropReason::Srtp(SrtpError::Replayed) => "srtp_replayed",
            DropReason::Srtp(SrtpError::NotEncrypted) => "srtcp_not_encrypted",
            DropReason::Srtp(SrtpError::TooManySources) => "srtp_too_many_sources",
            DropReason::Unknown => "not_webrtc",
            DropReason::Closed => "session_closed",
        }
    }
}

/// Why a session is over. Its text is for logs and for the class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// Nothing authenticated came for the idle time.
    Idle,
    /// The connection was not there in time.
    ConnectTimeout,
    /// The peer said goodbye.
    PeerClosed,
    /// The handshake failed.
    Dtls(DtlsError),
    /// The relay closed it.
    Local,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseReason::Idle => f.write_str("nothing heard from the peer any more"),
            CloseReason::ConnectTimeout => {
                f.write_str("the peer did not connect in time; does its network let UDP or TCP through?")
            }
            CloseReason::PeerClosed => f.write_str("the peer closed the connection"),
            CloseReason::Dtls(error) => error.fmt(f),
            CloseReason::Local => f.write_str("closed by the relay"),
        }
    }
}

/// What happened to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// There is a path and there are keys: media may flow.
    Connected {
        /// How media is protected.
        profile: Profile,
    },
    /// The peer nominated this path; media goes there from now on.
    PathChanged(Path),
    /// The session is over, once and for all.
    Closed(CloseReason),
}
