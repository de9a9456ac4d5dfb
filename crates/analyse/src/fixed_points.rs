//! Fixed points of a map, by Newton's method from many starts, and whether they are stable.
//!
//! ```text
//! (1) F(x) = x
//! (2) (I - J(x)) d = F(x) - x,   x <- x + s d        s = 1, 1/2, .. until |F(x) - x| falls
//! (3) stable: ρ(J(x)) < 1
//! ```
//!
//! If no s of (2) helps (at a jump, or where I - J is singular), the step is one application of the map.
//! Points nearer to each other than 1e-6 of their size are one.
//!
//! Newton's method also finds unstable points; it is not guaranteed to find all points.
//!
//! **Source.** Sussillo & Barak 2013, Neural Computation 25, who minimise |F(x) - x|² instead.

use nalgebra::{Complex, DMatrix, DVector};

use super::spectrum::{eigenvalues, radius};

/// A map of R^S to itself, with its derivative.
pub trait Map {
    /// F(x), for `x [S]`.
    fn apply(&mut self, x: &DVector<f64>) -> DVector<f64>;
    /// J(x) `[S, S]`.
    fn derivative(&mut self, x: &DVector<f64>) -> DMatrix<f64>;
}

/// A fixed point.
#[derive(Clone, Debug)]
pub struct FixedPoint {
    /// Where, `[S]`.
    pub state: DVector<f64>,
    /// max |F(x) - x|.
    pub residual: f64,
    /// The eigenvalues of J there.
    pub eigenvalues: Vec<Complex<f64>>,
    /// ρ(J).
    pub radius: f64,
    /// Starts that led there.
    pub starts: usize,
}

impl FixedPoint {
    /// (3)
    pub fn stable(&self) -> bool {
        self.radius < 1.0
    }
}

/// Steps of Newton's method from one start.
const STEPS: usize = 60;
/// Halvings of (2).
const HALVINGS: usize = 12;
/// |F(x) - x| at which a point is fixed, over 1 + |x|.
const FIXED: f64 = 1e-10;
/// Distance below which two points are one, over 1 + |x|.
const SAME: f64 = 1e-6;

/// The fixed points found from `starts`, the most frequent first; and the number of starts that found none.
pub fn find(map: &mut impl Map, starts: &[DVector<f64>]) -> (Vec<FixedPoint>, usize) {
    let mut points: Vec<(DVector<f64>, f64, usize)> = Vec::new();
    let mut lost = 0;
    for start in starts {
        let Some((x, residual)) = newton(map, start) else {
            lost += 1;
            continue;
        };
        let same = |y: &DVector<f64>| (y - &x).amax() <= SAME * (1.0 + x.amax());
        match points.iter_mut().find(|(y, ..)| same(y)) {
            Some(known) => known.2 += 1,
            None => points.push((x, residual, 1)),
        }
    }
    points.sort_by_key(|point| std::cmp::Reverse(point.2));
    let finish = |(state, residual, starts): (DVector<f64>, f64, usize)| {
        let found = eigenvalues(&map.derivative(&state)).unwrap_or_default();
        FixedPoint {
            state,
            residual,
            radius: radius(&found),
            eigenvalues: found,
            starts,
        }
    };
    (points.into_iter().map(finish).collect(), lost)
}

/// (2) from `start`: the point and its residual, if it is fixed.
fn newton(map: &mut impl Map, start: &DVector<f64>) -> Option<(DVector<f64>, f64)> {
    let mut x = start.clone();
    let mut image = map.apply(&x);
    for _ in 0..STEPS {
        let residual = &image - &x;
        let size = residual.amax();
        if !size.is_finite() {
            return None;
        }
        if size <= FIXED * (1.0 + x.amax()) {
            return Some((x, size));
        }
        let slope = DMatrix::identity(x.len(), x.len()) - map.derivative(&x);
        let direction = slope.lu().solve(&residual);
        let better = direction
            .filter(|d| d.iter().all(|v| v.is_finite()))
            .and_then(|d| {
                (0..HALVINGS).find_map(|k| {
                    let moved = &x + &d * 0.5f64.powi(k as i32);
                    let image = map.apply(&moved);
                    ((&image - &moved).norm() < residual.norm()).then_some((moved, image))
                })
            });
        (x, image) = better.unwrap_or_else(|| {
            let next = map.apply(&image);
            (image.clone(), next)
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tanh(U x), or U x.
    struct Net {
        u: DMatrix<f64>,
        linear: bool,
    }

    impl Map for Net {
        fn apply(&mut self, x: &DVector<f64>) -> DVector<f64> {
            let d = &self.u * x;
            if self.linear { d } else { d.map(f64::tanh) }
        }

        fn derivative(&mut self, x: &DVector<f64>) -> DMatrix<f64> {
            if self.linear {
                return self.u.clone();
            }
            let slope = self.apply(x).map(|h| 1.0 - h * h);
            DMatrix::from_diagonal(&slope) * &self.u
        }
    }

    fn starts(n: usize) -> Vec<DVector<f64>> {
        (0..40)
            .map(|k| {
                DVector::from_fn(n, |i, _| {
                    let angle = f64::from(k) * 0.7 + i as f64 * 1.3;
                    1.5 * angle.sin()
                })
            })
            .collect()
    }

    #[test]
    fn a_linear_map_has_zero() {
        let u = DMatrix::from_row_slice(2, 2, &[0.5, -0.4, 0.4, 0.5]);
        let (found, lost) = find(&mut Net { u, linear: true }, &starts(2));
        let [zero] = &found[..] else {
            panic!("{found:?}");
        };
        assert!(zero.state.amax() < 1e-9 && zero.stable());
        assert!((zero.radius - 0.5f64.hypot(0.4)).abs() < 1e-12);
        assert_eq!((zero.starts, lost), (40, 0));
    }

    /// h = tanh(2 h): 0, which is not stable, and ±0.9575 (0.957504 = tanh(1.915008)).
    #[test]
    fn a_unit_with_a_strong_loop_has_three_points() {
        let u = DMatrix::from_element(1, 1, 2.0);
        let (mut found, lost) = find(&mut Net { u, linear: false }, &starts(1));
        found.sort_by(|a, b| a.state[0].total_cmp(&b.state[0]));
        let at: Vec<f64> = found.iter().map(|p| p.state[0]).collect();
        assert_eq!((at.len(), lost), (3, 0), "{at:?}");
        assert!((at[0] + 0.957_504).abs() < 1e-6 && (at[2] - 0.957_504).abs() < 1e-6);
        assert!(at[1].abs() < 1e-9);
        let stable: Vec<bool> = found.iter().map(FixedPoint::stable).collect();
        assert_eq!(stable, [true, false, true]);
        assert!((found[1].radius - 2.0).abs() < 1e-9);
        assert!((found[0].radius - 2.0 * (1.0 - 0.957_504f64.powi(2))).abs() < 1e-5);
    }

    /// A rotation by a right angle with gain 2 circles for ever, and still has the fixed point 0.
    #[test]
    fn newton_finds_what_iteration_leaves() {
        let u = DMatrix::from_row_slice(2, 2, &[0.0, -2.0, 2.0, 0.0]);
        let (found, _) = find(&mut Net { u, linear: false }, &starts(2));
        let zero = found.iter().find(|p| p.state.amax() < 1e-9).expect("0");
        assert!(!zero.stable() && (zero.radius - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_blows_up_is_lost() {
        let u = DMatrix::from_element(1, 1, f64::NAN);
        let (found, lost) = find(&mut Net { u, linear: true }, &starts(1));
        assert!(found.is_empty());
        assert_eq!(lost, 40);
    }
}
