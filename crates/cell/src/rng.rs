//! Random numbers: one ChaCha stream for each seed, purpose and index. Stable across versions and
//! machines, and serialisable, so a run resumes to the same bits.

pub use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The generator for `purpose` (a short name, such as `"init"`) and `index` (a lane, a layer) under
/// `seed`. Different purposes and indices give independent streams.
pub fn generator(seed: u64, purpose: &str, index: u64) -> ChaCha8Rng {
    assert!(purpose.len() <= 24, "a purpose has at most 24 bytes");
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..8 + purpose.len()].copy_from_slice(purpose.as_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}

/// Adds `count` distinct numbers below `n` to `into`, ascending: every choice is equally likely, by Floyd's algorithm
/// (Bentley & Floyd 1987). It is Saturn's own, since networks are restored by drawing again.
///
/// # Panics
/// If `count` is more than `n`, or `n` more than 2³².
pub fn distinct(n: usize, count: usize, rng: &mut ChaCha8Rng, into: &mut Vec<u32>) {
    assert!(count <= n && n as u64 <= 1 << 32, "{count} of {n} numbers");
    let mut chosen = vec![0u64; n.div_ceil(64)];
    let mut take = |i: usize| {
        let bit = 1 << (i % 64);
        let is_new = chosen[i / 64] & bit == 0;
        chosen[i / 64] |= bit;
        is_new
    };
    for last in n - count..n {
        // Multiplied and shifted, one of 0 to `last`: none is more likely than another by more than one part in 2³².
        let drawn = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
        if !take(drawn as usize) {
            take(last);
        }
    }
    for (word, mut bits) in (0..).zip(chosen) {
        while bits != 0 {
            into.push(64 * word + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
}

/// The [`RngPosition::pass`](crate::RngPosition::pass) of a purpose: another purpose draws other numbers.
pub fn pass_of(purpose: &str) -> u64 {
    let add = |hash: u64, byte: u8| mix64(hash ^ u64::from(byte));
    purpose.bytes().fold(0, add)
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators").
pub fn mix64(x: u64) -> u64 {
    let mut x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(n: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
        let mut found = Vec::new();
        distinct(n, count, rng, &mut found);
        found
    }

    #[test]
    fn distinct_numbers_are_ascending_and_equally_likely() {
        let mut rng = generator(5, "test", 0);
        assert_eq!(drawn(100, 100, &mut rng), (0..100).collect::<Vec<_>>());
        assert_eq!(drawn(7, 0, &mut rng), []);
        let mut hits = [0; 100];
        for _ in 0..20_000 {
            let found = drawn(100, 10, &mut rng);
            assert_eq!(found.len(), 10);
            assert!(found.is_sorted_by(|a, b| a < b));
            for i in found {
                hits[i as usize] += 1;
            }
        }
        // 2,000 each; the standard deviation is 42.
        assert!(
            hits.iter().all(|&n| (1_790..2_210).contains(&n)),
            "{hits:?}"
        );
    }

    /// Another draw would connect every saved network otherwise.
    #[test]
    fn distinct_numbers_stay_the_same_across_versions() {
        let mut rng = generator(0, "connections", 0);
        let first = [1, 166, 211, 224, 297, 702];
        assert_eq!(drawn(1_000, 6, &mut rng), first);
    }
}
