//! What an update descends.

use saturn_loss::{Loss, SpikeRate};

/// What an update descends.
#[derive(Clone, Copy)]
pub struct Objective<'a> {
    /// The objective of training.
    pub loss: &'a Loss,
    /// The penalty on spike rates, if any.
    pub spike_rate: Option<&'a SpikeRate>,
    /// Whether to trade a second forward pass for memory, see [`saturn_network::Tapes::recompute`].
    pub recompute: bool,
    /// Steps after which gradients are cut, if they are, see [`saturn_network::Tapes::detach`].
    pub grad_detach: Option<usize>,
    /// The share of all updates that are done.
    pub progress: f64,
    /// Which pass it is, for nets that draw random numbers: how often the weights have stepped.
    pub pass: u64,
}

impl<'a> Objective<'a> {
    /// Only `loss`, with the full gradient.
    pub fn of(loss: &'a Loss) -> Self {
        Self {
            loss,
            spike_rate: None,
            recompute: false,
            grad_detach: None,
            progress: 0.0,
            pass: 0,
        }
    }
}
