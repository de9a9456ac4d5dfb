//! The functions of a program on numbers. In `f32` they are straight-line arithmetic, which the C sources repeat
//! operation by operation, so that both have the same bits.
//!
//! ```text
//! (1) exp, tanh, sigmoid    those of the cells, see [`saturn_cell::elementary`]
//! (2) softplus x = max(x, 0) + ln(1 + u),  u = exp(-|x|)
//! (3) ln(1 + u) = 2 z (1 + z²/3 + z⁴/5 + ..),  z = u / (2 + u) <= 1/3
//! (4) sin x, cos x = ± sin r or ± cos r by k mod 4,  k = round(2 x / π),  r = x - k π/2 in three parts
//! ```
//!
//! In `f32` the series (3) has 8 terms, which leave out less than 2e-9 of it, and softplus is within 4 units in the last
//! place of the exact value; in `f64` it has 18.
//! (4) has the polynomials of Moshier's Cephes and is within 1e-7 of the exact value for |x| up to 8,192; in `f64` both are
//! the standard library's.

use saturn_cell::Real;
use saturn_cell::elementary::{exp, sigmoid, tanh};

use super::program::{Function, Operator};

/// Partial sums of (4) of [`super::program`].
pub const SUMS: usize = 16;

/// Terms of (3) in `f32`.
pub const TERMS: usize = 8;

/// `function` of `x`.
pub fn unary<R: Real>(function: Function, x: R) -> R {
    match function {
        Function::Negate => -x,
        Function::Sigmoid => sigmoid(x),
        Function::Tanh => tanh(x),
        Function::Exp => exp(x),
        Function::Sqrt => x.sqrt(),
        Function::Softplus => softplus(x),
        Function::Floor => x.floor(),
        Function::Sin if R::NAME == f32::NAME => R::of(f64::from(turned(x.wide() as f32, 0))),
        Function::Cos if R::NAME == f32::NAME => R::of(f64::from(turned(x.wide() as f32, 1))),
        Function::Sin => x.sin(),
        Function::Cos => x.cos(),
    }
}

/// `operator` of `a` and `b`.
pub(super) fn binary<R: Real>(operator: Operator, a: R, b: R) -> R {
    let truth = |is: bool| if is { R::one() } else { R::zero() };
    match operator {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mul => a * b,
        Operator::Div => a / b,
        Operator::Min if a < b => a,
        Operator::Min => b,
        Operator::Greater => truth(a > b),
        Operator::AtLeast => truth(a >= b),
    }
}

/// (2)
pub(super) fn softplus<R: Real>(x: R) -> R {
    let positive = if x > R::zero() { x } else { R::zero() };
    let size = if x > R::zero() { -x } else { x };
    let u = exp(size);
    let terms = if R::NAME == f32::NAME { TERMS } else { 18 };
    let z = u / (R::of(2.0) + u);
    let square = z * z;
    let mut p = R::zero();
    for k in (0..terms).rev() {
        p = p * square + R::of(1.0 / (2 * k + 1) as f64); // (3)
    }
    positive + R::of(2.0) * z * p
}

/// (4): sin(x + `quarters` π/2).
fn turned(x: f32, quarters: u32) -> f32 {
    /// 1.5 · 2^23: adding it rounds to an integer, which is then in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::FRAC_2_PI + ROUND;
    let k = shifted - ROUND;
    let r = ((x - k * 1.570_312_5) - k * 4.837_513e-4) - k * 7.549_79e-8;
    let square = r * r;
    let sine =
        ((-1.951_529_6e-4 * square + 8.332_161e-3) * square - 1.666_665_5e-1) * square * r + r;
    let cosine =
        ((2.443_315_7e-5 * square - 1.388_731_6e-3) * square + 4.166_664_6e-2) * square * square
            - 0.5 * square
            + 1.0;
    let quadrant = shifted.to_bits().wrapping_add(quarters);
    let size = if quadrant & 1 == 0 { sine } else { cosine };
    if quadrant & 2 == 0 { size } else { -size }
}

/// Σ x, in sixteen sums.
pub(super) fn sum<R: Real>(x: &[R]) -> R {
    let mut sums = [R::zero(); SUMS];
    for block in x.chunks(SUMS) {
        for (sum, &x) in sums.iter_mut().zip(block) {
            *sum += x;
        }
    }
    sums.iter().fold(R::zero(), |all, &sum| all + sum)
}

/// The softmax of `x`.
pub(super) fn softmax<R: Real>(x: &[R], to: &mut [R]) {
    let mut top = x[0];
    for &x in x {
        if x > top {
            top = x;
        }
    }
    let mut sum = R::zero();
    for (to, &x) in to.iter_mut().zip(x) {
        *to = exp(x - top);
        sum += *to;
    }
    for to in to {
        *to /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softplus_is_within_four_units_in_the_last_place() {
        let mut worst = 0.0f64;
        for i in 0..400_000 {
            let x = -80.0 + 100.0 * (i as f32 / 400_000.0);
            let wide = f64::from(x);
            let exact = wide.max(0.0) + (-wide.abs()).exp().ln_1p();
            let ulp = f64::from((exact as f32).next_up()) - f64::from(exact as f32);
            worst = worst.max((f64::from(softplus(x)) - exact).abs() / ulp);
            assert!((softplus(wide) - exact).abs() <= 1e-14 * exact.max(1e-30));
        }
        assert!(worst < 4.0, "{worst}");
    }

    #[test]
    fn sine_and_cosine_are_within_1e_7() {
        for i in 0..400_000 {
            let x = -8192.0 + 16384.0 * (i as f32 / 400_000.0);
            for (function, exact) in [
                (Function::Sin, f64::sin as fn(f64) -> f64),
                (Function::Cos, f64::cos),
            ] {
                for x in [x, x / 1000.0] {
                    let error = f64::from(unary(function, x)) - exact(f64::from(x));
                    assert!(error.abs() < 1e-7, "{function:?} {x}: {error}");
                }
            }
        }
    }
}
