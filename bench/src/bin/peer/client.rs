//! One session.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;
use str0m::change::SdpOffer;
use str0m::crypto::dtls::DtlsCert;
use str0m::media::{MediaKind, Mid, Pt};
use str0m::rtp::{Extension, RtpPacket, RtpWrite};
use str0m::{Candidate, Rtc};
use tongke_bench::target::Place;

/// Id proposed for abs-capture-time; the client's offer overrides it.
const ABS_CAPTURE_TIME_ID: u8 = 7;

/// Number of a session; numbers of the gone are not given again.
pub type ClientId = usize;

/// Where a published medium goes.
pub struct Route {
    pub to: ClientId,
    pub mid: Mid,
    /// The subscriber's payload type; known with the first packet.
    payload_type: Option<Pt>,
    /// Taken from the publisher's extended sequence numbers, so that a subscriber's begin below 2^16.
    base: Option<u64>,
}

/// A section of a session.
pub struct Section {
    pub mid: Mid,
    pub kind: MediaKind,
    /// Subscribed: whose medium it shows, for good: its numbers must not begin anew.
    pub source: Option<(ClientId, Mid)>,
    /// Published: where it goes.
    pub routes: Vec<Route>,
}

/// A session and what it sends or gets.
pub struct Client {
    pub rtc: Rtc,
    pub place: Place,
    pub is_connected: bool,
    /// When it wants to be driven, whatever happens.
    pub due: Instant,
    pub sections: Vec<Section>,
}

impl Client {
    /// Answers an offer.
    pub fn answer(
        now: Instant,
        place: Place,
        offer: &str,
        local: SocketAddr,
        certificate: DtlsCert,
    ) -> Result<(Self, String), Box<dyn Error>> {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_dtls_cert(certificate)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_h264(true)
            .set_extension(ABS_CAPTURE_TIME_ID, Extension::AbsoluteCaptureTime)
            .build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp")?);
        let answer = rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(offer)?)?;
        let client = Self { rtc, place, is_connected: false, due: now, sections: Vec::new() };
        Ok((client, answer.to_sdp_string()))
    }

    /// The medium that a packet of the client belongs to.
    pub fn mid_of(&mut self, packet: &RtpPacket) -> Option<Mid> {
        Some(self.rtc.direct_api().stream_rx(&packet.header.ssrc)?.mid())
    }

    /// Hands over a publisher's packet; it leaves when the session is driven.
    pub fn write(&mut self, route: &mut Route, packet: &RtpPacket, codecs: &Rtc) {
        if route.payload_type.is_none() {
            let offered = codecs.codec_config().params().iter();
            let sent = offered.copied().find(|params| params.pt() == packet.header.payload_type);
            let own = sent.and_then(|sent| self.rtc.codec_config().match_params(sent));
            route.payload_type = own.map(|params| params.pt());
        }
        let Some(payload_type) = route.payload_type else { return };
        let base = *route.base.get_or_insert(packet.seq_no.roc() << 16);
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(route.mid, None) else { return };
        let sequence = packet.seq_no.saturating_sub(base).into();
        let header = &packet.header;
        let write =
            RtpWrite::new(payload_type, sequence, header.timestamp, packet.timestamp, packet.payload.clone())
                .marker(header.marker)
                .ext_vals(header.ext_vals.clone())
                .nackable(true);
        stream.write_rtp(write);
    }
}

impl Route {
    /// A route that no packet has taken.
    pub fn new(to: ClientId, mid: Mid) -> Self {
        Self { to, mid, payload_type: None, base: None }
    }
}
