//! One WebRTC session of the relay: ICE-lite, DTLS and SRTP over whatever paths the peer finds.

mod words;

pub use words::{
    CONNECT_TIMEOUT, CloseReason, DropReason, IDLE_TIMEOUT, Received, SessionConfig, SessionEvent,
};

use super::dtls::{DtlsError, DtlsEvent, DtlsServer};
use super::ice::{Checked, IceCredentials, IceLite};
use super::srtp::{Context, Profile};
use super::{DatagramKind, Path, classify};
use crate::rtp::is_rtcp;
use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};
use tongke_protocol::Now;

#[cfg(test)]
mod tests;

/// Handshake datagrams waiting for the shell; it drains them after every call.
const MAX_TRANSMITS: usize = 64;

/// The keys of both directions.
struct Keys {
    profile: Profile,
    seal: Context,
    open: Context,
    /// Whether the peer has used them.
    are_used: bool,
}

/// The relay's side of one peer connection.
pub struct Session {
    ice: IceLite,
    dtls: DtlsServer,
    /// Where the peer's last record came from: for answers, and then for media, until a path is
    /// nominated.
    dtls_path: Option<Path>,
    keys: Option<Box<Keys>>,
    announced: bool,
    is_closed: bool,
    last_heard: Instant,
    connect_by: Instant,
    idle_timeout: Duration,
    transmits: VecDeque<(Path, Vec<u8>)>,
    events: VecDeque<SessionEvent>,
}

impl Session {
    /// A session waiting for its peer.
    ///
    /// # Errors
    /// If there is no profile, or the certificate cannot be used.
    pub fn new(now: Now, config: SessionConfig) -> Result<Self, DtlsError> {
        let SessionConfig { certificate, local, remote, remote_fingerprint, profiles, .. } = config;
        Ok(Session {
            ice: IceLite::new(local, remote),
            dtls: DtlsServer::new(now.instant, certificate, remote_fingerprint, &profiles)?,
            dtls_path: None,
            keys: None,
            announced: false,
            is_closed: false,
            last_heard: now.instant,
            connect_by: now.instant + config.connect_timeout,
            idle_timeout: config.idle_timeout,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        })
    }

    /// Takes a datagram, opening media in place.
    pub fn handle_datagram<'d>(&mut self, now: Now, path: Path, datagram: &'d mut [u8]) -> Received<'d> {
        if self.is_closed {
            return Received::Dropped(DropReason::Closed);
        }
        match datagram.first().map(|first| classify(*first)) {
            Some(DatagramKind::Media) => self.open(now, datagram),
            Some(DatagramKind::Stun) => self.handle_check(now, path, datagram),
            Some(DatagramKind::Dtls) => self.handle_dtls(now, path, datagram),
            Some(DatagramKind::Other) | None => Received::Dropped(DropReason::Unknown),
        }
    }

    fn open<'d>(&mut self, now: Now, datagram: &'d mut [u8]) -> Received<'d> {
        let Some(keys) = &mut self.keys else {
            return Received::Dropped(DropReason::NoKeysYet);
        };
        let is_rtcp = is_rtcp(datagram);
        let opened = if is_rtcp { keys.open.open_rtcp(datagram) } else { keys.open.open_rtp(datagram) };
        match opened {
            Ok(len) => {
                self.last_heard = now.instant;
                if !keys.are_used {
                    keys.are_used = true;
                    self.dtls.on_keys_used(now.instant);
                    self.transmits.shrink_to_fit();
                    self.events.shrink_to_fit();
                }
                let plain = &mut datagram[..len];
                if is_rtcp { Received::Rtcp(plain) } else { Received::Rtp(plain) }
            }
            Err(error) => Received::Dropped(DropReason::Srtp(error)),
        }
    }

    fn handle_check<'d>(&mut self, now: Now, path: Path, datagram: &[u8]) -> Received<'d> {
        match self.ice.handle_check(now.instant, path, datagram) {
            Checked::Answer { response, path_changed } => {
                self.last_heard = now.instant;
                self.transmit(path, response);
                if path_changed {
                    self.events.push_back(SessionEvent::PathChanged(path));
                }
                self.announce();
                Received::Handled
            }
            Checked::Ignored(reason) => Received::Dropped(DropReason::Check(reason)),
        }
    }

    fn handle_dtls<'d>(&mut self, now: Now, path: Path, datagram: &[u8]) -> Received<'d> {
        // A handshake flight is far larger than what asks for it, so only an address that has
        // answered for itself gets one.
        if !self.ice.is_validated(path) {
            return Received::Dropped(DropReason::DtlsFromStranger);
        }
        self.dtls_path = Some(path);
        let outcome = self.dtls.handle_datagram(now.instant, datagram);
        self.flush_dtls();
        match outcome {
            Ok(None) => {}
            Ok(Some(DtlsEvent::Connected { profile, keys })) => {
                self.last_heard = now.instant;
                self.keys = Some(Box::new(Keys {
                    profile,
                    seal: Context::new(profile, &keys.server),
                    open: Context::new(profile, &keys.client),
                    are_used: false,
                }));
                self.announce();
            }
            Ok(Some(DtlsEvent::Closed)) => self.finish(CloseReason::PeerClosed),
            Err(error) => self.finish(CloseReason::Dtls(error)),
        }
        Received::Handled
    }

    /// Seals the RTP packet `out[start..]` in place; see [`Context::seal_rtp`]. False: there are no
    /// keys, or it is no RTP packet.
    pub fn seal_rtp(&mut self, out: &mut Vec<u8>, start: usize) -> bool {
        self.keys.as_mut().is_some_and(|keys| keys.seal.seal_rtp(out, start))
    }

    /// Seals the compound RTCP packet `out[start..]` in place. False as for [`Self::seal_rtp`].
    pub fn seal_rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> bool {
        self.keys.as_mut().is_some_and(|keys| keys.seal.seal_rtcp(out, start))
    }

    /// Whether media may flow.
    pub fn is_connected(&self) -> bool {
        !self.is_closed && self.path().is_some() && self.keys.is_some()
    }

    /// How media is protected, once that is known.
    pub fn profile(&self) -> Option<Profile> {
        self.keys.as_ref().map(|keys| keys.profile)
    }

    /// Where media goes: the path that the peer nominated, and until it does, the one of the
    /// handshake. RFC 8445 §12.1.2 has a lite agent wait, since a check alone does not show that its
    /// answer arrives; a finished handshake shows that. Browsers nominate with the check after the
    /// first, some 50 ms later.
    pub fn path(&self) -> Option<Path> {
        self.ice.selected().or_else(|| self.keys.as_ref().and(self.dtls_path))
    }

    /// The next handshake or check datagram to send.
    pub fn poll_transmit(&mut self) -> Option<(Path, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// When [`Self::handle_timeout`] has something to do; never after the end.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_closed {
            return None;
        }
        let deadline = if self.announced { self.last_heard + self.idle_timeout } else { self.connect_by };
        Some(self.dtls.poll_timeout().map_or(deadline, |resend| resend.min(deadline)))
    }

    /// Sends a lost flight again, or ends a session that is dead.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.is_closed {
            return;
        }
        if self.announced && now.instant >= self.last_heard + self.idle_timeout {
            return self.finish(CloseReason::Idle);
        }
        if !self.announced && now.instant >= self.connect_by {
            return self.finish(CloseReason::ConnectTimeout);
        }
        self.dtls.handle_timeout(now.instant);
        self.flush_dtls();
    }

    /// Nobody has read what the peer sent for so long: for that time it was not silent.
    pub fn excuse(&mut self, now: Now, missed: Duration) {
        self.last_heard = (self.last_heard + missed).min(now.instant);
        self.connect_by += missed;
    }

    /// Takes new ICE credentials (an ICE restart). Media goes on where it goes until the peer
    /// nominates a path with the new ones.
    pub fn restart_ice(&mut self, local: IceCredentials, remote: IceCredentials) {
        self.ice.restart(local, remote);
    }

    /// The shell lost a path: its TCP connection closed. The session lives on if another is found.
    pub fn forget_path(&mut self, path: Path) {
        self.ice.forget(path);
        if self.dtls_path == Some(path) {
            self.dtls_path = None;
        }
    }

    /// Says goodbye to the peer and ends the session.
    pub fn close(&mut self, now: Now) {
        if !self.is_closed {
            self.dtls.close(now.instant);
            self.flush_dtls();
            self.finish(CloseReason::Local);
        }
    }

    fn announce(&mut self) {
        if let (false, true, Some(keys)) = (self.announced, self.is_connected(), &self.keys) {
            self.announced = true;
            self.events.push_back(SessionEvent::Connected { profile: keys.profile });
        }
    }

    fn finish(&mut self, reason: CloseReason) {
        self.is_closed = true;
        self.keys = None;
        self.events.push_back(SessionEvent::Closed(reason));
    }

    fn flush_dtls(&mut self) {
        while let Some(datagram) = self.dtls.poll_transmit() {
            if let Some(path) = self.ice.selected().or(self.dtls_path) {
                self.transmit(path, datagram);
            }
        }
    }

    fn transmit(&mut self, path: Path, datagram: Vec<u8>) {
        if self.transmits.len() == MAX_TRANSMITS {
            self.transmits.pop_front();
        }
        self.transmits.push_back((path, datagram));
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("path", &self.path())
            .field("profile", &self.profile())
            .field("is_closed", &self.is_closed)
            .finish_non_exhaustive()
    }
}
