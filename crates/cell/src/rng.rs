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
