//! The rest of (3), and (4) to (6), of [`crate::spiking_ssm`], forward and reverse.

use saturn_cell::kernel::each;
use saturn_cell::{Lane, Params, Real, Step};
use saturn_neurons::surrogate::Surrogate;

use super::SpikingSsm;

/// The last rows of drive and state: i, and m and s.
impl<R: Real> Step<R> for SpikingSsm<R> {
    /// The rest of (3), (4) for the step before, (5), (6)
    #[inline(always)]
    fn step(&self, drive: &mut [R], prev: &[R], next: &mut [R]) {
        let (n, o, firing) = (self.system.rows(), self.config.width, self.firing);
        let (m, s) = prev[n..].split_at(o);
        let (m_next, s_next) = next[n..].split_at_mut(o);
        let i = &mut drive[n..];
        each([i], [&self.scale], |[i], [scale]| [i * scale]); // (3)
        each(
            [m_next, s_next],
            [m, s, i, self.decays.decay()],
            |_, [m, s, i, alpha]| {
                let m = alpha * firing.left(m, s) + i; // (4), (5)
                [m, Surrogate::step(m - firing.threshold)] // (6)
            },
        );
    }

    /// (6)ᵀ to (3)ᵀ: the drive's last rows become c̄, and the adjoints of m and s those of the step before.
    #[inline(always)]
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        d_drive: &mut [R],
        grad: &mut Params<R>,
    ) {
        let (n, o, firing) = (self.system.rows(), self.config.width, self.firing);
        let ((theta, z, k), through) = (firing.constants(), firing.through_reset);
        let (m, s) = at.prev[n..].split_at(o);
        let (adj_m, adj_s) = adj[n..].split_at_mut(o);
        let delta = &mut d_drive[n..];

        // (6)ᵀ: delta becomes the adjoint of m_t, which is ī.
        each([delta], [&at.next[n..n + o]], |_, [m]| [m - theta]);
        firing.slopes(delta);
        each([delta], [adj_m, adj_s], |[psi], [adj_m, adj_s]| {
            [adj_m + adj_s * psi]
        });

        // (5)ᵀ for α.
        if let Some(tau) = self.decays.position() {
            each(
                [grad[tau].as_mut_slice()],
                [self.decays.slope(), delta, m, s],
                |[d_tau], [slope, delta, m, s]| [d_tau + slope * delta * firing.left(m, s)],
            );
        }

        // (5)ᵀ, (4)ᵀ
        each(
            [adj_m, adj_s],
            [delta, m, s, self.decays.decay()],
            |_, [delta, m, s, alpha]| {
                let adj_p = delta * alpha;
                [
                    adj_p * (R::one() - z * s),
                    -through * delta * alpha * (z * m + k),
                ]
            },
        );

        // (3)ᵀ
        if let Some(eta) = self.threshold {
            let to = grad[eta].as_mut_slice();
            each([to], [delta, &at.drive[n..]], |[d], [delta, i]| {
                [d - delta * i]
            });
        }
        each([delta], [&self.scale], |[delta], [scale]| [delta * scale]);
    }
}
