//! (4) to (8) of [`crate::block`], forward and reverse, but for the products. GELU and sigmoid are slower in `each`
//! than in these loops.

use saturn_cell::elementary::sigmoid;
use saturn_cell::for_each_isa;
use saturn_cell::{Params, Real, Recorded, View, ViewMut, column, column_mut};

use super::{D, SsmBlock};
use crate::gelu::{gelu, gelu_slope};

for_each_isa! {
    /// (4)'s skip, and (5).
    pub(super) fn excite<R: Real>(cell: &SsmBlock<R>, drive: ViewMut<R>) {
        let (h, rows, p) = (cell.width, &cell.rows, &cell.params);
        for j in 0..drive.ncols() {
            let (above, below) = column_mut(&mut drive, j).split_at_mut(rows.s.start);
            let (s, g) = below.split_at_mut(h);
            let u = above[rows.u.clone()].iter().zip(p[D].as_slice().iter());
            for ((s, g), (&u, &d)) in s.iter_mut().zip(g).zip(u) {
                *s += d * u; // (4)
                *g = gelu(*s); // (5)
            }
        }
    }
}

for_each_isa! {
    /// (7), (8)
    pub(super) fn gate<R: Real>(cell: &SsmBlock<R>, drive: ViewMut<R>, y: ViewMut<R>) {
        let (h, rows) = (cell.width, &cell.rows);
        for j in 0..y.ncols() {
            let drive = column_mut(&mut drive, j);
            let y = column_mut(&mut y, j);
            let (a, c) = drive[rows.o.clone()].split_at_mut(h);
            y.copy_from_slice(a);
            for (y, c) in y.iter_mut().zip(c) {
                *c = sigmoid(*c);
                *y *= *c; // (7)
            }
            for (y, &x) in y.iter_mut().zip(&drive[rows.x.clone()]) {
                *y += x; // (8)
            }
        }
    }
}

for_each_isa! {
    /// (8)ᵀ, (7)ᵀ
    pub(super) fn gate_backward<R: Real>(
        cell: &SsmBlock<R>,
        at: Recorded<R>,
        dy: View<R>,
        d_drive: ViewMut<R>,
    ) {
        let (h, rows) = (cell.width, &cell.rows);
        for j in 0..dy.ncols() {
            let (drive, dy) = (column(&at.drive, j), column(&dy, j));
            let d = column_mut(&mut d_drive, j);
            for (d_x, &dy) in d[rows.x.clone()].iter_mut().zip(dy) {
                *d_x = dy; // (8)ᵀ
            }
            let (d_a, d_c) = d[rows.o.clone()].split_at_mut(h);
            let (a, gate) = drive[rows.o.clone()].split_at(h);
            d_a.copy_from_slice(dy);
            let pairs = a.iter().zip(gate);
            for ((d_a, d_c), (&a, &gate)) in d_a.iter_mut().zip(d_c).zip(pairs) {
                *d_c = *d_a * a * gate * (R::one() - gate); // (7)ᵀ
                *d_a *= gate; // (7)ᵀ
            }
        }
    }
}

for_each_isa! {
    /// (5)ᵀ, and (4)ᵀ for the skip.
    pub(super) fn excite_backward<R: Real>(
        cell: &SsmBlock<R>,
        at: Recorded<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let (h, rows, p) = (cell.width, &cell.rows, &cell.params);
        for j in 0..d_drive.ncols() {
            let drive = column(&at.drive, j);
            let (above, below) = column_mut(&mut d_drive, j).split_at_mut(rows.s.start);
            let (d_s, d_g) = below.split_at_mut(h);
            d_s.copy_from_slice(&d_g[..h]);
            for (d_s, &s) in d_s.iter_mut().zip(&drive[rows.s.clone()]) {
                *d_s *= gelu_slope(s); // (5)ᵀ
            }
            let d_u = above[rows.u.clone()].iter_mut().zip(p[D].as_slice().iter());
            let u = drive[rows.u.clone()].iter().zip(grad[D].as_mut_slice());
            for ((&d_s, (d_u, &d)), (&u, to)) in d_s.iter().zip(d_u).zip(u) {
                *d_u = d * d_s; // (4)ᵀ
                *to += d_s * u; // (4)ᵀ
            }
        }
    }
}
