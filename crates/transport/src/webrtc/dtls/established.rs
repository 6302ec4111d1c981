//! What is left of an association when its handshake cannot be asked for again: enough to read the
//! peer's goodbye and to say ours, in a fortieth of the memory.

use super::{Certificate, PEER};
use rtc_dtls::config::ConfigBuilder;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::state::State;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error as RtcError;
use std::sync::Arc;
use std::time::Instant;

/// An association whose peer is known to have finished the handshake.
pub(super) struct Established {
    certificate: Arc<Certificate>,
    /// Keys and epochs in the library's own form.
    state: Box<[u8]>,
    /// Our sealed close_notify, until it is said.
    goodbye: Option<Vec<u8>>,
}

impl Established {
    /// What to keep of a finished handshake; none: it is not finished. The endpoint is of no use
    /// after that.
    pub fn keep(now: Instant, endpoint: &mut Endpoint, certificate: &Arc<Certificate>) -> Option<Self> {
        let whole = endpoint.get_connection_state(PEER)?.marshal_binary().ok()?;
        let mut state = State::new(certificate.provider.clone(), false);
        state.unmarshal_binary(&whole).ok()?;
        // They were checked when the handshake ended.
        state.peer_certificates.clear();
        let state = state.marshal_binary().ok()?.into_boxed_slice();
        endpoint.stop(now, PEER);
        let goodbye = endpoint.poll_transmit().map(|transmit| transmit.message.to_vec());
        Some(Established { certificate: certificate.clone(), state, goodbye })
    }

    /// Whether a datagram is the peer's authentic goodbye, or its fatal alert.
    pub fn is_end(&self, now: Instant, datagram: &[u8]) -> bool {
        is_sealed_alert(datagram) && self.read_alert(now, datagram).unwrap_or(false)
    }

    /// What the library would answer is not sent: it would seal it with a number already used.
    fn read_alert(&self, now: Instant, datagram: &[u8]) -> Result<bool, RtcError> {
        let provider = &self.certificate.provider;
        let mut state = State::new(provider.clone(), false);
        state.unmarshal_binary(&self.state)?;
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider.clone())
            .with_insecure_skip_verify(true)
            .build(true, None)?;
        let mut endpoint = Endpoint::new(PEER, TransportProtocol::UDP, None);
        endpoint.connect(now, PEER, Arc::new(config), Some(state))?;
        match endpoint.read(now, PEER, None, datagram.into()) {
            Ok(events) => Ok(events.iter().any(|event| matches!(event, EndpointEvent::PeerClosed))),
            Err(RtcError::ErrAlertFatalOrClose) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Our goodbye, the first time.
    pub fn take_goodbye(&mut self) -> Option<Vec<u8>> {
        self.goodbye.take()
    }
}

/// Content type 21 of an epoch with keys (RFC 6347 §4.1). All else is the handshake's past.
fn is_sealed_alert(datagram: &[u8]) -> bool {
    matches!(datagram, [21, _, _, high, low, ..] if (*high, *low) != (0, 0))
}
