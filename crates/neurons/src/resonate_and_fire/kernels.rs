//! (2) to (6) of [`crate::resonate_and_fire`], forward and reverse.

use saturn_cell::elementary::exp;
use saturn_cell::kernel::each;
use saturn_cell::{Lane, Params, Real, Step, blocks, blocks_mut};

use super::{ResonatorStep, Resonators};
use crate::surrogate::Surrogate;

/// v, w, q and s of a state; q may be empty.
#[inline(always)]
fn parts<R: Real>(state: &[R], h: usize) -> [&[R]; 4] {
    let (z, rest) = state.split_at(2 * h);
    let (q, s) = rest.split_at(rest.len() - h);
    [&z[..h], &z[h..], q, s]
}

/// [`parts`], mutably.
#[inline(always)]
fn parts_mut<R: Real>(state: &mut [R], h: usize) -> [&mut [R]; 4] {
    let (z, rest) = state.split_at_mut(2 * h);
    let (q, s) = rest.split_at_mut(rest.len() - h);
    let (v, w) = z.split_at_mut(h);
    [v, w, q, s]
}

impl<R: Real> Step<R> for Resonators<R> {
    /// (2) to (6)
    #[inline(always)]
    fn step(&self, drive: &mut [R], prev: &[R], next: &mut [R]) {
        let [d, re, im] = blocks_mut(drive);
        let h = d.len();
        let [v, w, q, s] = parts(prev, h);
        let [v_next, w_next, q_next, s_next] = parts_mut(next, h);
        let ((theta, zeta, kappa), one) = (self.firing.constants(), R::one());
        re.copy_from_slice(&self.resonance.re);
        im.copy_from_slice(&self.resonance.im);
        if self.balanced {
            let (gamma, epsilon) = (self.fading, self.resonance.seconds());
            each([q_next], [q, s], |_, [q, s]| [gamma * q + s]); // (2)
            match self.resonance.step {
                ResonatorStep::Euler => {
                    each([re], [q_next], |[re], [q]| [re - epsilon * q]); // (3)
                }
                ResonatorStep::Exponential => each([re, im], [q_next], |[re, im], [q]| {
                    let fade = exp(-epsilon * q); // (3)
                    [re * fade, im * fade]
                }),
            }
        }
        each([v_next, w_next], [v, w, s], |_, [v, w, s]| {
            let left = one - zeta * s;
            [left * v + kappa * s, left * w] // (4)
        });
        each([v_next, w_next], [re, im, d], |[v, w], [re, im, d]| {
            [re * v - im * w + d, re * w + im * v] // (5)
        });
        // (6)
        if self.balanced {
            each([s_next], [v_next, q_next], |_, [v, q]| {
                [Surrogate::step(v - theta - q)]
            });
        } else {
            each([s_next], [v_next], |_, [v]| [Surrogate::step(v - theta)]);
        }
    }

    /// (6)ᵀ to (2)ᵀ
    #[inline(always)]
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        d_drive: &mut [R],
        grad: &mut Params<R>,
    ) {
        let ([_, re, im], [delta, d_re, d_im]) = (blocks(at.drive), blocks_mut(d_drive));
        let h = delta.len();
        let ([v, w, _, s], [v_next, _, q_next, _]) = (parts(at.prev, h), parts(at.next, h));
        let [adj_v, adj_w, adj_q, adj_s] = parts_mut(adj, h);
        let ((theta, zeta, kappa), one) = (self.firing.constants(), R::one());
        let (through, epsilon) = (self.firing.through_reset, self.resonance.seconds());

        // (6)ᵀ: delta becomes psi times the adjoint of s_t, then the adjoint of v_t, which is that of d_t.
        each([delta], [v_next], |_, [v]| [v - theta]);
        if self.balanced {
            each([delta], [q_next], |[u], [q]| [u - q]);
        }
        self.firing.slopes(delta);
        each([delta], [adj_s], |[psi], [adj_s]| [psi * adj_s]);
        if self.balanced {
            each([adj_q], [delta], |[adj_q], [delta]| [adj_q - delta]);
        }
        each([delta], [adj_v], |[delta], [adj_v]| [delta + adj_v]);

        // (5)ᵀ for L, whose adjoint is that of z_t times the conjugate of r_t, and for r_t.
        each(
            [d_re, d_im, adj_v, adj_w],
            [delta, v, w, s, re, im],
            |[_, _, _, adj_w], [delta, v, w, s, re, im]| {
                let v = (one - zeta * s) * v + kappa * s; // (4)
                let w = (one - zeta * s) * w; // (4)
                [
                    v * delta + w * adj_w,
                    v * adj_w - w * delta,
                    re * delta + im * adj_w,
                    re * adj_w - im * delta,
                ]
            },
        );

        self.turn_backward(re, im, d_re, d_im, grad); // (3)ᵀ, now in d_re the adjoint of ln abs(L)
        if self.balanced {
            each([adj_q], [d_re], |[adj_q], [d]| [adj_q - epsilon * d]); // (3)ᵀ
        }

        // (4)ᵀ
        adj_s.fill(R::zero());
        if zeta > R::zero() {
            each(
                [adj_s, adj_v, adj_w],
                [v, w, s],
                |[_, adj_v, adj_w], [v, w, s]| {
                    let adj_s = through * (kappa - zeta * v) * adj_v - through * zeta * w * adj_w;
                    [adj_s, adj_v * (one - zeta * s), adj_w * (one - zeta * s)]
                },
            );
        }

        // (2)ᵀ
        if self.balanced {
            let gamma = self.fading;
            each([adj_s, adj_q], [], |[adj_s, adj_q], []| {
                [adj_s + through * adj_q, adj_q * gamma]
            });
        }
    }
}

impl<R: Real> Resonators<R> {
    /// (3)ᵀ for what is learnt. `d_re`, `d_im` `[H]` come in as the adjoint of L; `d_re` leaves as what -epsilon q is
    /// multiplied by: the adjoint of Re L for an Euler step, that of ln abs(L) for the exact one.
    #[inline(always)]
    fn turn_backward(
        &self,
        re: &[R],
        im: &[R],
        d_re: &mut [R],
        d_im: &mut [R],
        grad: &mut Params<R>,
    ) {
        let resonance = &self.resonance;
        match resonance.step {
            ResonatorStep::Euler => {
                each([d_im], [d_re, &resonance.tilt], |[d_im], [d_re, tilt]| {
                    [d_im - tilt * d_re]
                });
            }
            ResonatorStep::Exponential => {
                each([d_re, d_im], [re, im], |[d_re, d_im], [re, im]| {
                    [re * d_re + im * d_im, re * d_im - im * d_re]
                });
            }
        }
        // d_im is now the adjoint of phi.
        if let Some(at) = resonance.position() {
            let learnt = [
                (&resonance.period_slope, d_im),
                (&resonance.tau_slope, d_re),
            ];
            for (i, (slope, d)) in learnt.into_iter().enumerate() {
                let to = grad[at + i].as_mut_slice();
                each([to], [slope, d], |[to], [slope, d]| [to + slope * d]);
            }
        }
    }
}
