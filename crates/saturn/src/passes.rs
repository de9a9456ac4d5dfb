//! Forward and reverse passes for a training loop of one's own.

use nalgebra::DMatrix;
use saturn_cell::{Input, Real, View, ViewMut};
use saturn_network::{Gradient, Tapes};
use saturn_train::optimizer::{Optimizer as Moments, clip};
use saturn_train::settings::Optimizer;

use crate::network::Network;

/// Forward and reverse passes through sequences of B lanes of T steps, and updates. Memory is reused.
///
/// Columns are (step, lane) pairs: column `t * B + b` is step t of lane b.
///
/// The gradients are exact: they are held to finite differences in f64. Those of spikes are surrogate gradients.
pub struct Passes<R: Real> {
    tapes: Tapes<R>,
    gradient: Gradient<R>,
    moments: Moments<R>,
}

impl<R: Real> Passes<R> {
    /// For `net`, with updates by `rule`.
    pub fn new(net: &Network<R>, rule: Optimizer) -> Self {
        Self {
            tapes: Tapes::new(net.inner()),
            gradient: net.inner().zero_gradient(),
            moments: Moments::new(rule, net.inner()),
        }
    }

    /// The logits `[C, T*B]` of the sequences `x [I, T*B]`, each from the initial state.
    ///
    /// # Panics
    /// If the columns are no multiple of `lanes`, or the rows are not I.
    pub fn forward(&mut self, net: &Network<R>, x: Input<R>, lanes: usize) -> View<'_, R> {
        assert!(
            lanes > 0 && x.columns().is_multiple_of(lanes),
            "{} columns of {lanes} lanes",
            x.columns()
        );
        assert_eq!(x.rows(), net.channels(), "rows of the input");
        self.tapes.start(net.inner(), x.columns() / lanes, lanes);
        self.tapes.forward(net.inner(), x, None)
    }

    /// The gradient by every parameter, from that by the logits, `d_logits [C, T*B]`, of the last forward pass, which
    /// was of the same `x`.
    ///
    /// # Panics
    /// If the shapes are not those of the forward pass.
    pub fn backward(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        d_logits: &DMatrix<R>,
    ) -> &Gradient<R> {
        for params in &mut self.gradient {
            for tensor in params.tensors_mut() {
                tensor.value.fill(R::zero());
            }
        }
        let mut loss = |start: usize, logits: View<R>, mut into: ViewMut<R>| {
            into.copy_from(&d_logits.columns(start, logits.ncols()));
        };
        let no_penalty = &mut |_, _, _: View<R>, _: ViewMut<R>| {};
        self.tapes
            .backward(net.inner(), x, &mut loss, &mut self.gradient, no_penalty);
        &self.gradient
    }

    /// Updates `net` along the last gradient, whose norm is clipped to `most`, at learning rate `lr`. Returns the norm
    /// before clipping.
    pub fn update(&mut self, net: &mut Network<R>, lr: f64, most: f64) -> f64 {
        let length = clip(&mut self.gradient, Some(most));
        self.moments.step(net.inner_mut(), &self.gradient, lr);
        length
    }
}
