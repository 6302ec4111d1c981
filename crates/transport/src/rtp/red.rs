//! Redundant audio (RFC 2198): several payloads in one packet, oldest first, the primary last.

/// Longest block that a header can say, in bytes (10 bits).
const MAX_BLOCK_LEN: usize = 0x3FF;
/// Largest timestamp offset that a header can say (14 bits).
const MAX_OFFSET: u32 = 0x3FFF;
/// Most blocks read from one packet.
const MAX_BLOCKS: usize = 32;

/// Why bytes are not a redundant payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedError {
    /// The bytes end inside the headers or a block.
    #[error("the redundant payload ends inside a block")]
    Truncated,
    /// More than 32 blocks.
    #[error("the redundant payload has too many blocks")]
    TooMany,
}

/// One payload inside a redundant one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedBlock<'a> {
    /// Payload type of the block.
    pub payload_type: u8,
    /// How much older than the packet's timestamp the block is; 0 for the primary.
    pub timestamp_offset: u32,
    /// The payload.
    pub data: &'a [u8],
}

/// The blocks of a payload, oldest first, the primary last. The whole payload is checked first, so
/// that the walk cannot fail.
pub fn split(payload: &[u8]) -> Result<RedBlocks<'_>, RedError> {
    let mut at = 0;
    let mut data_len = 0;
    for _ in 0..MAX_BLOCKS {
        match payload.get(at..) {
            Some([first, ..]) if first & 0x80 == 0 => {
                let data = at + 1;
                return if data + data_len <= payload.len() {
                    Ok(RedBlocks { headers: &payload[..data], data: &payload[data..] })
                } else {
                    Err(RedError::Truncated)
                };
            }
            Some([_, _, high, low, ..]) => data_len += usize::from(high & 3) << 8 | usize::from(*low),
            _ => return Err(RedError::Truncated),
        }
        at += 4;
    }
    Err(RedError::TooMany)
}

/// Walks the blocks of a redundant payload.
#[derive(Debug, Clone)]
pub struct RedBlocks<'a> {
    headers: &'a [u8],
    data: &'a [u8],
}

impl<'a> Iterator for RedBlocks<'a> {
    type Item = RedBlock<'a>;

    fn next(&mut self) -> Option<RedBlock<'a>> {
        let (header, len) = match self.headers {
            [first, a, b, c, rest @ ..] if first & 0x80 != 0 => {
                self.headers = rest;
                let word = u32::from_be_bytes([0, *a, *b, *c]);
                ((*first, word >> 10), (word & 0x3FF) as usize)
            }
            [first, ..] => {
                self.headers = &[];
                ((*first, 0), self.data.len())
            }
            [] => return None,
        };
        let (data, rest) = self.data.split_at_checked(len)?;
        self.data = rest;
        Some(RedBlock { payload_type: header.0 & 0x7F, timestamp_offset: header.1, data })
    }
}

/// Appends a redundant payload to `out`: the blocks of `redundant` (oldest first), then the primary.
/// Blocks that a header cannot describe (longer than 1023 bytes, older than 16,383 ticks) are left
/// out.
pub fn join(out: &mut Vec<u8>, redundant: &[RedBlock<'_>], primary_type: u8, primary: &[u8]) {
    let fits =
        |block: &&RedBlock<'_>| block.data.len() <= MAX_BLOCK_LEN && block.timestamp_offset <= MAX_OFFSET;
    for block in redundant.iter().filter(fits) {
        let word = block.timestamp_offset << 10 | block.data.len() as u32;
        out.push(0x80 | block.payload_type);
        out.extend_from_slice(&word.to_be_bytes()[1..]);
    }
    out.push(primary_type & 0x7F);
    for block in redundant.iter().filter(fits) {
        out.extend_from_slice(block.data);
    }
    out.extend_from_slice(primary);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_as_they_were_joined() {
        let blocks = [
            RedBlock { payload_type: 111, timestamp_offset: 1920, data: b"older" },
            RedBlock { payload_type: 111, timestamp_offset: 960, data: &[7; 1023] },
        ];
        let mut out = Vec::new();
        join(&mut out, &blocks, 111, b"primary");
        let back: Vec<_> = split(&out).unwrap().collect();
        assert_eq!(back[..2], blocks);
        assert_eq!(back[2], RedBlock { payload_type: 111, timestamp_offset: 0, data: b"primary" });
        assert_eq!(back.len(), 3);
    }

    #[test]
    fn a_block_that_no_header_can_describe_is_left_out() {
        let blocks = [
            RedBlock { payload_type: 111, timestamp_offset: 16_384, data: b"" },
            RedBlock { payload_type: 111, timestamp_offset: 1, data: &[0; 1024] },
        ];
        let mut out = Vec::new();
        join(&mut out, &blocks, 111, b"p");
        assert_eq!(out, [111, b'p']);
    }

    #[test]
    fn cut_and_endless_payloads_are_refused() {
        assert_eq!(split(&[]).unwrap_err(), RedError::Truncated);
        assert_eq!(split(&[0x80 | 111, 0, 0, 5, 111, 1, 2]).unwrap_err(), RedError::Truncated);
        assert_eq!(split(&[0xFF; 200]).unwrap_err(), RedError::TooMany);
        assert!(split(&[111]).unwrap().next().unwrap().data.is_empty());
    }

    #[test]
    fn mutated_payloads_never_panic() {
        let mut sample = Vec::new();
        join(&mut sample, &[RedBlock { payload_type: 111, timestamp_offset: 960, data: b"abc" }], 111, b"de");
        super::super::mutation::storm(&[sample], |bytes| {
            if let Ok(blocks) = split(bytes) {
                assert!(blocks.count() >= 1);
            }
        });
    }
}
