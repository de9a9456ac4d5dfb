//! exp, tanh and the logistic function as straight-line arithmetic, so that a loop over them can run in the
//! machine's widest registers (see [`crate::kernel`]); in `f64` they are the standard library's.
//!
//! In `f32` exp and the logistic function are within 4 units in the last place of the exact value, tanh within 7:
//!
//! ```text
//! (1) exp x = 2^n exp r,  n = round(x / ln 2),  r = x - n ln 2,  |r| <= ln 2 / 2,  exp r by its minimax polynomial
//! (2) tanh x = x p(x²) / q(x²) on |x| <= 8, where it rounds to ±1
//! (3) sigmoid x = 1 / (1 + exp -x)
//! ```
//!
//! Sources: Moshier's Cephes (1) for the polynomial and the two parts of ln 2; the rational minimax
//! approximation of Eigen's `ptanh` (2).

use crate::Real;

/// exp x.
#[inline(always)]
pub fn exp<R: Real>(x: R) -> R {
    x.exponential()
}

/// tanh x.
#[inline(always)]
pub fn tanh<R: Real>(x: R) -> R {
    x.hyperbolic_tangent()
}

/// 1 / (1 + exp(-x)), without overflow at either end.
#[inline(always)]
pub fn sigmoid<R: Real>(x: R) -> R {
    R::one() / (R::one() + exp(-x))
}

/// (1)
#[inline(always)]
pub(crate) fn exp_f32(x: f32) -> f32 {
    /// 1.5 · 2^23: adding it rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Beyond these ends the result is 0 or infinite, and n is still in range.
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // Written out: a loop over coefficients would keep the caller's loop out of wide registers.
    let p = (1.987_569_1e-4 * r + 1.398_2e-3) * r + 8.333_452e-3;
    let p = ((p * r + 4.166_579_6e-2) * r + 1.666_666_5e-1) * r + 5.000_000_3e-1;
    let p = (p * r) * r + r + 1.0;
    // 2^n in two factors: n reaches -151 and 129, beyond what one exponent holds.
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let half = n >> 1;
    let power = |n: i32| f32::from_bits(((n + 127) as u32) << 23);
    p * power(half) * power(n - half)
}

/// (2)
#[inline(always)]
pub(crate) fn tanh_f32(x: f32) -> f32 {
    const END: f32 = 7.998_811_7;
    let x = if x < -END { -END } else { x };
    let x = if x > END { END } else { x };
    let square = x * x;
    let p = (-2.760_768_4e-16 * square + 2.000_188e-13) * square - 8.604_672e-11;
    let p = ((p * square + 5.122_297_3e-8) * square + 1.485_722_3e-5) * square + 6.372_619_4e-4;
    let p = p * square + 4.893_524_6e-3;
    let q = (1.198_258_4e-6 * square + 1.185_347_1e-4) * square + 2.268_434_6e-3;
    let q = q * square + 4.893_525_3e-3;
    x * p / q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest distance from `exact`, in units in the last place, over a fine grid of `from..to`.
    fn worst(f: fn(f32) -> f32, exact: fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let steps = 400_000;
        (0..=steps)
            .map(|i| from + (to - from) * (i as f32 / steps as f32))
            .map(|x| {
                let y = exact(f64::from(x));
                let ulp = f64::from((y.abs() as f32).next_up()) - f64::from(y.abs() as f32);
                (f64::from(f(x)) - y).abs() / ulp
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn each_is_within_a_few_units_in_the_last_place() {
        let sigmoid_exact = |x: f64| 1.0 / (1.0 + (-x).exp());
        for (what, found, limit) in [
            ("exp", worst(exp::<f32>, f64::exp, -87.0, 88.0), 4.0),
            ("exp near 0", worst(exp::<f32>, f64::exp, -1.0, 1.0), 4.0),
            ("tanh", worst(tanh::<f32>, f64::tanh, -9.0, 9.0), 7.0),
            (
                "tanh near 0",
                worst(tanh::<f32>, f64::tanh, -0.01, 0.01),
                7.0,
            ),
            (
                "sigmoid",
                worst(sigmoid::<f32>, sigmoid_exact, -80.0, 20.0),
                4.0,
            ),
        ] {
            assert!(found < limit, "{what}: {found} units in the last place");
        }
    }

    #[test]
    #[allow(clippy::float_cmp)] // these are exact
    fn the_ends_are_right() {
        assert_eq!(exp(0.0f32), 1.0);
        assert_eq!(exp(-200.0f32), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(200.0f32), f32::INFINITY);
        assert!(exp(-100.0f32) > 0.0, "subnormal");
        assert_eq!(tanh(0.0f32), 0.0);
        assert!((tanh(50.0f32) - 1.0).abs() < 2e-7);
        assert!(tanh(50.0f32) <= 1.0);
        assert_eq!(sigmoid(1e4f32), 1.0);
        assert_eq!(sigmoid(-1e4f32), 0.0);
        assert!(exp(f32::NAN).is_nan());
        assert!(tanh(f32::NAN).is_nan());
        assert!(sigmoid(f32::NAN).is_nan());
    }

    #[test]
    #[allow(clippy::float_cmp)] // the library's own bits
    fn f64_is_the_standard_librarys() {
        for x in [-3.0, 0.1, 2.0] {
            assert_eq!(exp(x), f64::exp(x));
            assert_eq!(tanh(x), f64::tanh(x));
        }
    }
}
