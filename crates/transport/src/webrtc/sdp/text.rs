//! The text of an answer.

use super::answer::{AnswerParams, Leg, NegotiatedMedia};
use super::codec::NegotiatedCodec;
use super::offer::{Offer, OfferedMedia};
use crate::rtp::{ExtensionKind, SmallId};
use std::fmt::{Display, Write as _};
use tongke_protocol::MediaKind;

/// SDP text under construction: every line ends with CR LF (RFC 8866 §5).
struct Text(String);

impl Text {
    fn line(&mut self, line: impl Display) {
        let _ = write!(self.0, "{line}\r\n");
    }
}

/// The answer's text.
pub(super) fn write(offer: &Offer, media: &[NegotiatedMedia], params: &AnswerParams<'_>) -> String {
    let mut text = Text(String::with_capacity(4096));
    text.line("v=0");
    text.line(format_args!("o=- {} 1 IN IP4 127.0.0.1", params.session_id >> 1));
    text.line("s=-");
    text.line("t=0 0");
    text.line(format_args!("a=group:BUNDLE{}", bundle(media)));
    if offer.extmap_allow_mixed {
        text.line("a=extmap-allow-mixed");
    }
    text.line("a=msid-semantic:WMS *");
    text.line("a=ice-lite");
    text.line("a=ice-options:trickle ice2");
    for (section, offered) in media.iter().zip(&offer.media) {
        if section.active {
            write_active(&mut text, section, offered, params);
        } else {
            write_rejected(&mut text, offered);
        }
    }
    text.0
}

/// The mids of the active sections, each with a space before it.
pub(super) fn bundle(media: &[NegotiatedMedia]) -> String {
    media.iter().filter(|section| section.active).fold(String::new(), |mut list, section| {
        list.push(' ');
        list.push_str(&section.mid);
        list
    })
}

fn write_rejected(text: &mut Text, offered: &OfferedMedia) {
    let formats = if offered.formats.is_empty() { "0".to_owned() } else { offered.formats.join(" ") };
    text.line(format_args!("m={} 0 {} {formats}", offered.media, offered.protocol));
    text.line("c=IN IP4 0.0.0.0");
    text.line("a=inactive");
    text.line(format_args!("a=mid:{}", offered.mid));
}

/// The `m=` line of an active section.
pub(super) fn m_line(section: &NegotiatedMedia, protocol: &str) -> String {
    let word = if section.kind == MediaKind::Video { "video" } else { "audio" };
    let formats = section
        .codecs
        .iter()
        .flat_map(|codec| [Some(codec.payload_type), codec.rtx_payload_type])
        .flatten()
        .fold(String::new(), |list, payload_type| format!("{list} {payload_type}"));
    format!("m={word} 9 {protocol}{formats}")
}

fn write_active(
    text: &mut Text,
    section: &NegotiatedMedia,
    offered: &OfferedMedia,
    params: &AnswerParams<'_>,
) {
    text.line(m_line(section, &offered.protocol));
    text.line("c=IN IP4 0.0.0.0");
    text.line("a=rtcp:9 IN IP4 0.0.0.0");
    text.line(format_args!("a=ice-ufrag:{}", params.ice.ufrag));
    text.line(format_args!("a=ice-pwd:{}", params.ice.pwd));
    text.line(format_args!("a=fingerprint:{}", params.fingerprint));
    text.line("a=setup:passive");
    text.line(format_args!("a=mid:{}", section.mid));
    for kind in ExtensionKind::ALL {
        if let Some(id) = section.extensions.get(kind) {
            text.line(format_args!("a=extmap:{id} {}", kind.uri()));
        }
    }
    text.line(match params.leg {
        Leg::Publish => "a=recvonly",
        Leg::Subscribe => "a=sendonly",
    });
    text.line("a=rtcp-mux");
    if offered.rtcp_rsize {
        text.line("a=rtcp-rsize");
    }
    for codec in &section.codecs {
        write_codec(text, codec);
    }
    write_simulcast(text, section);
    if params.leg == Leg::Subscribe {
        write_sources(text, section, params);
    }
    // One bundled section with candidates would do (RFC 9143 §7.3), but aiortc looks at the last.
    for (rank, candidate) in params.candidates.iter().enumerate() {
        text.line(format_args!("a=candidate:{}", candidate.to_sdp(rank)));
    }
    text.line("a=end-of-candidates");
}

fn write_codec(text: &mut Text, codec: &NegotiatedCodec) {
    let payload_type = codec.payload_type;
    text.line(format_args!("a=rtpmap:{payload_type} {}", codec.rtpmap()));
    for kind in codec.feedback() {
        text.line(format_args!("a=rtcp-fb:{payload_type} {kind}"));
    }
    if !codec.fmtp.is_empty() {
        text.line(format_args!("a=fmtp:{payload_type} {}", codec.fmtp));
    }
    if let Some(rtx) = codec.rtx_payload_type {
        text.line(format_args!("a=rtpmap:{rtx} rtx/90000"));
        text.line(format_args!("a=fmtp:{rtx} apt={payload_type}"));
    }
}

/// Names the encodings that we take of a simulcast (RFC 8851, RFC 8853).
fn write_simulcast(text: &mut Text, section: &NegotiatedMedia) {
    let names: Vec<&str> = section.rids.iter().map(SmallId::as_str).collect();
    if names.is_empty() {
        return;
    }
    for name in &names {
        text.line(format_args!("a=rid:{name} recv"));
    }
    text.line(format_args!("a=simulcast:recv {}", names.join(";")));
}

/// Names our sources, so that a browser makes its receivers before the first packet comes.
fn write_sources(text: &mut Text, section: &NegotiatedMedia, params: &AnswerParams<'_>) {
    let (Some(ssrc), Some(stream)) = (section.ssrc, params.streams.get(usize::from(section.index))) else {
        return;
    };
    let msid = format!("{} {}-{}", stream.stream_id, stream.stream_id, section.mid);
    text.line(format_args!("a=msid:{msid}"));
    if let Some(rtx) = section.rtx_ssrc {
        text.line(format_args!("a=ssrc-group:FID {ssrc} {rtx}"));
    }
    for ssrc in [Some(ssrc), section.rtx_ssrc].into_iter().flatten() {
        text.line(format_args!("a=ssrc:{ssrc} cname:{}", params.cname));
        text.line(format_args!("a=ssrc:{ssrc} msid:{msid}"));
    }
}
