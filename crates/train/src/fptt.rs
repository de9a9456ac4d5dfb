//! Forward propagation through time: the weights are updated every K steps *within* a sequence, and a
//! regulariser keeps them near their past values, so that the short gradients add up to a long one.
//!
//! The sequence is cut into parts of K steps; the state continues from part to part, its gradient does not.
//! With ℓ_k the loss of part k, W the weights, W̄ their running mean and g an estimate of the gradient:
//!
//! ```text
//! R_k(W)  = α/2 ‖W - W̄_k - g_k / (2α)‖²                       (1)
//! ∇       = ∇ℓ_k(W_k) + α (W_k - W̄_k) - g_k / 2                (2)   of ℓ_k + R_k
//! W_{k+1} = a step of the optimiser along ∇                    (3)
//! g_{k+1} = g_k / 2 - α (W_{k+1} - W̄_k)                        (4)
//! W̄_{k+1} = (W̄_k + W_{k+1}) / 2 - g_{k+1} / (2α)               (5)
//! ```
//!
//! (4) replaces ∇ℓ_k(W_{k+1}): if (3) has found the minimum of ℓ_k + R_k, (2) is 0 there and (4) is exact. That saves a reverse pass per part. W̄ and g persist from update to update; they start at the initial weights and 0.
//!
//! Such an arm uses the same samples in the same order as the others, but takes as many more weight updates
//! as an update has parts: a comparison must report this, and the summary counts them.
//!
//! | symbol | field | what | unit |
//! |---|---|---|---|
//! | K | `every` | steps of a part | steps |
//! | α | `alpha` | pull of the regulariser | 1 |
//! | W̄ | `mean` | running mean of the weights | |
//! | g | `slope` | running estimate of the gradient | |
//!
//! Sources: A. Kag and V. Saligrama, "Training recurrent neural networks via forward propagation through
//! time" (2021), algorithm 2; B. Yin, F. Corradi and S. Bohte (2023) for spiking nets. Departures: (4); the
//! loss of a part is that of its own steps, which all have targets here, and needs no auxiliary one.

use saturn_cell::Real;

use super::arm::FpttConfig;
use super::checkpoint_arrays::{keep, take_up};
use saturn_network::{Gradient, Network};
use saturn_store::checkpoint::Numbers;

/// The regulariser of one net.
pub struct Fptt<R: Real> {
    alpha: R,
    /// W̄.
    mean: Gradient<R>,
    /// g.
    slope: Gradient<R>,
}

impl<R: Real> Fptt<R> {
    /// At the weights of `net`.
    pub fn new(config: &FpttConfig, net: &Network<R>) -> Self {
        Self {
            alpha: R::of(config.alpha),
            mean: net.cells().iter().map(|c| c.params().clone()).collect(),
            slope: net.zero_gradient(),
        }
    }

    /// State in a checkpoint: W̄ and g.
    pub fn save(&self) -> [Vec<Numbers>; 2] {
        [keep(&self.mean), keep(&self.slope)]
    }

    /// Restores `saved`. False if it belongs to another network.
    pub fn resume(&mut self, [mean, slope]: &[Vec<Numbers>; 2]) -> bool {
        take_up(&mut self.mean, mean) && take_up(&mut self.slope, slope)
    }

    /// Adds the gradient of (1) at the weights of `net` to `grad`, which is that of the loss.
    pub fn regularise(&self, net: &Network<R>, grad: &mut Gradient<R>) {
        let half = R::of(0.5);
        for (i, cell) in net.cells().iter().enumerate() {
            for (j, tensor) in grad[i].tensors_mut().iter_mut().enumerate() {
                let w = cell.params()[j].iter();
                let known = self.mean[i][j].iter().zip(&self.slope[i][j]);
                for ((d, &w), (&mean, &slope)) in tensor.value.iter_mut().zip(w).zip(known) {
                    *d += self.alpha * (w - mean) - half * slope; // (2)
                }
            }
        }
    }

    /// Adopts the weights after the optimiser's step.
    pub fn settle(&mut self, net: &Network<R>) {
        let half = R::of(0.5);
        let (alpha, share) = (self.alpha, half / self.alpha);
        for (i, cell) in net.cells().iter().enumerate() {
            let tensors = self.mean[i].tensors_mut().iter_mut();
            for (j, (mean, slope)) in tensors.zip(self.slope[i].tensors_mut()).enumerate() {
                let w = cell.params()[j].iter();
                let known = mean.value.iter_mut().zip(slope.value.iter_mut());
                for (&w, (mean, slope)) in w.zip(known) {
                    *slope = half * *slope - alpha * (w - *mean); // (4)
                    *mean = half * (*mean + w) - share * *slope; // (5)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
