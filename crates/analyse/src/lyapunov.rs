//! Lyapunov exponents by Benettin's method: vectors are propagated and re-orthonormalised.
//!
//! Of a map x_{t+1} = F(x_t) with derivative J_t, n orthonormal vectors Q_0 are propagated over k steps at a
//! time, and their growth is the diagonal of R:
//!
//! ```text
//! (1) Y = J_{t+k-1} .. J_t Q,   Y = Q' R          Gram-Schmidt, twice
//! (2) λ_i = lim 1/T Σ ln R_ii                     1/step; over dt: 1/s
//! (3) D_KY = j + Σ_{i<=j} λ_i / |λ_{j+1}|          the largest j for which Σ_{i<=j} λ_i >= 0
//! ```
//!
//! λ_1 > 0: differences grow (chaos). λ_1 < 0: two states under the same input converge, at this rate in the
//! long run. A direction that is erased completely has λ = -∞, here `None`.
//!
//! The caller's propagation decides the matrix: J itself, forwards; or Jᵀ, backwards in time, from a cell's
//! reverse pass. The product of all J has the singular values of its transpose, so both give the same
//! exponents.
//!
//! An exponent has an error from three parts, added as squares (`super::error`): the spread of blocks of time
//! as long as these are correlated, the drift from the first half of the time to the second, and the deficit
//! of a vector that is not yet aligned. Before the measurement the vectors align: for a tenth of the steps, a
//! quarter or a half, the least after which the two halves of the rest agree.
//!
//! **Sources.** (1), (2): Benettin, Galgani, Giorgilli & Strelcyn 1980, Meccanica 15; the form with QR:
//! Eckmann & Ruelle 1985, Rev. Mod. Phys. 57. (3): Kaplan & Yorke 1979. "Twice is enough": Kahan, in Parlett 1980.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::random;
use serde::{Deserialize, Serialize};

use super::error::{Estimate, estimate};

/// One exponent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exponent {
    /// (2), a step; `None` is -∞: a direction that is erased.
    pub per_step: Option<f64>,
    /// Its error, of which about two cover the truth; `None` where there are too few blocks.
    pub error: Option<f64>,
}

impl Exponent {
    /// In 1/s, for steps of `dt_ms`.
    pub fn per_second(&self, dt_ms: f64) -> Option<f64> {
        self.per_step.map(|rate| rate * 1e3 / dt_ms)
    }
}

/// The leading exponents, in descending order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spectrum {
    /// The exponents.
    pub exponents: Vec<Exponent>,
    /// (3); `None` if more exponents than these would be needed.
    pub kaplan_yorke: Option<f64>,
}

impl Spectrum {
    /// From exponents in any order; `all` is whether there are no further ones.
    pub fn new(mut exponents: Vec<Exponent>, all: bool) -> Self {
        let rate = |e: &Exponent| e.per_step.unwrap_or(f64::NEG_INFINITY);
        exponents.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
        let rates: Vec<f64> = exponents.iter().map(rate).collect();
        Self {
            kaplan_yorke: kaplan_yorke(&rates, all),
            exponents,
        }
    }

    /// λ_1.
    pub fn leading(&self) -> Option<&Exponent> {
        self.exponents.first()
    }
}

/// (3) of descending `rates`.
fn kaplan_yorke(rates: &[f64], all: bool) -> Option<f64> {
    let mut sum = 0.0;
    for (j, &rate) in rates.iter().enumerate() {
        if sum + rate < 0.0 {
            return Some(j as f64 + sum / rate.abs());
        }
        sum += rate;
    }
    all.then_some(rates.len() as f64)
}

/// How long to measure, and how often to re-orthonormalise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// n, exponents.
    pub exponents: usize,
    /// k, steps between two orthonormalisations.
    pub every: usize,
    /// Steps of a block of the error: a multiple of k.
    pub block: usize,
}

/// Blocks of a run, of which some are dropped while the vectors turn.
const BLOCKS: usize = 160;

impl Plan {
    /// For a run of `steps` steps.
    pub fn of(exponents: usize, steps: usize) -> Self {
        let every = 5;
        Self {
            exponents,
            every,
            block: (steps / BLOCKS).max(1).next_multiple_of(every),
        }
    }
}

/// Carries vectors and adds up their growth.
#[derive(Clone, Debug)]
pub struct Benettin {
    plan: Plan,
    /// Q `[S, n]`.
    basis: DMatrix<f64>,
    since: usize,
    /// Steps of the current block, and Σ ln R_ii over them.
    block: (usize, Vec<f64>),
    /// Steps and sums of finished blocks.
    blocks: Vec<(usize, Vec<f64>)>,
}

/// Remainder of a vector relative to the preceding ones, below which it is only rounding.
const NOTHING: f64 = 1e-13;

impl Benettin {
    /// For a state of `rows` numbers: at most this many exponents.
    pub fn new(rows: usize, plan: Plan) -> Self {
        let n = plan.exponents.min(rows);
        let mut basis = random(rows, n, 1.0, 1);
        orthonormalise(&mut basis, &mut vec![0.0; n]);
        Self {
            plan,
            basis,
            since: 0,
            block: (0, vec![0.0; n]),
            blocks: Vec::new(),
        }
    }

    /// One step: `carry` turns Q `[S, n]` into J Q.
    pub fn step(&mut self, carry: impl FnOnce(&mut DMatrix<f64>)) {
        carry(&mut self.basis);
        self.since += 1;
        if self.since >= self.plan.every {
            self.close();
        }
    }

    fn close(&mut self) {
        let since = std::mem::take(&mut self.since);
        let mut growth = vec![0.0; self.basis.ncols()];
        orthonormalise(&mut self.basis, &mut growth);
        self.block.0 += since;
        for (sum, growth) in self.block.1.iter_mut().zip(&growth) {
            *sum += growth.ln();
        }
        if self.block.0 >= self.plan.block {
            let n = growth.len();
            self.blocks
                .push(std::mem::replace(&mut self.block, (0, vec![0.0; n])));
        }
    }

    /// The exponents measured so far; they are complete if their number equals that of the state's numbers.
    pub fn finish(mut self) -> Spectrum {
        if self.since > 0 {
            self.close();
        }
        if self.block.0 > 0 {
            self.blocks.push(self.block);
        }
        let columns = self.basis.ncols();
        let series = |i: usize| {
            self.blocks
                .iter()
                .map(move |(steps, sums)| (*steps, sums[i]))
        };
        let leading: Vec<(usize, f64)> = if columns > 0 {
            series(0).collect()
        } else {
            Vec::new()
        };
        let turned = super::error::turned(&leading);
        let exponents = (0..columns).map(|i| {
            let blocks: Vec<(usize, f64)> = series(i).skip(turned).collect();
            let Estimate { mean, error } = estimate(&blocks, self.basis.nrows());
            Exponent {
                per_step: mean.is_finite().then_some(mean),
                error: error.filter(|_| mean.is_finite()),
            }
        });
        let all = self.basis.ncols() == self.basis.nrows();
        Spectrum::new(exponents.collect(), all)
    }
}

/// (1) Makes the columns of `q` orthonormal and sets `growth` to the diagonal of R. A column without
/// remainder becomes 0, with growth 0.
fn orthonormalise(q: &mut DMatrix<f64>, growth: &mut [f64]) {
    let rows = q.nrows();
    for (j, growth) in growth.iter_mut().enumerate() {
        let (before, rest) = q.as_mut_slice().split_at_mut(j * rows);
        let own = &mut rest[..rows];
        let whole = norm(own);
        for _ in 0..2 {
            for other in before.chunks_exact(rows.max(1)) {
                let share: f64 = other.iter().zip(&*own).map(|(a, b)| a * b).sum();
                (own.iter_mut().zip(other)).for_each(|(own, other)| *own -= share * other);
            }
        }
        let left = norm(own);
        let nothing = !(left > NOTHING * whole && left > f64::MIN_POSITIVE);
        *growth = if nothing { 0.0 } else { left };
        let scale = if nothing { 0.0 } else { left.recip() };
        for own in own {
            *own *= scale;
        }
    }
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exponents of a map from its derivative, step by step.
    fn measure(
        rows: usize,
        (exponents, steps): (usize, usize),
        mut j: impl FnMut() -> DMatrix<f64>,
    ) -> Spectrum {
        let mut benettin = Benettin::new(rows, Plan::of(exponents, steps));
        for _ in 0..steps {
            let j = j();
            benettin.step(|q| *q = j * &*q);
        }
        benettin.finish()
    }

    fn rates(spectrum: &Spectrum) -> Vec<f64> {
        spectrum
            .exponents
            .iter()
            .map(|e| e.per_step.unwrap())
            .collect()
    }

    /// x' = 4 x (1 - x): λ = ln 2.
    #[test]
    fn the_logistic_map_doubles_differences() {
        let mut x: f64 = 0.1234;
        let spectrum = measure(1, (3, 100_000), || {
            let slope = 4.0 - 8.0 * x;
            x = 4.0 * x * (1.0 - x);
            DMatrix::from_element(1, 1, slope)
        });
        let [leading] = spectrum.exponents[..] else {
            panic!("{spectrum:?}");
        };
        let (rate, error) = (leading.per_step.unwrap(), leading.error.unwrap());
        assert!((rate - 2f64.ln()).abs() < 2e-3, "{rate}");
        assert!(
            (rate - 2f64.ln()).abs() < 2.0 * error && error < 5e-3,
            "{error}"
        );
        assert_eq!(spectrum.kaplan_yorke, Some(1.0));
    }

    /// A linear map has the logarithms of the moduli of its eigenvalues: here 0.9, 0.8 ± 0.3i, 0.2, sheared.
    #[test]
    fn a_linear_map_has_the_logarithms_of_its_eigenvalues() {
        let mut a = DMatrix::zeros(4, 4);
        a[(0, 0)] = 0.9;
        a[(1, 1)] = 0.8;
        a[(1, 2)] = -0.3;
        a[(2, 1)] = 0.3;
        a[(2, 2)] = 0.8;
        a[(3, 3)] = 0.2;
        let p = DMatrix::identity(4, 4) + random(4, 4, 0.3, 5);
        let sheared = &p * a * p.clone().try_inverse().unwrap();
        let pair = 0.8f64.hypot(0.3).ln();
        let expected = [0.9f64.ln(), pair, pair, 0.2f64.ln()];
        let spectrum = measure(4, (4, 20_000), || sheared.clone());
        for (rate, expected) in rates(&spectrum).iter().zip(expected) {
            assert!((rate - expected).abs() < 2e-4, "{rate} is not {expected}");
        }
        assert_eq!(spectrum.kaplan_yorke, Some(0.0));
        // Fewer vectors find the leading ones.
        let two = measure(4, (2, 20_000), || sheared.clone());
        assert!((rates(&two)[0] - rates(&spectrum)[0]).abs() < 1e-6);
        // The transpose, as a reverse pass would carry it.
        let back = measure(4, (4, 20_000), || sheared.transpose());
        for (a, b) in rates(&back).iter().zip(expected) {
            assert!((a - b).abs() < 2e-4, "{a} is not {b}");
        }
    }

    /// Hénon's map at a = 1.4, b = 0.3: λ_1 = 0.4192, λ_1 + λ_2 = ln 0.3, D_KY = 1.258 (Sprott 2003).
    #[test]
    fn henons_map_stretches_and_folds() {
        let (mut x, mut y) = (0.1, 0.1);
        let spectrum = measure(2, (2, 200_000), || {
            let j = DMatrix::from_row_slice(2, 2, &[-2.8 * x, 1.0, 0.3, 0.0]);
            (x, y) = (1.0 - 1.4 * x * x + y, 0.3 * x);
            j
        });
        let found = rates(&spectrum);
        assert!((found[0] - 0.4192).abs() < 2e-3, "{found:?}");
        assert!((found[0] + found[1] - 0.3f64.ln()).abs() < 1e-9);
        assert!((spectrum.kaplan_yorke.unwrap() - 1.258).abs() < 2e-3);
    }

    #[test]
    fn an_erased_direction_is_minus_infinity() {
        let erases = DMatrix::from_row_slice(2, 2, &[0.5, 1.0, 0.0, 0.0]);
        let spectrum = measure(2, (2, 1_000), || erases.clone());
        assert!((spectrum.exponents[0].per_step.unwrap() - 0.5f64.ln()).abs() < 1e-3);
        assert_eq!(spectrum.exponents[1].per_step, None);
    }

    #[test]
    fn kaplan_yorke_by_hand() {
        assert_eq!(kaplan_yorke(&[-1.0], true), Some(0.0));
        assert_eq!(kaplan_yorke(&[2.0, -1.0, -4.0], true), Some(2.25));
        assert_eq!(kaplan_yorke(&[2.0, -1.0], false), None);
        assert_eq!(kaplan_yorke(&[1.0, f64::NEG_INFINITY], true), Some(1.0));
    }
}
