//! (2) to (6) of [`crate::selective_ssm`], forward and reverse.

use saturn_cell::elementary::{exp, sigmoid};
use saturn_cell::for_each_isa;
use saturn_cell::kernel::each;
use saturn_cell::{Params, Real, Recorded, View, ViewMut, column, column_mut};

use super::number::{Number, parts, parts_mut};
use super::{A_LOG, D, SelectiveSsm, SelectiveStep};

/// (2): δ turns into Δ. softplus(δ) = max(δ, 0) + ln(1 + exp(-|δ|)).
pub(super) fn lengthen<R: Real>(mut delta: ViewMut<R>) {
    for j in 0..delta.ncols() {
        for delta in column_mut(&mut delta, j) {
            *delta = delta.max(R::zero()) + exp(-delta.abs()).ln_1p();
        }
    }
}

/// L and f of (3), for a pole A with its inverse, and a step Δ.
#[inline(always)]
fn step<R: Real, Z: Number<R>>(rule: SelectiveStep, a: Z, inverse: Z, delta: R) -> (Z, Option<Z>) {
    let (l, less) = a.scaled(delta).growth();
    match rule {
        SelectiveStep::Zoh => (l, Some(less.times(inverse))),
        SelectiveStep::Euler => (l, None),
    }
}

/// The sum of `term(0..len)`, in eight sums side by side, so that it runs in wide registers.
#[inline(always)]
fn sum<R: Real, Z: Number<R>>(len: usize, term: impl Fn(usize) -> Z) -> Z {
    const SUMS: usize = 8;
    let mut sums = [Z::zero(); SUMS];
    let whole = len - len % SUMS;
    for start in (0..whole).step_by(SUMS) {
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = sum.plus(term(start + i));
        }
    }
    for (i, sum) in sums[..len - whole].iter_mut().enumerate() {
        *sum = sum.plus(term(whole + i));
    }
    sums.iter().fold(Z::zero(), |all, &part| all.plus(part))
}

/// `len` gradients of `A_log` from `start` on, and, where states are complex, as many of `A_im`.
#[inline(always)]
fn pole_gradients<R: Real>(
    grad: &mut Params<R>,
    (start, len): (usize, usize),
) -> (&mut [R], &mut [R]) {
    let mut tensors = grad.tensors_mut()[A_LOG..].iter_mut();
    let mut next = || match tensors.next() {
        Some(tensor) => &mut tensor.value.as_mut_slice()[start..][..len],
        None => &mut [],
    };
    (next(), next())
}

for_each_isa! {
    /// (3), (4)
    pub(super) fn scan<R: Real, Z: Number<R>>(
        cell: &SelectiveSsm<R>,
        drive: ViewMut<R>,
        prev: View<R>,
        next: ViewMut<R>,
    ) {
        let (h, n) = (cell.config.width, cell.config.states);
        let (rows, rule, half) = (&cell.rows, cell.config.discretization, h * n);
        let drive: View<R> = drive.as_view();
        for lane in 0..prev.ncols() {
            let drive = column(&drive, lane);
            let (u, delta) = drive[..2 * h].split_at(h);
            let (b_re, b_im) = parts::<R, Z>(&drive[rows.b.clone()], n, (0, n));
            let (prev, next) = (column(&prev, lane), column_mut(&mut next, lane));
            for state in 0..n {
                let own = (state * h, h);
                let b = Z::at(b_re, b_im, state);
                let (a_re, a_im) = parts::<R, Z>(&cell.poles, half, own);
                let (i_re, i_im) = parts::<R, Z>(&cell.inverse, half, own);
                let (x_re, x_im) = parts::<R, Z>(prev, half, own);
                let (y_re, y_im) = parts_mut::<R, Z>(next, half, own);
                for (i, (&u, &delta)) in u.iter().zip(delta).enumerate() {
                    let (a, inverse) = (Z::at(a_re, a_im, i), Z::at(i_re, i_im, i));
                    let (l, f) = step(rule, a, inverse, delta); // (3)
                    let taken = match f {
                        Some(f) => f.times(b).scaled(u),
                        None => b.scaled(delta * u),
                    };
                    let h = l.times(Z::at(x_re, x_im, i)).plus(taken); // (4)
                    h.put(y_re, y_im, i);
                }
            }
        }
    }
}

for_each_isa! {
    /// (5), (6)
    pub(super) fn read<R: Real, Z: Number<R>>(
        cell: &SelectiveSsm<R>,
        drive: ViewMut<R>,
        states: View<R>,
        out: ViewMut<R>,
    ) {
        let (h, n) = (cell.config.width, cell.config.states);
        let (rows, half, kappa) = (&cell.rows, h * n, R::of(Z::KAPPA));
        let d = cell.params[D].as_slice();
        for j in 0..out.ncols() {
            let (above, y) = column_mut(&mut drive, j).split_at_mut(rows.y.start);
            let (c_re, c_im) = parts::<R, Z>(&above[rows.c.clone()], n, (0, n));
            let y = &mut y[..h];
            each([y], [d, &above[rows.u.clone()]], |_, [d, u]| [d * u]); // (5)
            for state in 0..n {
                let c = Z::at(c_re, c_im, state).scaled(kappa);
                let own = (state * h, h);
                let (x_re, x_im) = parts::<R, Z>(column(&states, j), half, own);
                for (i, y) in y.iter_mut().enumerate() {
                    *y += c.times(Z::at(x_re, x_im, i)).real(); // (5)
                }
            }
            let out = column_mut(&mut out, j);
            out.copy_from_slice(y);
            for (o, &z) in out.iter_mut().zip(&above[rows.z.clone()]) {
                *o *= z * sigmoid(z); // (6)
            }
        }
    }
}

for_each_isa! {
    /// (6)ᵀ, (5)ᵀ but for u
    pub(super) fn read_backward<R: Real, Z: Number<R>>(
        cell: &SelectiveSsm<R>,
        at: Recorded<R>,
        dy: View<R>,
        d_states: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let (h, n) = (cell.config.width, cell.config.states);
        let (rows, half, kappa) = (&cell.rows, h * n, R::of(Z::KAPPA));
        for j in 0..dy.ncols() {
            let drive = column(&at.drive, j);
            let (above, d_y) = column_mut(&mut d_drive, j).split_at_mut(rows.y.start);
            let d_y = &mut d_y[..h];
            d_y.copy_from_slice(column(&dy, j));
            if cell.config.gate {
                let (z, y) = (&drive[rows.z.clone()], &drive[rows.y.clone()]);
                let d_z = &mut above[rows.z.clone()];
                each([d_y, d_z], [z, y], |[d_y, _], [z, y]| {
                    let open = sigmoid(z);
                    [
                        d_y * (z * open),
                        d_y * y * open * (R::one() + z * (R::one() - open)),
                    ] // (6)ᵀ
                });
            }
            let (d, u) = (grad[D].as_mut_slice(), &drive[rows.u.clone()]);
            each([d], [d_y, u], |[d], [d_y, u]| [d + d_y * u]); // (5)ᵀ
            let (c_re, c_im) = parts::<R, Z>(&drive[rows.c.clone()], n, (0, n));
            let (d_c_re, d_c_im) = parts_mut::<R, Z>(&mut above[rows.c.clone()], n, (0, n));
            let d_states = column_mut(&mut d_states, j);
            for state in 0..n {
                let own = (state * h, h);
                let c = Z::at(c_re, c_im, state);
                let (x_re, x_im) = parts::<R, Z>(column(&at.next, j), half, own);
                let (d_re, d_im) = parts_mut::<R, Z>(d_states, half, own);
                for (i, &d_y) in d_y.iter().enumerate() {
                    let d_read = Z::real_number(kappa * d_y);
                    c.conjugate_times(d_read).put(d_re, d_im, i); // (5)ᵀ
                }
                let d_c: Z = sum(h, |i| {
                    Z::at(x_re, x_im, i).conjugate_times(Z::real_number(kappa * d_y[i]))
                });
                d_c.put(d_c_re, d_c_im, state); // (5)ᵀ
            }
        }
    }
}

for_each_isa! {
    /// (5)ᵀ for u, (4)ᵀ, (3)ᵀ, (2)ᵀ
    pub(super) fn scan_backward<R: Real, Z: Number<R>>(
        cell: &SelectiveSsm<R>,
        at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let (h, n) = (cell.config.width, cell.config.states);
        let (rows, rule, half) = (&cell.rows, cell.config.discretization, h * n);
        let skip = cell.params[D].as_slice();
        for lane in 0..adj.ncols() {
            let drive = column(&at.drive, lane);
            let (u, delta) = drive[..2 * h].split_at(h);
            let (b_re, b_im) = parts::<R, Z>(&drive[rows.b.clone()], n, (0, n));
            let (above, d_y) = column_mut(&mut d_drive, lane).split_at_mut(rows.y.start);
            let (above, d_bc) = above.split_at_mut(rows.b.start);
            let (d_b_re, d_b_im) = parts_mut::<R, Z>(&mut d_bc[..rows.b.len()], n, (0, n));
            let (d_u, d_delta) = above[..2 * h].split_at_mut(h);
            each([d_u], [skip, &d_y[..h]], |_, [skip, d_y]| [skip * d_y]); // (5)ᵀ
            d_delta.fill(R::zero());
            // ȳ is used up: its rows take the terms of B's sum, which else would keep the loop from running wide.
            let terms = &mut d_y[..h];
            let adj = column_mut(&mut adj, lane);
            for state in 0..n {
                let own = (state * h, h);
                let b = Z::at(b_re, b_im, state);
                let (a_re, a_im) = parts::<R, Z>(&cell.poles, half, own);
                let (i_re, i_im) = parts::<R, Z>(&cell.inverse, half, own);
                let (x_re, x_im) = parts::<R, Z>(column(&at.prev, lane), half, own);
                let (d_re, d_im) = parts_mut::<R, Z>(adj, half, own);
                let (d_log, d_turn) = pole_gradients(grad, own);
                let mut d_b = Z::zero();
                for i in 0..h {
                    let (a, inverse) = (Z::at(a_re, a_im, i), Z::at(i_re, i_im, i));
                    let (u, delta) = (u[i], delta[i]);
                    let (l, f) = step(rule, a, inverse, delta); // (3)
                    let d_h = Z::at(d_re, d_im, i);
                    let faded = l.times(Z::at(x_re, x_im, i));
                    let taken = b.scaled(u);
                    let (f, f_delta, f_a) = match f {
                        Some(f) => {
                            let f_a = l.scaled(delta).plus(f.scaled(-R::one())).times(inverse);
                            (f, l, f_a)
                        }
                        None => (Z::real_number(delta), Z::real_number(R::one()), Z::zero()),
                    };
                    d_u[i] += f.times(b).conjugate_times(d_h).real(); // (4)ᵀ
                    let d_b_i = f.scaled(u).conjugate_times(d_h); // (4)ᵀ
                    if Z::COMPLEX {
                        d_b = d_b.plus(d_b_i);
                    } else {
                        terms[i] = d_b_i.real();
                    }
                    l.conjugate_times(d_h).put(d_re, d_im, i); // (4)ᵀ
                    let by_delta = a.times(faded).plus(f_delta.times(taken));
                    d_delta[i] += by_delta.conjugate_times(d_h).real(); // (3)ᵀ
                    let by_a = faded.scaled(delta).plus(f_a.times(taken));
                    let d_a = by_a.conjugate_times(d_h); // (3)ᵀ
                    d_log[i] += d_a.real() * a.real();
                    if Z::COMPLEX {
                        d_turn[i] += d_a.imaginary();
                    }
                }
                if !Z::COMPLEX {
                    d_b = sum(h, |i| Z::real_number(terms[i]));
                }
                d_b.put(d_b_re, d_b_im, state);
            }
            for (d_delta, &delta) in d_delta.iter_mut().zip(delta) {
                *d_delta *= R::one() - exp(-delta); // (2)ᵀ
            }
        }
    }
}
