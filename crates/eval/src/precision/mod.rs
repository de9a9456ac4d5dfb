//! Finite precision: a network with quantised weights and states.
//!
//! ```text
//! (1) W' = Q_w(W)                     once, each row of a matrix with a scale of its own
//! (2) h_t = Q_h(advance(x_t, h_{t-1}))  every step, each field of a state with a scale of its own
//! ```
//!
//! Arithmetic within a step stays in the number type of the network (`f32`), on values that a low-precision
//! machine could store: this simulates storage, not an accumulator. A product of int8 weights and integers is
//! exact in `f32` up to 2^24 (and a test compares it with the product in integers).
//!
//! | file | contents |
//! |---|---|
//! | [`config`] | the formats and their options, as in a scenario |
//! | [`grid`] | the values that a format can represent, and rounding to them |
//! | [`random`] | the random bits of stochastic rounding, by place |
//! | [`weights`] | (1) |
//! | [`quantised`] | a cell that does (1) and (2), and passes gradients straight through |
//! | [`calibrate`] | the range of each field, from a stream |
//! | [`fake`] | quantisation-aware training |
//! | [`drift`] | how far a stored state is from the state in full precision |
//! | [`cost`] | memory and operations by NeuroBench's definitions |
//! | [`result`] | results of evaluations |
//!
//! Sources: Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
//! inference", §2 and §3 (symmetric here, without a zero point); Bengio, Léonard & Courville 2013 (straight-through
//! gradients); Gupta et al. 2015, §3 (stochastic rounding); Yik et al. 2025, "The NeuroBench framework".

pub mod calibrate;
pub mod config;
pub mod cost;
pub mod drift;
pub mod fake;
pub mod grid;
pub mod quantised;
pub mod random;
pub mod result;
#[cfg(test)]
mod tests;
pub mod weights;

use saturn_cell::{Cell, Real};

pub use config::{Format, PrecisionConfig, PrecisionError, Rounding, ScaleRule};

use calibrate::Ranges;
use quantised::Quantised;
use saturn_network::Network;

/// `net` as stored under `config`, with states of `ranges`; random numbers are drawn from `seed`. Parameters,
/// gradients and updates are still those of `net`; the stored values are recomputed whenever the parameters
/// change.
pub fn quantise<R: Real>(
    net: &Network<R>,
    config: &PrecisionConfig,
    ranges: &Ranges,
    seed: u64,
) -> Network<R> {
    let wrap = |(i, cell): (usize, &dyn Cell<R>)| -> Box<dyn Cell<R>> {
        let own = ranges.of_cell(i);
        Box::new(Quantised::new(cell, config, own, seed, i as u64))
    };
    let cells = net.cells().iter().map(AsRef::as_ref).enumerate();
    net.with_cells(cells.map(wrap).collect())
}

/// `net` with weights as they are stored under `config`, and states in full.
pub fn with_stored_weights<R: Real>(net: &Network<R>, config: &PrecisionConfig) -> Network<R> {
    let mut stored = net.clone();
    for cell in stored.cells_mut() {
        cell.update(&mut |params| weights::store(params, config.weights));
    }
    stored
}
