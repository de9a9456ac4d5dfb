//! (1) of [`crate::block`], the norm with gain and bias, forward and reverse.

use saturn_cell::for_each_isa;
use saturn_cell::kernel::each;
use saturn_cell::{Input, Params, Real, Recorded, View, ViewMut, column, column_mut};

use super::{NORM_BIAS, NORM_GAIN, SsmBlock};
use crate::diagonal::B;

/// Column `j` of the input, dense.
#[inline(always)]
fn fill_column<R: Real>(x: Input<R>, j: usize, to: &mut [R]) {
    match x {
        Input::Dense(x) => to.copy_from_slice(column(&x, j)),
        Input::Events(events) => {
            to.fill(R::zero());
            let (units, counts) = events.column(j);
            for (&unit, &count) in units.iter().zip(counts) {
                to[unit as usize] += R::of(f64::from(count));
            }
        }
    }
}

for_each_isa! {
    /// (1), and the copy of x for (8).
    pub(super) fn normalise<R: Real>(cell: &SsmBlock<R>, x: Input<R>, drive: ViewMut<R>) {
        let (h, rows) = (cell.width, &cell.rows);
        for j in 0..drive.ncols() {
            let (above, rest) = column_mut(&mut drive, j).split_at_mut(rows.u.start);
            let u = &mut rest[..h];
            fill_column(x, j, u);
            if cell.residual {
                above[rows.x.clone()].copy_from_slice(u);
            }
            if cell.norm.has_gain() {
                let r = cell.norm.normalise(u); // (1)
                above[rows.r.start] = r;
                above[rows.n.clone()].copy_from_slice(u);
                for (u, &gain) in u.iter_mut().zip(cell.params[NORM_GAIN].as_slice()) {
                    *u *= gain; // (1)
                }
            }
            if cell.norm.has_bias() {
                for (u, &bias) in u.iter_mut().zip(cell.params[NORM_BIAS].as_slice()) {
                    *u += bias; // (1)
                }
            }
        }
    }
}

for_each_isa! {
    /// (4)ᵀ, (1)ᵀ and (8)ᵀ for x; `dx` comes in with (2)ᵀ.
    pub(super) fn normalise_backward<R: Real>(
        cell: &SsmBlock<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        dx: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let rows = &cell.rows;
        for j in 0..dx.ncols() {
            let (drive, d_drive) = (column(&at.drive, j), column(&d_drive, j));
            let dx = column_mut(&mut dx, j);
            for (dx, &d_u) in dx.iter_mut().zip(&d_drive[rows.u.clone()]) {
                *dx += d_u; // (4)ᵀ
            }
            if cell.norm.has_gain() {
                let n = &drive[rows.n.clone()];
                cell.norm_gradients(n, dx, grad); // (1)ᵀ
                cell.norm.backward(n, drive[rows.r.start], dx); // (1)ᵀ
            }
            for (dx, &d_x) in dx.iter_mut().zip(&d_drive[rows.x.clone()]) {
                *dx += d_x; // (8)ᵀ
            }
        }
    }
}

impl<R: Real> SsmBlock<R> {
    /// (1)ᵀ for gain and bias, and on to n: `d [H]` turns from the adjoint of u into that of n.
    #[inline(always)]
    fn norm_gradients(&self, n: &[R], d: &mut [R], grad: &mut Params<R>) {
        if self.norm.has_bias() {
            for (b, &d) in grad[NORM_BIAS].as_mut_slice().iter_mut().zip(&*d) {
                *b += d;
            }
        }
        if self.norm.has_gain() {
            let (to, gain) = (
                grad[NORM_GAIN].as_mut_slice(),
                self.params[NORM_GAIN].as_slice(),
            );
            each([to, d], [n, gain], |[to, d], [n, gain]| {
                [to + d * n, d * gain]
            });
        }
    }

    /// (1)ᵀ for gain and bias where no input gradient is requested, and so no buffer for the adjoint of u is
    /// at hand: its numbers are made one by one. Slower, but only a first layer comes here.
    pub(super) fn norm_gradients_alone(
        &self,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
    ) {
        if !self.norm.has_gain() {
            return;
        }
        let b = self.params[B].as_view();
        for j in 0..d_drive.ncols() {
            let d = column(&d_drive, j);
            let n = &column(&at.drive, j)[self.rows.n.clone()];
            let d_w = &d[self.rows.v.clone()];
            for (i, (&d_skip, &n)) in d[self.rows.u.clone()].iter().zip(n).enumerate() {
                let pairs = column(&b, i).iter().zip(d_w);
                let d_u = pairs.fold(d_skip, |sum, (&b, &d)| sum + b * d); // (2)ᵀ, (4)ᵀ
                grad[NORM_GAIN][i] += d_u * n;
                if self.norm.has_bias() {
                    grad[NORM_BIAS][i] += d_u;
                }
            }
        }
    }
}
