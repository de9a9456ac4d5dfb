//! Diagonal state-space models: x' = L x + f B u, s = C x + D u.
//!
//! ```text
//! (1) contracts by max |L|, if and only if max |L| < 1, for any input
//! (2) |x_p| <= sup |f_p (B u)_p| / (1 - |L_p|)
//! (3) energy:  sup_ω |G(ω)|_2,  G(ω) = C (1 - L e^{-iω})^{-1} f B + D                      H∞
//! (4) peak:    max_o Σ_i ( Σ_p |C_op| |f_p B_pi| / (1 - |L_p|) + |D_oi| )  >=  max |s| / max |u|
//! ```
//!
//! `ssm_block` reads its input through a norm, u = w n + b with |n|_2 <= sqrt(H), and so (2) holds for any input:
//! |(B u)_p| <= |B_p w|_2 sqrt(H) + |B_p b|. Elsewhere the sup is over inputs in the given range. The gains of a block are from u to the input of its GELU.
//!
//! (3) is computed on a grid of frequencies and at those of the slowest states: a close lower bound.

use std::f64::consts::PI;

use nalgebra::{Complex, DMatrix};
use saturn_cell::{Cell, FieldKind, view, view_mut};

use super::{Condition, Gain, Heard, StateBound, Theory, seen, tensor};

/// Points of the grid of frequencies from 0 to π.
const GRID: usize = 65;
/// Slow states whose own frequencies are included.
const SLOW: usize = 32;

/// The system, read off a cell.
pub(super) struct System {
    /// L and f, `[P]`.
    pub l: Vec<Complex<f64>>,
    pub f: Vec<Complex<f64>>,
    /// B `[P, I]`, complex.
    pub b: DMatrix<Complex<f64>>,
    /// C `[O, 2P]`, on real parts, then imaginary parts.
    pub c: DMatrix<f64>,
    /// D `[O, I]`.
    pub d: DMatrix<f64>,
}

impl System {
    /// The system of a cell with complex states; `None` of any other.
    pub fn of(cell: &dyn Cell<f64>) -> Option<Self> {
        let w = cell.widths();
        let field = |f: &saturn_cell::Field| f.kind == FieldKind::ComplexDrive;
        let rows = cell.drive_fields().into_iter().find(field)?.rows;
        let p = rows.len() / 2;
        // The effect of one number in each state or drive over a step.
        let reply = |prev: f64, drive: f64| {
            let mut at = vec![0.0; w.state];
            at[..p].fill(prev);
            let mut d = vec![0.0; w.drive];
            d[rows.start..rows.start + p].fill(drive);
            let mut next = vec![0.0; w.state];
            cell.advance(
                view_mut(&mut d, w.drive, 1),
                view(&at, w.state, 1),
                view_mut(&mut next, w.state, 1),
            );
            (0..p).map(|i| Complex::new(next[i], next[p + i])).collect()
        };
        let (b, c) = (tensor(cell, "B")?, tensor(cell, "C")?);
        let outputs = c.nrows();
        let d = match tensor(cell, "D") {
            Some(d) if d.ncols() == b.ncols() => d.clone(),
            Some(d) => DMatrix::from_diagonal(&d.column(0).clone_owned()),
            None => DMatrix::zeros(outputs, b.ncols()),
        };
        Some(Self {
            l: reply(1.0, 0.0),
            f: reply(0.0, 1.0),
            b: DMatrix::from_fn(p, b.ncols(), |i, j| Complex::new(b[(i, j)], b[(p + i, j)])),
            c: c.clone(),
            d,
        })
    }

    fn states(&self) -> usize {
        self.l.len()
    }

    /// 1 - |L_p|.
    fn leak(&self, p: usize) -> f64 {
        1.0 - self.l[p].norm()
    }

    /// |C_op|: the largest factor from |x_p| to output o.
    fn reads(&self, o: usize, p: usize) -> f64 {
        self.c[(o, p)].hypot(self.c[(o, self.states() + p)])
    }

    /// (4)
    pub fn peak(&self) -> f64 {
        let (outputs, inputs) = self.d.shape();
        let own = |p: usize, i: usize| (self.f[p] * self.b[(p, i)]).norm() / self.leak(p);
        let gain = DMatrix::from_fn(self.states(), inputs, own);
        let reads = DMatrix::from_fn(outputs, self.states(), |o, p| self.reads(o, p));
        let total = reads * gain + self.d.abs();
        total.row_iter().map(|row| row.sum()).fold(0.0, f64::max)
    }

    /// G(ω) `[O, I]`.
    pub fn transfer(&self, omega: f64) -> DMatrix<Complex<f64>> {
        let (p, z) = (self.states(), Complex::from_polar(1.0, omega));
        // In the real layout a state is a pair, and its step a 2 x 2 matrix; a phasor drives both.
        let mut x = DMatrix::zeros(2 * p, self.d.ncols());
        for i in 0..p {
            let (l, f) = (self.l[i], self.f[i]);
            let e = z - l.re;
            // x_t holds u_t already: z (z - L)^-1.
            let scale = z / (e * e + l.im * l.im);
            for j in 0..x.ncols() {
                let v = f * self.b[(i, j)];
                x[(i, j)] = (e * v.re - Complex::from(l.im * v.im)) * scale;
                x[(p + i, j)] = (e * v.im + Complex::from(l.im * v.re)) * scale;
            }
        }
        self.c.map(Complex::from) * x + self.d.map(Complex::from)
    }

    /// (3)
    pub fn energy(&self) -> f64 {
        let mut slow: Vec<&Complex<f64>> = self.l.iter().collect();
        slow.sort_by(|a, b| b.norm().total_cmp(&a.norm()));
        let own = slow.iter().take(SLOW).map(|l| l.arg().abs());
        let grid = (0..GRID).map(|k| PI * k as f64 / (GRID - 1) as f64);
        own.chain(grid)
            .map(|omega| largest(&self.transfer(omega)))
            .fold(0.0, f64::max)
    }
}

/// |G|_2, by the largest eigenvalue of G Gᴴ or Gᴴ G.
fn largest(g: &DMatrix<Complex<f64>>) -> f64 {
    let gram = if g.nrows() < g.ncols() {
        g * g.adjoint()
    } else {
        g.adjoint() * g
    };
    let found = gram.symmetric_eigenvalues();
    found.iter().copied().fold(0.0, f64::max).sqrt()
}

/// sup |(B u)_p| over all inputs of a cell that reads them through a norm; `None` for other cells.
fn through_norm(cell: &dyn Cell<f64>, system: &System) -> Option<Vec<f64>> {
    let gain = tensor(cell, "norm.weight")?;
    let bias = tensor(cell, "norm.bias");
    let length = (gain.nrows() as f64).sqrt();
    Some(
        (0..system.states())
            .map(|p| {
                let row = system.b.row(p);
                let scaled = row
                    .iter()
                    .zip(gain.iter())
                    .map(|(b, w)| (b * *w).norm_sqr());
                let offset: Complex<f64> = bias.map_or(Complex::from(0.0), |bias| {
                    row.iter().zip(bias.iter()).map(|(b, o)| b * *o).sum()
                });
                scaled.sum::<f64>().sqrt() * length + offset.norm()
            })
            .collect(),
    )
}

/// Results on the layer.
pub fn theory(cell: &dyn Cell<f64>, heard: Heard) -> Theory {
    let Some(system) = System::of(cell) else {
        return Theory::default();
    };
    let slowest = system.l.iter().map(|l| l.norm()).fold(0.0, f64::max);
    let stable = slowest < 1.0;
    let normed = through_norm(cell, &system);
    let any_input = normed.is_some();
    let most = |p: usize| -> f64 {
        let row = system.b.row(p);
        let sup = normed.as_ref().map_or_else(
            || {
                let sizes = heard
                    .input
                    .iter()
                    .map(|(low, high)| low.abs().max(high.abs()));
                row.iter().zip(sizes).map(|(b, x)| b.norm() * x).sum()
            },
            |sups| sups[p],
        );
        system.f[p].norm() * sup / system.leak(p)
    };
    let most = (0..system.states()).map(most).fold(0.0, f64::max);
    let gain = || Gain {
        energy: system.energy(),
        peak: system.peak(),
        memory_steps: Some(-1.0 / slowest.ln()),
    };
    Theory {
        contraction: vec![Condition::exact("max |L|", slowest)],
        bounds: vec![StateBound {
            field: "x".to_owned(),
            range: stable.then_some((-most, most)),
            any_input,
            seen: seen(heard.state, 0..2 * system.states()),
            pinning: None,
        }],
        gain: stable.then(gain),
        ..Theory::default()
    }
}
