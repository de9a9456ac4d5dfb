//! Losses, each with its value and its exact gradient, and the masks that the adaptive loss needs.
//!
//! | module | what |
//! |---|---|
//! | [`loss`] | what all losses have in common: two terms, each a mean over steps |
//! | [`config`] | the losses that a scenario can name |
//! | [`cross_entropy`] | the class of an informative step |
//! | [`kl_uniform`] | the divergence of an output from the uniform distribution, in either direction |
//! | [`adaptive`] | both, weighted by the mask; trains networks to forget without resets |
//! | [`nothing_class`] | an additional class for gaps |
//! | [`entropy`] | a confidence (entropy) penalty at every step |
//! | [`weight`] | the weight of the second term: a number, a ramp, or learnt |
//! | [`sums`] | the sums over the steps of a shard |
//! | [`spike_rate`] | bounds on firing rates |
//! | [`mask`] | where the input is informative: from labels, or estimated from the input alone |
//!
//! # Arrays
//!
//! Logits are `[C, T*B]`, one column a (step, lane) as everywhere in Saturn; labels, mask and weight have one
//! entry a column. A batch may be split into shards of lanes with logits of their own: the sums in a
//! denominator run over *all* shards, so every shard receives the batch's totals.
//!
//! # Example
//!
//! ```
//! use nalgebra::DMatrix;
//! use saturn_loss::{AdaptiveConfig, Loss, LossConfig, Targets};
//!
//! let loss = Loss::new(&LossConfig::Adaptive(AdaptiveConfig::default()))?;
//! // Two classes, two steps: one of class 1, and one in a gap.
//! let logits = DMatrix::from_row_slice(2, 2, &[0.0, 0.0, 3.0, 0.0]);
//! let targets = Targets { labels: &[1, 0], mask: &[1.0, 0.0], weight: &[1.0, 1.0] };
//! let mut d_logits = DMatrix::zeros(2, 2);
//! let totals = loss.totals(&targets);
//! let balance = loss.balance(0.0, [0.0; 2]);
//! let d = d_logits.as_view_mut();
//! let parts = loss.value_and_gradient(logits.as_view(), &targets, &totals, balance, d);
//! assert!(parts.ce < 0.05); // nearly right
//! assert!(parts.kl.abs() < 1e-12); // the gap's output is uniform already
//! # Ok::<(), saturn_loss::LossError>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        reason = "tests compare exact values: zeros of padding, masks, sums of small integers"
    )
)]

#[doc(hidden)]
pub use saturn_cell::{Real, View, ViewMut};

pub mod adaptive;
pub mod config;
pub mod cross_entropy;
pub mod entropy;
mod error;
mod kind;
pub mod kl_uniform;
pub mod loss;
pub mod mask;
pub mod nothing_class;
mod parts;
pub mod softmax;
pub mod spike_rate;
pub mod sums;
pub mod weight;

pub use adaptive::AdaptiveConfig;
pub use config::LossConfig;
pub use cross_entropy::CrossEntropyConfig;
pub use entropy::EntropyConfig;
pub use error::LossError;
pub use kind::{LossKind, Normalise, StepTerms};
pub use kl_uniform::Direction;
pub use loss::Loss;
pub use mask::{Agreement, Estimator, Example, MaskConfig, MaskFault, MaskReport};
pub use nothing_class::NothingConfig;
pub use parts::{Parts, Targets, Totals};
pub use spike_rate::{SpikeRate, SpikeRateConfig};
pub use weight::{Balance, Ramp, Varying, Weight};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/a-new-loss.md")]
struct ANewLoss;
