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
//! o is the window's first state, which keeps (1) from cancelling where the mean is large. Fields of different
//! size are taken as they are, so a large one dominates.
//!
//! It costs S^2 for each state shown, so a state of more than [`MAX_DIMENSIONS`] is judged by N = 128 to
//! 256 states, evenly spaced over the window: at most N dimensions are seen then, and (2) is taken from the inner
//! products of the states, which have the eigenvalues of C:
//!
//! ```text
//! (3) G_mn = (h_m - mean)' (h_n - mean) / N,   PR = (tr G)^2 / |G|_F^2
//! ```
//!
//! Source: P. Gao et al., *A theory of multineuronal dimensionality, dynamics and measurement*, 2017.

use std::ops::Range;

use nalgebra::DMatrixViewMut;
use saturn_cell::for_each_isa;
use saturn_cell::{Field, FieldKind, Real, View, column};
use serde::{Deserialize, Serialize};

/// The most rows whose covariance is kept.
pub const MAX_DIMENSIONS: usize = 384;
/// The most states that are kept of a larger state.
const MAX_STATES: usize = 256;

/// How many dimensions of a state are used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectiveRank {
    /// (2), 1..=S.
    pub participation_ratio: f64,
    /// S, the rows it is taken over: the most it can be.
    pub dimensions: usize,
}

/// Collects the spread of one cell's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rank {
    rows: Vec<Range<usize>>,
    /// Of a covariance, the states that wait to be added, `[S, n]` with n < [`TOGETHER`] between two steps; otherwise
    /// the state shown, `[S]`.
    state: Vec<f64>,
    spread: Spread,
}

/// States that are added to a covariance at once: each of its numbers is read and written once for all of them.
const TOGETHER: usize = 8;

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Spread {
    Covariance(Covariance),
    Thinned(Thinned),
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
            state: Vec::with_capacity(if s > MAX_DIMENSIONS { s } else { TOGETHER * s }),
            spread: if s > MAX_DIMENSIONS {
                Spread::Thinned(Thinned::new(s))
            } else {
                Spread::Covariance(Covariance::new(s))
            },
        })
    }

    /// The whole `states [S, B]` after a step. One that is not finite is passed over.
    pub fn observe<R: Real>(&mut self, states: View<R>) {
        let read = |into: &mut Vec<f64>, lane: usize| {
            let (from, state) = (into.len(), column(&states, lane));
            for rows in &self.rows {
                into.extend(state[rows.clone()].iter().map(|v| v.wide()));
            }
            if !into[from..].iter().all(|v| v.is_finite()) {
                into.truncate(from);
            }
        };
        match &mut self.spread {
            Spread::Covariance(covariance) => {
                for lane in 0..states.ncols() {
                    read(&mut self.state, lane);
                    if self.state.len() == TOGETHER * covariance.sum.len() {
                        covariance.add(&mut self.state);
                        self.state.clear();
                    }
                }
            }
            Spread::Thinned(thinned) => {
                for lane in 0..states.ncols() {
                    if thinned.wants_next() {
                        self.state.clear();
                        read(&mut self.state, lane);
                        if !self.state.is_empty() {
                            thinned.add(&self.state);
                        }
                    }
                }
            }
        }
    }

    /// Closes the window; `None` if the state did not vary.
    pub fn take(&mut self) -> Option<EffectiveRank> {
        let (participation_ratio, dimensions) = match &mut self.spread {
            Spread::Covariance(covariance) => {
                covariance.add(&mut self.state);
                self.state.clear();
                (covariance.take(), covariance.sum.len())
            }
            Spread::Thinned(thinned) => (thinned.take(), thinned.dimensions),
        };
        participation_ratio.is_finite().then_some(EffectiveRank {
            participation_ratio,
            dimensions,
        })
    }
}

/// (1), in sums.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Covariance {
    /// o, `[S]`; empty before the window's first state.
    origin: Vec<f64>,
    sum: Vec<f64>,
    /// The lower triangle of sum (h - o)(h - o)', `[S, S]` by column.
    products: Vec<f64>,
    /// N.
    seen: u64,
}

impl Covariance {
    fn new(s: usize) -> Self {
        Self {
            origin: Vec::with_capacity(s),
            sum: vec![0.0; s],
            products: vec![0.0; s * s],
            seen: 0,
        }
    }

    /// Adds the states `[S, n]`, of which h - o is left.
    fn add(&mut self, states: &mut [f64]) {
        let s = self.sum.len();
        if states.is_empty() {
            return;
        }
        if self.origin.is_empty() {
            self.origin.extend_from_slice(&states[..s]);
        }
        for h in states.chunks_exact_mut(s) {
            for ((v, o), sum) in h.iter_mut().zip(&self.origin).zip(&mut self.sum) {
                *v -= o;
                *sum += *v;
            }
        }
        if states.len() == TOGETHER * s {
            add_all(&mut self.products, states, s);
        } else {
            (states.chunks_exact(s)).for_each(|h| add_one(&mut self.products, h, s));
        }
        self.seen += (states.len() / s) as u64;
    }

    /// (2), and begins again.
    fn take(&mut self) -> f64 {
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
        trace * trace / squares
    }
}

/// Adds h h' to the lower triangle of `products [S, S]`.
fn add_one(products: &mut [f64], h: &[f64], s: usize) {
    for (j, &v) in h.iter().enumerate() {
        let below = &mut products[j * s + j..(j + 1) * s];
        for (product, &w) in below.iter_mut().zip(&h[j..]) {
            *product += v * w;
        }
    }
}

for_each_isa! {
    /// The same of [`TOGETHER`] states `[S, TOGETHER]`, one after another in each product, which is read and written once.
    fn add_all(products: &mut [f64], states: &[f64], s: usize) {
        let (first, second) = states.split_at(4 * s);
        let ((a, b), (c, d)) = (first.split_at(2 * s), second.split_at(2 * s));
        let ((h0, h1), (h2, h3)) = (a.split_at(s), b.split_at(s));
        let ((h4, h5), (h6, h7)) = (c.split_at(s), d.split_at(s));
        for j in 0..s {
            let v = [h0[j], h1[j], h2[j], h3[j], h4[j], h5[j], h6[j], h7[j]];
            let below = &mut products[j * s + j..(j + 1) * s];
            let n = below.len();
            let (w0, w1, w2, w3) = (&h0[j..][..n], &h1[j..][..n], &h2[j..][..n], &h3[j..][..n]);
            let (w4, w5, w6, w7) = (&h4[j..][..n], &h5[j..][..n], &h6[j..][..n], &h7[j..][..n]);
            for i in 0..n {
                let sum = below[i] + v[0] * w0[i] + v[1] * w1[i] + v[2] * w2[i] + v[3] * w3[i];
                below[i] = sum + v[4] * w4[i] + v[5] * w5[i] + v[6] * w6[i] + v[7] * w7[i];
            }
        }
    }
}

/// States evenly spaced over a window of unknown length: each 1st, 2nd, 4th, ... of those shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Thinned {
    /// S.
    dimensions: usize,
    /// The states kept, `[S, N]` by column.
    states: Vec<f64>,
    /// Each how manieth state is kept.
    every: u64,
    /// How many were shown.
    shown: u64,
}

impl Thinned {
    fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            states: Vec::with_capacity(dimensions * MAX_STATES),
            every: 1,
            shown: 0,
        }
    }

    /// Counts the state that is shown next; whether it is to be kept.
    fn wants_next(&mut self) -> bool {
        self.shown += 1;
        (self.shown - 1).is_multiple_of(self.every)
    }

    fn add(&mut self, h: &[f64]) {
        if self.states.len() == self.dimensions * MAX_STATES {
            // Every other one goes; of those to come, too.
            for kept in 1..MAX_STATES / 2 {
                let from = 2 * kept * self.dimensions;
                let to = kept * self.dimensions;
                self.states.copy_within(from..from + self.dimensions, to);
            }
            self.states.truncate(self.dimensions * (MAX_STATES / 2));
            self.every *= 2;
        }
        self.states.extend_from_slice(h);
    }

    /// (3), and begins again.
    fn take(&mut self) -> f64 {
        let n = self.states.len() / self.dimensions;
        let mut states = DMatrixViewMut::from_slice(&mut self.states, self.dimensions, n);
        let mean = states.column_mean();
        for mut h in states.column_iter_mut() {
            h -= &mean;
        }
        let gram = states.transpose() * &states;
        self.states.clear();
        (self.every, self.shown) = (1, 0);
        gram.trace().powi(2) / gram.norm_squared()
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};
    use saturn_cell::init::normal;
    use saturn_cell::rng::generator;
    use saturn_cell::view;

    use super::*;
    use crate::instruments::toy::field;

    fn plain(rows: usize) -> Rank {
        Rank::new(&[field("h", 0..rows, FieldKind::Value)]).unwrap()
    }

    /// Lanes together give the bits of one after another, whether or not they fill a block; wild ones are passed over.
    #[test]
    fn lanes_together_are_lanes_one_by_one() {
        for (rows, lanes) in [(5, 1), (13, 8), (7, 21), (64, 5), (130, 9), (400, 9)] {
            let mut rng = generator(3, "rank", 0);
            let (mut together, mut apart) = (plain(rows), plain(rows));
            for step in 0..40 {
                let mut states = normal::<f64>(rows, lanes, 1.0, &mut rng);
                if step % 7 == 3 {
                    states[(0, lanes / 2)] = f64::NAN;
                }
                together.observe(states.as_view());
                for state in states.as_slice().chunks_exact(rows) {
                    apart.observe(view(state, rows, 1));
                }
            }
            let rank = together.take().unwrap();
            assert_eq!(Some(rank), apart.take(), "{rows} rows, {lanes} lanes");
            assert!(rank.participation_ratio > 1.0);
        }
    }

    /// Many states have the bits of one product after another.
    #[test]
    fn states_together_have_the_bits_of_plain_sums() {
        for (s, n) in [(1, 8), (16, 8), (19, 8), (128, 8)] {
            let mut rng = generator(5, "rank", 0);
            let states = normal::<f64>(s, n, 1.0, &mut rng);
            let start = normal::<f64>(s, s, 1.0, &mut rng);
            let mut fast = start.clone();
            add_all(fast.as_mut_slice(), states.as_slice(), s);
            let mut slow = start;
            for h in states.column_iter() {
                for j in 0..s {
                    for i in j..s {
                        slow[(i, j)] += h[j] * h[i];
                    }
                }
            }
            for j in 0..s {
                assert_eq!(
                    fast.column(j).rows_range(j..),
                    slow.column(j).rows_range(j..)
                );
            }
        }
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
                    rank.observe(view(&h, h.len(), 1));
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
            rank.observe(view(h.as_slice(), h.len(), 1));
            rank.observe(view(&[f64::NAN; 7], 7, 1));
        }
        let mean: DVector<f64> = mixed.column_mean();
        let centred = DMatrix::from_fn(7, 500, |i, n| mixed[(i, n)] - mean[i]);
        let lambda = (&centred * centred.transpose()).symmetric_eigenvalues();
        let expected = lambda.sum().powi(2) / lambda.norm_squared();
        let found = rank.take().unwrap();
        assert!((found.participation_ratio - expected).abs() < 1e-9);
        assert_eq!(found.dimensions, 7);
    }

    /// A state that lies in three dimensions of 500, equally in each, has rank 3, of however many states.
    #[test]
    fn a_large_state_is_judged_by_some_of_its_states() {
        for shown in [100, 256, 257, 5_000] {
            let mut rank = plain(500);
            for _ in 0..2 {
                for n in 0..shown {
                    // Spacing by a power of two must not meet the order of the directions.
                    let direction = (n * n + n / 3) % 3;
                    let mut h = vec![1e3; 500];
                    h[100 * direction] += if (n / 7) % 2 == 0 { 1.0 } else { -1.0 };
                    rank.observe(view(&h, h.len(), 1));
                    rank.observe(view(&[f64::NAN; 500], 500, 1));
                }
                let found = rank.take().unwrap();
                assert_eq!(found.dimensions, 500);
                let ratio = found.participation_ratio;
                assert!((2.7..=3.0 + 1e-9).contains(&ratio), "{shown}: {ratio}");
            }
            let Spread::Thinned(thinned) = &rank.spread else {
                panic!("500 dimensions are too many for a covariance");
            };
            assert!(thinned.states.capacity() == 500 * MAX_STATES);
        }
    }

    /// The two ways agree where both see every state.
    #[test]
    fn inner_products_have_the_eigenvalues_of_the_covariance() {
        let mut rng = generator(1, "rank", 1);
        let states: DMatrix<f64> = normal(9, 200, 1.0, &mut rng);
        let (mut covariance, mut thinned) = (Covariance::new(9), Thinned::new(9));
        for h in states.column_iter() {
            covariance.add(&mut h.as_slice().to_vec());
            assert!(thinned.wants_next());
            thinned.add(h.as_slice());
        }
        assert!((covariance.take() - thinned.take()).abs() < 1e-9);
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
            rank.observe(view(&[k % 2.0, k % 3.0, k, 0.7], 4, 1));
        }
        let found = rank.take().unwrap();
        assert!((found.participation_ratio - 1.0).abs() < 1e-12);
        assert_eq!(found.dimensions, 2);
        (0..9).for_each(|_| rank.observe(view(&[1.0f32, 0.0, 0.3, 0.7], 4, 1)));
        assert_eq!(rank.take(), None);
        assert!(Rank::new(&fields[..1]).is_none());
    }
}
