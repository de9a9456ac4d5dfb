//! Error of a mean growth over blocks of time as an estimate of the exponent.
//!
//! Of the growth g_1 .. g_m of m blocks, less those before the vectors have turned:
//!
//! ```text
//! (1) mean     = Σ g_k / T                                             T steps in all blocks
//! (2) spread   = max over l of sd(means of 2^l consecutive blocks) / sqrt(their number)   at least 8 of them
//! (3) drift    = |mean of the first half - mean of the second| / 2
//! (4) turning  = ln S / T                                              S numbers of state
//! (5) error    = sqrt(spread² + drift² + turning²)
//! ```
//!
//! (2) is the blocking of Flyvbjerg & Petersen 1989 (J. Chem. Phys. 91): as long as blocks are correlated, longer ones give a larger spread, and the largest is used. (3) covers slow convergence: a bias c / T from the first half is included in full. (4) bounds the deficit of a random vector relative to the leading direction: its part along it is 1/S
//! or more, nearly always, and over T steps it gains at most ln S on one that points along it. Without (3)
//! and (4) the error of a linear map, whose blocks are all equal, would be only rounding.

/// A mean and its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// (1)
    pub mean: f64,
    /// (5); `None` with fewer than [`FEWEST`] blocks.
    pub error: Option<f64>,
}

/// Fewest blocks of a spread.
const FEWEST: usize = 8;

/// Blocks of (steps, growth), the last of which may be shorter.
type Blocks<'a> = &'a [(usize, f64)];

fn mean(blocks: Blocks) -> f64 {
    let steps: usize = blocks.iter().map(|block| block.0).sum();
    blocks.iter().map(|block| block.1).sum::<f64>() / steps as f64
}

/// (2)
fn spread(blocks: Blocks) -> Option<f64> {
    let mut largest: Option<f64> = None;
    let mut length = 1;
    while blocks.len() / length >= FEWEST {
        let means: Vec<f64> = blocks.chunks_exact(length).map(mean).collect();
        let n = means.len() as f64;
        let middle = means.iter().sum::<f64>() / n;
        let squares: f64 = means.iter().map(|m| (m - middle).powi(2)).sum();
        let error = (squares / (n - 1.0) / n).sqrt();
        largest = Some(largest.map_or(error, |l| l.max(error)));
        length *= 2;
    }
    largest
}

/// Blocks of the leading exponent that are dropped: the least of a tenth, a quarter and a half after which both halves of
/// the rest agree within two of their spreads; a half, if none does.
pub(super) fn turned(blocks: Blocks) -> usize {
    let all = blocks.len();
    let agrees = |dropped: &usize| {
        let (first, second) = halves(&blocks[*dropped..]);
        match (spread(first), spread(second)) {
            (Some(a), Some(b)) => (mean(first) - mean(second)).abs() <= 2.0 * a.hypot(b),
            _ => true,
        }
    };
    [all.div_ceil(10), all.div_ceil(4)]
        .into_iter()
        .find(agrees)
        .unwrap_or(all / 2)
}

fn halves(blocks: Blocks) -> (Blocks, Blocks) {
    blocks.split_at(blocks.len() / 2)
}

/// (1) and (5) of a state of `rows` numbers.
pub(super) fn estimate(blocks: Blocks, rows: usize) -> Estimate {
    let steps: usize = blocks.iter().map(|block| block.0).sum();
    let (first, second) = halves(blocks);
    let drift = (mean(first) - mean(second)).abs() / 2.0;
    let turning = (rows.max(1) as f64).ln() / steps as f64;
    let error = spread(blocks).map(|spread| spread.hypot(drift).hypot(turning));
    Estimate {
        mean: mean(blocks),
        error,
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use saturn_cell::gradcheck::random;

    use super::super::lyapunov::{Benettin, Plan, Spectrum};
    use super::*;

    /// How many of `runs` intervals of two errors hold the truth.
    fn covered(runs: u64, mut run: impl FnMut(u64) -> (Spectrum, f64)) -> usize {
        (0..runs)
            .filter(|seed| {
                let (spectrum, truth) = run(*seed);
                let leading = spectrum.leading().unwrap();
                (leading.per_step.unwrap() - truth).abs() <= 2.0 * leading.error.unwrap()
            })
            .count()
    }

    /// x' = 4 x (1 - x), from other starts: λ = ln 2.
    #[test]
    fn intervals_hold_the_exponent_of_the_logistic_map() {
        let held = covered(40, |seed| {
            let mut x: f64 = 0.05 + 0.021 * seed as f64;
            let mut benettin = Benettin::new(1, Plan::of(1, 4_000));
            for _ in 0..4_000 {
                let slope = 4.0 - 8.0 * x;
                x = 4.0 * x * (1.0 - x);
                benettin.step(|q| *q *= slope);
            }
            (benettin.finish(), 2f64.ln())
        });
        assert!(held >= 37, "{held} of 40");
    }

    /// ln |slope| = m + an AR(1) process with a memory of 50 steps.
    #[test]
    fn intervals_hold_where_growth_remembers() {
        let held = covered(40, |seed| {
            let noise = random(1, 20_000, 0.1, seed);
            let (mut slow, mut benettin) = (0.0, Benettin::new(1, Plan::of(1, 20_000)));
            for z in noise.iter() {
                slow = 0.98 * slow + z;
                benettin.step(|q| *q *= f64::exp(-0.1 + slow));
            }
            (benettin.finish(), -0.1)
        });
        assert!(held >= 37, "{held} of 40");
    }

    /// Diagonal states with similar moduli, as in an SSM or leaky membranes, over a few thousand steps.
    #[test]
    fn intervals_hold_where_moduli_lie_close_together() {
        for (least, largest) in [(0.9, 0.95), (0.98, 0.995), (0.999, 0.999_5)] {
            for rows in [2, 32, 64] {
                let held = covered(20, |seed| {
                    let moduli: Vec<f64> = random(rows, 1, 1.0, seed)
                        .iter()
                        .map(|z| least + (largest - least) * (0.5 + 0.5 * z.tanh()))
                        .collect();
                    let truth = moduli.iter().copied().fold(0.0, f64::max).ln();
                    let diagonal = DMatrix::from_diagonal(&nalgebra::DVector::from_vec(moduli));
                    let mut benettin = Benettin::new(rows, Plan::of(4, 2_000));
                    for _ in 0..2_000 {
                        benettin.step(|q| *q = &diagonal * &*q);
                    }
                    (benettin.finish(), truth)
                });
                assert!(
                    held >= 19,
                    "{held} of 20, {rows} between {least} and {largest}"
                );
            }
        }
    }

    #[test]
    fn few_blocks_have_no_error() {
        assert_eq!(estimate(&[(5, 1.0); 7], 3).error, None);
        let even = estimate(&[(5, 1.0); 8], 1);
        assert!((even.mean - 0.2).abs() < 1e-12 && even.error.unwrap() < 1e-12);
        assert_eq!(turned(&[(5, 1.0); 40]), 4);
        // An approach that is not over counts from where its halves agree, or from the middle.
        let slow: Vec<(usize, f64)> = (0..40).map(|k| (5, f64::from(k))).collect();
        assert_eq!(turned(&slow), 20);
    }
}
