//! Reading an offer.

use super::codec::OfferedCodec;
use super::lines::{Line, lines};
use super::{MAX_MEDIA, SdpError};
use crate::rtp::ExtensionKind;
use crate::webrtc::{Fingerprint, IceCredentials};
use tongke_protocol::{MediaKind, TrackKind};

/// Longest `a=mid`, in bytes: it must fit a one-byte header extension.
const MAX_MID_LEN: usize = 16;

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
    fn from_name(name: &str) -> Option<Self> {
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
    /// Encodings of a simulcast, which the relay does not take.
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
struct Transport {
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
    fn read(&mut self, line: &Line<'_>, name: &str, value: &str) -> Result<bool, SdpError> {
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

fn read_media(
    section: &[Line<'_>],
    index: usize,
    direction: Direction,
    transport: &mut Transport,
) -> Result<OfferedMedia, SdpError> {
    let (head, body) = section.split_first().expect("chunk_by gives no empty chunks");
    let mut media = read_m_line(head, index, direction)?;
    let mut bundle_only = false;
    let mut all_formats_feedback = Vec::new();
    for line in body {
        let Some((name, value)) = line.attribute() else { continue };
        if transport.read(line, name, value)? {
            continue;
        }
        match name {
            "mid" => media.mid = read_mid(line, value)?,
            "bundle-only" => bundle_only = true,
            "rtcp-mux" => media.rtcp_mux = true,
            "rtcp-rsize" => media.rtcp_rsize = true,
            "rtpmap" => read_rtpmap(line, value, &mut media.codecs)?,
            "fmtp" => read_fmtp(value, &mut media.codecs),
            "rtcp-fb" => read_feedback(value, &mut media.codecs, &mut all_formats_feedback),
            "extmap" => media.extensions.extend(read_extmap(line, value)?),
            "ssrc" => read_ssrc(line, value, &mut media)?,
            "ssrc-group" => read_ssrc_group(value, &mut media),
            "rid" => media.rids.extend(value.split(' ').next().map(str::to_owned)),
            "msid" => media.msid = Some(read_msid(value)),
            "content" | "label" => media.track_hint = media.track_hint.or_else(|| track_hint(value)),
            _ => media.direction = Direction::from_name(name).unwrap_or(media.direction),
        }
    }
    for codec in &mut media.codecs {
        codec.feedback.extend(all_formats_feedback.iter().cloned());
    }
    // A payload type that only fmtp or rtcp-fb speak of has no meaning.
    media.codecs.retain(|codec| !codec.name.is_empty());
    if let (None, Some((stream, track))) = (media.track_hint, &media.msid) {
        media.track_hint = track_hint(track).or_else(|| track_hint(stream));
    }
    media.is_disabled &= !bundle_only;
    Ok(media)
}

fn read_m_line(line: &Line<'_>, index: usize, direction: Direction) -> Result<OfferedMedia, SdpError> {
    let mut words = line.value.split_ascii_whitespace();
    let (Some(media), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
        return Err(line.malformed("expected m=<media> <port> <protocol> <formats>"));
    };
    let port: u16 = port
        .split('/')
        .next()
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| line.malformed("the port must be a number up to 65535"))?;
    let formats: Vec<String> = words.map(str::to_owned).collect();
    let is_rtp = protocol.ends_with("RTP/SAVPF") || protocol.ends_with("RTP/SAVP");
    let kind = match media {
        "video" if is_rtp => Some(MediaKind::Video),
        "audio" if is_rtp => Some(MediaKind::Audio),
        "video" | "audio" => {
            return Err(line.unsupported("the relay takes encrypted media only, UDP/TLS/RTP/SAVPF"));
        }
        _ => None,
    };
    let codecs = match kind {
        Some(_) => formats.iter().map(|format| blank_codec(line, format)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(OfferedMedia {
        line: line.number,
        mid: index.to_string(),
        kind,
        media: media.to_owned(),
        protocol: protocol.to_owned(),
        formats,
        is_disabled: port == 0,
        is_bundled: false,
        direction,
        rtcp_mux: false,
        rtcp_rsize: false,
        codecs,
        extensions: Vec::new(),
        ssrcs: Vec::new(),
        rtx_ssrc: None,
        rids: Vec::new(),
        msid: None,
        track_hint: None,
    })
}

/// A payload type as the `m=` line lists it; payload types 0 and 8 and their like need no `rtpmap`,
/// and none of them is one we forward.
fn blank_codec(line: &Line<'_>, format: &str) -> Result<OfferedCodec, SdpError> {
    let payload_type = format
        .parse()
        .ok()
        .filter(|payload_type| *payload_type < 128)
        .ok_or_else(|| line.malformed("a payload type must be a number from 0 to 127"))?;
    Ok(OfferedCodec {
        payload_type,
        name: String::new(),
        clock_rate_hz: 0,
        channels: 1,
        fmtp: String::new(),
        feedback: Vec::new(),
    })
}

fn read_mid(line: &Line<'_>, value: &str) -> Result<String, SdpError> {
    let is_token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c);
    if value.is_empty() || value.len() > MAX_MID_LEN || !value.chars().all(is_token) {
        return Err(line.malformed(format_args!("a mid has 1 to {MAX_MID_LEN} letters or digits")));
    }
    Ok(value.to_owned())
}

fn find<'a>(codecs: &'a mut [OfferedCodec], payload_type: &str) -> Option<&'a mut OfferedCodec> {
    let payload_type: u8 = payload_type.parse().ok()?;
    codecs.iter_mut().find(|codec| codec.payload_type == payload_type)
}

fn read_rtpmap(line: &Line<'_>, value: &str, codecs: &mut [OfferedCodec]) -> Result<(), SdpError> {
    let wrong = || line.malformed("expected a=rtpmap:<payload type> <name>/<clock rate>[/<channels>]");
    let (payload_type, encoding) = value.split_once(' ').ok_or_else(wrong)?;
    // Some senders keep the rtpmap of a payload type that they no longer list.
    let Some(codec) = find(codecs, payload_type) else { return Ok(()) };
    let mut parts = encoding.trim().split('/');
    codec.name = parts.next().filter(|name| !name.is_empty()).ok_or_else(wrong)?.to_ascii_lowercase();
    codec.clock_rate_hz = parts.next().and_then(|rate| rate.parse().ok()).ok_or_else(wrong)?;
    codec.channels = parts.next().map_or(Ok(1), str::parse).map_err(|_| wrong())?;
    Ok(())
}

fn read_fmtp(value: &str, codecs: &mut [OfferedCodec]) {
    let Some((payload_type, parameters)) = value.split_once(' ') else { return };
    if let Some(codec) = find(codecs, payload_type) {
        parameters.trim().clone_into(&mut codec.fmtp);
    }
}

fn read_feedback(value: &str, codecs: &mut [OfferedCodec], all_formats: &mut Vec<String>) {
    let Some((payload_type, kind)) = value.split_once(' ') else { return };
    let kind = kind.trim().to_ascii_lowercase();
    if payload_type == "*" {
        all_formats.push(kind);
    } else if let Some(codec) = find(codecs, payload_type) {
        codec.feedback.push(kind);
    }
}

fn read_extmap(line: &Line<'_>, value: &str) -> Result<Option<(u8, String)>, SdpError> {
    let wrong = || line.malformed("expected a=extmap:<id>[/<direction>] <uri>");
    let mut words = value.split_ascii_whitespace();
    let (Some(id), Some(uri)) = (words.next(), words.next()) else { return Err(wrong()) };
    let (id, direction) = id.split_once('/').unwrap_or((id, "sendrecv"));
    let id: u16 = id.parse().map_err(|_| wrong())?;
    // Ids from 4096 on are to be chosen by the answerer (RFC 8285 §6); no client needs that.
    let usable = (1..=255).contains(&id) && id != 15 && direction != "inactive";
    Ok(usable.then(|| (id as u8, uri.to_owned())))
}

fn read_ssrc(line: &Line<'_>, value: &str, media: &mut OfferedMedia) -> Result<(), SdpError> {
    let ssrc = value.split_ascii_whitespace().next().and_then(|word| word.parse().ok());
    let ssrc = ssrc.ok_or_else(|| line.malformed("expected a=ssrc:<number> <attribute>"))?;
    if !media.ssrcs.contains(&ssrc) && media.ssrcs.len() < 16 {
        media.ssrcs.push(ssrc);
    }
    Ok(())
}

fn read_ssrc_group(value: &str, media: &mut OfferedMedia) {
    let mut words = value.split_ascii_whitespace();
    if let (Some("FID"), Some(_), Some(rtx)) = (words.next(), words.next(), words.next()) {
        media.rtx_ssrc = media.rtx_ssrc.or_else(|| rtx.parse().ok());
    }
}

fn read_msid(value: &str) -> (String, String) {
    let (stream, track) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    (stream.to_owned(), track.to_owned())
}

fn track_hint(text: &str) -> Option<TrackKind> {
    let text = text.to_ascii_lowercase();
    if ["screen", "slides", "courseware"].iter().any(|word| text.contains(word)) {
        Some(TrackKind::Screen)
    } else if text.contains("camera") || text == "main" {
        Some(TrackKind::Camera)
    } else {
        None
    }
}
