//! Squared distances of a vector from several others, in `f64`.
//!
//! Each is the sum of eight partial sums, every eighth term in order: one order for every instruction set.

use pulp::{Simd, WithSimd};

use super::isa::{Isa, dispatch};

/// Pairs that are compared at once.
pub const PAIRS: usize = 4;
/// Partial sums of a squared distance: every eighth term each.
const SUMS: usize = 8;

/// |a - b|² of several b, each as long as a or longer: eight partial sums, then their sum in order.
pub fn squared_distances(a: &[f64], b: [&[f64]; PAIRS]) -> [f64; PAIRS] {
    let b = b.map(|b| &b[..a.len()]);
    dispatch(Isa::current(), Squares { a, b })
}

/// The arguments of [`squared_distances`], all of one length.
struct Squares<'a> {
    a: &'a [f64],
    b: [&'a [f64]; PAIRS],
}

impl WithSimd for Squares<'_> {
    type Output = [f64; PAIRS];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; PAIRS] {
        match S::F64_LANES {
            8 => self.run::<S, 1>(simd),
            4 => self.run::<S, 2>(simd),
            2 => self.run::<S, 4>(simd),
            _ => self.run::<S, SUMS>(simd),
        }
    }
}

impl Squares<'_> {
    /// The sums, where so many registers hold the partial ones of a pair.
    #[inline(always)]
    fn run<S: Simd, const REGISTERS: usize>(self, simd: S) -> [f64; PAIRS] {
        let whole = S::as_simd_f64s(self.a).0.as_chunks::<REGISTERS>().0;
        let b = self
            .b
            .map(|b| S::as_simd_f64s(b).0.as_chunks::<REGISTERS>().0);
        let b = b.map(|b| &b[..whole.len()]);
        let mut sums = [[simd.splat_f64s(0.0); REGISTERS]; PAIRS];
        for (i, a) in whole.iter().enumerate() {
            for (sums, b) in sums.iter_mut().zip(&b) {
                for (r, sum) in sums.iter_mut().enumerate() {
                    let apart = simd.sub_f64s(a[r], b[i][r]);
                    *sum = simd.add_f64s(*sum, simd.mul_f64s(apart, apart));
                }
            }
        }
        let done = whole.len() * SUMS;
        let mut squares = [0.0; PAIRS];
        for ((square, sums), b) in squares.iter_mut().zip(&sums).zip(&self.b) {
            let mut numbers = [0.0; SUMS];
            S::as_mut_simd_f64s(&mut numbers).0.copy_from_slice(sums);
            for (number, (a, b)) in numbers
                .iter_mut()
                .zip(self.a[done..].iter().zip(&b[done..]))
            {
                *number += (a - b) * (a - b);
            }
            for number in numbers {
                *square += number;
            }
        }
        squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;

    /// In any registers, any length gives the bits of a loop over eight sums.
    #[test]
    fn distances_have_the_bits_of_their_loop() {
        for rows in [1, 7, 8, 20, 128, 133] {
            let states = random(rows, 5, 1.0, 1);
            let column = |j: usize| &states.as_slice()[j * rows..(j + 1) * rows];
            let (a, b) = (column(0), [1, 2, 3, 4].map(column));
            let plain = b.map(|b| {
                let mut sums = [0.0; SUMS];
                for (k, (a, b)) in a.iter().zip(b).enumerate() {
                    sums[k % SUMS] += (a - b) * (a - b);
                }
                sums.iter().fold(0.0, |all, sum| all + sum)
            });
            let bits = |distances: [f64; PAIRS]| distances.map(f64::to_bits);
            let plain = bits(plain);
            assert_eq!(bits(squared_distances(a, b)), plain);
            assert_eq!(bits(Squares { a, b }.with_simd(pulp::Scalar)), plain);
            for isa in Isa::ALL.into_iter().filter(|isa| isa.is_supported()) {
                let found = dispatch(isa, Squares { a, b });
                assert_eq!(bits(found), plain, "{isa}: {rows}");
            }
        }
    }
}
