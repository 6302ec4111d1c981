//! Trickle fragments, `application/trickle-ice-sdpfrag` (RFC 8840 §9): what a WHIP or WHEP client
//! PATCHes, and the relay's answer to an ICE restart (RFC 9725 §4.3.3).

use super::SdpError;
use super::answer::{Candidate, NegotiatedMedia};
use super::lines::lines;
use super::offer::check_ice_text;
use super::text::{bundle, m_line};
use crate::webrtc::IceCredentials;
use std::fmt::Write as _;

/// Most candidates kept of a fragment.
const MAX_CANDIDATES: usize = 256;

/// What a client says in a PATCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrickleFragment {
    /// The client's credentials. Others than those of the offer ask for an ICE restart; some clients
    /// leave them out when they only trickle.
    pub ice: Option<IceCredentials>,
    /// New candidates, unread: an ICE-lite agent answers whoever knows the password.
    pub candidates: Vec<String>,
    /// Whether there will be no more.
    pub end_of_candidates: bool,
}

impl TrickleFragment {
    /// Reads a fragment.
    ///
    /// # Errors
    /// With the line at fault, if the text is no fragment, or gives half of the credentials.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        let lines = lines(text)?;
        if lines.is_empty() {
            return Err(SdpError::malformed(None, "the fragment is empty; send candidates or credentials"));
        }
        let (mut ufrag, mut pwd) = (None, None);
        let mut fragment = TrickleFragment { ice: None, candidates: Vec::new(), end_of_candidates: false };
        for line in &lines {
            let Some((name, value)) = line.attribute() else { continue };
            match name {
                "ice-ufrag" => {
                    check_ice_text(line, value, 4)?;
                    ufrag.get_or_insert((line, value));
                }
                "ice-pwd" => {
                    check_ice_text(line, value, 22)?;
                    pwd.get_or_insert((line, value));
                }
                "candidate" if fragment.candidates.len() < MAX_CANDIDATES => {
                    fragment.candidates.push(value.to_owned());
                }
                "end-of-candidates" => fragment.end_of_candidates = true,
                _ => {}
            }
        }
        fragment.ice = match (ufrag, pwd) {
            (Some((_, ufrag)), Some((_, pwd))) => {
                Some(IceCredentials { ufrag: ufrag.to_owned(), pwd: pwd.to_owned() })
            }
            (None, None) => None,
            (Some((line, _)), None) => return Err(line.malformed("a=ice-pwd is missing beside it")),
            (None, Some((line, _))) => return Err(line.malformed("a=ice-ufrag is missing beside it")),
        };
        Ok(fragment)
    }
}

/// The relay's fragment after an ICE restart: its new credentials and its candidates.
pub fn restart_fragment(media: &[NegotiatedMedia], ice: &IceCredentials, candidates: &[Candidate]) -> String {
    let mut text = String::from("a=ice-lite\r\na=ice-options:trickle ice2\r\n");
    let _ = write!(text, "a=group:BUNDLE{}\r\n", bundle(media));
    let Some(first) = media.iter().find(|section| section.active) else { return text };
    let _ = write!(text, "{}\r\n", m_line(first, "UDP/TLS/RTP/SAVPF"));
    let _ = write!(text, "a=mid:{}\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", first.mid, ice.ufrag, ice.pwd);
    for (rank, candidate) in candidates.iter().enumerate() {
        let _ = write!(text, "a=candidate:{}\r\n", candidate.to_sdp(rank));
    }
    text.push_str("a=end-of-candidates\r\n");
    text
}
