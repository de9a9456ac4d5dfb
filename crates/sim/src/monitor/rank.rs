//! The effective rank of the state: how many of its dimensions the stream uses.
//!
//! With C the covariance of the state (all fields but spikes) over the steps and lanes of a window,
//! and lambda its eigenvalues, the participation ratio is
//!
//! ```text
//! (1) C  = sum_n (h_n - o)(h_n - o)' / N - (mean - o)(mean - o)'
//! (2) PR = (sum lambda)^2 / sum lambda^2 = (tr C)^2 / |C|_F^2
//! ```
//!
//! PR is 1 where all variance lies along one line and S where it is equal in all directions. The origin
//! o is the window's first state, which keeps (1) from cancelling where the mean is large. It costs S^2
//! for each state shown. Fields of different size are taken as they are, so a large one dominates.
//!
//! Source: P. Gao et al., *A theory of multineuronal dimensionality, dynamics and measurement*, 2017.

use std::ops::Range;

use saturn_cell::{Field, FieldKind, Real};
use serde::{Deserialize, Serialize};

/// How many dimensions of a state are used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectiveRank {
    /// (2), 1..=S.
    pub participation_ratio: f64,
    /// S, the rows it is taken over: the most it can be.
    pub dimensions: usize,
}

/// Collects the covariance of one cell's state.
#[derive(Clone, Debug)]
pub struct Rank {
    rows: Vec<Range<usize>>,
    /// o, `[S]`; empty before the window's first state.
    origin: Vec<f64>,
    /// h - o of the state shown, `[S]`.
    offset: Vec<f64>,
    sum: Vec<f64>,
    /// The lower triangle of sum (h - o)(h - o)', `[S, S]` by column.
    products: Vec<f64>,
    /// N.
    seen: u64,
}

impl Rank {
    /// For a state with these fields; `None` if there are none but spikes.
    pub fn new(fields: &[Field]) -> Option<Self> {
        let rows: Vec<Range<usize>> = (fields.iter())
            .filter(|field| field.kind != FieldKind::Spikes)
            .map(|field| field.rows.clone())
            .collect();
        let s: usize = rows.iter().map(Range::len).sum();
        (s > 0).then(|| Self {
            rows,
            origin: Vec::with_capacity(s),
            offset: Vec::with_capacity(s),
            sum: vec![0.0; s],
            products: vec![0.0; s * s],
            seen: 0,
        })
    }

    /// The whole state of one lane at one step. A state that is not finite is passed over.
    pub fn observe<R: Real>(&mut self, state: &[R]) {
        self.offset.clear();
        for rows in &self.rows {
            (self.offset).extend(state[rows.clone()].iter().map(|v| v.wide()));
        }
        if !self.offset.iter().all(|v| v.is_finite()) {
            return;
        }
        if self.origin.is_empty() {
            self.origin.extend_from_slice(&self.offset);
        }
        for (v, o) in self.offset.iter_mut().zip(&self.origin) {
            *v -= o;
        }
        let s = self.offset.len();
        for (j, &v) in self.offset.iter().enumerate() {
            self.sum[j] += v;
            let below = &mut self.products[j * s + j..(j + 1) * s];
            for (product, &w) in below.iter_mut().zip(&self.offset[j..]) {
                *product += v * w;
            }
        }
        self.seen += 1;
    }

    /// Closes the window; `None` if the state did not vary.
    pub fn take(&mut self) -> Option<EffectiveRank> {
        let (n, s) = (self.seen as f64, self.sum.len());
        let (mut trace, mut squares) = (0.0, 0.0);
        for j in 0..s {
            for i in j..s {
                let c = self.products[j * s + i] / n - self.sum[j] / n * (self.sum[i] / n);
                trace += if i == j { c } else { 0.0 };
                squares += c * c * if i == j { 1.0 } else { 2.0 };
            }
        }
        self.origin.clear();
        self.sum.fill(0.0);
        self.products.fill(0.0);
        self.seen = 0;
        let participation_ratio = trace * trace / squares;
        participation_ratio.is_finite().then_some(EffectiveRank {
            participation_ratio,
            dimensions: s,
        })
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};
    use saturn_cell::init::normal;
    use saturn_cell::rng::generator;

    use super::super::toy::field;
    use super::*;

    fn plain(rows: usize) -> Rank {
        Rank::new(&[field("h", 0..rows, FieldKind::Value)]).unwrap()
    }

    /// The corners of a cross vary equally along each axis, and a stretched one as its lengths say.
    #[test]
    fn a_cross_has_the_rank_of_its_axes() {
        for lengths in [vec![1.0; 4], vec![1.0, 2.0, 0.5], vec![3.0, 0.0, 0.0]] {
            let mut rank = plain(lengths.len());
            for axis in 0..lengths.len() {
                for sign in [-1.0, 1.0] {
                    let mut h = vec![1e6; lengths.len()];
                    h[axis] += sign * lengths[axis];
                    rank.observe(&h);
                }
            }
            let powers = |p: i32| lengths.iter().map(|l: &f64| l.powi(p)).sum::<f64>();
            let found = rank.take().unwrap().participation_ratio;
            assert!(
                (found - powers(2).powi(2) / powers(4)).abs() < 1e-9,
                "{found}"
            );
        }
    }

    #[test]
    fn sums_equal_the_eigenvalues_of_the_covariance() {
        let mut rng = generator(1, "rank", 0);
        let mixed: DMatrix<f64> = normal::<f64>(7, 3, 1.0, &mut rng)
            * normal(3, 500, 1.0, &mut rng)
            + normal(7, 500, 0.3, &mut rng).add_scalar(5.0);
        let mut rank = plain(7);
        for h in mixed.column_iter() {
            rank.observe(h.as_slice());
            rank.observe(&[f64::NAN; 7]);
        }
        let mean: DVector<f64> = mixed.column_mean();
        let centred = DMatrix::from_fn(7, 500, |i, n| mixed[(i, n)] - mean[i]);
        let lambda = (&centred * centred.transpose()).symmetric_eigenvalues();
        let expected = lambda.sum().powi(2) / lambda.norm_squared();
        let found = rank.take().unwrap();
        assert!((found.participation_ratio - expected).abs() < 1e-9);
        assert_eq!(found.dimensions, 7);
    }

    #[test]
    fn spikes_are_left_out_and_a_still_state_has_no_rank() {
        let fields = [
            field("s", 0..2, FieldKind::Spikes),
            field("v", 2..4, FieldKind::Membrane),
        ];
        let mut rank = Rank::new(&fields).unwrap();
        for k in 0..9 {
            let k = f32::from(k as u8);
            rank.observe(&[k % 2.0, k % 3.0, k, 0.7]);
        }
        let found = rank.take().unwrap();
        assert!((found.participation_ratio - 1.0).abs() < 1e-12);
        assert_eq!(found.dimensions, 2);
        (0..9).for_each(|_| rank.observe(&[1.0f32, 0.0, 0.3, 0.7]));
        assert_eq!(rank.take(), None);
        assert!(Rank::new(&fields[..1]).is_none());
    }
}
