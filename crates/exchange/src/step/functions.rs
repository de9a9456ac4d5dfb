//! The functions of a program on numbers. In `f32` they are straight-line arithmetic, which the C sources repeat
//! operation by operation, so that both have the same bits.
//!
//! ```text
//! (1) exp, tanh, sigmoid    those of the cells, see [`saturn_cell::elementary`]
//! (2) softplus x = max(x, 0) + ln(1 + u),  u = exp(-|x|)
//! (3) ln(1 + u) = 2 z (1 + z²/3 + z⁴/5 + ..),  z = u / (2 + u) <= 1/3
//! ```
//!
//! In `f32` the series (3) has 8 terms, which leave out less than 2e-9 of it, and softplus is within 4 units in the last
//! place of the exact value; in `f64` it has 18.

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
}
