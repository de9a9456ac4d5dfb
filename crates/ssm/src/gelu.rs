//! GELU, in its tanh form.
//!
//! ```text
//! (1) gelu(x) = x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))) = x σ(z),   z = 2 √(2/π) (x + 0.044715 x³)
//! (2) gelu'(x) = σ + x σ (1 - σ) z',                                 z' = 2 √(2/π) (1 + 0.134145 x²)
//! ```
//!
//! This is JAX's default, which S5 uses, and PyTorch's `approximate="tanh"`; it is within 5e-4 of the exact
//! x Φ(x). As (1 + tanh(z/2))/2 = σ(z), one logistic function is all it takes.
//!
//! Source: Hendrycks & Gimpel 2016, §2.

use saturn_cell::Real;
use saturn_cell::elementary::sigmoid;

/// 2 √(2/π).
pub const SCALE: f64 = 1.595_769_121_605_730_7;
/// The factor of x³ in (1).
pub const CUBIC: f64 = 0.044_715;

/// (1)
#[inline(always)]
pub fn gelu<R: Real>(x: R) -> R {
    x * gate(x)
}

/// (2)
#[inline(always)]
pub fn gelu_slope<R: Real>(x: R) -> R {
    let s = gate(x);
    let dz = R::of(SCALE) + R::of(3.0 * CUBIC * SCALE) * x * x;
    s + x * s * (R::one() - s) * dz
}

/// σ(z).
#[inline(always)]
fn gate<R: Real>(x: R) -> R {
    sigmoid(x * (R::of(SCALE) + R::of(CUBIC * SCALE) * x * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_pytorchs() {
        // torch.nn.functional.gelu(torch.tensor([-3., -1., 0., .5, 2.]).double(), approximate="tanh")
        let golden = [
            (-3.0, -0.003_637_392_081_772_994),
            (-1.0, -0.158_808_009_391_723_24),
            (0.0, 0.0),
            (0.5, 0.345_714_009_825_143_94),
            (2.0, 1.954_597_694_087_775),
        ];
        for (x, y) in golden {
            assert!(
                (gelu::<f64>(x) - y).abs() < 1e-15,
                "{x}: {}",
                gelu::<f64>(x)
            );
        }
    }

    #[test]
    fn the_slope_is_that_of_central_differences() {
        for x in [-8.0, -1.3, 0.0, 0.7, 9.0] {
            let numeric = (gelu::<f64>(x + 1e-5) - gelu::<f64>(x - 1e-5)) / 2e-5;
            assert!((gelu_slope::<f64>(x) - numeric).abs() < 1e-9);
        }
    }

    #[test]
    #[allow(clippy::float_cmp)] // these are exact
    fn the_ends_stay_finite() {
        assert_eq!(gelu(-1e4f32), 0.0);
        assert_eq!(gelu(1e4f32), 1e4);
        assert_eq!(gelu_slope(-1e4f32), 0.0);
        assert_eq!(gelu_slope(1e4f32), 1.0);
    }
}
