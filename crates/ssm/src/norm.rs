//! Normalisation of one column, without statistics of the batch: a stream has no batch, and a net that is
//! never reset must not depend on what runs in other lanes.
//!
//! ```text
//! (1) layer  μ = mean x,  r = 1/√(mean (x - μ)² + ε),  n = r (x - μ),  u = gain n + bias
//! (2) rms                 r = 1/√(mean x² + ε),        n = r x,        u = gain n
//! (3) none                                             u = x
//! ```
//!
//! Reverse, with n̄ the adjoint of n; ε drops out, as r holds it:
//!
//! ```text
//! (1)ᵀ x̄ = r (n̄ - mean n̄ - n mean(n̄ n))
//! (2)ᵀ x̄ = r (n̄ - n mean(n̄ n))
//! ```
//!
//! ε = 1e-5 as in PyTorch's LayerNorm. Sources: Ba, Kiros & Hinton 2016; Zhang & Sennrich 2019.

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// ε, which keeps a constant column finite.
pub const EPSILON: f64 = 1e-5;

/// How a block normalises its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// Mean 0 and variance 1 over the units, then a learned gain and bias.
    #[default]
    Layer,
    /// Mean square 1 over the units, then a learned gain.
    Rms,
    /// None.
    None,
}

impl Norm {
    /// Whether there is a gain.
    pub fn has_gain(self) -> bool {
        self != Self::None
    }

    /// Whether there is a bias.
    pub fn has_bias(self) -> bool {
        self == Self::Layer
    }

    /// Turns `x [H]` into n and returns r.
    #[inline(always)]
    pub fn normalise<R: Real>(self, x: &mut [R]) -> R {
        if self == Self::None {
            return R::one();
        }
        if self == Self::Layer {
            let mean = mean(x.len(), |i| x[i]);
            for x in &mut *x {
                *x -= mean;
            }
        }
        let square = mean(x.len(), |i| x[i] * x[i]);
        let r = R::one() / (square + R::of(EPSILON)).sqrt();
        for x in x {
            *x *= r;
        }
        r
    }

    /// Turns `d [H]` from the adjoint of n into that of x, given `n [H]` and r.
    #[inline(always)]
    pub fn backward<R: Real>(self, n: &[R], r: R, d: &mut [R]) {
        if self == Self::None {
            return;
        }
        let common = match self {
            Self::Layer => mean(d.len(), |i| d[i]),
            Self::Rms | Self::None => R::zero(),
        };
        let along = mean(d.len(), |i| d[i] * n[i]);
        for (d, &n) in d.iter_mut().zip(n) {
            *d = r * (*d - common - n * along);
        }
    }
}

/// The mean of `value(0..len)`, in sixteen sums side by side, so that they run in wide registers.
#[inline(always)]
fn mean<R: Real>(len: usize, value: impl Fn(usize) -> R) -> R {
    const SUMS: usize = 16;
    let mut sums = [R::zero(); SUMS];
    let whole = len - len % SUMS;
    for start in (0..whole).step_by(SUMS) {
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum += value(start + i);
        }
    }
    for (i, sum) in sums[..len - whole].iter_mut().enumerate() {
        *sum += value(whole + i);
    }
    sums.iter().fold(R::zero(), |sum, &part| sum + part) / R::of(len as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layer_and_rms_by_hand() {
        // Mean 3, variance 4: r = 1/√4.00001.
        let mut x = [1.0, 5.0];
        let r = Norm::Layer.normalise::<f64>(&mut x);
        assert!((r - 4.000_01f64.sqrt().recip()).abs() < 1e-15);
        assert!((x[1] - 2.0 * r).abs() < 1e-15 && (x[0] + x[1]).abs() < 1e-15);
        // Mean square 13.
        let mut x = [1.0, 5.0];
        let r = Norm::Rms.normalise::<f64>(&mut x);
        assert!((r - 13.000_01f64.sqrt().recip()).abs() < 1e-15);
        assert!((x[1] - 5.0 * r).abs() < 1e-15);
    }

    #[test]
    #[allow(clippy::float_cmp)] // these are exact
    fn a_constant_column_stays_finite() {
        let mut x = [2.0f32; 4];
        Norm::Layer.normalise(&mut x);
        assert_eq!(x, [0.0; 4]);
        let mut x = [0.0f32; 4];
        Norm::Rms.normalise(&mut x);
        assert_eq!(x, [0.0; 4]);
    }
}
