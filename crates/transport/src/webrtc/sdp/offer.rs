//! Reading an offer.

use super::codec::OfferedCodec;
use super::lines::{Line, lines};
use super::section::read_media;
use super::{MAX_MEDIA, SdpError};
use crate::rtp::ExtensionKind;
use crate::webrtc::{Fingerprint, IceCredentials};
use tongke_protocol::{MediaKind, TrackKind};

/// Who begins the DTLS handshake (RFC 4145 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// Either.
    ActPass,
    /// The offerer.
    Active,
}

/// Which way media may flow, seen from the offerer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// It sends.
    SendOnly,
    /// It receives.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        }
    }

    /// Whether the offerer may send.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Whether the offerer may receive.
    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
}

/// A client's offer.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The client's ICE credentials, of the first bundled media section.
    pub ice: IceCredentials,
    /// The client's certificate.
    pub fingerprint: Fingerprint,
    /// Who may begin the handshake.
    pub setup: Setup,
    /// Whether the client mixes one-byte and two-byte header extensions (RFC 8285 §6).
    pub extmap_allow_mixed: bool,
    /// The client's candidates, unread: an ICE-lite agent answers whoever knows the password.
    pub candidates: Vec<String>,
    /// Whether there will be no more candidates.
    pub end_of_candidates: bool,
    /// The media sections, in order.
    pub media: Vec<OfferedMedia>,
}

/// One media section of an offer.
#[derive(Debug, Clone)]
pub struct OfferedMedia {
    /// The line number of its `m=`.
    pub line: usize,
    /// Its name; its number where the offer gives none.
    pub mid: String,
    /// Sound or picture; none for anything else, which is rejected.
    pub kind: Option<MediaKind>,
    /// The first word of the `m=` line.
    pub media: String,
    /// The transport of the `m=` line.
    pub protocol: String,
    /// The formats of the `m=` line, as written.
    pub formats: Vec<String>,
    /// Port 0 in the offer and not for bundling: the client has switched it off.
    pub is_disabled: bool,
    /// Whether the BUNDLE group names it.
    pub is_bundled: bool,
    /// Which way media flows.
    pub direction: Direction,
    /// Whether RTP and RTCP share a port.
    pub rtcp_mux: bool,
    /// Whether RTCP may be sent in parts (RFC 5506).
    pub rtcp_rsize: bool,
    /// The payload types, in order of preference.
    pub codecs: Vec<OfferedCodec>,
    /// Header extensions: id and URI, known or not.
    pub extensions: Vec<(u8, String)>,
    /// The client's synchronization sources; the first is the media's.
    pub ssrcs: Vec<u32>,
    /// The retransmission source paired with the first (`a=ssrc-group:FID`).
    pub rtx_ssrc: Option<u32>,
    /// Names of the encodings of a simulcast that the client would send, as `a=simulcast` lists them;
    /// empty without a simulcast.
    pub rids: Vec<String>,
    /// Stream and track of `a=msid`.
    pub msid: Option<(String, String)>,
    /// What the picture shows, where the offer says so: `a=content:slides` (RFC 4796), or an
    /// `a=msid` or `a=label` that speaks of a screen.
    pub track_hint: Option<TrackKind>,
}

impl OfferedMedia {
    /// The ids of the extensions we know.
    pub fn known_extensions(&self) -> impl Iterator<Item = (u8, ExtensionKind)> {
        self.extensions.iter().filter_map(|(id, uri)| Some((*id, ExtensionKind::from_uri(uri)?)))
    }
}

/// Attributes that an offer gives for the session or for a media section.
#[derive(Default, Clone)]
pub(super) struct Transport {
    ufrag: Option<String>,
    pwd: Option<String>,
    fingerprint: Option<Fingerprint>,
    /// The line of a fingerprint that could not be read, and why.
    bad_fingerprint: Option<SdpError>,
    setup: Option<Setup>,
    candidates: Vec<String>,
    end_of_candidates: bool,
}

impl Transport {
    /// Takes an attribute if it is about the transport; says whether it was.
    pub fn read(&mut self, line: &Line<'_>, name: &str, value: &str) -> Result<bool, SdpError> {
        match name {
            "ice-ufrag" => {
                check_ice_text(line, value, 4)?;
                self.ufrag = Some(value.to_owned());
            }
            "ice-pwd" => {
                check_ice_text(line, value, 22)?;
                self.pwd = Some(value.to_owned());
            }
            "fingerprint" => match value.parse() {
                Ok(fingerprint) => self.fingerprint = self.fingerprint.take().or(Some(fingerprint)),
                Err(why) => self.bad_fingerprint = Some(line.malformed(why)),
            },
            "setup" => self.setup = Some(read_setup(line, value)?),
            "candidate" => self.candidates.push(value.to_owned()),
            "end-of-candidates" => self.end_of_candidates = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `ice-char`s, 4 to 256 or 22 to 256 of them (RFC 8839 §5.4).
pub(super) fn check_ice_text(line: &Line<'_>, value: &str, min: usize) -> Result<(), SdpError> {
    let is_ice_char = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/' || c == '-' || c == '_';
    if !(min..=256).contains(&value.len()) {
        return Err(line.malformed(format_args!("it must have {min} to 256 characters")));
    }
    if !value.chars().all(is_ice_char) {
        return Err(line.malformed("only letters, digits, '+' and '/' are allowed"));
    }
    Ok(())
}

fn read_setup(line: &Line<'_>, value: &str) -> Result<Setup, SdpError> {
    match value {
        "actpass" => Ok(Setup::ActPass),
        "active" => Ok(Setup::Active),
        _ => Err(line.unsupported(
            "the relay is the DTLS server; offer a=setup:actpass (or active), as every offer should",
        )),
    }
}

impl Offer {
    /// Reads an offer.
    ///
    /// # Errors
    /// With the line at fault and what to do, if the text is not SDP or lacks what a WebRTC session
    /// needs.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        let lines = lines(text)?;
        check_beginning(&lines)?;
        let first_media = lines.iter().position(|line| line.kind == 'm').unwrap_or(lines.len());
        let (session, sections) = lines.split_at(first_media);
        let mut transport = Transport::default();
        let mut bundle = None;
        let mut direction = Direction::SendRecv;
        let mut extmap_allow_mixed = false;
        for line in session {
            let Some((name, value)) = line.attribute() else { continue };
            if transport.read(line, name, value)? {
                continue;
            }
            match name {
                "group" => bundle = read_bundle(value).or(bundle),
                "extmap-allow-mixed" => extmap_allow_mixed = true,
                _ => direction = Direction::from_name(name).unwrap_or(direction),
            }
        }
        let mut media = Vec::new();
        let mut transports = Vec::new();
        for section in sections.chunk_by(|_, next| next.kind != 'm') {
            if media.len() == MAX_MEDIA {
                return Err(section[0].unsupported(format_args!("more than {MAX_MEDIA} media sections")));
            }
            let mut own = transport.clone();
            media.push(read_media(section, media.len(), direction, &mut own)?);
            transports.push(own);
        }
        check_bundle(&mut media, bundle.as_deref())?;
        finish(media, &transports, transport, extmap_allow_mixed)
    }
}

/// Puts the offer together with the transport of its first usable media section, the one that the
/// whole bundle will use (RFC 9143 §7.2).
fn finish(
    media: Vec<OfferedMedia>,
    transports: &[Transport],
    session: Transport,
    extmap_allow_mixed: bool,
) -> Result<Offer, SdpError> {
    let tagged = media.iter().position(|section| section.is_bundled && !section.is_disabled).unwrap_or(0);
    let transport = transports.get(tagged).cloned().unwrap_or(session);
    let missing = |what: &str| {
        SdpError::malformed(None, format!("there is no {what}; send the offer that the peer connection made"))
    };
    let fingerprint = match (transport.fingerprint, transport.bad_fingerprint) {
        (Some(fingerprint), _) => fingerprint,
        (None, Some(error)) => return Err(error),
        (None, None) => return Err(missing("a=fingerprint")),
    };
    Ok(Offer {
        ice: IceCredentials {
            ufrag: transport.ufrag.ok_or_else(|| missing("a=ice-ufrag"))?,
            pwd: transport.pwd.ok_or_else(|| missing("a=ice-pwd"))?,
        },
        fingerprint,
        setup: transport.setup.unwrap_or(Setup::ActPass),
        extmap_allow_mixed,
        candidates: transports.iter().flat_map(|own| own.candidates.iter().cloned()).collect(),
        end_of_candidates: transport.end_of_candidates,
        media,
    })
}

fn check_beginning(lines: &[Line<'_>]) -> Result<(), SdpError> {
    let Some(first) = lines.first() else {
        return Err(SdpError::malformed(None, "it is empty; POST the offer as application/sdp"));
    };
    if first.kind != 'v' || first.value.trim() != "0" {
        return Err(first.malformed("an SDP text begins with v=0"));
    }
    if !lines.iter().any(|line| line.kind == 'm') {
        return Err(SdpError::malformed(None, "there is no m= line; offer a picture or a sound"));
    }
    Ok(())
}

fn read_bundle(value: &str) -> Option<Vec<String>> {
    let mut words = value.split_ascii_whitespace();
    (words.next() == Some("BUNDLE")).then(|| words.map(str::to_owned).collect())
}

/// Marks what is bundled. Without a group a single section stands for itself; several would each
/// want a transport of their own, which the relay does not give.
fn check_bundle(media: &mut [OfferedMedia], bundle: Option<&[String]>) -> Result<(), SdpError> {
    match bundle {
        Some(mids) => {
            for section in media {
                section.is_bundled = mids.contains(&section.mid);
            }
            Ok(())
        }
        None if media.len() == 1 => {
            media[0].is_bundled = true;
            Ok(())
        }
        None => Err(SdpError::unsupported(
            None,
            "there is no a=group:BUNDLE; the relay carries all media over one transport, so use the \
             bundle policy max-bundle (or balanced)",
        )),
    }
}
