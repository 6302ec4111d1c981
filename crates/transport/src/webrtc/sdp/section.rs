//! Reading one media section of an offer.

use super::SdpError;
use super::codec::OfferedCodec;
use super::lines::Line;
use super::offer::{Direction, OfferedMedia, Transport};
use super::simulcast::{sendable_rid, sent_rids};
use tongke_protocol::{MediaKind, TrackKind};

/// Longest `a=mid`, in bytes: it must fit a one-byte header extension.
const MAX_MID_LEN: usize = 16;
/// Most sources kept of a section.
const MAX_SOURCES: usize = 16;

/// Reads a media section, its `m=` line first.
pub(super) fn read_media(
    section: &[Line<'_>],
    index: usize,
    direction: Direction,
    transport: &mut Transport,
) -> Result<OfferedMedia, SdpError> {
    let (head, body) = section.split_first().expect("chunk_by gives no empty chunks");
    let mut media = read_m_line(head, index, direction)?;
    let mut bundle_only = false;
    let mut all_formats_feedback = Vec::new();
    let mut simulcast = "";
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
            "rid" => media.rids.extend(sendable_rid(value)),
            "simulcast" => simulcast = value,
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
    media.rids = sent_rids(simulcast, &media.rids);
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
    if !media.ssrcs.contains(&ssrc) && media.ssrcs.len() < MAX_SOURCES {
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
