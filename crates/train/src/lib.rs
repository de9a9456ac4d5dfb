//! Training: batches that are the same for every arm, the loop, the optimisers, validation.
//!
//! | module | contents |
//! |---|---|
//! | [`arm`] | a training regime: input, loss, initial state, cuts of the gradient |
//! | [`settings`], [`changes`] | the settings of training; what a model or an arm changes of them |
//! | [`mask`] | where the input is informative, if not where the labels hold |
//! | [`batch`], [`initial`] | the sequences of one update and the states they start from |
//! | [`update`], [`one_update`], [`optimizer`] | a gradient step over shards of lanes |
//! | [`trainer`], [`job`] | the loop; its inputs and records |
//! | [`validate`] | accuracy on the validation split |
//! | [`weights`] | safetensors in and out |

pub mod arm;
pub mod batch;
pub mod changes;
pub mod checkpoint;
mod checkpoint_arrays;
pub mod class_weights;
pub mod fptt;
pub mod initial;
pub mod job;
pub mod mask;
pub mod objective;
pub mod one_update;
pub mod optimizer;
pub mod or_none;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod trainer;
mod training_loop;
pub mod update;
pub mod validate;
pub mod validation;
pub mod weights;
