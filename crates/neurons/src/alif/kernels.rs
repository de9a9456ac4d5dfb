//! (2) to (4) of [`crate::alif`], forward and reverse.

use multiversion::multiversion;
use saturn_cell::{Params, Real, Recorded, View, ViewMut, column, column_mut};

use super::Alif;
use crate::fields::{thirds, thirds_mut};
use crate::surrogate::Surrogate;

/// (2), (3), (4)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire<R: Real>(
    cell: &Alif<R>,
    drive: ViewMut<R>,
    prev: View<R>,
    mut next: ViewMut<R>,
) {
    let (h, drive): (usize, View<R>) = (cell.config.hidden, drive.as_view());
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let (a, g) = (cell.decays.decay(), cell.decays.gain());
    let (rho, height) = (cell.adaptation.decay(), cell.adaptation.gain());
    for lane in 0..prev.ncols() {
        let (v, b, s) = thirds(column(&prev, lane), h);
        let (v_next, b_next, s_next) = thirds_mut(column_mut(&mut next, lane), h);
        for (b_next, (&rho, &b)) in b_next.iter_mut().zip(rho.iter().zip(b)) {
            *b_next = rho * b; // (2)
        }
        for (b_next, (&height, &s)) in b_next.iter_mut().zip(height.iter().zip(s)) {
            *b_next += height * s; // (2)
        }
        for (v_next, (&a, (&v, &s))) in v_next.iter_mut().zip(a.iter().zip(v.iter().zip(s))) {
            *v_next = a * (one - z * s) * v; // (3)
        }
        let d = column(&drive, lane);
        for (v_next, (&g, (&d, &s))) in v_next.iter_mut().zip(g.iter().zip(d.iter().zip(s))) {
            *v_next = *v_next + g * d - k * s; // (3)
        }
        for (s_next, (&v, &b)) in s_next.iter_mut().zip(v_next.iter().zip(&*b_next)) {
            *s_next = Surrogate::step(v - cell.threshold - cell.beta * b); // (4)
        }
    }
}

/// (4)ᵀ, (3)ᵀ, (2)ᵀ: the drive's adjoint, and that of the state before but for (1)ᵀ.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire_backward<R: Real>(
    cell: &Alif<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
    grad: &mut Params<R>,
) {
    let h = cell.config.hidden;
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let through_reset: R = cell.config.reset_gradient.factor();
    let (a, g) = (cell.decays.decay(), cell.decays.gain());
    let (rho, height) = (cell.adaptation.decay(), cell.adaptation.gain());
    for lane in 0..at.prev.ncols() {
        let (v, b, s) = thirds(column(&at.prev, lane), h);
        let (v_next, b_next, _) = thirds(column(&at.next, lane), h);
        let (adj_v, adj_b, adj_s) = thirds_mut(column_mut(&mut adj, lane), h);
        let delta = column_mut(&mut d_drive, lane);

        // (4)ᵀ: delta becomes psi(v_t - theta - beta b_t), then what reaches v_t and -beta b_t through it.
        for (delta, (&v, &b)) in delta.iter_mut().zip(v_next.iter().zip(b_next)) {
            *delta = v - cell.threshold - cell.beta * b;
        }
        cell.config.surrogate.slopes(delta);
        for (delta, &from_s) in delta.iter_mut().zip(&*adj_s) {
            *delta *= from_s;
        }
        for (adj_b, &delta) in adj_b.iter_mut().zip(&*delta) {
            *adj_b -= cell.beta * delta;
        }
        for (delta, &from_v) in delta.iter_mut().zip(&*adj_v) {
            *delta += from_v;
        }

        // (3)ᵀ, (2)ᵀ for the time constants.
        if let Some(tau) = cell.decays.position() {
            let gain_slope = cell.decays.gain_slope();
            let past = v.iter().zip(s).zip(column(&at.drive, lane));
            let into = grad[tau].as_mut_slice().iter_mut().zip(cell.decays.slope());
            for (((d_tau, &slope), &delta), ((&v, &s), &d)) in into.zip(&*delta).zip(past) {
                *d_tau += slope * delta * ((one - z * s) * v + gain_slope * d);
            }
        }
        if let Some(tau) = cell.adaptation.position() {
            let height_slope = cell.adaptation.gain_slope();
            let past = b.iter().zip(s);
            let into = (grad[tau].as_mut_slice().iter_mut()).zip(cell.adaptation.slope());
            for (((d_tau, &slope), &adj_b), (&b, &s)) in into.zip(&*adj_b).zip(past) {
                *d_tau += slope * adj_b * (b + height_slope * s);
            }
        }

        // (3)ᵀ, (2)ᵀ for the state and the drive.
        for (adj_v, (&delta, (&a, &s))) in adj_v.iter_mut().zip(delta.iter().zip(a.iter().zip(s))) {
            *adj_v = delta * a * (one - z * s);
        }
        for (adj_s, (&delta, (&a, &v))) in adj_s.iter_mut().zip(delta.iter().zip(a.iter().zip(v))) {
            *adj_s = -through_reset * delta * (a * z * v + k);
        }
        for (adj_s, (&adj_b, &height)) in adj_s.iter_mut().zip(adj_b.iter().zip(height)) {
            *adj_s += height * adj_b;
        }
        for (adj_b, &rho) in adj_b.iter_mut().zip(rho) {
            *adj_b *= rho;
        }
        for (delta, &g) in delta.iter_mut().zip(g) {
            *delta *= g;
        }
    }
}
