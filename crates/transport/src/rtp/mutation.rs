//! Seeded damage for parser tests: truncations, bit flips, splices and random bytes.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How many damaged inputs each parser test sees.
const ROUNDS: u32 = 20_000;

/// Calls `parse` with every prefix of every sample, then with [`ROUNDS`] damaged inputs. The seed is
/// fixed, so that a failure repeats.
pub(crate) fn storm(samples: &[Vec<u8>], mut parse: impl FnMut(&[u8])) {
    for sample in samples {
        for len in 0..=sample.len() {
            parse(&sample[..len]);
        }
    }
    let mut rng = StdRng::seed_from_u64(0x70_6e_67_6b_65);
    for _ in 0..ROUNDS {
        let mut bytes = samples[rng.random_range(0..samples.len())].clone();
        for _ in 0..rng.random_range(1..6) {
            damage(&mut rng, &mut bytes, samples);
        }
        parse(&bytes);
    }
}

fn damage(rng: &mut StdRng, bytes: &mut Vec<u8>, samples: &[Vec<u8>]) {
    let at = rng.random_range(0..=bytes.len());
    match rng.random_range(0..6) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
        2 if at < bytes.len() => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][rng.random_range(0..5)],
        3 => bytes.insert(at, rng.random()),
        4 => {
            let other = &samples[rng.random_range(0..samples.len())];
            let from = rng.random_range(0..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => {
            *bytes = (0..rng.random_range(0..64)).map(|_| rng.random()).collect();
        }
    }
}
