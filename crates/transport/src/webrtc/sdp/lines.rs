//! The line grammar of SDP (RFC 8866 §5): `<type>=<value>`, ended by CR LF or LF.

use super::{MAX_SDP_LEN, SdpError};

/// One line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    /// The letter before `=`.
    pub kind: char,
    /// What follows `=`.
    pub value: &'a str,
}

impl<'a> Line<'a> {
    /// An attribute's name and value; the value of a flag is empty.
    pub fn attribute(&self) -> Option<(&'a str, &'a str)> {
        (self.kind == 'a').then(|| self.value.split_once(':').unwrap_or((self.value, "")))
    }

    pub fn malformed(&self, what: impl std::fmt::Display) -> SdpError {
        SdpError::malformed(self.number, format!("'{}': {what}", self.shown()))
    }

    pub fn unsupported(&self, what: impl std::fmt::Display) -> SdpError {
        SdpError::unsupported(self.number, format!("'{}': {what}", self.shown()))
    }

    /// The line, shortened so that a message stays readable.
    fn shown(&self) -> String {
        let whole = format!("{}={}", self.kind, self.value);
        match whole.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &whole[..end]),
            None => whole,
        }
    }
}

/// The lines of a text. Empty ones are skipped, since editors and shells add them.
pub(super) fn lines(text: &str) -> Result<Vec<Line<'_>>, SdpError> {
    if text.len() > MAX_SDP_LEN {
        return Err(SdpError::malformed(
            None,
            format!("it has {} bytes, the most that is read is {MAX_SDP_LEN}", text.len()),
        ));
    }
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            let number = at + 1;
            let mut chars = line.chars();
            match (chars.next(), chars.next()) {
                (Some(kind), Some('=')) if kind.is_ascii_lowercase() => {
                    Ok(Line { number, kind, value: line[2..].trim_end() })
                }
                _ => Err(Line { number, kind: '?', value: line }.not_a_line()),
            }
        })
        .collect()
}

impl Line<'_> {
    fn not_a_line(&self) -> SdpError {
        let start: String = self.value.chars().take(40).collect();
        SdpError::malformed(
            self.number,
            format!(
                "'{start}' is not of the form <letter>=<value>; send the offer as plain SDP text, not as JSON"
            ),
        )
    }
}
