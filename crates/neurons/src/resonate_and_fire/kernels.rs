//! (2) to (6) of [`crate::resonate_and_fire`], forward and reverse.

use multiversion::multiversion;
use saturn_cell::elementary::exp;
use saturn_cell::{Params, Real, Recorded, View, ViewMut, column, column_mut};

use super::{ResonateAndFire, ResonatorStep};
use crate::fields::{thirds, thirds_mut};
use crate::surrogate::Surrogate;

/// v, w, q and s of a state; q may be empty.
#[inline(always)]
fn parts<R: Real>(state: &[R], h: usize) -> (&[R], &[R], &[R], &[R]) {
    let (z, rest) = state.split_at(2 * h);
    let (q, s) = rest.split_at(rest.len() - h);
    (&z[..h], &z[h..], q, s)
}

/// [`parts`], mutably.
#[inline(always)]
fn parts_mut<R: Real>(state: &mut [R], h: usize) -> (&mut [R], &mut [R], &mut [R], &mut [R]) {
    let (z, rest) = state.split_at_mut(2 * h);
    let (q, s) = rest.split_at_mut(rest.len() - h);
    let (v, w) = z.split_at_mut(h);
    (v, w, q, s)
}

/// (2) to (6)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire<R: Real>(
    cell: &ResonateAndFire<R>,
    mut drive: ViewMut<R>,
    prev: View<R>,
    mut next: ViewMut<R>,
) {
    let (h, one) = (cell.config.hidden, R::one());
    let (gamma, theta) = (
        R::of(cell.config.refractory_decay),
        R::of(cell.config.threshold),
    );
    let (zeta, kappa) = cell.config.replacement();
    let (zeta, kappa) = (R::of(zeta), R::of(kappa));
    let (resonance, epsilon) = (&cell.resonance, cell.resonance.seconds());
    for lane in 0..prev.ncols() {
        let (v, w, q, s) = parts(column(&prev, lane), h);
        let (v_next, w_next, q_next, s_next) = parts_mut(column_mut(&mut next, lane), h);
        let (d, re, im) = thirds_mut(column_mut(&mut drive, lane), h);
        for (q_next, (&q, &s)) in q_next.iter_mut().zip(q.iter().zip(s)) {
            *q_next = gamma * q + s; // (2)
        }
        re.copy_from_slice(&resonance.re);
        im.copy_from_slice(&resonance.im);
        match resonance.step {
            ResonatorStep::Euler => {
                for (re, &q) in re.iter_mut().zip(&*q_next) {
                    *re -= epsilon * q; // (3)
                }
            }
            ResonatorStep::Exponential => {
                for ((re, im), &q) in re.iter_mut().zip(&mut *im).zip(&*q_next) {
                    let fade = exp(-epsilon * q); // (3)
                    *re *= fade;
                    *im *= fade;
                }
            }
        }
        for (v_next, (&v, &s)) in v_next.iter_mut().zip(v.iter().zip(s)) {
            *v_next = (one - zeta * s) * v + kappa * s; // (4)
        }
        for (w_next, (&w, &s)) in w_next.iter_mut().zip(w.iter().zip(s)) {
            *w_next = (one - zeta * s) * w; // (4)
        }
        let turned = v_next.iter_mut().zip(&mut *w_next);
        for (((v, w), (&re, &im)), &d) in turned.zip(re.iter().zip(&*im)).zip(&*d) {
            let (old_v, old_w) = (*v, *w);
            *v = re * old_v - im * old_w + d; // (5)
            *w = re * old_w + im * old_v; // (5)
        }
        for (s_next, &v) in s_next.iter_mut().zip(&*v_next) {
            *s_next = v - theta;
        }
        for (s_next, &q) in s_next.iter_mut().zip(&*q_next) {
            *s_next -= q;
        }
        for s_next in s_next {
            *s_next = Surrogate::step(*s_next); // (6)
        }
    }
}

/// (6)ᵀ to (2)ᵀ: the drive's adjoint, and that of the state before but for (1)ᵀ.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn fire_backward<R: Real>(
    cell: &ResonateAndFire<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
    grad: &mut Params<R>,
) {
    let (h, one) = (cell.config.hidden, R::one());
    let (gamma, theta) = (
        R::of(cell.config.refractory_decay),
        R::of(cell.config.threshold),
    );
    let (zeta, kappa) = cell.config.replacement();
    let (replaces, zeta, kappa) = (zeta > 0.0, R::of(zeta), R::of(kappa));
    let through: R = cell.config.reset_gradient.factor();
    let epsilon = cell.resonance.seconds();
    for lane in 0..at.prev.ncols() {
        let (v, w, _, s) = parts(column(&at.prev, lane), h);
        let (v_next, _, q_next, _) = parts(column(&at.next, lane), h);
        let (_, re, im) = thirds(column(&at.drive, lane), h);
        let (adj_v, adj_w, adj_q, adj_s) = parts_mut(column_mut(&mut adj, lane), h);
        let (delta, d_re, d_im) = thirds_mut(column_mut(&mut d_drive, lane), h);

        // (6)ᵀ: delta becomes psi times the adjoint of s_t, then the adjoint of v_t, which is that of d_t.
        for (delta, &v) in delta.iter_mut().zip(v_next) {
            *delta = v - theta;
        }
        for (delta, &q) in delta.iter_mut().zip(q_next) {
            *delta -= q;
        }
        cell.config.surrogate.slopes(delta);
        for (delta, &adj_s) in delta.iter_mut().zip(&*adj_s) {
            *delta *= adj_s;
        }
        for (adj_q, &delta) in adj_q.iter_mut().zip(&*delta) {
            *adj_q -= delta;
        }
        for (delta, &adj_v) in delta.iter_mut().zip(&*adj_v) {
            *delta += adj_v;
        }

        // (5)ᵀ for L, whose adjoint is that of z_t times the conjugate of r_t. adj_v holds r_t's real part.
        for (adj_v, (&v, &s)) in adj_v.iter_mut().zip(v.iter().zip(s)) {
            *adj_v = (one - zeta * s) * v + kappa * s; // (4)
        }
        let past = adj_v.iter().zip(w.iter().zip(s));
        for ((d_re, d_im), ((&left_v, (&w, &s)), (&delta, &adj_w))) in d_re
            .iter_mut()
            .zip(&mut *d_im)
            .zip(past.zip(delta.iter().zip(&*adj_w)))
        {
            let left_w = (one - zeta * s) * w; // (4)
            *d_re = left_v * delta + left_w * adj_w;
            *d_im = left_v * adj_w - left_w * delta;
        }

        // (5)ᵀ for r_t.
        let factor = re.iter().zip(im);
        for (adj_v, ((&re, &im), (&delta, &adj_w))) in
            adj_v.iter_mut().zip(factor.zip(delta.iter().zip(&*adj_w)))
        {
            *adj_v = re * delta + im * adj_w;
        }
        for (adj_w, ((&re, &im), &delta)) in adj_w.iter_mut().zip(re.iter().zip(im).zip(&*delta)) {
            *adj_w = re * *adj_w - im * delta;
        }

        turn_backward(cell, re, im, d_re, d_im, grad); // (3)ᵀ, now in d_re the adjoint of ln abs(L)
        for (adj_q, &d_re) in adj_q.iter_mut().zip(&*d_re) {
            *adj_q -= epsilon * d_re; // (3)ᵀ
        }

        // (4)ᵀ
        adj_s.fill(R::zero());
        if replaces {
            for ((adj_s, &adj_v), &v) in adj_s.iter_mut().zip(&*adj_v).zip(v) {
                *adj_s = through * (kappa - zeta * v) * adj_v;
            }
            for ((adj_s, &adj_w), &w) in adj_s.iter_mut().zip(&*adj_w).zip(w) {
                *adj_s -= through * zeta * w * adj_w;
            }
            for ((adj_v, adj_w), &s) in adj_v.iter_mut().zip(adj_w).zip(s) {
                *adj_v *= one - zeta * s;
                *adj_w *= one - zeta * s;
            }
        }

        // (2)ᵀ
        for (adj_s, adj_q) in adj_s.iter_mut().zip(adj_q) {
            *adj_s += through * *adj_q;
            *adj_q *= gamma;
        }
    }
}

/// (3)ᵀ for what is learnt. `d_re`, `d_im` `[H]` come in as the adjoint of L; `d_re` leaves as what -epsilon q is
/// multiplied by: the adjoint of Re L for an Euler step, that of ln abs(L) for the exact one.
#[inline(always)]
fn turn_backward<R: Real>(
    cell: &ResonateAndFire<R>,
    re: &[R],
    im: &[R],
    d_re: &mut [R],
    d_im: &mut [R],
    grad: &mut Params<R>,
) {
    let resonance = &cell.resonance;
    match resonance.step {
        ResonatorStep::Euler => {
            for (d_im, (&d_re, &tilt)) in d_im.iter_mut().zip(d_re.iter().zip(&resonance.tilt)) {
                *d_im -= tilt * d_re;
            }
        }
        ResonatorStep::Exponential => {
            for ((d_re, d_im), (&re, &im)) in d_re.iter_mut().zip(&mut *d_im).zip(re.iter().zip(im))
            {
                let (old_re, old_im) = (*d_re, *d_im);
                *d_re = re * old_re + im * old_im;
                *d_im = re * old_im - im * old_re;
            }
        }
    }
    // d_im is now the adjoint of phi.
    if let Some(at) = resonance.position() {
        let slopes = resonance.period_slope.iter().zip(&*d_im);
        for (d, (&slope, &d_phi)) in grad[at].as_mut_slice().iter_mut().zip(slopes) {
            *d += slope * d_phi;
        }
        let slopes = resonance.tau_slope.iter().zip(&*d_re);
        for (d, (&slope, &d_ln)) in grad[at + 1].as_mut_slice().iter_mut().zip(slopes) {
            *d += slope * d_ln;
        }
    }
}
