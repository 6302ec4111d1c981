//! Which packets of one receiver leave in one send.
//!
//! UDP GSO takes a run of datagrams of equal size, of which the last may be shorter. Encoders cut a
//! picture into packets that differ by a byte; one byte of RTP padding makes such a picture one run.

/// Datagrams the kernel takes in one GSO send (UDP_MAX_SEGMENTS is 128 today and was 64).
const MAX_SEGMENTS: usize = 60;
/// Bytes it takes, with room for what sealing adds to each.
const MAX_RUN_BYTES: usize = 60_000;
/// What sealing adds at most: the tag of AEAD_AES_128_GCM (RFC 7714).
const MAX_TAG: usize = 16;

/// Packets that leave together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub packets: usize,
    /// Length of all of them but the last, which may be shorter, before sealing.
    pub len: usize,
}

impl Run {
    /// Padding bytes (0 or 1) for packet number `index` of the run, which is `len` long without.
    pub fn padding(&self, index: usize, len: usize) -> u8 {
        u8::from(index + 1 < self.packets && len < self.len)
    }
}

/// The first run of `lens`; packets must not be empty.
pub(crate) fn first_run(lens: &[usize]) -> Option<Run> {
    let mut run = Run { packets: 1, len: *lens.first()? };
    let mut shortest = run.len;
    for &len in &lens[1..] {
        let target = run.len.max(len);
        let full = run.packets == MAX_SEGMENTS || (run.packets + 1) * (target + MAX_TAG) > MAX_RUN_BYTES;
        if full || target > shortest + 1 {
            break;
        }
        run.packets += 1;
        run.len = target;
        if len + 1 < target {
            // Two bytes short or more: it can only be the last.
            break;
        }
        shortest = shortest.min(len);
    }
    Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(lens: &[usize]) -> Vec<(usize, usize)> {
        let mut rest = lens;
        let mut found = Vec::new();
        while let Some(run) = first_run(rest) {
            found.push((run.packets, run.len));
            rest = &rest[run.packets..];
        }
        found
    }

    #[test]
    fn equal_packets_and_a_shorter_last_one_are_one_run() {
        assert_eq!(runs(&[1000, 1000, 1000, 400]), [(4, 1000)]);
        assert_eq!(runs(&[1000, 400, 1000]), [(2, 1000), (1, 1000)]);
        assert_eq!(runs(&[400, 1000]), [(1, 400), (1, 1000)]);
        assert_eq!(runs(&[]), []);
    }

    #[test]
    fn one_byte_of_padding_makes_two_runs_one() {
        assert_eq!(runs(&[1000, 1000, 1001, 1001]), [(4, 1001)]);
        assert_eq!(runs(&[1001, 1001, 1000, 1000]), [(4, 1001)]);
        assert_eq!(runs(&[1000, 1001, 1000, 700]), [(4, 1001)]);
        assert_eq!(runs(&[1000, 1001, 1002]), [(2, 1001), (1, 1002)]);
        let run = first_run(&[1000, 1001, 1000]).unwrap();
        assert_eq!([run.padding(0, 1000), run.padding(1, 1001), run.padding(2, 1000)], [1, 0, 0]);
    }

    #[test]
    fn a_run_stays_below_what_the_kernel_takes() {
        assert_eq!(runs(&[100; 130]), [(60, 100), (60, 100), (10, 100)]);
        assert!(runs(&[1400; 60]).iter().all(|(packets, len)| packets * (len + 16) <= 60_000));
    }
}
