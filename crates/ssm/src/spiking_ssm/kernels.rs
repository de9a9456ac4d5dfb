//! (2) to (6) of [`crate::spiking_ssm`], forward and reverse, but for the product of (3).

use multiversion::multiversion;
use saturn_cell::{Params, Real, Recorded, View, ViewMut, column, column_mut};
use saturn_neurons::surrogate::Surrogate;

use super::SpikingSsm;

/// (2)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn scan<R: Real>(
    cell: &SpikingSsm<R>,
    mut drive: ViewMut<R>,
    prev: View<R>,
    mut next: ViewMut<R>,
) {
    let n = cell.complex_rows();
    for lane in 0..prev.ncols() {
        let w = &mut column_mut(&mut drive, lane)[..n];
        let (x, x_next) = (
            &column(&prev, lane)[..n],
            &mut column_mut(&mut next, lane)[..n],
        );
        cell.diagonal.advance(w, x, x_next); // (2)
    }
}

/// The rest of (3), (4) for the step before, (5), (6)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire<R: Real>(
    cell: &SpikingSsm<R>,
    mut drive: ViewMut<R>,
    prev: View<R>,
    mut next: ViewMut<R>,
) {
    let (n, o) = (cell.complex_rows(), cell.config.width);
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    for lane in 0..prev.ncols() {
        let (m, s) = column(&prev, lane)[n..].split_at(o);
        let (m_next, s_next) = column_mut(&mut next, lane)[n..].split_at_mut(o);
        let i = &mut column_mut(&mut drive, lane)[n..];
        for (i, &scale) in i.iter_mut().zip(&cell.scale) {
            *i *= scale; // (3)
        }
        let past = cell.decays.decay().iter().zip(m.iter().zip(s));
        for (m_next, (&alpha, (&m, &s))) in m_next.iter_mut().zip(past) {
            *m_next = alpha * ((one - z * s) * m - k * s); // (4), (5)
        }
        for (m_next, &i) in m_next.iter_mut().zip(&*i) {
            *m_next += i; // (5)
        }
        for (s_next, &m) in s_next.iter_mut().zip(&*m_next) {
            *s_next = Surrogate::step(m - one); // (6)
        }
    }
}

/// (6)ᵀ to (3)ᵀ: the drive's last rows become c̄, and the adjoints of m and s those of the step before.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire_backward<R: Real>(
    cell: &SpikingSsm<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
    grad: &mut Params<R>,
) {
    let (n, o) = (cell.complex_rows(), cell.config.width);
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let through_reset: R = cell.config.reset_gradient.factor();
    let alpha = cell.decays.decay();
    for lane in 0..adj.ncols() {
        let (m, s) = column(&at.prev, lane)[n..].split_at(o);
        let m_next = &column(&at.next, lane)[n..n + o];
        let (adj_m, adj_s) = column_mut(&mut adj, lane)[n..].split_at_mut(o);
        let delta = &mut column_mut(&mut d_drive, lane)[n..];

        // (6)ᵀ: delta becomes the adjoint of m_t, which is ī.
        for (delta, &m) in delta.iter_mut().zip(m_next) {
            *delta = m - one;
        }
        cell.config.surrogate.slopes(delta);
        for (delta, (&adj_m, &adj_s)) in delta.iter_mut().zip(adj_m.iter().zip(&*adj_s)) {
            *delta = adj_m + adj_s * *delta;
        }

        // (5)ᵀ for α.
        if let Some(tau) = cell.decays.position() {
            let past = m.iter().zip(s);
            let into = grad[tau].as_mut_slice().iter_mut().zip(cell.decays.slope());
            for (((d_tau, &slope), &delta), (&m, &s)) in into.zip(&*delta).zip(past) {
                *d_tau += slope * delta * ((one - z * s) * m - k * s);
            }
        }

        // (5)ᵀ, (4)ᵀ
        for (adj_m, (&delta, (&alpha, &s))) in
            adj_m.iter_mut().zip(delta.iter().zip(alpha.iter().zip(s)))
        {
            *adj_m = delta * alpha * (one - z * s);
        }
        for (adj_s, (&delta, (&alpha, &m))) in
            adj_s.iter_mut().zip(delta.iter().zip(alpha.iter().zip(m)))
        {
            *adj_s = -through_reset * delta * alpha * (z * m + k);
        }

        // (3)ᵀ
        if let Some(eta) = cell.threshold {
            let current = delta.iter().zip(&column(&at.drive, lane)[n..]);
            for (d_eta, (&delta, &i)) in grad[eta].as_mut_slice().iter_mut().zip(current) {
                *d_eta -= delta * i;
            }
        }
        for (delta, &scale) in delta.iter_mut().zip(&cell.scale) {
            *delta *= scale;
        }
    }
}

/// (2)ᵀ
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn scan_backward<R: Real>(
    cell: &SpikingSsm<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
) {
    let n = cell.complex_rows();
    for lane in 0..adj.ncols() {
        let d_w = &mut column_mut(&mut d_drive, lane)[..n];
        cell.diagonal
            .advance_backward(&mut column_mut(&mut adj, lane)[..n], d_w); // (2)ᵀ
    }
}
