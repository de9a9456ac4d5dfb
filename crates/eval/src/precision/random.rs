//! The random bits of stochastic rounding: a function of a number's position, without a state.
//!
//! ```text
//! (1) (a, b) = mix64(seed, layer, pass, lane, step)     once a lane and step
//! (2) bits_i = mix32(a + i g, b)                          for row i; g = 2^32 / golden ratio
//! ```
//!
//! So the bits are the same at any number of threads, in any chunks, when a step is recomputed for its
//! gradient, and after a resume: no state must be saved. (1) is SplitMix64's finaliser (Steele, Lea & Flood
//! 2014),
//! (2) a 32-bit finaliser of low bias (Wellons 2018, "Prospecting for hash functions"), of two products and three
//! shifts, which compilers turn into wide instructions. Counter-based random numbers: Salmon et al. 2011.

use saturn_cell::RngPosition;
use saturn_cell::rng::mix64;

/// The key of one lane at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    a: u32,
    b: u32,
}

impl Key {
    /// (1), for column `column` of the lanes that begin at `at.lane`.
    pub fn new(seed: u64, layer: u64, at: RngPosition, column: usize) -> Self {
        let mut x = mix64(seed);
        for part in [layer, at.pass, at.lane + column as u64, at.step] {
            x = mix64(x ^ part);
        }
        Self {
            a: x as u32,
            b: (x >> 32) as u32,
        }
    }

    /// (2): the bits of row `i`.
    #[inline(always)]
    pub fn bits(self, i: u32) -> u32 {
        let mut x = self.a.wrapping_add(i.wrapping_mul(0x9e37_79b9));
        x ^= x >> 16;
        x = x.wrapping_mul(0x21f0_aaad) ^ self.b;
        x ^= x >> 15;
        x = x.wrapping_mul(0x735a_2d97);
        x ^ (x >> 15)
    }
}
