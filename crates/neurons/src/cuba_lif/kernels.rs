//! (2) to (4) of [`crate::cuba_lif`], forward and reverse.

use multiversion::multiversion;
use saturn_cell::{Params, Real, Recorded, View, ViewMut, column, column_mut};

use super::CubaLif;
use crate::fields::{thirds, thirds_mut};
use crate::surrogate::Surrogate;

/// (2), (3), (4)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire<R: Real>(
    cell: &CubaLif<R>,
    drive: ViewMut<R>,
    prev: View<R>,
    mut next: ViewMut<R>,
) {
    let (h, drive): (usize, View<R>) = (cell.config.hidden, drive.as_view());
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let (a, g) = (cell.decays.decay(), cell.decays.gain());
    let (alpha, height) = (cell.synapse.decay(), cell.synapse.gain());
    for lane in 0..prev.ncols() {
        let (v, i, s) = thirds(column(&prev, lane), h);
        let (v_next, i_next, s_next) = thirds_mut(column_mut(&mut next, lane), h);
        for (i_next, (&alpha, &i)) in i_next.iter_mut().zip(alpha.iter().zip(i)) {
            *i_next = alpha * i; // (2)
        }
        let d = column(&drive, lane);
        for (i_next, (&height, &d)) in i_next.iter_mut().zip(height.iter().zip(d)) {
            *i_next += height * d; // (2)
        }
        for (v_next, (&a, (&v, &s))) in v_next.iter_mut().zip(a.iter().zip(v.iter().zip(s))) {
            *v_next = a * (one - z * s) * v; // (3)
        }
        let heard = g.iter().zip(i_next.iter().zip(s));
        for (v_next, (&g, (&i, &s))) in v_next.iter_mut().zip(heard) {
            *v_next = *v_next + g * i - k * s; // (3)
        }
        for (s_next, &v) in s_next.iter_mut().zip(&*v_next) {
            *s_next = Surrogate::step(v - cell.threshold); // (4)
        }
    }
}

/// (4)ᵀ, (3)ᵀ, (2)ᵀ: the drive's adjoint, and that of the state before but for (1)ᵀ.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire_backward<R: Real>(
    cell: &CubaLif<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
    grad: &mut Params<R>,
) {
    let h = cell.config.hidden;
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let through_reset: R = cell.config.reset_gradient.factor();
    let (a, g) = (cell.decays.decay(), cell.decays.gain());
    let (alpha, height) = (cell.synapse.decay(), cell.synapse.gain());
    for lane in 0..at.prev.ncols() {
        let (v, i, s) = thirds(column(&at.prev, lane), h);
        let (v_next, i_next, _) = thirds(column(&at.next, lane), h);
        let (adj_v, adj_i, adj_s) = thirds_mut(column_mut(&mut adj, lane), h);
        let delta = column_mut(&mut d_drive, lane);

        // (4)ᵀ: delta becomes psi(v_t - theta), then the adjoint of v_t.
        for (delta, &v) in delta.iter_mut().zip(v_next) {
            *delta = v - cell.threshold;
        }
        cell.config.surrogate.slopes(delta);
        for (delta, (&from_v, &from_s)) in delta.iter_mut().zip(adj_v.iter().zip(&*adj_s)) {
            *delta = from_v + from_s * *delta;
        }

        // (3)ᵀ for the time constants of the membrane, and for the current.
        if let Some(tau) = cell.decays.position() {
            let gain_slope = cell.decays.gain_slope();
            let past = v.iter().zip(s).zip(i_next);
            let into = grad[tau].as_mut_slice().iter_mut().zip(cell.decays.slope());
            for (((d_tau, &slope), &delta), ((&v, &s), &i)) in into.zip(&*delta).zip(past) {
                *d_tau += slope * delta * ((one - z * s) * v + gain_slope * i);
            }
        }
        for (adj_i, (&delta, &g)) in adj_i.iter_mut().zip(delta.iter().zip(g)) {
            *adj_i += g * delta;
        }

        // (2)ᵀ for the time constants of the synapses.
        if let Some(tau) = cell.synapse.position() {
            let height_slope = cell.synapse.gain_slope();
            let past = i.iter().zip(column(&at.drive, lane));
            let into = (grad[tau].as_mut_slice().iter_mut()).zip(cell.synapse.slope());
            for (((d_tau, &slope), &adj_i), (&i, &d)) in into.zip(&*adj_i).zip(past) {
                *d_tau += slope * adj_i * (i + height_slope * d);
            }
        }

        // (3)ᵀ, (2)ᵀ for the state and the drive.
        for (adj_v, (&delta, (&a, &s))) in adj_v.iter_mut().zip(delta.iter().zip(a.iter().zip(s))) {
            *adj_v = delta * a * (one - z * s);
        }
        for (adj_s, (&delta, (&a, &v))) in adj_s.iter_mut().zip(delta.iter().zip(a.iter().zip(v))) {
            *adj_s = -through_reset * delta * (a * z * v + k);
        }
        for (delta, (&adj_i, &height)) in delta.iter_mut().zip(adj_i.iter().zip(height)) {
            *delta = height * adj_i;
        }
        for (adj_i, &alpha) in adj_i.iter_mut().zip(alpha) {
            *adj_i *= alpha;
        }
    }
}
