//! Surrogate gradients: smooth stand-ins for the derivative of a spike.
//!
//! A spike is a step of the distance to threshold, and the derivative of a step is zero almost
//! everywhere, so nothing could be learnt through it. A surrogate keeps the step in the forward pass
//! and puts a bump psi in place of its derivative in the reverse pass:
//!
//! ```text
//! (1) u = v - theta
//! (2) s = H(u) = 1 if u > 0, else 0
//! (3) ds/du := psi(u)
//! ```
//!
//! | name             | value     | psi(u)                                | source |
//! |------------------|-----------|---------------------------------------|--------|
//! | `fast_sigmoid`   | slope k   | 1 / (1 + k abs(u))^2                  | Zenke & Ganguli 2018; snnTorch `fast_sigmoid(slope=k)`, Norse `super` with alpha = k (Norse 1.1.0 leaves alpha out: k = 1) |
//! | `atan`           | alpha     | (alpha/2) / (1 + (pi alpha u / 2)^2)  | Fang et al. 2021; snnTorch and SpikingJelly `atan(alpha)` |
//! | `triangular`     | width w   | 0.3 max(0, 1 - abs(u)/w)              | Bellec et al. 2018, 2020, where w = theta; Norse `triangle` (alpha 0.3) for w = 1 |
//! | `boxcar`         | width w   | 1/w for abs(u) < w/2, else 0          | Wu et al. 2018, rectangle |
//! | `gaussian`       | sd sigma  | N(u; 0, sigma)                        | Wu et al. 2018, Gaussian |
//! | `multi_gaussian` | sd sigma  | 0.5 [1.15 N(u; 0, sigma) - 0.15 N(u; sigma, 6 sigma) - 0.15 N(u; -sigma, 6 sigma)] | Yin, Corradi & Bohte 2021, who take sigma = 0.5 |
//!
//! N(u; m, s) is the normal density with mean m and standard deviation s. u has the unit of the
//! membrane and is not divided by the threshold. The factor 0.5 of the multi-Gaussian is the gradient
//! scale in its authors' published code. snnTorch's own `triangular` is another function than the one
//! here and does not carry over.
//!
//! **Relaxed mode.** [`Surrogate::relaxed`] is the antiderivative of psi, through 1/2 at u = 0. With it in
//! place of the step (2), the gradient that a reverse pass computes is exact, and central differences
//! can check it.

use std::f64::consts::{FRAC_2_SQRT_PI, FRAC_PI_2, PI, SQRT_2};

use saturn_cell::elementary::exp;
use saturn_cell::{ConfigError, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Damping of the triangular surrogate (Bellec et al. 2018).
const DAMPING: f64 = 0.3;
/// Constants of the multi-Gaussian (Yin, Corradi & Bohte 2021): height and relative width of its two
/// negative side lobes, and the scale of the whole.
const LOBE_HEIGHT: f64 = 0.15;
const LOBE_WIDTH: f64 = 6.0;
const LOBE_SCALE: f64 = 0.5;

/// Which bump stands in for the derivative of a spike. The module's head has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Surrogate {
    /// 1 / (1 + k |u|)^2. Slope k > 0, 5-100; larger is narrower, so fewer neurons learn at each step.
    FastSigmoid(f64),
    /// (alpha/2) / (1 + (pi alpha u / 2)^2). alpha > 0, 1-10; larger is higher and narrower.
    Atan(f64),
    /// 0.3 max(0, 1 - |u|/w). Half-width w > 0, usually the threshold; larger reaches further.
    Triangular(f64),
    /// 1/w within |u| < w/2. Width w > 0; larger is lower and reaches further.
    Boxcar(f64),
    /// Normal density. Standard deviation sigma > 0, 0.1-1; larger is lower and reaches further.
    Gaussian(f64),
    /// A normal density with negative side lobes. Standard deviation sigma > 0, usually 0.5.
    MultiGaussian(f64),
}

impl Default for Surrogate {
    /// The fast sigmoid with slope 10.
    fn default() -> Self {
        Self::FastSigmoid(10.0)
    }
}

impl Surrogate {
    /// Checks that the one parameter is positive.
    pub fn check(self) -> Result<(), ConfigError> {
        let (key, value) = match self {
            Self::FastSigmoid(k) => ("surrogate.fast_sigmoid", k),
            Self::Atan(alpha) => ("surrogate.atan", alpha),
            Self::Triangular(w) => ("surrogate.triangular", w),
            Self::Boxcar(w) => ("surrogate.boxcar", w),
            Self::Gaussian(sigma) => ("surrogate.gaussian", sigma),
            Self::MultiGaussian(sigma) => ("surrogate.multi_gaussian", sigma),
        };
        ConfigError::unless_positive(key, value)
    }

    /// Whether psi is 0 outside a window, so that only neurons near their threshold take part in the reverse pass.
    pub fn is_windowed(self) -> bool {
        matches!(self, Self::Triangular(_) | Self::Boxcar(_))
    }

    /// What a cutoff at this distance to the threshold leaves out: the largest slope beyond it, and the share of the
    /// area under abs(psi).
    pub fn beyond(self, cutoff: f64) -> (f64, f64) {
        // To where the tail holds less than a thousandth of what the grid misses.
        const POINTS: usize = 200_000;
        let slope = |u: f64| self.slope(u).abs();
        let tail = |from: f64| {
            // u = from + t / (1 - t) maps 0..1 to from..infinity.
            let step = 1.0 / POINTS as f64;
            let at = |i: usize| {
                let t = (i as f64 + 0.5) * step;
                slope(from + t / (1.0 - t)) / ((1.0 - t) * (1.0 - t))
            };
            let largest = |i: usize| slope(from + 1e-4 * i as f64);
            let area = (0..POINTS).map(at).sum::<f64>() * step;
            ((0..POINTS).map(largest).fold(0.0, f64::max), area)
        };
        let (largest, left_out) = tail(cutoff);
        (largest, left_out / tail(0.0).1)
    }

    /// [`Self::beyond`] in a sentence; `None` where a cutoff at this distance changes nothing.
    pub fn left_out(self, cutoff: f64) -> Option<String> {
        let (largest, share) = self.beyond(cutoff);
        (largest > 0.0).then(|| {
            format!(
                "the surrogate is cut at {cutoff}: slopes of up to {largest:.2e} beyond it, {:.2} % of its area, are left out",
                100.0 * share
            )
        })
    }

    /// (2) A spike: 1 where u > 0, else 0.
    pub fn step<R: Real>(u: R) -> R {
        if u > R::zero() { R::one() } else { R::zero() }
    }

    /// (3) psi(u).
    pub fn slope<R: Real>(self, u: R) -> R {
        let mut one = [u];
        self.slopes(&mut one);
        one[0]
    }

    /// (3) Turns each u into psi(u), in place.
    #[inline(always)]
    pub fn slopes<R: Real>(self, u: &mut [R]) {
        let one = R::one();
        match self {
            Self::FastSigmoid(k) => {
                let k = R::of(k);
                for u in u {
                    let w = one + k * u.abs();
                    *u = one / (w * w);
                }
            }
            Self::Atan(alpha) => {
                let (height, k) = (R::of(alpha / 2.0), R::of(FRAC_PI_2 * alpha));
                for u in u {
                    let w = k * *u;
                    *u = height / (one + w * w);
                }
            }
            Self::Triangular(w) => {
                let (height, k) = (R::of(DAMPING), R::of(w.recip()));
                for u in u {
                    *u = height * (one - k * u.abs()).max(R::zero());
                }
            }
            Self::Boxcar(w) => {
                let (height, half) = (R::of(w.recip()), R::of(w / 2.0));
                for u in u {
                    *u = if u.abs() < half { height } else { R::zero() };
                }
            }
            Self::Gaussian(sigma) => {
                let bump = Bump::new(1.0, 0.0, sigma);
                for u in u {
                    *u = bump.at(*u);
                }
            }
            Self::MultiGaussian(sigma) => {
                let [centre, right, left] = lobes(sigma).map(|(h, m, s)| Bump::new(h, m, s));
                for u in u {
                    *u = centre.at(*u) + right.at(*u) + left.at(*u);
                }
            }
        }
    }

    /// The antiderivative of psi, 1/2 at u = 0. For checking gradients; computed in `f64`.
    pub fn relaxed<R: Real>(self, u: R) -> R {
        let u = u.wide();
        let rise = match self {
            Self::FastSigmoid(k) => u / (1.0 + k * u.abs()),
            Self::Atan(alpha) => (FRAC_PI_2 * alpha * u).atan() / PI,
            Self::Triangular(w) => {
                let c = u.clamp(-w, w);
                DAMPING * (c - c * c.abs() / (2.0 * w))
            }
            Self::Boxcar(w) => (u / w).clamp(-0.5, 0.5),
            Self::Gaussian(sigma) => normal_area(u, 0.0, sigma),
            Self::MultiGaussian(sigma) => {
                let parts = lobes(sigma);
                parts
                    .iter()
                    .map(|&(h, m, s)| h * normal_area(u, m, s))
                    .sum()
            }
        };
        R::of(0.5 + rise)
    }
}

/// The multi-Gaussian's three parts: weight, mean, standard deviation.
fn lobes(sigma: f64) -> [(f64, f64, f64); 3] {
    let wide = LOBE_WIDTH * sigma;
    [
        (LOBE_SCALE * (1.0 + LOBE_HEIGHT), 0.0, sigma),
        (-LOBE_SCALE * LOBE_HEIGHT, sigma, wide),
        (-LOBE_SCALE * LOBE_HEIGHT, -sigma, wide),
    ]
}

/// `height * exp(-rate (u - mean)^2)`: a weighted normal density with its constants worked out.
struct Bump<R: Real> {
    height: R,
    mean: R,
    rate: R,
}

impl<R: Real> Bump<R> {
    fn new(weight: f64, mean: f64, sigma: f64) -> Self {
        Self {
            height: R::of(weight / (sigma * (2.0 * PI).sqrt())),
            mean: R::of(mean),
            rate: R::of(0.5 / (sigma * sigma)),
        }
    }

    fn at(&self, u: R) -> R {
        let d = u - self.mean;
        self.height * exp(-self.rate * d * d)
    }
}

/// The integral of N(x; mean, sigma) over x from 0 to u.
fn normal_area(u: f64, mean: f64, sigma: f64) -> f64 {
    let scale = sigma * SQRT_2;
    0.5 * (erf((u - mean) / scale) + erf(mean / scale))
}

/// The error function by its series 2/sqrt(pi) exp(-x^2) Σ 2^n x^(2n+1) / (2n+1)!!, whose terms all have
/// one sign, so that nothing cancels. Beyond 6 it is ±1 in `f64`.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > 1e-17 * sum.abs() {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Surrogate; 6] = [
        Surrogate::FastSigmoid(10.0),
        Surrogate::Atan(2.0),
        Surrogate::Triangular(0.9),
        Surrogate::Boxcar(1.1),
        Surrogate::Gaussian(0.4),
        Surrogate::MultiGaussian(0.5),
    ];

    #[test]
    fn each_slope_is_the_derivative_of_its_relaxed_form() {
        let epsilon = 1e-6;
        for surrogate in ALL {
            for i in -40..40 {
                // 0.05 i + 0.013 is nowhere within epsilon of a kink (0, ±0.9, ±0.55).
                let u = 0.05 * f64::from(i) + 0.013;
                let rise = surrogate.relaxed(u + epsilon) - surrogate.relaxed(u - epsilon);
                let numeric = rise / (2.0 * epsilon);
                let slope = surrogate.slope(u);
                assert!(
                    (slope - numeric).abs() < 1e-8,
                    "{surrogate:?} at {u}: {slope} against {numeric}"
                );
            }
            assert!((surrogate.relaxed(0.0_f64) - 0.5).abs() < 1e-15);
        }
    }

    #[test]
    fn slopes_agree_with_hand_computed_values() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(Surrogate::FastSigmoid(10.0).slope(-0.1), 0.25);
        close(Surrogate::Atan(2.0).slope(1.0 / PI), 0.5);
        close(Surrogate::Triangular(2.0).slope(-1.0), 0.15);
        close(Surrogate::Boxcar(0.5).slope(0.2), 2.0);
        close(Surrogate::Boxcar(0.5).slope(0.3), 0.0);
        // 1 / sqrt(2 pi) = 0.398942280401...
        close(Surrogate::Gaussian(1.0).slope(0.0), 0.398_942_280_401_432_7);
        // 0.5 (1.15 - 0.3 exp(-1/72) / 6) / (0.5 sqrt(2 pi))
        let side = 0.3 * (-1.0_f64 / 72.0).exp() / 6.0;
        close(
            Surrogate::MultiGaussian(0.5).slope(0.0),
            0.398_942_280_401_432_7 * (1.15 - side),
        );
    }

    #[test]
    fn a_cutoff_says_what_it_leaves_out() {
        // The area of the fast sigmoid beyond c is 1 / (k (1 + k c)), of all 1 / k, on either side; of a normal
        // density beyond two standard deviations 4.55 %.
        for (surrogate, cutoff, largest, share) in [
            (Surrogate::FastSigmoid(10.0), 0.5, 1.0 / 36.0, 1.0 / 6.0),
            (Surrogate::Gaussian(0.5), 1.0, 0.107_981_933, 0.045_500_264),
            (Surrogate::Boxcar(1.0), 0.5, 0.0, 0.0),
            (Surrogate::Triangular(1.0), 0.5, 0.15, 0.25),
        ] {
            let found = surrogate.beyond(cutoff);
            assert!((found.0 - largest).abs() < 1e-6, "{surrogate:?}: {found:?}");
            assert!((found.1 - share).abs() < 1e-4, "{surrogate:?}: {found:?}");
        }
        assert_eq!(
            Surrogate::FastSigmoid(10.0).left_out(0.5).as_deref(),
            Some(
                "the surrogate is cut at 0.5: slopes of up to 2.78e-2 beyond it, 16.67 % of its area, are left out"
            )
        );
        assert_eq!(Surrogate::Boxcar(1.0).left_out(0.7), None);
    }

    #[test]
    fn both_number_types_agree() {
        for surrogate in ALL {
            for u in [-1.3, -0.2, 0.07, 0.8] {
                let narrow = surrogate.slope(u as f32);
                assert!((f64::from(narrow) - surrogate.slope(u)).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_spike_needs_more_than_the_threshold() {
        let spikes = [-1.0, 0.0, 1e-12, 2.0].map(|u: f64| Surrogate::step(u) > 0.5);
        assert_eq!(spikes, [false, false, true, true]);
    }

    #[test]
    fn the_error_function_is_exact() {
        // Abramowitz & Stegun 1964, table 7.1.
        for (x, value) in [
            (0.5, 0.520_499_877_8),
            (1.0, 0.842_700_792_9),
            (2.0, 0.995_322_265_0),
        ] {
            assert!((erf(x) - value).abs() < 1e-10);
            assert!((erf(-x) + value).abs() < 1e-10);
        }
        assert!((erf(7.0) - 1.0).abs() < 1e-16);
        assert!((erf(5.9) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_width_must_be_positive() {
        let bad = Surrogate::Gaussian(-0.5).check().unwrap_err();
        assert_eq!(
            bad.to_string(),
            "`surrogate.gaussian` is -0.5: it must be greater than 0"
        );
        assert!(Surrogate::Atan(f64::NAN).check().is_err());
        assert!(Surrogate::default().check().is_ok());
    }
}
