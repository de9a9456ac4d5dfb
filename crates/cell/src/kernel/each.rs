//! Elementwise loops over many streams at once.
//!
//! A loop that reads and writes many slices is vectorised only if the compiler knows that none of them
//! overlap, and it looks for overlaps between eight pairs at most. Here a block of every stream is read
//! before any is written, so that there is nothing to look for.

use crate::Real;

/// Numbers of a block: so many that the loop over them stays a loop and runs in wide registers. Shorter ones are
/// unrolled before that.
const BLOCK: usize = 64;

/// Sets the i-th numbers of all `outs` to what `f` makes of them and of the i-th numbers of all `ins`, for
/// every i. To be called within a function that is compiled for wide registers. With more than five `ins` the compiler
/// may fall back to narrow registers: split the equation.
#[inline(always)]
pub fn each<R: Real, const W: usize, const N: usize>(
    mut outs: [&mut [R]; W],
    ins: [&[R]; N],
    f: impl Fn([R; W], [R; N]) -> [R; W],
) {
    use std::array::from_fn;
    let len = outs[0].len();
    assert!(outs.iter().all(|out| out.len() == len), "outputs");
    assert!(ins.iter().all(|stream| stream.len() == len), "streams");
    let blocks = len / BLOCK;
    for block in 0..blocks {
        let own = block * BLOCK..(block + 1) * BLOCK;
        let mut y: [[R; BLOCK]; W] = from_fn(|j| {
            let mut numbers = [R::zero(); BLOCK];
            numbers.copy_from_slice(&outs[j][own.clone()]);
            numbers
        });
        let x: [&[R]; N] = from_fn(|j| &ins[j][own.clone()]);
        for i in 0..BLOCK {
            let new = f(from_fn(|j| y[j][i]), from_fn(|j| x[j][i]));
            for (y, new) in y.iter_mut().zip(new) {
                y[i] = new;
            }
        }
        for (out, y) in outs.iter_mut().zip(&y) {
            out[own.clone()].copy_from_slice(y);
        }
    }
    for i in blocks * BLOCK..len {
        let new = f(from_fn(|j| outs[j][i]), from_fn(|j| ins[j][i]));
        for (out, new) in outs.iter_mut().zip(new) {
            out[i] = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole blocks and what is left of them, in both number types, are the plain loop.
    #[test]
    fn every_number_is_visited_once() {
        fn check<R: Real>() {
            for len in [0, 1, 37, 63, 64, 65, 150] {
                let ramp = |from: usize| -> Vec<R> {
                    (from..from + len).map(|i| R::of(i as f64)).collect()
                };
                let (mut a, mut b, c) = (ramp(0), ramp(100), ramp(200));
                each([&mut a, &mut b], [&c], |[a, b], [c]| [a + c, b * c]);
                for i in 0..len {
                    let at = R::of(i as f64);
                    assert_eq!(a[i], at + c[i]);
                    assert_eq!(b[i], (R::of(100.0) + at) * c[i]);
                }
            }
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    #[should_panic(expected = "streams")]
    fn streams_are_as_long_as_outputs() {
        each([&mut [0.0f32; 3]], [&[1.0; 2]], |[y], [x]| [y + x]);
    }
}
