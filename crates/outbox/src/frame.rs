//! Records in a file: each in a frame with its length and checksum, so that whatever a power cut or a bad
//! disk left can be told from what was written.

/// Begins a frame. JSON is UTF-8, which has neither the first byte nor the last: a record cannot look like
/// a frame.
const MAGIC: [u8; 4] = [0xf5, b'T', b'K', 0xf6];
/// Magic, length of the record (u32, little endian), CRC-32 of length and record.
const HEAD_LEN: usize = 12;

/// A record in its frame.
pub(crate) fn frame(record: &[u8]) -> Vec<u8> {
    // Records are bounded far below 4 GiB (`MAX_FACT_LEN`).
    let len = (record.len() as u32).to_le_bytes();
    let mut out = Vec::with_capacity(HEAD_LEN + record.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&len);
    out.extend_from_slice(&checksum(len, record).to_le_bytes());
    out.extend_from_slice(record);
    out
}

fn checksum(len: [u8; 4], record: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&len);
    crc.update(record);
    crc.finalize()
}

/// One whole record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Framed<'a> {
    pub record: &'a [u8],
    /// Where its frame ends.
    pub end: usize,
}

/// Every whole record of a file's contents, whatever stands between them.
pub(crate) struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bytes passed over so far that belong to no whole record.
    pub damaged: usize,
}

impl<'a> Frames<'a> {
    /// The records from offset `from` on.
    pub(crate) fn new(bytes: &'a [u8], from: usize) -> Self {
        Self { bytes, at: from.min(bytes.len()), damaged: 0 }
    }

    fn whole_at(&self, at: usize) -> Option<Framed<'a>> {
        let (head, rest) = self.bytes.get(at..)?.split_at_checked(HEAD_LEN)?;
        let head = head.strip_prefix(&MAGIC)?;
        let len: [u8; 4] = head.get(..4)?.try_into().ok()?;
        let crc: [u8; 4] = head.get(4..)?.try_into().ok()?;
        let record = rest.get(..u32::from_le_bytes(len) as usize)?;
        let end = at + HEAD_LEN + record.len();
        (checksum(len, record) == u32::from_le_bytes(crc)).then_some(Framed { record, end })
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Framed<'a>;

    fn next(&mut self) -> Option<Framed<'a>> {
        while self.at < self.bytes.len() {
            if let Some(framed) = self.whole_at(self.at) {
                self.at = framed.end;
                return Some(framed);
            }
            let rest = &self.bytes[self.at + 1..];
            let skip = rest.windows(MAGIC.len()).position(|window| window == MAGIC).unwrap_or(rest.len());
            self.damaged += 1 + skip;
            self.at += 1 + skip;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: [&[u8]; 3] = [br#"{"id":"a"}"#, "枫林镇小学".as_bytes(), br#"{"id":"c","fact":"locked"}"#];

    fn file() -> Vec<u8> {
        RECORDS.iter().flat_map(|record| frame(record)).collect()
    }

    fn records(bytes: &[u8]) -> Vec<&[u8]> {
        Frames::new(bytes, 0).map(|framed| framed.record).collect()
    }

    #[test]
    fn a_file_cut_at_any_byte_gives_the_records_that_are_whole() {
        let file = file();
        let ends: Vec<usize> = Frames::new(&file, 0).map(|framed| framed.end).collect();
        for len in 0..=file.len() {
            let whole = ends.iter().filter(|end| **end <= len).count();
            assert_eq!(records(&file[..len]), RECORDS[..whole], "cut to {len} bytes");
            // What stands in blocks that were given to the file and never written.
            let mut zeros = file[..len].to_vec();
            zeros.resize(file.len() + 512, 0);
            assert_eq!(records(&zeros), RECORDS[..whole], "zeros from {len} on");
        }
    }

    #[test]
    fn a_damaged_record_costs_itself_alone() {
        let file = file();
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[at] ^= 1 << bit;
                let mut frames = Frames::new(&damaged, 0);
                let found: Vec<&[u8]> = frames.by_ref().map(|framed| framed.record).collect();
                assert_eq!(found.len(), 2, "bit {bit} of byte {at}");
                assert!(found.iter().all(|record| RECORDS.contains(record)));
                assert!(frames.damaged > 0);
            }
        }
    }

    #[test]
    fn reading_goes_on_where_it_stopped() {
        let file = file();
        let first = Frames::new(&file, 0).next().unwrap();
        let rest: Vec<&[u8]> = Frames::new(&file, first.end).map(|framed| framed.record).collect();
        assert_eq!(rest, RECORDS[1..]);
        assert!(Frames::new(&file, usize::MAX).next().is_none());
    }
}
