//! (2) to (5) of [`crate::adlif`], forward and reverse.

use multiversion::multiversion;
use saturn_cell::{Params, Real, Recorded, View, ViewMut, column, column_mut};

use super::AdLif;
use crate::fields::{thirds, thirds_mut};
use crate::surrogate::Surrogate;

/// (2) for the step before, (3), (4)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire<R: Real>(
    cell: &AdLif<R>,
    drive: ViewMut<R>,
    prev: View<R>,
    mut next: ViewMut<R>,
) {
    let (h, drive): (usize, View<R>) = (cell.config.hidden, drive.as_view());
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let (alpha, gain) = (cell.decays.decay(), cell.decays.gain());
    for lane in 0..prev.ncols() {
        let (v, w, s) = thirds(column(&prev, lane), h);
        let (v_next, _, s_next) = thirds_mut(column_mut(&mut next, lane), h);
        let past = alpha.iter().zip(v.iter().zip(s));
        for (v_next, (&alpha, (&v, &s))) in v_next.iter_mut().zip(past) {
            *v_next = alpha * ((one - z * s) * v - k * s); // (2), (3)
        }
        let input = gain.iter().zip(column(&drive, lane).iter().zip(w));
        for (v_next, (&gain, (&d, &w))) in v_next.iter_mut().zip(input) {
            *v_next += gain * (d - w); // (3)
        }
        for (s_next, &v) in s_next.iter_mut().zip(&*v_next) {
            *s_next = Surrogate::step(v - cell.threshold); // (4)
        }
    }
}

/// (2) for this step, (5)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn adapt<R: Real>(cell: &AdLif<R>, prev: View<R>, mut next: ViewMut<R>) {
    let h = cell.config.hidden;
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let (rho, gain) = (cell.adaptation.decay(), cell.adaptation.gain());
    let (a, b) = (cell.a.value(), cell.b.value());
    for lane in 0..prev.ncols() {
        let (_, w, _) = thirds(column(&prev, lane), h);
        let (v, w_next, s) = thirds_mut(column_mut(&mut next, lane), h);
        for (w_next, (&a, (&v, &s))) in w_next.iter_mut().zip(a.iter().zip(v.iter().zip(&*s))) {
            *w_next = a * ((one - z * s) * v - k * s); // (2), (5)
        }
        for (w_next, (&b, &s)) in w_next.iter_mut().zip(b.iter().zip(&*s)) {
            *w_next += b * s; // (5)
        }
        for (w_next, (&rho, (&gain, &w))) in
            w_next.iter_mut().zip(rho.iter().zip(gain.iter().zip(w)))
        {
            *w_next = rho * w + gain * *w_next; // (5)
        }
    }
}

/// (5)ᵀ to (2)ᵀ: the drive's adjoint, and that of the state before but for (1)ᵀ.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire_backward<R: Real>(
    cell: &AdLif<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
    grad: &mut Params<R>,
) {
    let h = cell.config.hidden;
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let through_reset: R = cell.config.reset_gradient.factor();
    let (alpha, g) = (cell.decays.decay(), cell.decays.gain());
    let (rho, gain) = (cell.adaptation.decay(), cell.adaptation.gain());
    let (a, b) = (cell.a.value(), cell.b.value());
    for lane in 0..at.prev.ncols() {
        let (v, w, s) = thirds(column(&at.prev, lane), h);
        let (v_next, w_next, s_next) = thirds(column(&at.next, lane), h);
        let (adj_v, adj_w, adj_s) = thirds_mut(column_mut(&mut adj, lane), h);
        let delta = column_mut(&mut d_drive, lane);

        // (5)ᵀ for the parameters. What is fed into w_t is (w_t - rho w_{t-1}) / (1 - rho), and
        // dw_t / drho is w_{t-1} less that.
        let left = |v: R, s: R| (one - z * s) * v - k * s;
        if let Some(tau) = cell.adaptation.position() {
            let fed = gain.iter().zip(w.iter().zip(w_next));
            let into = (grad[tau].as_mut_slice().iter_mut()).zip(cell.adaptation.slope());
            for (((d_tau, &slope), &adj_w), (&gain, (&w, &w_next))) in into.zip(&*adj_w).zip(fed) {
                *d_tau += slope * adj_w * ((w - w_next) / gain);
            }
        }
        if let Some(rho_a) = cell.a.position() {
            let into = grad[rho_a].as_mut_slice().iter_mut().zip(cell.a.slope());
            let fed = gain.iter().zip(v_next.iter().zip(s_next));
            for (((d_a, &slope), &adj_w), (&gain, (&v, &s))) in into.zip(&*adj_w).zip(fed) {
                *d_a += slope * gain * adj_w * left(v, s);
            }
        }
        if let Some(rho_b) = cell.b.position() {
            let into = grad[rho_b].as_mut_slice().iter_mut().zip(cell.b.slope());
            for (((d_b, &slope), &adj_w), (&gain, &s)) in
                into.zip(&*adj_w).zip(gain.iter().zip(s_next))
            {
                *d_b += slope * gain * adj_w * s;
            }
        }

        // (5)ᵀ for p_t, in delta, and (2)ᵀ for v_t and s_t.
        for (delta, (&a, (&gain, &adj_w))) in
            delta.iter_mut().zip(a.iter().zip(gain.iter().zip(&*adj_w)))
        {
            *delta = a * gain * adj_w;
        }
        for (adj_v, (&delta, &s)) in adj_v.iter_mut().zip(delta.iter().zip(s_next)) {
            *adj_v += (one - z * s) * delta;
        }
        for (adj_s, (&delta, &v)) in adj_s.iter_mut().zip(delta.iter().zip(v_next)) {
            *adj_s -= through_reset * delta * (z * v + k);
        }
        for (adj_s, (&b, (&gain, &adj_w))) in
            adj_s.iter_mut().zip(b.iter().zip(gain.iter().zip(&*adj_w)))
        {
            *adj_s += b * gain * adj_w;
        }

        // (4)ᵀ: delta becomes psi(v_t - theta), then the adjoint of v_t.
        for (delta, &v) in delta.iter_mut().zip(v_next) {
            *delta = v - cell.threshold;
        }
        cell.config.surrogate.slopes(delta);
        for (delta, (&from_v, &from_s)) in delta.iter_mut().zip(adj_v.iter().zip(&*adj_s)) {
            *delta = from_v + from_s * *delta;
        }

        // (3)ᵀ for the time constants.
        if let Some(tau) = cell.decays.position() {
            let past = v.iter().zip(s).zip(column(&at.drive, lane).iter().zip(w));
            let into = grad[tau].as_mut_slice().iter_mut().zip(cell.decays.slope());
            for (((d_tau, &slope), &delta), ((&v, &s), (&d, &w))) in into.zip(&*delta).zip(past) {
                *d_tau += slope * delta * (left(v, s) - d + w);
            }
        }

        // (3)ᵀ, (2)ᵀ for the state and the drive.
        let past = alpha.iter().zip(s);
        for (adj_v, (&delta, (&alpha, &s))) in adj_v.iter_mut().zip(delta.iter().zip(past)) {
            *adj_v = delta * alpha * (one - z * s);
        }
        let past = alpha.iter().zip(v);
        for (adj_s, (&delta, (&alpha, &v))) in adj_s.iter_mut().zip(delta.iter().zip(past)) {
            *adj_s = -through_reset * delta * alpha * (z * v + k);
        }
        for (delta, &g) in delta.iter_mut().zip(g) {
            *delta *= g;
        }
        for (adj_w, (&rho, &delta)) in adj_w.iter_mut().zip(rho.iter().zip(&*delta)) {
            *adj_w = rho * *adj_w - delta;
        }
    }
}
