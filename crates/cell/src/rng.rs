//! Random numbers: one ChaCha stream for each seed, purpose and index. Stable across versions and
//! machines, and serialisable, so a run resumes to the same bits.

pub use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

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
